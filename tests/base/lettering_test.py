"""Words in pictures."""

import numpy as np
from PIL import ImageFont

from pgan_tf.base import lettering
from tests import common


class LetteringTest(common.TestCase):
    def test_strip(self):
        strip = lettering.strip(
            [(5, "one"), (60, "two")], 100, 20, 14, (9, 9, 9), (200, 210, 220)
        )
        self.assertEqual((strip.shape, strip.dtype), ((20, 100, 3), np.uint8))
        self.assertAllEqual(strip[0, 0], [200, 210, 220])
        columns = np.flatnonzero((strip != strip[0, 0]).any(axis=(0, 2)))
        # Two words where they were wanted, and nothing between them.
        self.assertBetween(columns.min(), 5, 8)
        self.assertBetween(columns[columns >= 50].min(), 60, 63)
        self.assertLess(columns[columns < 50].max(), 35)
        self.assertLess(int(strip.min()), 60)

    def test_wrap(self):
        text = "a few words that are longer than one line of a picture"
        lines = lettering.wrap(text, 120, 14)
        self.assertEqual(" ".join(lines), text)
        self.assertGreater(len(lines), 2)
        font = ImageFont.load_default(14)
        for line, after in zip(lines, [*lines[1:], None], strict=True):
            self.assertLessEqual(font.getlength(line), 120)
            if after is not None:
                longer = f"{line} {after.split()[0]}"
                self.assertGreater(font.getlength(longer), 120)
        self.assertEqual(lettering.wrap("unbreakable", 5, 14), ["unbreakable"])
