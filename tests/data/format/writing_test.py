"""Tests of writing dataset folders."""

import hashlib
import json

import numpy as np

from pgan_tf.base import errors
from pgan_tf.data.format import datasets, file_names, writing
from tests import common, dataset_files

GOLDEN = common.GOLDEN_DIR / "tfrecords"


class WritingTest(common.TestCase):
    def test_bytes_are_those_of_the_reference(self) -> None:
        golden = common.golden("images_in")
        order = golden["order"]
        images = common.nhwc(golden["images"][order])
        path = self.folder() / "tfrecords"
        dataset_files.save(path, images, golden["labels"][order])
        for expected in GOLDEN.iterdir():
            written = path / expected.name
            self.assertEqual(written.read_bytes(), expected.read_bytes())

    def test_order_of_writing_does_not_matter(self) -> None:
        golden = common.golden("images_in")
        order = golden["order"]
        images = common.nhwc(golden["images"][order])
        labels = golden["labels"][order]
        path = self.folder() / "tfrecords"
        plan = writing.Target(path, 32, 3, 24, 4)
        writing.begin(plan)
        for first in (20, 0, 10):
            part = slice(first, first + 10)
            planes = images[part].transpose(0, 3, 1, 2)
            writing.write(plan, first, planes, labels[part])
        writing.finish(plan, {})
        for expected in GOLDEN.iterdir():
            written = path / expected.name
            self.assertEqual(written.read_bytes(), expected.read_bytes())

    def test_shards_are_the_file_in_pieces(self) -> None:
        golden = common.golden("images_in")
        order = golden["order"]
        images = common.nhwc(golden["images"][order])
        labels = golden["labels"][order]
        for num_shards in (2, 5, 24):
            path = self.folder() / "tfrecords"
            plan = writing.Target(path, 32, 3, 24, 4, num_shards)
            writing.begin(plan)
            for first in (20, 0, 10):
                part = slice(first, first + 10)
                planes = images[part].transpose(0, 3, 1, 2)
                writing.write(plan, first, planes, labels[part])
            writing.finish(plan, {})
            for expected in GOLDEN.glob("*.tfrecords"):
                pieces = [
                    path / f"{expected.stem}-{shard:05d}-of-{num_shards:05d}"
                    ".tfrecords"
                    for shard in range(num_shards)
                ]
                data = b"".join(piece.read_bytes() for piece in pieces)
                self.assertEqual(data, expected.read_bytes())
                length = len(data) // 24
                sizes = {piece.stat().st_size // length for piece in pieces}
                self.assertLessEqual(max(sizes) - min(sizes), 1)
            name = "tfrecords-rxx.labels"
            self.assertEqual(
                (path / name).read_bytes(), (GOLDEN / name).read_bytes()
            )

    def test_cascade_of_many_is_that_of_each(self) -> None:
        # More than are worked on at a time.
        images = np.random.default_rng(0).integers(
            0, 256, (11, 3, 256, 256), np.uint8
        )
        levels = list(writing.cascade(images))
        for index in range(11):
            single = writing.cascade(images[index : index + 1])
            for level, expected in zip(levels, single, strict=True):
                self.assertAllEqual(level[index : index + 1], expected)

    def test_cascade_is_exact_at_1024(self) -> None:
        rng = np.random.default_rng(0)
        image = rng.integers(0, 256, (1, 1, 1024, 1024), np.uint8)
        for level in writing.cascade(image):
            resolution = level.shape[-1]
            box = 1024 // resolution
            # Integers of 64 bits cannot round.
            sums = image.astype(np.int64).reshape(
                resolution, box, resolution, box
            )
            means = sums.sum(axis=(1, 3)) / box**2
            self.assertAllEqual(level[0, 0], np.rint(means))
        self.assertEqual(resolution, 4)

    def test_manifest_tells_sizes_and_checksums(self) -> None:
        path = self.folder() / "plain"
        plan = writing.Target(path, 8, 1, 3)
        with dataset_files.Writer(plan, {"made_by": "a test"}) as writer:
            for _ in range(3):
                writer.add(np.zeros((1, 8, 8, 1), np.uint8))
        manifest = json.loads((path / file_names.MANIFEST).read_text())
        self.assertEqual(manifest["made_by"], "a test")
        self.assertEqual(manifest["name"], "plain")
        self.assertEqual(manifest["num_images"], 3)
        names = ["plain-r02.tfrecords", "plain-r03.tfrecords"]
        self.assertCountEqual(manifest["files"], names)
        for name, known in manifest["files"].items():
            data = (path / name).read_bytes()
            self.assertEqual(known["bytes"], len(data))
            self.assertEqual(known["sha256"], hashlib.sha256(data).hexdigest())
        total = sum(each["bytes"] for each in manifest["files"].values())
        self.assertEqual(plan.num_bytes(), total)

    def test_interrupted_build_does_not_look_finished(self) -> None:
        path = self.folder() / "broken"
        plan = writing.Target(path, 8, 3, 2, 1)
        with self.assertRaisesRegex(ZeroDivisionError, "oh"):
            with dataset_files.Writer(plan) as writer:
                images = np.zeros((1, 8, 8, 3), np.uint8)
                writer.add(images, np.zeros((1, 1)))
                raise ZeroDivisionError("oh")
        self.assertEmpty(list(path.glob("*.tfrecords")))
        with self.assertRaisesRegex(errors.UserError, "not finished"):
            datasets.open_dataset(path)

    def test_links_of_others_are_not_followed(self) -> None:
        """In a folder of several people names can be foreseen."""
        folder = self.folder()
        theirs = folder / "theirs"
        theirs.write_text("as it was")
        target = writing.Target(folder / "set", 4, 1, 2, 0)
        writing.begin(target)
        images = np.zeros((2, 1, 4, 4), np.uint8)
        writing.write(target, 0, images, None)
        for name in (*target.files(), file_names.MANIFEST):
            target.partial(name).unlink()
            target.partial(name).symlink_to(theirs)
        with self.assertRaises(FileExistsError):
            writing.begin(target)
        with self.assertRaisesRegex(OSError, "tfrecords"):
            writing.write(target, 0, images, None)
        self.assertEqual(theirs.read_text(), "as it was")
