"""Speeds told apart from set-up, by a clock that is wound by hand."""

import time
from unittest import mock

from pgan_tf.training import pace
from tests import common


class PaceTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.now = 100.0
        self.enter_context(
            mock.patch.object(time, "monotonic", lambda: self.now)
        )
        # What the device still has to do when it is waited for.
        self.pending = 0.0

    def wait(self) -> None:
        self.now += self.pending
        self.pending = 0.0

    def make(self, before: pace.Pace | None = None) -> pace.Pace:
        return pace.Pace(self.wait, before)

    def call(self, made: pace.Pace, nimg: int, seconds: float) -> None:
        """One whose work the device does later."""
        self.now += seconds / 4
        self.pending += 3 * seconds / 4
        made.called(nimg)

    def set_up(self, made: pace.Pace, key: tuple, first: float) -> None:
        made.set_up(*key)
        self.now += 16
        self.call(made, 64, first)

    def test_compiling_and_first_calls_are_no_speed(self):
        made = self.make()
        self.set_up(made, (4, False), 8.0)
        for _ in range(3):
            self.call(made, 64, 2.0)
        self.assertEqual(made.images_per_sec(), 32.0)
        self.assertEqual(made.setup_seconds(), 24.0)
        self.assertEqual(made.setups, [pace.Stretch(4, False, 64, 24.0)])
        self.assertEqual(made.stretches(), [pace.Stretch(4, False, 192, 6.0)])

    def test_a_speed_is_of_its_own_resolution(self):
        made = self.make()
        self.set_up(made, (4, False), 8.0)
        self.call(made, 64, 1.0)
        self.set_up(made, (8, True), 8.0)
        self.call(made, 64, 4.0)
        self.set_up(made, (8, False), 8.0)
        self.call(made, 64, 2.0)
        self.assertEqual(made.images_per_sec(), 128 / 6)
        found = [(s.resolution, s.fading, s.seconds) for s in made.stretches()]
        self.assertEqual(
            found, [(4, False, 1.0), (8, True, 4.0), (8, False, 2.0)]
        )
        self.assertEqual(made.setup_seconds(), 72.0)

    def test_the_next_tick_goes_on_with_the_same_steps(self):
        first = self.make()
        self.set_up(first, (4, False), 8.0)
        # Of a first call alone no speed is known.
        self.assertIsNone(first.images_per_sec())
        self.assertEqual(first.stretches(), [])
        second = self.make(first)
        self.call(second, 64, 2.0)
        self.assertEqual(second.images_per_sec(), 32.0)
        self.assertEqual(second.setup_seconds(), 0.0)

    def test_what_is_apart_does_not_count(self):
        made = self.make()
        self.set_up(made, (4, False), 8.0)
        self.call(made, 64, 2.0)
        with made.apart():
            self.now += 50
        self.call(made, 64, 2.0)
        self.assertEqual(made.images_per_sec(), 32.0)
        self.assertEqual(made.setup_seconds(), 24.0)

    def test_a_stop_while_compiling_is_part_of_it(self):
        made = self.make()
        made.set_up(4, False)
        self.now += 10
        with made.apart():
            self.now += 1
        self.assertEqual(made.setup_seconds(), 11.0)
        self.assertEqual(made.kept(), [])

    def test_a_restart_keeps_what_was_measured(self):
        made = self.make()
        self.set_up(made, (4, False), 8.0)
        self.call(made, 64, 2.0)
        again = self.make()
        again.resume(made.kept(), made.setup_seconds())
        self.set_up(again, (4, False), 8.0)
        self.call(again, 64, 4.0)
        self.assertEqual(again.images_per_sec(), 128 / 6)
        self.assertEqual(again.setup_seconds(), 48.0)

    def test_nothing_is_known_of_nothing(self):
        made = self.make()
        self.assertIsNone(made.images_per_sec())
        self.assertEqual(made.stretches(), [])

    def test_looking_often_leaves_one_stretch(self):
        made = self.make()
        self.set_up(made, (4, False), 8.0)
        for _ in range(100):
            self.call(made, 64, 2.0)
            self.assertEqual(made.images_per_sec(), 32.0)
        self.assertEqual(
            made.stretches(), [pace.Stretch(4, False, 6400, 200.0)]
        )
        self.assertLen(made.kept(), 1)
