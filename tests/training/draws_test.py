"""Draws depend on seed, position and stream, and on nothing else."""

import numpy as np
import tensorflow as tf

from pgan_tf.training import draws
from tests import common


def position(nimg: int) -> tf.Tensor:
    return tf.constant(nimg, tf.int64)


class DrawsTest(common.TestCase):
    def test_they_follow_seed_position_stream_and_index(self):
        found = [
            draws.Draws(seed, 8)
            .normal(stream, position(nimg), [32], index)
            .numpy()
            for seed, nimg in ((1, 0), (1, 8), (2, 0))
            for stream in ("D_latents", "G_latents")
            for index in (0, 1)
        ]
        firsts = {tuple(values.ravel()[:4]) for values in found}
        self.assertLen(firsts, 12)
        everything = np.concatenate([values.ravel() for values in found])
        self.assertAllClose(everything.mean(), 0.0, rtol=0, atol=0.1)
        self.assertAllClose(everything.std(), 1.0, rtol=0, atol=0.1)

    def test_they_can_be_drawn_again(self):
        one, other = draws.Draws(3, 4), draws.Draws(3, 4)
        for kind in ("normal", "uniform"):
            again = [
                getattr(each, kind)("mixing", position(12), [5])
                for each in (one, other)
            ]
            self.assertAllEqual(*again)

    def test_uniform(self):
        values = draws.Draws(0, 1000).uniform("mirror", position(0), [2])
        self.assertAllInRange(values, 0.0, 1.0)
        self.assertAllClose(np.mean(values), 0.5, rtol=0, atol=0.05)
        self.assertAllClose(np.std(values), np.sqrt(1 / 12), rtol=0, atol=0.02)

    def test_rows_are_of_the_whole_table(self):
        table = tf.constant(np.eye(5), tf.float32)
        rows = draws.Draws(0, 400).rows("G_labels", position(0), table)
        counts = rows.numpy().sum(0)
        self.assertEqual(counts.sum(), 400)
        self.assertAllInRange(counts, 50, 110)
