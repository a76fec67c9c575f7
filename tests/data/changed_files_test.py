"""Files of records that change, shrink or vanish while they are read."""

import os
import pathlib
import shutil
from collections.abc import Callable
from unittest import mock

import numpy as np
from absl.testing import parameterized

from pgan_tf.base import errors
from pgan_tf.data import pipeline
from pgan_tf.data.format import datasets
from tests import common, dataset_files

COUNT = 40
RESOLUTION = 16


def save(path: pathlib.Path, first: int) -> None:
    """Images whose pixels are all their number, which is their label too."""
    numbers = np.arange(first, first + COUNT)
    images = np.ones((COUNT, RESOLUTION, RESOLUTION, 3), np.uint8)
    images *= numbers[:, None, None, None].astype(np.uint8)
    dataset_files.save(path, images, numbers[:, None].astype(np.float32))


def _cut(file: pathlib.Path, size: float) -> None:
    os.truncate(file, int(size))


def _replace(file: pathlib.Path, length: int) -> None:
    other = file.parent.parent / "others" / file.parent.name
    save(other, 100)
    os.replace(other / file.name, file)


def _flip(file: pathlib.Path, length: int) -> None:
    content = bytearray(file.read_bytes())
    for place in range(length // 2, len(content), length):
        content[place] ^= 1
    file.write_bytes(content)


def _longer(file: pathlib.Path, length: int) -> None:
    with open(file, "ab") as stream:
        stream.write(file.read_bytes()[:length])


FAULTS: dict[str, Callable[[pathlib.Path, int], object]] = {
    "cut between records": lambda file, length: _cut(file, 4 * length),
    "cut within a record": lambda file, length: _cut(file, 4.5 * length),
    "emptied": lambda file, _: _cut(file, 0),
    "gone": lambda file, _: file.unlink(),
    "a folder": lambda file, _: (file.unlink(), file.mkdir()),
    "of another dataset": _replace,
    "one level of another": lambda file, _: shutil.copy(
        next(file.parent.glob("*-r03.tfrecords")), file
    ),
    "bits turned": _flip,
    "zeros": lambda file, _: file.write_bytes(bytes(file.stat().st_size)),
    "longer": _longer,
}


class ChangedFilesTest(common.TestCase, parameterized.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.path = self.folder() / "set"
        save(self.path, 0)
        self.dataset = datasets.open_dataset(self.path)
        level = self.dataset.levels[RESOLUTION]
        self.file, self.length = level.shards[0].path, level.layout.length

    def take(self, count: int, spoil: Callable[[], object]) -> None:
        """Reads batches, whose images and labels agree, and spoils a file."""
        stream = pipeline.batches(self.dataset, RESOLUTION, 4, 0, seed=1)
        batches = pipeline.ahead(
            stream, pipeline.level_on_disk(self.dataset, RESOLUTION)
        )
        try:
            for number in range(count):
                if number == 2:
                    spoil()
                images, labels = next(batches)
                self.assertAllEqual(images[:, 0, 0, 0], labels[:, 0])
                self.assertAllInRange(labels, 0, COUNT - 1)
        finally:
            batches.close()

    @parameterized.parameters(*FAULTS)
    def test_a_large_level(self, fault: str) -> None:
        with (
            mock.patch.object(pipeline, "MEMORY_BYTES", 0),
            self.assertRaises(errors.UserError) as caught,
        ):
            self.take(100, lambda: FAULTS[fault](self.file, self.length))
        self.assertIn(str(self.file), str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    @parameterized.parameters(*FAULTS)
    def test_a_level_in_memory(self, fault: str) -> None:
        # What has been read stays as it was.
        self.take(30, lambda: FAULTS[fault](self.file, self.length))
        # It is read again when the resolution changes.
        with self.assertRaises(errors.UserError) as caught:
            pipeline.batches(self.dataset, RESOLUTION, 4, 0, seed=1)
        self.assertIn(str(self.file), str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    @parameterized.parameters(0, 1 << 20)
    def test_to_touch_a_file_or_to_copy_it_changes_nothing(
        self, memory: int
    ) -> None:
        def renew() -> None:
            os.utime(self.file, (1, 1))
            copy = self.path / "copy"
            shutil.copy(self.file, copy)
            os.replace(copy, self.file)

        with mock.patch.object(pipeline, "MEMORY_BYTES", memory):
            self.take(30, renew)

    def test_names_that_are_no_text(self) -> None:
        name = os.fsdecode(b"[caf\xe9]*?\\ \n")
        path = self.path.parent / name / "set"
        path.parent.mkdir()
        self.path.rename(path)
        self.dataset = datasets.open_dataset(path)
        with mock.patch.object(pipeline, "MEMORY_BYTES", 0):
            self.take(30, lambda: None)
