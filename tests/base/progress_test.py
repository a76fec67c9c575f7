"""Bars in terminals, lines in pipes."""

import io
import sys
import time
from unittest import mock

from pgan_tf.base import progress
from tests import common


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


class ProgressTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.now = 1000.0

    def told(self, total: int, seconds: float, leave: bool = False) -> list:
        """Lines of work whose parts take so many seconds each."""
        pipe = io.StringIO()
        with (
            mock.patch.object(sys, "stderr", pipe),
            mock.patch.object(time, "monotonic", lambda: self.now),
            progress.bar(total, "faces", "img", leave=leave) as bar,
        ):
            for _ in range(total):
                self.now += seconds
                bar.update()
        return pipe.getvalue().splitlines()

    def test_short_work_is_silent_in_a_pipe(self):
        self.assertEqual(self.told(2000, 0.014), [])

    def test_its_end_is_a_line(self):
        self.assertEqual(
            self.told(2000, 0.015, leave=True),
            ["faces: 2,000 img in 30s, 66.7 img/s"],
        )

    def test_a_line_for_each_tenth(self):
        lines = self.told(1000, 1.0)
        self.assertLen(lines, 9)
        self.assertEqual(lines[0], "faces: 100 of 1,000 img, 10%, 15m 00s left")
        self.assertEqual(lines[-1], "faces: 900 of 1,000 img, 90%, 1m 40s left")

    def test_no_two_lines_within_half_a_minute(self):
        self.assertLen(self.told(1000, 0.1), 3)

    def test_no_more_than_five_minutes_of_silence(self):
        lines = self.told(1000, 60.0)
        self.assertLen(lines, 199)
        self.assertStartsWith(lines[0], "faces: 5 of 1,000 img, 0%, ")

    def test_a_terminal_has_a_bar_that_fits(self):
        screen = Terminal()
        with (
            mock.patch.object(sys, "stderr", screen),
            mock.patch.dict("os.environ", {"COLUMNS": "60", "LINES": "9"}),
            progress.bar(10, "faces", "img", leave=True) as bar,
        ):
            for _ in range(10):
                bar.update()
        shown = screen.getvalue().split("\r")
        self.assertLessEqual(max(map(len, shown)), 60)
        self.assertIn("faces: 100%", shown[-1])
        self.assertIn("10/10", shown[-1])

    def test_items_pass(self):
        with mock.patch.object(sys, "stderr", None):
            found = list(progress.each(iter("abc"), 3, "letters"))
        self.assertEqual(found, ["a", "b", "c"])
