"""The scale of float16's losses, in steps of known numbers."""

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.runs.options import (
    LossesOptions,
    RunOptions,
)
from pgan_tf.training import optim
from tests import common
from tests.training import known


@tf.custom_gradient
def through_16_bits(x):
    """x, whose gradient is float16 on its way back."""

    def backward(upstream):
        half = tf.cast(upstream, tf.float16)
        return tf.cast(half, tf.float32)

    return tf.identity(x), backward


class SixteenBits(known.KnownDiscriminator):
    """Its gradient passes 16 bits where it is 2^-30 of what comes out."""

    def __call__(self, images, labels=None, alpha=None, training=False):
        images = through_16_bits(images * 2.0**30) * 2.0**-30
        return super().__call__(images, labels, alpha, training)


class LossScaleTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters("gp", "lp", "r1")
    def test_the_penalty_has_it_too(self, penalty):
        """Gradients of about 2^-30, which only scaled ones survive."""
        losses = LossesOptions(penalty=penalty, wgan_target=0.5)
        found = {}
        for log2 in (0.0, 20.0):
            iteration = known.make(
                RunOptions(losses=losses),
                loss_scale=optim.LossScale(log2),
                judge=SixteenBits,
            )
            found[log2] = known.run(iteration)["D_mixed_norms"]
        reals = known.scaled(known.pixels())
        fakes = known.fakes(known.NORMALS["D_latents", 0])
        mixed = reals + (fakes - reals) * known.UNIFORMS["mixing"]
        expected = known.norms(reals if penalty == "r1" else mixed).mean()
        self.assertGreater(expected, 1.0)
        # 11 bits of a number.
        self.assertAllClose(found[20.0], expected, rtol=1e-3, atol=0)
        self.assertLess(found[0.0], 0.1)

    @parameterized.parameters(0.0, 12.0)
    def test_what_comes_out_is_of_the_loss_itself(self, log2):
        """Gradients, terms and steps are divided by the scale again."""
        plain = known.make(RunOptions())
        scaled = known.make(
            RunOptions(),
            loss_scale=optim.LossScale(log2, 0.25, 2.0),
            g_scale=optim.LossScale(log2 + 1, 0.5, 2.0),
        )
        expected, found = known.run(plain), known.run(scaled)
        known.check_terms(self, found, expected)
        for name, power in (("d_adam", log2 + 0.25), ("g_adam", log2 + 1.5)):
            adam = getattr(scaled.nets, name)
            for one, other in zip(
                adam.seen[0][0],
                getattr(plain.nets, name).seen[0][0],
                strict=True,
            ):
                self.assertAllClose(one, other, **known.CLOSE)
            self.assertAllClose(adam.loss_scale.log2, power, rtol=0, atol=1e-6)

    @parameterized.parameters(
        (200.0, 3.0, (1, 0), (198.0, 3.5)), (3.0, 200.0, (0, 1), (3.5, 198.0))
    )
    def test_each_network_has_its_own(self, of_d, of_g, skipped, powers):
        """2^200 is infinite: that network's step is skipped, and its alone."""
        iteration = known.make(
            RunOptions(),
            loss_scale=optim.LossScale(of_d, 0.5, 2.0),
            g_scale=optim.LossScale(of_g, 0.5, 2.0),
        )
        found = known.run(iteration)
        for name, expected in zip(("D", "G"), skipped, strict=True):
            self.assertEqual(found[f"{name}_skipped_steps"], expected)
        nets = iteration.nets
        scales = [nets.d_adam.loss_scale.log2, nets.g_adam.loss_scale.log2]
        self.assertAllClose(scales, powers, rtol=0, atol=1e-6)

    @parameterized.parameters(False, True)
    def test_numbers_that_are_not_finite(self, has_scale):
        """They are told, unless a loss scale is what they come from."""
        scale = optim.LossScale(3.0) if has_scale else None
        iteration = known.make(RunOptions(), loss_scale=scale)
        iteration.nets.D.curve.value.assign(np.nan)
        found = known.run(iteration)
        self.assertEqual(np.isnan(found["D_loss"]), not has_scale)
        self.assertEqual(found["D_loss"] == 0.0, has_scale)
        self.assertEqual(found["D_skipped_steps"], 1.0)
        # G has none.
        self.assertTrue(np.isnan(found["G_loss"]))
