"""Tests of reading dataset folders."""

import dataclasses
import json
import shutil

import numpy as np
import tensorflow as tf

from pgan_tf.base import errors
from pgan_tf.data.format import datasets, file_names, writing
from tests import common, dataset_files
from tests.data.format import tfrecord_test

GOLDEN = common.GOLDEN_DIR / "tfrecords"


class RecordsTest(common.TestCase):
    def make(self, count: int = 5, resolution: int = 8):
        """A small dataset of random images; its folder and the images."""
        rng = np.random.default_rng(0)
        shape = (count, resolution, resolution, 3)
        images = rng.integers(0, 256, shape, np.uint8)
        path = self.folder() / "small"
        dataset_files.save(path, images, np.eye(count, 4, dtype=np.float32))
        return path, images

    def assert_refused(self, path, message: str) -> None:
        with self.assertRaisesRegex(errors.UserError, message) as caught:
            datasets.open_dataset(path)
        self.assertNotIn("\n", str(caught.exception))

    def test_reads_what_the_reference_wrote(self) -> None:
        golden = common.golden("images_in")
        dataset = datasets.open_dataset(GOLDEN)
        self.assertEqual(dataset.name, "tfrecords")
        self.assertEqual(dataset.resolution, 32)
        self.assertEqual(dataset.num_channels, 3)
        self.assertEqual(dataset.num_images, 24)
        self.assertEqual(dataset.label_size, 4)
        self.assertIsNone(dataset.manifest)
        order = golden["order"]
        self.assertAllEqual(dataset.labels, golden["labels"][order])
        images = common.nhwc(golden["images"][order])
        self.assertAllEqual(dataset.read(32, np.arange(24)), images)
        # Any records, in any order.
        self.assertAllEqual(dataset.read(32, [23, 0, 7]), images[[23, 0, 7]])
        # Average of the unrounded pixels of an 8x8 box, halves to even.
        boxes = images.reshape(24, 4, 8, 4, 8, 3).mean(axis=(2, 4))
        self.assertAllEqual(dataset.read(4, np.arange(24)), np.rint(boxes))

    def test_reads_records_of_another_feature_order(self) -> None:
        path, images = self.make()
        file = path / "small-r03.tfrecords"
        with tf.io.TFRecordWriter(str(file)) as writer:
            for image in images:
                data = image.transpose(2, 0, 1).tobytes()
                writer.write(tfrecord_test.example([3, 8, 8], data))
        # The first record as before: a file may hold both orders.
        length = file.stat().st_size // len(images)
        whole = file.read_bytes()
        (path / "again").mkdir()
        dataset_files.save(path / "again" / "small", images)
        other = (path / "again" / "small" / file.name).read_bytes()
        file.write_bytes(other[:length] + whole[length:])
        dataset = datasets.open_dataset(path)
        self.assertAllEqual(dataset.read(8, np.arange(5)), images)

    def sharded(self, count: int = 10, num_shards: int = 4):
        """The folder of a dataset in several files, and its images."""
        rng = np.random.default_rng(0)
        images = rng.integers(0, 256, (count, 8, 8, 3), np.uint8)
        path = self.folder() / "many"
        plan = writing.Target(path, 8, 3, count, 0, num_shards)
        with dataset_files.Writer(plan) as writer:
            writer.add(images)
        return path, images

    def test_shards(self) -> None:
        path, images = self.sharded()
        dataset = datasets.open_dataset(path)
        self.assertEqual(dataset.num_images, 10)
        self.assertEqual(dataset.num_shards, 4)
        shards = dataset.levels[8].shards
        self.assertEqual([each.first for each in shards], [0, 2, 5, 7])
        self.assertEqual([each.num_images for each in shards], [2, 3, 2, 3])
        self.assertEqual(
            shards[3].path.name, "many-r03-00003-of-00004.tfrecords"
        )
        order = [9, 0, 4, 5, 1, 9, 7]
        self.assertAllEqual(dataset.read(8, order), images[order])
        for index in (-1, 10):
            with self.assertRaisesRegex(IndexError, f"no record {index}"):
                dataset.read(8, [0, index])

    def test_shards_that_do_not_fit(self) -> None:
        path, _ = self.sharded()
        (path / file_names.MANIFEST).unlink()
        file = path / "many-r02-00002-of-00004.tfrecords"
        data = file.read_bytes()
        file.write_bytes(data[: len(data) // 2])
        self.assert_refused(path, f"{file.name} has 1 images .* truncated")
        file.unlink()
        self.assert_refused(path, f"a shard .* is missing: .*{file.name}")
        file.write_bytes(data)
        file.with_name("many-r02.tfrecords").write_bytes(data)
        self.assert_refused(path, "mixes files of 1 and of 4 shards")
        file.with_name("many-r02.tfrecords").unlink()
        gray = self.folder() / "gray"
        dataset_files.save(gray, np.zeros((2, 4, 4, 1), np.uint8))
        file.write_bytes((gray / "gray-r02.tfrecords").read_bytes())
        self.assert_refused(path, f"{file.name} holds images of 1 channels")

    def test_digest_tells_contents_apart(self) -> None:
        golden = datasets.open_dataset(GOLDEN).digest
        copy = self.folder() / "moved"
        shutil.copytree(GOLDEN, copy)
        self.assertEqual(datasets.open_dataset(copy).digest, golden)
        file = copy / "tfrecords-r05.tfrecords"
        data = bytearray(file.read_bytes())
        data[5000] ^= 1
        file.write_bytes(data)
        self.assertNotEqual(datasets.open_dataset(copy).digest, golden)

        path, images = self.make()
        first = datasets.open_dataset(path).digest
        shutil.rmtree(path)
        images[0, 0, 0, 0] ^= 1
        dataset_files.save(path, images, np.eye(5, 4, dtype=np.float32))
        self.assertNotEqual(datasets.open_dataset(path).digest, first)

    def test_digest_depends_on_all_that_a_training_sees(self) -> None:
        """On pixels of any level and labels; on nothing else."""

        def make(path, pixel=None, labels=None, has_manifest=True) -> str:
            rng = np.random.default_rng(0)
            images = rng.integers(0, 256, (5, 8, 8, 3), np.uint8)
            if pixel:
                images[pixel] ^= 1
            if labels is None:
                labels = np.eye(5, 4, dtype=np.float32)
            dataset_files.save(path, images, labels)
            if not has_manifest:
                (path / file_names.MANIFEST).unlink()
            return datasets.open_dataset(path).digest

        other = np.eye(5, 4, dtype=np.float32)[::-1]
        for has_manifest in (True, False):
            digests = [
                make(self.folder() / "set", *given, has_manifest=has_manifest)
                for given in (
                    (),
                    ((0, 0, 0, 0),),
                    ((4, 7, 7, 2),),
                    (None, other),
                    (None, np.zeros((5, 0), np.float32)),
                    (None, np.eye(5, 5, dtype=np.float32)),
                )
            ]
            self.assertLen(set(digests), len(digests))
            path = self.folder() / "set"
            self.assertEqual(make(path, has_manifest=has_manifest), digests[0])
            for name in ("notes.txt", ".DS_Store", "._set-rxx.labels"):
                (path / name).write_bytes(b"anything")
            self.assertEqual(datasets.open_dataset(path).digest, digests[0])

    def test_digest_of_labels_that_a_manifest_does_not_know(self) -> None:
        path = self.folder() / "set"
        dataset_files.save(path, np.zeros((5, 4, 4, 3), np.uint8))
        found = [datasets.open_dataset(path).digest]
        for labels in (np.zeros((5, 2)), np.ones((5, 2))):
            with open(path / "set-rxx.labels", "wb") as stream:
                np.save(stream, labels)
            found.append(datasets.open_dataset(path).digest)
        self.assertLen(set(found), 3)

    def test_levels_of_other_channels_are_refused(self) -> None:
        for channels in ((3, 1), (1, 3)):
            path, other = self.folder() / "set", self.folder() / "set"
            for folder, count in zip((path, other), channels, strict=True):
                pixels = np.zeros((5, 16, 16, count), np.uint8)
                dataset_files.save(folder, pixels)
                (folder / file_names.MANIFEST).unlink()
            for log2 in (2, 3, 4):
                file = path / f"set-r0{log2}.tfrecords"
                whole = file.read_bytes()
                file.write_bytes((other / file.name).read_bytes())
                self.assert_refused(path, f"of {channels[1]} channels|channels")
                file.write_bytes(whole)
            datasets.open_dataset(path)

    def test_files_that_systems_leave_do_not_count(self) -> None:
        path, images = self.make()
        for name in (
            "._small-r02.tfrecords", "._other-r05.tfrecords", ".DS_Store",
            "._small-rxx.labels", "._x.partial", "Thumbs.db", "desktop.ini",
        ):  # fmt: skip
            (path / name).write_bytes(b"\0\5\x16\7")
        dataset = datasets.open_dataset(path)
        self.assertEqual(dataset.name, "small")
        self.assertAllEqual(dataset.read(8, np.arange(5)), images)
        self.assertAllEqual(dataset.labels, np.eye(5, 4))

    def test_several_files_of_labels(self) -> None:
        path, _ = self.make()
        labels = (path / "small-rxx.labels").read_bytes()
        (path / "other-rxx.labels").write_bytes(labels)
        self.assert_refused(path, "several files of labels, such as other-rxx")

    def test_manifests_of_others(self) -> None:
        """What is not as ours says nothing of the labels."""
        path, _ = self.make()
        file = path / file_names.MANIFEST
        manifest = json.loads(file.read_text())
        for labels in (
            None, [], "onehot", {}, {"names": None}, {"names": 3},
            {"names": ["a"]}, {"kind": ["onehot"]}, {"kind": None},
        ):  # fmt: skip
            file.write_text(json.dumps({**manifest, "labels": labels}))
            dataset = datasets.open_dataset(path)
            self.assertEqual(dataset.label_names, ["0", "1", "2", "3"])
            self.assertEqual(dataset.label_kind, "multihot")

    def test_without_labels(self) -> None:
        path = self.folder() / "plain"
        dataset_files.save(path, np.zeros((3, 4, 4, 1), np.uint8))
        dataset = datasets.open_dataset(path)
        self.assertEqual(dataset.labels.shape, (3, 0))
        self.assertEqual(dataset.label_size, 0)

    def test_missing_and_foreign_folders(self) -> None:
        folder = self.folder()
        self.assert_refused(folder / "absent", "no such dataset folder.*absent")
        self.assert_refused(folder, "no dataset in folder")
        for name in ("one", "two"):
            (folder / f"{name}-r02.tfrecords").touch()
        self.assert_refused(folder, "several datasets: one, two")

    def test_missing_level(self) -> None:
        path, _ = self.make()
        (path / "small-r02.tfrecords").unlink()
        self.assert_refused(path, "level .* is missing: .*small-r02.tfrecords")

    def test_unfinished_build(self) -> None:
        path, _ = self.make()
        (path / ("dataset.json" + file_names.PARTIAL)).touch()
        self.assert_refused(path, "was not finished")

    def test_truncated_files(self) -> None:
        for remaining in (0, 6, 50, 2 * 241, 2 * 241 + 100):
            path, _ = self.make()
            (path / file_names.MANIFEST).unlink()
            file = path / "small-r03.tfrecords"
            file.write_bytes(file.read_bytes()[:remaining])
            self.assert_refused(path, "small-r03.tfrecords")

    def test_sizes_are_checked_against_the_manifest(self) -> None:
        path, _ = self.make()
        for file in path.glob("*.tfrecords"):
            length = file.stat().st_size // 5
            file.write_bytes(file.read_bytes()[: 4 * length])
        np.save(open(path / "small-rxx.labels", "wb"), np.zeros((4, 4)))
        self.assert_refused(path, "according to dataset.json")

    def test_labels_must_fit(self) -> None:
        path, _ = self.make()
        (path / file_names.MANIFEST).unlink()
        file = path / "small-rxx.labels"
        with open(file, "wb") as stream:
            np.save(stream, np.zeros((4, 4)))
        self.assert_refused(path, r"labels of shape \[4, 4\] for 5 images")
        file.write_bytes(b"nonsense")
        self.assert_refused(
            path, "small-rxx.labels: not an array that numpy.save wrote"
        )

    def test_broken_manifest(self) -> None:
        path, _ = self.make()
        for text in (
            "", "{}", "[]", json.dumps({"labels": []}), "[" * 100_000, "3",
            '{"files": 3}', '{"files": {"a": 3}}', '{"files": {"a": {}}}',
            '{"files": {"a": {"bytes": "x", "sha256": ""}}}',
        ):  # fmt: skip
            (path / file_names.MANIFEST).write_text(text)
            self.assert_refused(path, "dataset.json is .* no manifest")

    def test_level_of_another_size_than_its_name(self) -> None:
        path, _ = self.make(resolution=16)
        (path / file_names.MANIFEST).unlink()
        data = (path / "small-r02.tfrecords").read_bytes()
        (path / "small-r03.tfrecords").write_bytes(data)
        self.assert_refused(path, "small-r03.tfrecords holds .* 4x4")


class BlackTest(common.TestCase):
    def test_any_level_is_black(self):
        black = datasets.open_dataset("black:64")
        self.assertEqual((black.resolution, black.num_channels), (64, 3))
        self.assertEqual(black.labels.shape, (black.num_images, 0))
        pixels = black.read(8, np.array([3, 3, 0]))
        self.assertAllEqual(pixels, np.zeros([3, 8, 8, 3], np.uint8))
        self.assertNotEqual(
            black.digest, datasets.open_dataset("black:32").digest
        )

    def test_it_can_be_changed_as_any_other(self):
        """A training leaves out labels that it does not use."""
        black = datasets.open_dataset("black:8")
        labels = np.zeros([black.num_images, 2], np.float32)
        changed = dataclasses.replace(black, labels=labels)
        self.assertEqual(changed.label_size, 2)
        self.assertEqual(changed.digest, black.digest)
        self.assertEqual(changed.read(4, np.arange(3)).shape, (3, 4, 4, 3))

    def test_sizes_that_there_are_not(self):
        for name in ("black:48", "black:2048"):
            with self.assertRaisesRegex(errors.UserError, "power of two"):
                datasets.open_dataset(name)


class LabelKindTest(common.TestCase):
    def test_the_manifest_decides_else_the_labels(self):
        rows = np.eye(3, dtype=np.float32)
        for manifest, labels, expected in (
            (None, rows, "onehot"),
            (None, rows[:, :1], "multihot"),
            ({"labels": {"kind": "multihot"}}, rows, "multihot"),
            ({"labels": {"kind": None}}, 2 * rows, "values"),
            # No manifest makes classes of what is none.
            ({"labels": {"kind": "multihot"}}, 2 * rows, "values"),
            ({"labels": {"kind": "onehot"}}, -rows, "values"),
            (None, rows[:, :0], ""),
        ):
            dataset = datasets.Dataset(
                path=self.folder(),
                name="set",
                resolution=4,
                num_channels=3,
                num_images=3,
                labels=labels,
                manifest=manifest,
                levels={},
            )
            self.assertEqual(dataset.label_kind, expected)
