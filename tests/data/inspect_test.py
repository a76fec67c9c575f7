"""Tests of `info` and `display`."""

import numpy as np
from PIL import Image

from pgan_tf.data import inspect, records, writing
from tests import common


class InspectTest(common.TestCase):
    def test_description(self) -> None:
        dataset = records.open_dataset(common.GOLDEN_DIR / "tfrecords")
        text = inspect.describe(dataset)
        self.assertIn("32x32, 3 channels", text)
        self.assertIn("4 8 16 32", text)
        self.assertIn("not made by this tool", text)
        # Of the four label columns, how many images have each.
        counts = np.count_nonzero(common.golden("images_in")["labels"], axis=0)
        for column, count in enumerate(counts):
            self.assertIn(f"{column} ({count})", text)

    def test_contact_sheet(self) -> None:
        path = self.folder() / "plain"
        values = np.arange(7, dtype=np.uint8) * 30
        images = np.ones((7, 32, 32, 1), np.uint8) * values[:, None, None, None]
        writing.save(path, images)
        out = path.parent / "new" / "sheet.png"
        dataset = records.open_dataset(path)
        self.assertEqual(inspect.write_sheet(dataset, out, 6, 8), 6)
        # Six images, three in a row, enlarged from 8 to 64 pixels.
        expected = values[:6].reshape(2, 3).repeat(64, axis=0)
        sheet = np.asarray(Image.open(out))
        self.assertAllEqual(sheet, expected.repeat(64, axis=1))
        self.assertEqual(inspect.write_sheet(dataset, out, 100, 32), 7)
