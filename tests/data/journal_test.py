"""Which unfinished build is continued, and what its journal may list."""

import dataclasses
import pathlib
from unittest import mock

import numpy as np

from pgan_tf.base import files
from pgan_tf.data import blocks, build, journal
from pgan_tf.data.format import datasets, file_names, writing
from pgan_tf.data.sources.drawn_faces import faces
from tests import common


class JournalTest(common.TestCase):
    def setUp(self) -> None:
        super().setUp()
        self.target = writing.Target(self.folder() / "set", 8, 3, 5, 0, 1)

    def test_all_that_decides_the_bytes_makes_another_build(self) -> None:
        order = np.arange(5)
        known = ("images", order, self.target)
        changes = {
            "images": ("others", order, self.target),
            "order": ("images", order[::-1].copy(), self.target),
            "target": (
                "images",
                order,
                dataclasses.replace(self.target, num_shards=2),
            ),
        }
        identity = journal.identify(*known)
        self.assertEqual(journal.identify(*known), identity)
        for name, changed in changes.items():
            self.assertNotEqual(journal.identify(*changed), identity, name)

    def test_files_of_another_size_are_not_continued(self) -> None:
        self.target.path.mkdir()
        writing.begin(self.target)
        log = journal.Journal(self.target, "this")
        log.begin()
        log.add(range(0, 2), blocks.Counts())
        log.flush()
        again = journal.Journal(self.target, "this")
        self.assertTrue(again.can_continue())
        path = self.target.partial(next(iter(self.target.files())))
        with path.open("ab") as file:
            file.write(b"more")
        self.assertFalse(again.can_continue())

    def test_a_block_is_listed_once(self) -> None:
        self.target.path.mkdir()
        writing.begin(self.target)
        log = journal.Journal(self.target, "this")
        log.begin()
        counts = blocks.Counts(num_exact=1, num_enlarged=2)
        log.add(range(0, 2), counts)
        log.flush()
        log.flush()
        self.assertEqual(
            log.path.read_text().splitlines(), ["this", "0 2 1 2 done"]
        )
        again = journal.Journal(self.target, "this")
        self.assertEqual(again.done, {range(0, 2): counts})

    def test_blocks_are_on_disk_ahead_of_their_entries(self) -> None:
        self.target.path.mkdir()
        writing.begin(self.target)
        log = journal.Journal(self.target, "this")
        log.begin()
        order = []
        with (
            mock.patch.object(files, "sync", lambda p: order.append(p.name)),
            mock.patch.object(files, "append", lambda p, _: order.append(0)),
        ):
            log.add(range(0, 2), blocks.Counts())
            log.flush()
        written = {self.target.partial(f).name for f in self.target.files()}
        self.assertEqual(set(order[:-1]), written)
        self.assertEqual(order[-1], 0)


class Telling(faces.Faces):
    """A source with something to say of its images."""

    def remarks(self) -> dict[str, str]:
        return {"odd": "two of them"}


class CreateTest(common.TestCase):
    def create(self, **options: object) -> tuple[pathlib.Path, dict]:
        path = self.folder() / "set"
        build.create(Telling(8, 6, seed=1), path, {}, **options)
        manifest = datasets.open_dataset(path).manifest
        assert manifest is not None
        return path, manifest

    def test_the_first_images_and_what_is_said_of_them(self) -> None:
        path, manifest = self.create(num_images=4, shuffle=False)
        self.assertEqual(datasets.open_dataset(path).num_images, 4)
        self.assertEqual(manifest["remarks"], {"odd": "two of them"})
        self.assertIsNone(manifest["made_from"]["shuffle"])
        _, manifest = self.create()
        self.assertEqual(manifest["made_from"]["shuffle"], 123)

    def test_what_is_replaced_never_looks_whole(self) -> None:
        path, _ = self.create()
        removed = []
        real = pathlib.Path.unlink

        def unlink(file: pathlib.Path, *arguments: bool) -> None:
            removed.append(file.name)
            real(file, *arguments)

        with mock.patch.object(pathlib.Path, "unlink", unlink):
            build.create(faces.Faces(8, 5, seed=2), path, {}, overwrite=True)
        levels = [name for name in removed if name.endswith(".tfrecords")]
        self.assertNotEmpty(levels)
        self.assertLess(
            removed.index(file_names.MANIFEST), removed.index(levels[0])
        )
