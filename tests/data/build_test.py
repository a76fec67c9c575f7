"""Tests of building datasets."""

import contextlib
import io
import json
import lzma
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import time
import zlib
from unittest import mock

import numpy as np
from PIL import Image

from pgan_tf.base import errors, locks, version
from pgan_tf.data import blocks, build, inspect, jobs, journal, verify
from pgan_tf.data.format import datasets, file_names, writing
from pgan_tf.data.sources import pictures
from pgan_tf.data.sources.drawn_faces import faces
from tests import common, processes


def files_of(path: pathlib.Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in path.iterdir()}


FAILURES = (
    struct.error("of odd EXIF"), RuntimeError("damaged AVIF"),
    lzma.LZMAError("corrupt"), NotImplementedError("zip version"),
    UnicodeDecodeError("utf-8", b"x", 0, 1, "bad"), IndexError(), KeyError("a"),
    RecursionError(), OverflowError(), EOFError(), zlib.error("-3"),
    MemoryError(), AssertionError("a\nb"), OSError("broken"), TypeError(),
)  # fmt: skip


class FailingSource:
    """Every second image fails, each in its way."""

    resolution, num_channels = 4, 1
    label_names: tuple[str, ...] = ()
    label_kind = None

    def __len__(self) -> int:
        return 2 * len(FAILURES)

    def image(self, index: int) -> np.ndarray:
        if index % 2 == 0:
            raise FAILURES[index // 2]
        return np.zeros((4, 4, 1), np.uint8)

    def label(self, index: int) -> np.ndarray:
        return np.zeros(0, np.float32)

    def options(self) -> dict[str, object]:
        return {"source_dir": "here"}


class BuildTest(common.TestCase):
    def create(self, path: pathlib.Path, count: int = 20, **options) -> None:
        source = faces.Faces(16, count, seed=1)
        build.create(source, path, {"source": "faces"}, **options)

    def test_order_is_that_of_the_reference(self) -> None:
        path = self.folder() / "faces"
        self.create(path, 24)
        dataset = datasets.open_dataset(path)
        source = faces.Faces(16, 24, seed=1)
        order = common.golden("images_in")["order"]
        expected = np.stack([source.image(index) for index in order])
        self.assertAllEqual(dataset.read(16, np.arange(24)), expected)
        labels = np.stack([source.label(index) for index in order])
        self.assertAllEqual(dataset.labels, labels)

    def test_noshuffle_keeps_the_order(self) -> None:
        path = self.folder() / "faces"
        self.create(path, 5, shuffle=False)
        source = faces.Faces(16, 5, seed=1)
        expected = np.stack([source.image(index) for index in range(5)])
        read = datasets.open_dataset(path).read(16, np.arange(5))
        self.assertAllEqual(read, expected)

    def test_bytes_do_not_depend_on_workers(self) -> None:
        folder = self.folder()
        with mock.patch.object(blocks, "MAX_IMAGES", 3):
            self.create(folder / "1" / "faces", num_workers=1)
            self.create(folder / "3" / "faces", num_workers=3)
        self.assertEqual(
            files_of(folder / "1" / "faces"), files_of(folder / "3" / "faces")
        )

    def test_shards(self) -> None:
        folder = self.folder()
        self.create(folder / "faces")
        one = datasets.open_dataset(folder / "faces")
        with mock.patch.object(blocks, "MAX_IMAGES", 3):
            for workers in (1, 2):
                path = folder / str(workers) / "faces"
                self.create(path, num_workers=workers, num_shards=4)
                many = datasets.open_dataset(path)
                self.assertEqual(many.num_shards, 4)
                self.assertEmpty(list(inspect.differences(one, many)))
                self.assertEmpty(list(verify.faults(many)))
        with self.assertRaisesRegex(errors.UserError, "=21 is more than the 2"):
            self.create(folder / "more", num_shards=21)

    def test_sharded_build_continues(self) -> None:
        folder = self.folder()
        self.create(folder / "expected" / "faces", num_shards=4)
        path = folder / "faces"
        self.interrupt(path, {"num_shards": 4})
        self.assertEqual(self.counted(path, {"num_shards": 4}), 20 - 9)
        self.assertEqual(
            files_of(path), files_of(folder / "expected" / "faces")
        )
        shutil.rmtree(path)
        self.interrupt(path, {"num_shards": 4})
        self.assertEqual(self.counted(path, {"num_shards": 5}), 20)

    def test_one_build_at_a_time(self) -> None:
        path = self.folder() / "faces"
        with locks.hold(path, "--out_dir", "create"):
            with self.assertRaisesRegex(errors.UserError, "another `create`"):
                self.create(path)
        self.create(path)

    def test_manifest(self) -> None:
        path = self.folder() / "faces"
        self.create(path)
        manifest = datasets.open_dataset(path).manifest
        self.assertEqual(manifest["format"], 1)
        self.assertEqual(manifest["labels"]["size"], 21)
        self.assertEqual(manifest["labels"]["kind"], "multihot")
        self.assertIn("glasses", manifest["labels"]["names"])
        self.assertEqual(
            manifest["made_from"],
            {"source": "faces", "num_images": 20, "seed": 1, "shuffle": 123},
        )

    def test_finished_dataset_is_replaced_on_demand_only(self) -> None:
        path = self.folder() / "faces"
        self.create(path, 5)
        before = files_of(path)
        with self.assertRaisesRegex(errors.UserError, "--overwrite"):
            self.create(path, 6)
        self.assertEqual(files_of(path), before)
        # What is replaced makes room.
        usage = mock.Mock(free=5_000)
        with mock.patch.object(shutil, "disk_usage", return_value=usage):
            self.create(path, 6, overwrite=True)
            self.assertEqual(datasets.open_dataset(path).num_images, 6)
            with self.assertRaisesRegex(errors.UserError, "not enough space"):
                self.create(path, 40, overwrite=True)

    def test_foreign_folder_is_left_alone(self) -> None:
        path = self.folder()
        (path / "thesis.txt").touch()
        for overwrite in (False, True):
            with self.assertRaisesRegex(errors.UserError, "thesis.txt"):
                self.create(path, overwrite=overwrite)
        with self.assertRaisesRegex(errors.UserError, "is a file"):
            self.create(path / "thesis.txt")
        self.assertEqual(os.listdir(path), ["thesis.txt"])

    def test_bad_image_leaves_no_dataset(self) -> None:
        folder = self.folder()
        for name in ("1.png", "2.png", "3.png"):
            Image.new("RGB", (32, 32)).save(folder / name)
        (folder / "4.jpg").write_bytes(b"\xff\xd8\xff broken")
        source = pictures.Pictures(folder, 16)
        out_dir = folder / "out"
        for workers in (1, 2):
            with (
                mock.patch.object(blocks, "MAX_IMAGES", 1),
                self.assertRaisesRegex(errors.UserError, "4.jpg"),
            ):
                build.create(source, out_dir, {}, num_workers=workers)
            with self.assertRaisesRegex(errors.UserError, "not finished"):
                datasets.open_dataset(out_dir)
        # With the image mended the same call succeeds.
        Image.new("RGB", (32, 32)).save(folder / "4.jpg")
        build.create(source, out_dir, {})
        self.assertEqual(datasets.open_dataset(out_dir).num_images, 4)

    def test_blocks_of_a_slow_source_are_short(self) -> None:
        source = faces.Faces(16, 130, seed=1)
        self.assertEqual(
            jobs.blocks_of(source, 130),
            [range(64), range(64, 128), range(128, 130)],
        )
        with mock.patch.object(source, "image_seconds", 1.0, create=True):
            self.assertEqual(
                jobs.blocks_of(source, 5), [range(2), range(2, 4), range(4, 5)]
            )
            source.image_seconds = 100.0
            self.assertEqual(jobs.blocks_of(source, 2), [range(1), range(1, 2)])

    def test_full_disk_is_foreseen(self) -> None:
        path = self.folder() / "faces"
        # Pixels and labels alone; around them each record has some more.
        pixels = 3 * (16 * 16 + 8 * 8 + 4 * 4)
        usage = mock.Mock(free=20 * (pixels + 21 * 4))
        with (
            mock.patch.object(shutil, "disk_usage", return_value=usage),
            self.assertRaisesRegex(errors.UserError, "not enough space"),
        ):
            self.create(path)
        self.assertFalse(path.exists())

    def test_bad_images_are_skipped_on_demand(self) -> None:
        folder = self.folder()
        for value in (10, 30, 50):
            image = Image.new("RGB", (32, 32), (value,) * 3)
            image.save(folder / f"{value}.png")
        (folder / "20.jpg").touch()
        (folder / "40.png").write_bytes((folder / "50.png").read_bytes()[:60])
        source = pictures.Pictures(folder, 16)
        for workers in (1, 2):
            out_dir = folder / f"out{workers}"
            with mock.patch.object(blocks, "MAX_IMAGES", 2):
                build.create(
                    source, out_dir, {}, shuffle=False, num_workers=workers,
                    skip_bad=True,
                )  # fmt: skip
            dataset = datasets.open_dataset(out_dir)
            images = dataset.read(4, np.arange(3))
            self.assertAllEqual(images[:, 0, 0, 0], [10, 30, 50])
            first, second = dataset.manifest["skipped"]
            self.assertRegex(first, "20.jpg is empty")
            self.assertRegex(second, "40.png is truncated")
        for value in (10, 30, 50):
            (folder / f"{value}.png").write_text("no image")
        with self.assertRaisesRegex(
            errors.UserError, "none of the 5 images can be used: .*10.png"
        ):
            build.create(source, folder / "none", {}, skip_bad=True)

    def counted(self, path: pathlib.Path, options: dict) -> int:
        """Creates in blocks of three images; how many images are made."""
        with (
            # Only its end brings entries into the journal.
            mock.patch.object(journal, "SECONDS", 3600),
            mock.patch.object(blocks, "MAX_IMAGES", 3),
            mock.patch.object(
                faces.Faces, "image", autospec=True,
                side_effect=faces.Faces.image,
            ) as image,
        ):  # fmt: skip
            self.create(path, **options)
        return image.call_count

    def interrupt(
        self, path: pathlib.Path, options: dict | None = None
    ) -> None:
        """Stops a build in the middle of block 4, that is after 9 images."""
        write = writing.write

        def failing_write(plan, first, *rest):
            if first == 9:
                raise KeyboardInterrupt
            write(plan, first, *rest)

        with (
            mock.patch.object(writing, "write", failing_write),
            self.assertRaises(KeyboardInterrupt),
        ):
            self.counted(path, options or {})

    def test_any_failure_of_an_image_is_skipped(self) -> None:
        """Whatever a library raises at one image, the others are used."""
        folder = self.folder()
        manifest_file = folder / "set" / file_names.MANIFEST
        source = FailingSource()
        with contextlib.redirect_stderr(io.StringIO()):
            build.create(source, folder / "set", {}, skip_bad=True)
            skipped = json.loads(manifest_file.read_text())["skipped"]
            self.assertLen(skipped, len(FAILURES))
            for number, line in enumerate(skipped):
                self.assertIn(f"image {2 * number} of here", line)
                self.assertTrue(line.isprintable())
            dataset = datasets.open_dataset(folder / "set")
            self.assertEqual(dataset.num_images, len(FAILURES))
            with self.assertRaisesRegex(jobs.BadImage, "image 0 of "):
                build.create(source, folder / "other", {}, shuffle=False)

    def test_continues_where_it_was(self) -> None:
        folder = self.folder()
        expected = folder / "expected" / "faces"
        self.create(expected)
        path = folder / "faces"
        self.interrupt(path)
        self.assertEqual(self.counted(path, {}), 20 - 9)
        self.assertEqual(files_of(path), files_of(expected))

    def test_exact_images_are_counted_over_interruptions(self) -> None:
        path = self.folder() / "faces"
        with mock.patch.object(
            faces.Faces, "num_exact",
            lambda _, indices: sum(each < 15 for each in indices),
            create=True,
        ):  # fmt: skip
            self.interrupt(path)
            self.assertEqual(self.counted(path, {}), 20 - 9)
        manifest = datasets.open_dataset(path).manifest
        self.assertEqual(manifest["num_exact"], 15)
        self.create(path, overwrite=True)
        self.assertNotIn("num_exact", datasets.open_dataset(path).manifest)

    def test_enlarged_images_are_counted_over_interruptions(self) -> None:
        path = self.folder() / "faces"
        enlarged = mock.Mock()
        enlarged.count = lambda indices: sum(each < 13 for each in indices)
        with mock.patch.object(faces.Faces, "enlarged", enlarged, create=True):
            self.interrupt(path)
            self.assertEqual(self.counted(path, {}), 20 - 9)
        dataset = datasets.open_dataset(path)
        self.assertEqual(dataset.manifest["num_enlarged"], 13)
        self.assertNotIn("num_exact", dataset.manifest)
        self.create(path, overwrite=True)
        again = datasets.open_dataset(path)
        self.assertNotIn("num_enlarged", again.manifest)
        # What is counted is no part of what a dataset is known by.
        self.assertEqual(again.digest, dataset.digest)

    def test_entry_of_the_journal_that_was_cut_short(self) -> None:
        folder = self.folder()
        self.create(folder / "expected" / "faces")
        path = folder / "faces"
        marker = path / f"dataset.json{file_names.PARTIAL}"
        for again in (False, True):
            self.interrupt(path)
            # Of the blocks 0, 3 and 6 the last one does not count now.
            marker.write_text(marker.read_text().removesuffix(" done\n"))
            if again:
                # It is made once more, and its entry follows the cut one.
                self.interrupt(path)
            made = 20 - 9 if again else 20 - 6
            self.assertEqual(self.counted(path, {}), made)
            self.assertEqual(
                files_of(path), files_of(folder / "expected" / "faces")
            )
            shutil.rmtree(path)

    def test_another_build_starts_afresh(self) -> None:
        path = self.folder() / "faces"
        for options in ({"count": 21}, {"shuffle": False}):
            self.interrupt(path)
            count = options.get("count", 20)
            self.assertEqual(self.counted(path, options), count)
            shutil.rmtree(path)
        self.interrupt(path)
        (path / f"faces-r03.tfrecords{file_names.PARTIAL}").unlink()
        self.assertEqual(self.counted(path, {}), 20)

    def told(self, path: pathlib.Path, options: dict, made: int) -> str:
        """Continues a build; what is told before the progress bar."""
        with contextlib.redirect_stderr(io.StringIO()) as stream:
            self.assertEqual(self.counted(path, options), made)
        return stream.getvalue().partition("\n")[0]

    def test_a_build_of_another_release_is_begun_anew_and_this_is_told(self):
        expected = self.folder() / "faces"
        path = self.folder() / "faces"
        with mock.patch.object(version, "VERSION", "0.0.1"):
            self.interrupt(path)
            self.assertIn("continuing after 9", self.told(path, {}, 20 - 9))
            shutil.rmtree(path)
            self.interrupt(path)
        told = self.told(path, {}, 20)
        self.assertIn("beginning anew: ", told)
        self.assertIn(f"{path} is of pgan_tf 0.0.1", told)
        self.create(expected)
        self.assertEqual(files_of(path), files_of(expected))

    def test_what_else_is_begun_anew_is_told(self) -> None:
        path = self.folder() / "faces"
        self.interrupt(path)
        told = self.told(path, {"shuffle": False}, 20)
        self.assertIn("has other options, images or labels", told)
        self.assertNotIn("anew", self.told(self.folder() / "new", {}, 20))

    def test_what_systems_leave_is_no_dataset(self) -> None:
        path = self.folder() / "faces"
        path.mkdir()
        left = [
            ".DS_Store", "Thumbs.db", "desktop.ini", "._faces-r02.tfrecords",
            "._dataset.json", "._faces-rxx.labels",
            "._faces-r02.tfrecords.partial",
        ]  # fmt: skip
        for name in left:
            (path / name).write_bytes(b"\0\5\x16\7")
        for overwrite in (False, True):
            self.create(path, overwrite=overwrite)
            for name in left:
                self.assertEqual((path / name).read_bytes(), b"\0\5\x16\7")
        whole = self.folder() / "faces"
        self.create(whole)
        found, expected = map(datasets.open_dataset, (path, whole))
        self.assertEqual(found.digest, expected.digest)
        self.assertAllEqual(found.labels, expected.labels)
        self.assertEmpty(list(verify.faults(found)))

    def test_build_that_was_killed(self) -> None:
        folder = self.folder()
        path = folder / "faces"
        self.create(folder / "expected" / "faces", 1000)
        command = (
            "from pgan_tf.data import build, journal; "
            "from pgan_tf.data.sources.drawn_faces import faces\n"
            "journal.SECONDS = 0\n"
            "if __name__ == '__main__':\n"
            "    build.create(faces.Faces(16, 1000, 1), "
            f"{str(path)!r}, {{'source': 'faces'}}, num_workers=2)"
        )
        (folder / "script.py").write_text(command)
        child = processes.start(
            self,
            folder / "script.py",
            env={"PYTHONPATH": common.ROOT},
            stderr=subprocess.DEVNULL,
        )
        marker = path / f"dataset.json{file_names.PARTIAL}"
        while not (marker.exists() and "done" in marker.read_text()):
            self.assertIsNone(child.poll())
            time.sleep(0.01)
        child.send_signal(signal.SIGKILL)
        child.wait()
        with self.assertRaisesRegex(errors.UserError, "not finished"):
            datasets.open_dataset(path)
        self.create(path, 1000)
        self.assertEqual(
            files_of(path), files_of(folder / "expected" / "faces")
        )
