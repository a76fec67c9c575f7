"""Every draw, weight and count of an iteration goes where its name says.

With networks of known numbers (`known`): each sum below is NumPy's.
"""

import dataclasses
from unittest import mock

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.runs.options import (
    DataOptions,
    LossesOptions,
    OptimizerOptions,
    RunOptions,
    ScheduleOptions,
)
from pgan_tf.training import compiled_steps, draws, optim, steps
from tests import common
from tests.training import known

LOSSES = LossesOptions(
    wgan_lambda=3.0,
    wgan_epsilon=0.5,
    wgan_target=2.0,
    cond_weight=0.25,
    noise_stddev=0.5,
    noise_kimg=2.0,
    ortho_weight=0.125,
)
MIRRORED = DataOptions(mirror_augment=True)
# Float32's rounding, in numbers of about 1 to 100.
CLOSE = {"rtol": 1e-5, "atol": 1e-6}


def check_terms(test, found: dict, expected: dict) -> None:
    """Compares all terms that are expected; others are not looked at."""
    for name, value in expected.items():
        test.assertAllClose(found[name], value, **CLOSE, msg=name)


class DrawsTest(common.TestCase, parameterized.TestCase):
    def expected(self) -> dict[str, float]:
        """Of one iteration after 1000 images, noise being at half."""
        noise = 0.5 * (1 - 1000 / 2000)
        reals = known.scaled(known.pixels())[:, :, ::-1]  # coins of 0.875
        reals = reals + noise * known.NORMALS["D_latents", 1]
        # D's fakes have the reals' labels, numbers 3, 1, 2 and 3.
        colors = known.NORMALS["D_latents", 0] + np.float64([3, 1, 2, 3])
        fakes = known.GAIN * colors[:, None, None, None] * np.ones((4, 4, 4, 1))
        fakes = fakes + noise * known.NORMALS["D_latents", 2]
        mixed = reals + (fakes - reals) * known.UNIFORMS["mixing"]
        norms = known.norms(mixed)
        penalty = (norms - 2) ** 2 / 4
        drift = known.scores(reals) ** 2
        label = 2 * np.mean([known.cross_entropy(i) for i in (2, 0, 1, 2)])
        d_loss = np.mean(known.scores(fakes) - known.scores(reals))
        d_loss += 3 * penalty.mean() + 0.5 * drift.mean() + 0.25 * label
        # G's fakes have the label in row 1 of all, whose number is 2.
        drawn = known.fakes(known.NORMALS["G_latents", 0] + 2)
        drawn = drawn + noise * known.NORMALS["G_latents", 1]
        g_label, ortho = known.cross_entropy(1), 2 * known.GAIN**4
        g_loss = -known.scores(drawn).mean() + 0.25 * g_label + 0.125 * ortho
        return {
            "D_loss": d_loss,
            "D_real_scores": known.scores(reals).mean(),
            "D_fake_scores": known.scores(fakes).mean(),
            "D_mixed_norms": norms.mean(),
            "D_gradient_penalty": penalty.mean(),
            "D_drift_penalty": drift.mean(),
            "D_label_penalty": label,
            "D_skipped_steps": 0,
            "G_loss": g_loss,
            "G_label_penalty": g_label,
            "G_ortho_penalty": ortho,
            "G_skipped_steps": 0,
        }

    @parameterized.product(passes=(1, 2, 4), group_size=(0, 1))
    def test_terms(self, passes, group_size):
        """Also in several passes: each mean is over all images."""
        options = RunOptions(data=MIRRORED, losses=LOSSES)
        iteration = known.make(
            options,
            label_size=3,
            label_kind="onehot",
            passes=passes,
            group_size=group_size,
        )
        found = known.run(iteration, labels=(2, 0, 1, 2), nimg=1000)
        expected = self.expected()
        self.assertEqual(set(expected), set(steps.TERMS))
        check_terms(self, found, expected)

    def test_every_stream_is_asked_once_at_the_position_given(self):
        options = RunOptions(data=MIRRORED, losses=LOSSES)
        iteration = known.make(options, label_size=3, label_kind="onehot")
        known.run(iteration, labels=(2, 0, 1, 2), nimg=1234)
        streams = {*known.NORMALS, *((s, 0) for s in known.UNIFORMS)}
        streams |= {(stream, 0) for stream in known.ROWS}
        expected = sorted((*stream, 1234) for stream in streams)
        self.assertEqual(sorted(iteration.draws.seen), expected)
        self.assertEqual({s for s, _ in streams}, set(draws.STREAMS))

    def test_coins_on_both_sides_of_a_half(self):
        for coin, flipped in ((0.49, False), (0.5, True)):
            with mock.patch.dict(known.UNIFORMS, mirror=coin):
                iteration = known.make(RunOptions(data=MIRRORED))
                found = known.run(iteration)["D_real_scores"]
            reals = known.scaled(known.pixels())
            reals = reals[:, :, ::-1] if flipped else reals
            expected = known.scores(reals).mean()
            self.assertAllClose(found, expected, **CLOSE)

    def test_alpha_reaches_every_pass(self):
        iteration = known.make(RunOptions(), fading=True)
        found = known.run(iteration, alpha=0.25)
        nets = iteration.nets
        calls = [call["alpha"] for call in nets.G.calls] + nets.D.alphas
        # D: reals with fakes, mixed, G's fakes.
        self.assertLen(calls, 2 + 3)
        self.assertAllClose(calls, [0.25] * 5, rtol=0, atol=0)
        self.assertTrue(all(call["training"] for call in nets.G.calls))
        reals = known.scaled(known.pixels())
        blocks = reals.reshape(4, 2, 2, 2, 2, 1).mean((2, 4))
        blocks = blocks.repeat(2, axis=1).repeat(2, axis=2)
        expected = known.scores(blocks + (reals - blocks) * 0.25).mean()
        self.assertAllClose(found["D_real_scores"], expected, **CLOSE)

    def test_settled_there_is_no_alpha(self):
        iteration = known.make(RunOptions())
        known.run(iteration, alpha=0.25)
        nets = iteration.nets
        calls = [call["alpha"] for call in nets.G.calls] + nets.D.alphas
        self.assertEqual(calls, [None] * 5)


class GradientsTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(1, 2, 4)
    def test_of_means_over_all_images(self, passes):
        """Without penalties: what D's and G's losses are by each weight."""
        losses = LossesOptions(penalty="none", wgan_epsilon=0.0)
        iteration = known.make(RunOptions(losses=losses), passes=passes)
        known.run(iteration, lrates=(0.002, 0.003))
        reals = known.scaled(known.pixels())
        latent = known.NORMALS["D_latents", 0]
        fakes = known.fakes(latent)

        def linear(images):
            return np.sum(images * known.COLUMNS, axis=(1, 2, 3)).mean()

        def square(images):
            return np.sum(images**2, axis=(1, 2, 3)).mean() / 2

        ((by_weights, rate),) = iteration.nets.d_adam.seen
        expected = [
            linear(fakes) - linear(reals),
            square(fakes) - square(reals),
        ]
        self.assertAllClose(by_weights, expected, **CLOSE)
        self.assertAllClose(rate, 0.003, rtol=1e-6, atol=0)

        ((by_weights, rate),) = iteration.nets.g_adam.seen
        latent = known.NORMALS["G_latents", 0]
        slope = known.SLOPE * latent * np.sum(known.COLUMNS)
        curve = known.CURVE * known.GAIN * latent**2 * 16
        expected = -(slope + curve)
        if passes == 1:
            self.assertLen(iteration.nets.G.calls, 2)
        # G goes through the D that has learned: a step of 0.003 each.
        moved = iteration.nets.D
        slope = moved.slope.numpy() * latent * np.sum(known.COLUMNS)
        curve = moved.curve.numpy() * known.GAIN * latent**2 * 16
        self.assertAllClose(by_weights, [-(slope + curve)], **CLOSE)
        self.assertNotAllClose(by_weights, [expected], rtol=1e-5, atol=1e-6)
        self.assertAllClose(rate, 0.002, rtol=1e-6, atol=0)

    def test_reused_fakes_are_those_of_d(self):
        options = RunOptions(
            losses=dataclasses.replace(LOSSES, noise_stddev=0.0),
            optimizer=OptimizerOptions(reuse_fakes=True),
        )
        iteration = known.make(options, label_size=3, label_kind="onehot")
        found = known.run(iteration, labels=(2, 2, 2, 2))
        drawn = known.fakes(known.NORMALS["D_latents", 0] + 3)
        self.assertLen(iteration.nets.G.calls, 1)
        label, ortho = known.cross_entropy(2), 2 * known.GAIN**4
        expected = -known.scores(drawn).mean() + 0.25 * label + 0.125 * ortho
        self.assertAllClose(found["G_loss"], expected, **CLOSE)
        self.assertAllClose(
            found["D_fake_scores"], known.scores(drawn).mean(), **CLOSE
        )


class AverageTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(
        ({"gs_beta": 0.75}, 0.75),
        ({"gs_beta": 0.75, "gs_half_life_kimg": 0.004}, 0.5),
        ({"gs_beta": 0.75, "gs_half_life_kimg": 0.002}, 0.25),
    )
    def test_gs_takes_in_g_as_it_was(self, options, decay):
        """4 images are one half-life of 0.004 kimg, two of 0.002."""
        options = RunOptions(optimizer=OptimizerOptions(**options))
        iteration = known.make(options)
        known.run(iteration, lrates=(0.5, 0.5))
        nets = iteration.nets
        self.assertNotAllClose(
            nets.G.gain.numpy(), known.GAIN, rtol=0.1, atol=0
        )
        expected = (1 - decay) * known.GAIN
        self.assertAllClose(nets.Gs.gain.numpy(), expected, **CLOSE)
        # State that is not averaged is taken over as it is.
        self.assertAllEqual(nets.Gs.count.numpy(), 7.0)
        self.assertAllEqual(nets.G.count.numpy(), 7.0)


class CountsTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters((1, 1), (1, 3), (2, 1), (2, 3), (4, 2))
    def test_terms_are_means_over_their_own_steps(self, repeats, d_repeats):
        """Reals differ in each step of D; what G draws does not."""
        options = RunOptions(
            schedule=ScheduleOptions(
                minibatch_repeats=repeats, d_repeats=d_repeats
            )
        )
        strategy = tf.distribute.MirroredStrategy(["CPU:0"])
        nets = known.networks(strategy)
        made = []

        def constant(seed, minibatch):
            made.append(known.ConstantDraws(minibatch))
            return made[0]

        tf.config.run_functions_eagerly(True)
        self.addCleanup(tf.config.run_functions_eagerly, False)
        with mock.patch.object(draws, "Draws", constant):
            iterations = compiled_steps.make_iterations(
                nets, strategy, known.make_stage(), tf.zeros([2, 0]), options
            )
        count = repeats * d_repeats * known.MINIBATCH
        pixels = known.pixels(count)
        means = iterations(
            tf.constant(pixels),
            tf.zeros([count, 0]),
            tf.constant(600, tf.int64),
            *map(tf.constant, (1.0, 0.0, 0.0)),
        )
        found = dict(zip(steps.TERMS, means.numpy(), strict=True))
        reals = known.scaled(pixels)
        fakes = known.fakes(known.NORMALS["D_latents", 0])
        drawn = known.fakes(known.NORMALS["G_latents", 0])
        check_terms(
            self,
            found,
            {
                "D_real_scores": known.scores(reals).mean(),
                "D_fake_scores": known.scores(fakes).mean(),
                "D_drift_penalty": np.mean(known.scores(reals) ** 2),
                "G_loss": -known.scores(drawn).mean(),
            },
        )
        self.assertLen(nets.d_adam.seen, repeats * d_repeats)
        self.assertLen(nets.g_adam.seen, repeats)
        # D's draws are at the images it is shown, G's at its iteration's.
        steps_of = {"D_latents": 1, "mixing": 1, "G_latents": d_repeats}
        for stream, stride in steps_of.items():
            at = [nimg for name, _, nimg in made[0].seen if name == stream]
            step = stride * known.MINIBATCH
            self.assertEqual(at, list(range(600, 600 + count, step)), stream)

    def test_rates_and_alpha_are_not_confused(self):
        options = RunOptions(schedule=ScheduleOptions(minibatch_repeats=1))
        strategy = tf.distribute.MirroredStrategy(["CPU:0"])
        nets = known.networks(strategy)
        tf.config.run_functions_eagerly(True)
        self.addCleanup(tf.config.run_functions_eagerly, False)
        iterations = compiled_steps.make_iterations(
            nets,
            strategy,
            known.make_stage(fading=True),
            tf.zeros([2, 0]),
            options,
        )
        iterations(
            tf.constant(known.pixels()),
            tf.zeros([4, 0]),
            tf.constant(0, tf.int64),
            *map(tf.constant, (0.5, 0.25, 0.125)),
        )
        self.assertEqual({float(x) for x in nets.D.alphas}, {0.5})
        self.assertEqual([rate for _, rate in nets.g_adam.seen], [0.25])
        self.assertEqual([rate for _, rate in nets.d_adam.seen], [0.125])


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
            RunOptions(), loss_scale=optim.LossScale(log2, 0.25, 2.0)
        )
        expected, found = known.run(plain), known.run(scaled)
        check_terms(self, found, expected)
        self.assertAllClose(
            scaled.nets.d_adam.seen[0][0],
            plain.nets.d_adam.seen[0][0],
            **CLOSE,
        )
        self.assertAllClose(
            scaled.nets.d_adam.loss_scale.log2, log2 + 0.25, rtol=0, atol=1e-6
        )
