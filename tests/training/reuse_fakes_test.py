"""G's step with the fakes of D's: the numbers of G's own, drawn alike."""

import dataclasses
from unittest import mock

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.runs.options import (
    DataOptions,
    OptimizerOptions,
    RunOptions,
    ScheduleOptions,
)
from pgan_tf.runs.schedule import Stage
from pgan_tf.training import compiled_steps, draws
from tests import common
from tests.training import tiny

APART = RunOptions(data=DataOptions(mirror_augment=True))
TOGETHER = dataclasses.replace(
    APART, optimizer=OptimizerOptions(reuse_fakes=True)
)


class LikeD(draws.Draws):
    """Has G draw the latents of D."""

    def normal(self, stream, nimg, shape, index=0):
        stream = "D_latents" if stream == "G_latents" else stream
        return super().normal(stream, nimg, shape, index)


class ReuseFakesTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters("float32", "mixed_float16")
    def test_gradients(self, policy):
        log2 = 10.0 if policy == "mixed_float16" else None
        apart, together = (
            tiny.make(options, policy=policy, loss_scale_log2=log2)
            for options in (APART, TOGETHER)
        )
        own = tiny.gradients(apart)
        apart.draws = LikeD(apart.options.seed, tiny.MINIBATCH)
        expected, found = tiny.gradients(apart), tiny.gradients(together)
        for name, value in expected.items():
            error = np.linalg.norm(found[name] - value)
            self.assertLess(error, 1e-5 * np.linalg.norm(value), name)
        differs = np.linalg.norm(found["G/gradients"] - own["G/gradients"])
        self.assertGreater(differs, 0.1 * np.linalg.norm(own["G/gradients"]))

    def test_iterations(self):
        """G's step is judged by the D that has learned from its fakes."""
        apart = self.trained(APART, LikeD)
        together = self.trained(TOGETHER, draws.Draws)
        for name in ("G", "D", "Gs"):
            # All in one: some hold nothing but rounding errors.
            expected, found = (
                np.concatenate(
                    [np.ravel(each) for each in getattr(nets, name).weights]
                )
                for nets in (apart, together)
            )
            self.assertAllClose(found, expected, rtol=1e-6, atol=1e-4)

    def trained(self, options, kind):
        """Networks after a call of two iterations, D at a high rate."""
        options = dataclasses.replace(
            options, schedule=ScheduleOptions(minibatch_repeats=2)
        )
        made = tiny.make(options)
        stage = Stage(0.5, 8, tiny.MINIBATCH, 1e-3, 1e-2, 1)
        with mock.patch.object(draws, "Draws", kind):
            iterations = compiled_steps.make_iterations(
                made.nets, made.strategy, stage, tf.zeros([1, 0]), options
            )
        iterations(
            tiny.images(16),
            tf.zeros([16, 0]),
            tf.constant(16, tf.int64),
            *map(tf.constant, (0.5, 1e-3, 1e-2)),
        )
        return made.nets
