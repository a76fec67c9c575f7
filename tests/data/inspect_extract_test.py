"""Tests of `extract`."""

import csv

import numpy as np
from PIL import Image

from pgan_tf.base import errors
from pgan_tf.data import build, inspect
from pgan_tf.data.format import datasets
from pgan_tf.data.sources import pictures
from tests import common, dataset_files


class ExtractTest(common.TestCase):
    def test_images_and_labels(self) -> None:
        dataset = datasets.open_dataset(common.GOLDEN_DIR / "tfrecords")
        out = self.folder() / "new" / "png"
        inspect.extract(dataset, out, 32, 24)
        golden = common.golden("images_in")
        order = golden["order"]
        for index, image in enumerate(common.nhwc(golden["images"][order])):
            pixels = np.asarray(Image.open(out / f"{index:08d}.png"))
            self.assertAllEqual(pixels, image)
        with open(out / "labels.csv", newline="") as stream:
            head, *rows = csv.reader(stream)
        self.assertEqual(head, ["file", "0", "1", "2", "3"])
        self.assertEqual(rows[23][0], "00000023.png")
        labels = np.array([row[1:] for row in rows], np.float32)
        self.assertAllEqual(labels, golden["labels"][order])

    def test_create_reads_both_back(self) -> None:
        golden = datasets.open_dataset(common.GOLDEN_DIR / "tfrecords")
        folder = self.folder()
        inspect.extract(golden, folder / "png", 32, 24)
        source = pictures.Pictures(folder / "png", 32)
        build.create(source, folder / "again", {}, shuffle=False)
        again = datasets.open_dataset(folder / "again")
        self.assertEmpty(list(inspect.differences(golden, again)))

    def test_part_of_a_gray_dataset_without_labels(self) -> None:
        path = self.folder() / "gray"
        dataset_files.save(path, np.full((5, 8, 8, 1), 77, np.uint8))
        out = path.parent / "png"
        inspect.extract(datasets.open_dataset(path), out, 4, 2)
        names = sorted(file.name for file in out.iterdir())
        self.assertEqual(names, ["00000000.png", "00000001.png"])
        pixels = np.asarray(Image.open(out / names[1]))
        self.assertAllEqual(pixels, np.full((4, 4), 77))

    def test_labels_keep_every_bit(self) -> None:
        path = self.folder() / "odd"
        labels = np.float32([[1 / 3, 1e-30], [-2.5e7, 0.1]])
        dataset_files.save(path, np.zeros((2, 4, 4, 3), np.uint8), labels)
        out = path.parent / "png"
        inspect.extract(datasets.open_dataset(path), out, 4, 2)
        lines = (out / "labels.csv").read_text().splitlines()[1:]
        read = np.array([line.split(",")[1:] for line in lines], np.float32)
        self.assertAllEqual(read, labels)

    def test_folder_in_use_is_left_alone(self) -> None:
        dataset = datasets.open_dataset(common.GOLDEN_DIR / "tfrecords")
        out = self.folder()
        (out / "mine.png").touch()
        for path in (out, out / "mine.png"):
            with self.assertRaisesRegex(
                errors.UserError, "--out_dir=.* (not empty|not a folder)"
            ):
                inspect.extract(dataset, path, 32, 1)
        self.assertLen(list(out.iterdir()), 1)
