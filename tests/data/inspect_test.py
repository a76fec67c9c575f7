"""Tests of `info` and `display`."""

import numpy as np
from PIL import Image

from pgan_tf.data import inspect
from pgan_tf.data.format import datasets
from tests import common, dataset_files


class InspectTest(common.TestCase):
    def test_description(self) -> None:
        dataset = datasets.open_dataset(common.GOLDEN_DIR / "tfrecords")
        text = inspect.describe(dataset)
        self.assertIn("32x32, 3 channels", text)
        self.assertIn("4 8 16 32", text)
        self.assertIn("not made by this tool", text)
        # Of the four label columns, how many images have each.
        counts = np.count_nonzero(common.golden("images_in")["labels"], axis=0)
        for column, count in enumerate(counts):
            self.assertIn(f"{column} ({count})", text)

    def test_labels_of_a_sheet(self) -> None:
        path = self.folder() / "labelled"
        labels = np.array([[1, 0], [0, 0], [1, 1], [0.25, 0]], np.float32)
        dataset_files.save(path, np.zeros((4, 4, 4, 3), np.uint8), labels)
        dataset = datasets.open_dataset(path)
        expected = [
            "row 1, column 1: 0",
            "row 1, column 2: none",
            "row 1, column 3: 0, 1",
            "row 2, column 1: 0=0.25",
        ]
        self.assertEqual(list(inspect.sheet_labels(dataset, 96)), expected)
        self.assertEqual(list(inspect.sheet_labels(dataset, 2)), expected[:2])
        dataset_files.save(
            path.parent / "plain", np.zeros((4, 4, 4, 3), np.uint8)
        )
        plain = datasets.open_dataset(path.parent / "plain")
        self.assertEmpty(list(inspect.sheet_labels(plain, 96)))

    def test_contact_sheet(self) -> None:
        path = self.folder() / "plain"
        values = np.arange(7, dtype=np.uint8) * 30
        images = np.ones((7, 32, 32, 1), np.uint8) * values[:, None, None, None]
        dataset_files.save(path, images)
        out = path.parent / "new" / "sheet.png"
        dataset = datasets.open_dataset(path)
        self.assertEqual(inspect.write_sheet(dataset, out, 6, 8), 6)
        # Six images, three in a row, enlarged from 8 to 256 pixels.
        expected = values[:6].reshape(2, 3).repeat(256, axis=0)
        sheet = np.asarray(Image.open(out))
        self.assertAllEqual(sheet, expected.repeat(256, axis=1))
        self.assertEqual(inspect.write_sheet(dataset, out, 100, 32), 7)
        # Seven, four in a row: the factor is a whole number.
        self.assertEqual(Image.open(out).size, (4 * 256, 2 * 256))
        self.assertEqual(inspect.write_sheet(dataset, out, 5, 32), 5)
        self.assertEqual(Image.open(out).size, (3 * 256, 2 * 256))
