"""Durations, sizes, tables."""

from pgan_tf.base import errors, text
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
        self.assertEqual(text.duration(float("nan")), "unknown")

    def test_counts(self):
        for number, expected in (
            (7, "7"),
            (999, "999"),
            (1000, "1k"),
            (84_512, "84.5k"),
            (999_499, "999k"),
            (999_500, "1M"),
            (23_100_000, "23.1M"),
        ):
            self.assertEqual(text.count(number), expected)

    def test_small_numbers_stay_numbers(self):
        for value, decimals, expected in (
            (123.456, 1, "123.5"),
            (1.25, 1, "1.2"),
            (0.96, 1, "0.96"),
            (0.0123, 1, "0.012"),
            (0.000_045_6, 1, "0.000046"),
            (-0.0123, 2, "-0.012"),
            (12.0, 2, "12.00"),
            (0.0, 1, "0.0"),
            (float("inf"), 1, "inf"),
        ):
            self.assertEqual(text.number(value, decimals), expected)

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

    def test_one_line(self):
        for words, expected in (
            ("a name  of Ω.png", "a name  of Ω.png"),
            ("first\n  second\r\n\tthird\n", "first second third"),
            ("\x1b[2Ja\x00\udcff\u2028b", r"\x1b[2Ja\x00\udcff\u2028b"),
            ("x" * 50, "x" * 17 + "..."),
        ):
            limit = 20 if words[0] == "x" else 100
            self.assertEqual(text.one_line(words, limit), expected)
        self.assertEqual(str(errors.UserError("a\nb\0")), "a b\\x00")

    def test_aligned(self):
        lines = text.aligned([["a", "bb"], ["ccc", "d"], ["e", ""]])
        self.assertEqual(lines, ["a    bb", "ccc   d", "e"])

    def test_wrapped(self):
        """Lines below are indented further; long words stay whole."""
        for line, expected in (
            ("", [""]),
            ("a b", ["a b"]),
            ("  one two three", ["  one two", "      three"]),
            ("12345678 7 % 9", ["12345678", "    7 % 9"]),
            (f"a {'/b' * 9} c-d", ["a", f"    {'/b' * 9}", "    c-d"]),
        ):
            self.assertEqual(text.wrapped(line, 11), expected)
