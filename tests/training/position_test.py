"""Ticks, and ticks that a restart divides."""

from unittest import mock

import numpy as np
import tensorflow as tf

from pgan_tf.training import position
from tests import common

TERMS = np.float32([[0.1, 3e7], [0.7, 1.3], [-5.0, 2e-9]])


class TickTest(common.TestCase):
    def test_means_and_limits(self):
        tick = position.Tick(position.Position(nimg=100, tick_nimg=100))
        for terms in TERMS:
            tick.add(tf.constant(terms), 32)
        self.assertAllClose(tick.means(), TERMS.mean(0), rtol=1e-6, atol=0)
        self.assertEqual(tick.num_images(164), 64)
        self.assertFalse(tick.due(163, 0.064))
        self.assertTrue(tick.due(164, 0.064))

    def test_a_divided_tick_is_the_whole_one_to_the_bit(self):
        whole, first = (
            position.Tick(position.Position()),
            position.Tick(position.Position()),
        )
        for terms in TERMS:
            whole.add(tf.constant(terms), 32)
        first.add(tf.constant(TERMS[0]), 32)
        first.add(tf.constant(TERMS[1]), 32)
        where = position.Position(nimg=64)
        first.write_to(where)
        second = position.Tick(position.Position.from_json(where.to_json()))
        second.add(tf.constant(TERMS[2]), 32)
        self.assertAllEqual(second.means(), whole.means())
        self.assertEqual(second.num_images(96), 96)
        self.assertGreater(second.seconds(), where.tick_seconds)

    def test_waiting_for_data_adds_up(self):
        clock = iter([0.0, 0.0, 1.0, 1.5, 2.0, 2.25])
        with mock.patch.object(position.time, "monotonic", lambda: next(clock)):
            tick = position.Tick(position.Position())
            for _ in range(2):
                with tick.waiting():
                    pass
        self.assertEqual(tick.data_seconds, 0.75)

    def test_seconds_go_on_after_a_restart(self):
        clock = mock.Mock(return_value=100.0)
        with mock.patch.object(position.time, "monotonic", clock):
            where = position.Position(nimg=64, tick_seconds=5.0)
            tick = position.Tick(where)
            clock.return_value = 107.0
            self.assertEqual(tick.seconds(), 12.0)
            tick.write_to(where)
            self.assertEqual(where.tick_seconds, 12.0)
            following = position.next_tick(where, tick)
            clock.return_value = 110.0
            self.assertEqual(following.seconds(), 3.0)
        self.assertEqual(
            (where.tick_nimg, where.tick_seconds, where.tick_calls),
            (64, 0.0, 0),
        )
        self.assertEqual(where.tick_sums, [])

    def test_the_next_tick_is_empty(self):
        where = position.Position(
            64, tick_nimg=0, tick_calls=3, tick_sums=[1.0]
        )
        tick = position.next_tick(where, position.Tick(where))
        self.assertEqual(tick.num_images(64), 0)
        tick.add(tf.constant([2.0]), 32)
        self.assertAllEqual(tick.means(), [2.0])


class PositionTest(common.TestCase):
    def test_json(self):
        where = position.Position(
            5, 1, 0.1, 1e-17, 3, 2 / 3, 2, [0.1, float("nan")]
        )
        again = position.Position.from_json(where.to_json())
        self.assertEqual(str(again), str(where))
        with self.assertRaises(TypeError):
            position.Position.from_json('{"colour": 1}')
