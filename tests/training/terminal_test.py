"""The moving line of a terminal."""

import io
import sys
import threading
from unittest import mock

from absl.testing import parameterized

from pgan_tf.runs.schedule import Stage
from pgan_tf.training import reports, terminal
from tests import common


class Screen(io.StringIO):
    """Standard output that is a terminal of so many columns."""

    def isatty(self) -> bool:
        return True


def stage(resolution: int, alpha: float | None) -> Stage:
    return mock.Mock(spec=Stage, resolution=resolution, alpha=alpha)


class TickLineTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(
        (
            86,
            "tick 7  86.1/124 kimg  16x16 fading .48  524 img/s  G 2.08  "
            "D -1.42  1m36s  left 4m02s",
        ),
        (
            85,
            "tick 7 86.1/124 kimg 16x16 fading .48 524 img/s G 2.08 D -1.42 "
            "1m36s left 4m02s",
        ),
        (
            70,
            "tick 7  86.1/124 kimg  16x16 fading .48  524 img/s  1m36s  "
            "left 4m02s",
        ),
        (60, "tick 7 86.1/124 kimg 16x16 fading .48 524 img/s left 4m02s"),
    )
    def test_it_fits(self, width, expected):
        line = terminal.tick_line(
            *(7, 86_100, 124.0, stage(16, 0.48), 524.4, (2.08, -1.42)),
            *(96.0, 242.0, width),
        )
        self.assertEqual(line, expected)
        self.assertLessEqual(len(line), width)

    def test_what_is_not_known_yet(self):
        line = terminal.tick_line(
            1, 500, 124.0, stage(4, None), None, None, 3.0, None, 79
        )
        self.assertEqual(line, "tick 1  0.5/124 kimg  4x4  3s")

    @parameterized.parameters(
        (1970.4, "1970 img/s"),
        (3.14, "3.1 img/s"),
        (0.5, "33m 20s per kimg"),
    )
    def test_speeds_can_be_read(self, images_per_sec, told):
        self.assertEqual(terminal.speed(images_per_sec), told)


class WrappedTest(common.TestCase):
    def test_a_fact_goes_on_below_itself(self):
        fact = f"{'dataset':<12} datasets/some-name, 6,000 images of 32x32"
        self.assertEqual(
            terminal.wrapped(fact, 40).splitlines(),
            [
                "dataset      datasets/some-name, 6,000",
                "             images of 32x32",
            ],
        )


class LogTest(common.TestCase):
    def log(self, stream: io.StringIO) -> reports.Log:
        self.enter_context(mock.patch.object(sys, "stdout", stream))
        size = mock.Mock(columns=40)
        self.enter_context(mock.patch("shutil.get_terminal_size", lambda: size))
        return reports.Log(self.folder())

    def test_a_terminal_gets_the_short_line_and_the_moving_one(self):
        screen = Screen()
        log = self.log(screen)
        log.terminal.show("moving " * 9)
        log.line("the whole line", "short")
        log.line("another")
        shown = screen.getvalue()
        self.assertEqual(
            shown,
            f"\r{('moving ' * 9)[:39]}\x1b[K\r\x1b[Kshort\nanother\n",
        )

    def test_work_that_shows_nothing_of_itself_is_counted(self):
        screen = Screen()
        log = self.log(screen)
        waits = mock.Mock(side_effect=[False, False, True])
        event = mock.Mock(wait=waits, is_set=lambda: False)
        started = mock.Mock()
        with (
            mock.patch("threading.Event", lambda: event),
            mock.patch("threading.Thread", started),
            mock.patch("time.monotonic", side_effect=[900, 1000, 1001, 1012]),
        ):
            log.terminal.count("compiling")
            started.call_args.kwargs["target"]()
        self.assertEqual(
            screen.getvalue(),
            "\rcompiling\x1b[K\rcompiling, 1s\x1b[K\rcompiling, 12s\x1b[K",
        )
        log.line("done")
        event.set.assert_called_with()
        self.assertEndsWith(screen.getvalue(), "\x1b[K\r\x1b[Kdone\n")

    def test_the_count_ends_with_the_next_line(self):
        log = self.log(Screen())
        over = threading.Event()
        with (
            mock.patch("threading.Event", lambda: over),
            mock.patch("threading.Thread"),
        ):
            log.terminal.count("compiling")
        self.assertFalse(over.is_set())
        log.terminal.show("tick 1")
        self.assertTrue(over.is_set())

    def test_an_end_leaves_no_line_behind(self):
        screen = Screen()
        log = self.log(screen)
        log.terminal.count("compiling")
        log.close()
        self.assertEndsWith(screen.getvalue(), "\r\x1b[K")

    def test_it_moves_no_faster_than_people_read(self):
        log = self.log(Screen())
        self.assertTrue(log.terminal.is_due())
        with mock.patch("time.monotonic") as clock:
            clock.return_value = 1e6
            log.terminal.show("tick 1")
            clock.return_value += 0.25
            self.assertFalse(log.terminal.is_due())
            clock.return_value += 0.25
            self.assertTrue(log.terminal.is_due())

    def test_a_pipe_gets_whole_lines_alone(self):
        pipe = io.StringIO()
        log = self.log(pipe)
        log.terminal.show("moving")
        log.terminal.count("counting")
        log.line("the whole line", "short")
        self.assertEqual(pipe.getvalue(), "the whole line\n")
