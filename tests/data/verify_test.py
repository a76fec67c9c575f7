"""Tests of `verify`: what it must find."""

import json
import pathlib
import shutil

import numpy as np
import tensorflow as tf

from pgan_tf.data import verify
from pgan_tf.data.format import datasets, file_names, writing
from tests import common, dataset_files
from tests.data.format import tfrecord_test

GOLDEN = common.GOLDEN_DIR / "tfrecords"


class VerifyTest(common.TestCase):
    def copy(self) -> pathlib.Path:
        """What NVIDIA's tool wrote, to be damaged."""
        path = self.folder() / "copy"
        shutil.copytree(GOLDEN, path)
        return path

    def ours(self) -> pathlib.Path:
        path = self.folder() / "ours"
        images = np.random.default_rng(0).integers(
            0, 256, (9, 16, 16, 1), np.uint8
        )
        dataset_files.save(path, images, np.eye(9, 3, dtype=np.float32))
        return path

    def faults(self, path: pathlib.Path) -> list[str]:
        return list(verify.faults(datasets.open_dataset(path)))

    def flip(self, file: pathlib.Path, offset: int) -> None:
        data = bytearray(file.read_bytes())
        data[offset] ^= 1
        file.write_bytes(data)

    def test_whole_datasets(self) -> None:
        self.assertEmpty(self.faults(GOLDEN))
        self.assertEmpty(self.faults(self.ours()))

    def test_any_flipped_bit_is_found(self) -> None:
        path = self.copy()
        for file in sorted(path.glob("*.tfrecords")):
            length = file.stat().st_size // 24
            rng = np.random.default_rng(length)
            # Anywhere in record 7: frame, example, pixels, checksum.
            offsets = [0, 8, 12, 20, 40, length - 1]
            for offset in offsets + rng.integers(length, size=8).tolist():
                self.flip(file, 7 * length + offset)
                (fault,) = self.faults(path)
                self.assertIn(f"{file.name}: record 7: ", fault)
                self.flip(file, 7 * length + offset)
        self.assertEmpty(self.faults(path))

    def test_shards(self) -> None:
        path = self.folder() / "many"
        images = np.random.default_rng(0).integers(
            0, 256, (9, 8, 8, 1), np.uint8
        )
        plan = writing.Target(path, 8, 1, 9, 0, 4)
        with dataset_files.Writer(plan) as writer:
            writer.add(images)
        self.assertEmpty(self.faults(path))
        # Record 1 of shard 2, which is the image 5.
        file = path / "many-r03-00002-of-00004.tfrecords"
        self.flip(file, file.stat().st_size - 9)
        first, second = self.faults(path)
        self.assertRegex(first, f"{file.name}: record 1: its checksum")
        self.assertRegex(second, f"{file.name}: SHA-256 is not that of")

    def test_level_that_does_not_fit(self) -> None:
        path = self.copy()
        file = path / "tfrecords-r03.tfrecords"
        dataset = datasets.open_dataset(path)
        images = dataset.read(8, np.arange(24)).copy()
        images[5, 1, 2, 0] ^= 1
        # A dataset of such images has sound records.
        dataset_files.save(path.parent / "tfrecords", images)
        shutil.copy(path.parent / "tfrecords" / file.name, file)
        (fault,) = self.faults(path)
        self.assertRegex(fault, "r03.*: record 5: it is not the average")

    def test_record_of_another_shape(self) -> None:
        path = self.ours()
        (path / file_names.MANIFEST).unlink()
        file = path / "ours-r02.tfrecords"
        data = file.read_bytes()
        length = len(data) // 9
        odd = self.folder() / "odd.tfrecords"
        with tf.io.TFRecordWriter(str(odd)) as writer:
            writer.write(tfrecord_test.example([1, 2, 8], bytes(16)))
        self.assertEqual(odd.stat().st_size, length)
        parts = data[: 2 * length], odd.read_bytes(), data[3 * length :]
        file.write_bytes(b"".join(parts))
        (fault,) = self.faults(path)
        self.assertRegex(fault, r"record 2: its shape is \(1, 2, 8\), not")

    def test_labels(self) -> None:
        path = self.ours()
        file = path / "ours-rxx.labels"
        self.flip(file, file.stat().st_size - 1)
        (fault,) = self.faults(path)
        self.assertRegex(fault, "ours-rxx.labels: SHA-256 is not that of")
        labels = np.eye(9, 3, dtype=np.float32)
        labels[4, 1] = np.nan
        with open(file, "wb") as stream:
            np.save(stream, labels)
        self.assertRegex(self.faults(path)[0], "ours: label 4 is not finite")

    def test_manifest(self) -> None:
        path = self.ours()
        file = path / file_names.MANIFEST
        manifest = json.loads(file.read_text())
        known = manifest["files"]
        self.assertIn("ours-r03.tfrecords", known)
        known["ours-r03.tfrecords"]["sha256"] = "0" * 64
        del known["ours-r02.tfrecords"]
        file.write_text(json.dumps({**manifest, "num_images": 8}))
        faults = self.faults(path)
        self.assertLen(faults, 3)
        self.assertRegex(faults[0], "num_images is 8, but the files have 9")
        self.assertRegex(faults[1], "does not know ours-r02.tfrecords")
        self.assertRegex(faults[2], "ours-r03.tfrecords: SHA-256")

    def test_each_thing_that_a_manifest_says(self) -> None:
        path = self.ours()
        file = path / file_names.MANIFEST
        manifest = json.loads(file.read_text())
        about = {"size": 3, "names": ["a", "b", "c"], "kind": "onehot"}
        for changed, line in (
            ({}, ""),
            ({"labels": about}, ""),
            ({"num_images": 8}, "num_images is 8, but the files have 9"),
            ({"resolution": 32}, "resolution is 32, but the files have 16"),
            ({"num_channels": 3}, "num_channels is 3, but the files have 1"),
        ):
            file.write_text(json.dumps({**manifest, **changed}))
            self.assertRegex("; ".join(self.faults(path)), f"{line}$")
            self.assertLen(self.faults(path), bool(line))

    def test_labels_that_are_not_what_the_manifest_says(self) -> None:
        path = self.folder() / "ours"
        images = np.zeros((9, 4, 4, 1), np.uint8)
        labels = np.linspace(0, 3, 27, dtype=np.float32).reshape(9, 3)
        dataset_files.save(path, images, labels)
        file = path / file_names.MANIFEST
        manifest = json.loads(file.read_text())
        for kind in ("onehot", "multihot"):
            manifest["labels"] = {"kind": kind}
            file.write_text(json.dumps(manifest))
            (fault,) = self.faults(path)
            self.assertEndsWith(fault, f"labels are not {kind}, but values")
