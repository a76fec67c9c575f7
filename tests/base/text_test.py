"""Durations, sizes, tables."""

from pgan_tf.base import text
from tests import common


class TextTest(common.TestCase):
    def test_durations(self):
        for seconds, expected in (
            (44.6, "45s"),
            (725, "12m 05s"),
            (12_030, "3h 20m"),
            (2 * 86400 + 7 * 3600, "2d 07h"),
        ):
            self.assertEqual(text.duration(seconds), expected)

    def test_sizes(self):
        for num_bytes, expected in (
            (0, "0 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (99_949, "99.9 kB"),
            (123_456_789, "123 MB"),
            (7.25e12, "7.2 TB"),
            (5e15, "5000 TB"),
        ):
            self.assertEqual(text.size(num_bytes), expected)

    def test_aligned(self):
        lines = text.aligned([["a", "bb"], ["ccc", "d"], ["e", ""]])
        self.assertEqual(lines, ["a    bb", "ccc   d", "e"])
