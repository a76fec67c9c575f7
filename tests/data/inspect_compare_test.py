"""Tests of `compare`."""

import pathlib

from pgan_tf.data import inspect
from pgan_tf.data.format import datasets, tfrecord, writing
from tests import common, dataset_files

GOLDEN = common.GOLDEN_DIR / "tfrecords"


class CompareTest(common.TestCase):
    def setUp(self) -> None:
        super().setUp()
        golden = common.golden("images_in")
        order = golden["order"]
        self.images = common.nhwc(golden["images"][order])
        self.labels = golden["labels"][order]

    def differences(self, path: pathlib.Path) -> list[str]:
        first, second = map(datasets.open_dataset, (GOLDEN, path))
        found = list(inspect.differences(first, second))
        self.assertLen(list(inspect.differences(second, first)), len(found))
        return found

    def saved(self) -> pathlib.Path:
        path = self.folder() / "other"
        dataset_files.save(path, self.images, self.labels)
        return path

    def test_same_contents_under_another_name(self) -> None:
        self.assertEmpty(self.differences(self.saved()))

    def test_shards_do_not_count(self) -> None:
        path = self.folder() / "many"
        with dataset_files.Writer(
            writing.Target(path, 32, 3, 24, 4, 4)
        ) as writer:
            writer.add(self.images, self.labels)
        self.assertEmpty(self.differences(path))
        self.images[23, 0, 0, 0] ^= 1
        path = self.folder() / "many"
        with dataset_files.Writer(
            writing.Target(path, 32, 3, 24, 4, 4)
        ) as writer:
            writer.add(self.images, self.labels)
        found = self.differences(path)
        self.assertEqual(found, ["images that differ: 1, first 23"])

    def test_one_pixel(self) -> None:
        self.images[[3, 20], 31, 31, 2] ^= 128
        found = self.differences(self.saved())
        self.assertEqual(found, ["images that differ: 2, first 3"])

    def test_lowest_level(self) -> None:
        path = self.saved()
        file = path / "other-r02.tfrecords"
        data = bytearray(file.read_bytes())
        data[-5] ^= 1  # the last pixel of image 23
        length = len(data) // 24
        payload = bytes(data[-length:][12:-4])
        data[-4:] = tfrecord.masked_crc(payload).to_bytes(4, "little")
        file.write_bytes(data)
        found = self.differences(path)
        self.assertEqual(found, ["images that differ: 1, first 23"])

    def test_labels(self) -> None:
        self.labels[7, 0] += 0.5
        found = self.differences(self.saved())
        self.assertEqual(found, ["labels that differ: 1, first 7"])
        self.labels = self.labels[:, :3]
        self.assertIn("labels of 4 against 3", self.differences(self.saved()))

    def test_forms(self) -> None:
        for images, found in {
            "23 images of 32x32x3": self.images[:23],
            "24 images of 16x16x3": self.images[:, :16, :16],
            "24 images of 32x32x1": self.images[..., :1],
        }.items():
            path = self.folder() / "other"
            dataset_files.save(path, found)
            self.assertEqual(
                self.differences(path),
                [f"24 images of 32x32x3 against {images}"],
            )
