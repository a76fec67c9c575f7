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
from pgan_tf.training import compiled_steps, draws, steps
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
        known.check_terms(self, found, expected)

    def test_terms_where_d_looks_at_all_of_a_minibatch(self):
        """Reals and fakes then go through D one after the other."""
        iteration = known.make(
            RunOptions(data=MIRRORED, losses=LOSSES),
            label_size=3,
            label_kind="onehot",
            group_size=None,
        )
        found = known.run(iteration, labels=(2, 0, 1, 2), nimg=1000)
        known.check_terms(self, found, self.expected())
        # Reals, fakes, mixed; G's fakes.
        self.assertLen(iteration.nets.D.alphas, 4)

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
            self.assertAllClose(found, expected, **known.CLOSE)

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
        self.assertAllClose(found["D_real_scores"], expected, **known.CLOSE)

    def test_the_stage_reaches_what_is_trained(self):
        losses = LossesOptions(ortho_weight=0.125)
        for fading in (False, True):
            iteration = known.make(RunOptions(losses=losses), fading=fading)
            known.run(iteration, alpha=0.25)
            # Variables, and the kernels of the orthogonal term.
            nets, stage = iteration.nets, (known.RESOLUTION, fading)
            self.assertEqual(nets.G.stages, [stage, stage])
            self.assertEqual(nets.D.stages, [stage])

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
        self.assertAllClose(by_weights, expected, **known.CLOSE)
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
        self.assertAllClose(by_weights, [-(slope + curve)], **known.CLOSE)
        self.assertNotAllClose(by_weights, [expected], rtol=1e-5, atol=1e-6)
        self.assertAllClose(rate, 0.002, rtol=1e-6, atol=0)

    def test_reused_fakes_are_those_of_d(self):
        options = RunOptions(
            losses=dataclasses.replace(LOSSES, noise_stddev=0.0),
            optimizer=OptimizerOptions(reuse_fakes=True),
        )
        iteration = known.make(
            options, label_size=3, label_kind="onehot", fading=True
        )
        found = known.run(iteration, labels=(2, 2, 2, 2), alpha=0.25)
        self.assertEqual(
            [float(c["alpha"]) for c in iteration.nets.G.calls], [0.25]
        )
        drawn = known.fakes(known.NORMALS["D_latents", 0] + 3)
        self.assertLen(iteration.nets.G.calls, 1)
        label, ortho = known.cross_entropy(2), 2 * known.GAIN**4
        expected = -known.scores(drawn).mean() + 0.25 * label + 0.125 * ortho
        self.assertAllClose(found["G_loss"], expected, **known.CLOSE)
        self.assertAllClose(
            found["D_fake_scores"], known.scores(drawn).mean(), **known.CLOSE
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
        self.assertAllClose(nets.Gs.gain.numpy(), expected, **known.CLOSE)
        # State that is not averaged is taken over as it is.
        self.assertAllEqual(nets.Gs.count.numpy(), 7.0)
        self.assertAllEqual(nets.G.count.numpy(), 7.0)


class CountsTest(common.TestCase, parameterized.TestCase):
    def setUp(self):
        super().setUp()
        tf.config.run_functions_eagerly(True)
        self.addCleanup(tf.config.run_functions_eagerly, False)
        self.strategy = tf.distribute.MirroredStrategy(["CPU:0"])
        self.nets = known.networks(self.strategy, label_size=3)

    def call(
        self, options: RunOptions, pixels: np.ndarray, labels: np.ndarray
    ) -> tuple[dict[str, float], known.ConstantDraws]:
        """The terms of one look at the schedule, and what was drawn."""
        made = []

        def constant(seed, minibatch):
            made.append(known.ConstantDraws(minibatch))
            return made[0]

        with mock.patch.object(draws, "Draws", constant):
            iterations = compiled_steps.make_iterations(
                self.nets,
                self.strategy,
                known.make_stage(),
                tf.eye(3),
                options,
                "multihot",
            )
        means = iterations(
            tf.constant(pixels),
            tf.constant(np.eye(3, dtype=np.float32)[labels]),
            tf.constant(600, tf.int64),
            *map(tf.constant, (1.0, 0.0, 0.0)),
        )
        return dict(zip(steps.TERMS, means.numpy(), strict=True)), made[0]

    @parameterized.parameters((1, 1), (1, 3), (2, 1), (2, 3), (4, 2))
    def test_terms_are_means_over_their_own_steps(self, repeats, d_repeats):
        """Reals and labels differ in each step of D; latents do not."""
        options = RunOptions(
            schedule=ScheduleOptions(
                minibatch_repeats=repeats, d_repeats=d_repeats
            )
        )
        count = repeats * d_repeats * known.MINIBATCH
        pixels = known.pixels(count)
        # A label for each step, seldom that of its neighbours.
        labels = np.arange(repeats * d_repeats).repeat(known.MINIBATCH) % 3
        found, drawn = self.call(options, pixels, labels)
        reals = known.scaled(pixels)
        fakes = np.concatenate(
            [
                known.fakes(known.NORMALS["D_latents", 0] + 1 + label)[:1]
                for label in labels
            ]
        )
        of_g = known.fakes(known.NORMALS["G_latents", 0] + 2)
        logits = np.float64(known.OFFSETS)
        softplus = np.log1p(np.exp(logits)).sum()
        known.check_terms(
            self,
            found,
            {
                "D_real_scores": known.scores(reals).mean(),
                "D_fake_scores": known.scores(fakes).mean(),
                "D_drift_penalty": np.mean(known.scores(reals) ** 2),
                "D_label_penalty": 2 * np.mean(softplus - logits[labels]),
                "G_label_penalty": softplus - logits[1],
                "G_loss": softplus - logits[1] - known.scores(of_g).mean(),
            },
        )
        self.assertLen(self.nets.d_adam.seen, repeats * d_repeats)
        self.assertLen(self.nets.g_adam.seen, repeats)
        # D's draws are at the images it is shown, G's at its iteration's.
        steps_of = {"D_latents": 1, "mixing": 1, "G_latents": d_repeats}
        for stream, stride in steps_of.items():
            at = [nimg for name, _, nimg in drawn.seen if name == stream]
            step = stride * known.MINIBATCH
            self.assertEqual(at, list(range(600, 600 + count, step)), stream)

    def test_reused_fakes_have_the_labels_of_their_iteration(self):
        options = RunOptions(
            losses=LossesOptions(cond_weight=0.0),
            optimizer=OptimizerOptions(reuse_fakes=True),
            schedule=ScheduleOptions(minibatch_repeats=2),
        )
        labels = np.repeat([0, 2], known.MINIBATCH)
        found, _ = self.call(options, known.pixels(8), labels)
        scores = [
            known.scores(known.fakes(known.NORMALS["D_latents", 0] + n)).mean()
            for n in (1, 3)
        ]
        known.check_terms(
            self,
            found,
            {"D_fake_scores": np.mean(scores), "G_loss": -np.mean(scores)},
        )

    def test_rates_and_alpha_are_not_confused(self):
        options = RunOptions(schedule=ScheduleOptions(minibatch_repeats=1))
        iterations = compiled_steps.make_iterations(
            self.nets,
            self.strategy,
            known.make_stage(fading=True),
            tf.eye(3),
            options,
            "onehot",
        )
        iterations(
            tf.constant(known.pixels()),
            tf.zeros([4, 3]),
            tf.constant(0, tf.int64),
            *map(tf.constant, (0.5, 0.25, 0.125)),
        )
        self.assertEqual({float(x) for x in self.nets.D.alphas}, {0.5})
        self.assertEqual([rate for _, rate in self.nets.g_adam.seen], [0.25])
        self.assertEqual([rate for _, rate in self.nets.d_adam.seen], [0.125])
