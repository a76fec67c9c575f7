"""G's gradient through D's steps: closed forms, differences, what stays."""

import dataclasses

import keras
import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.base import errors
from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.runs.options import (
    LossesOptions,
    OptimizerOptions,
    RunOptions,
    ScheduleOptions,
)
from pgan_tf.training import checks, optim, steps, trainer, unrolling
from tests import common
from tests.training import tiny, trainer_test

# Sums that D lowers and G raises; one with a penalty of D.
LOSSES = (
    {"loss": "wgan-gp", "penalty": "none", "wgan_epsilon": 0.0},
    {"loss": "minimax", "penalty": "none"},
    {"loss": "logistic", "penalty": "none"},
    {"loss": "wgan-gp", "penalty": "gp"},
)


class Line(keras.Model):
    """A D of one number: the score is w times the only pixel."""

    group_size, resolution = 0, 1

    def __init__(self, w):
        super().__init__(dtype="float64")
        self.w = self.add_weight(name="w", shape=(), dtype="float64")
        self.w.assign(w)
        self.built = True

    def call(self, images, labels=None, alpha=None, training=False):
        scores = self.w * images[:, 0, 0]
        return scores, scores[:, :0]


def ahead_of(values, lrate, beta1=0.0, beta2=0.99, epsilon=1e-8):
    """As `Adam.ahead`, ahead of its first step, in float64."""
    zeros = [tf.zeros_like(value) for value in values]
    rate = tf.constant(lrate, tf.float64)
    t = tf.zeros([], tf.float64)
    return optim.Ahead(
        list(values), zeros, zeros, t, rate, beta1, beta2, epsilon
    )


def images(numbers):
    return tf.reshape(tf.convert_to_tensor(numbers, tf.float64), [-1, 1, 1, 1])


def loss_of(D, theta, reals, latents, options, count, ahead=None, lrate=0.1):
    """G's loss, G being theta times the latent, and its gradient by theta."""
    theta = tf.constant(theta, tf.float64)
    start = ahead or ahead_of([tf.convert_to_tensor(D.w.value)], lrate)
    with tf.GradientTape() as tape:
        tape.watch(theta)
        loss, _ = unrolling.g_loss(
            None,
            D,
            images(reals),
            images(latents) * theta,
            tf.zeros([len(reals), 0], tf.float64),
            tf.constant(0.3, tf.float64),
            None,
            LossesOptions(**options),
            count,
            [D.w],
            start,
        )
    return float(loss), float(tape.gradient(loss, theta))


class UnrollingTest(common.TestCase, parameterized.TestCase):
    def test_closed_form(self):
        """Least squares and one step of SGD of a D of one number.

        D's loss is ((w x - 1)^2 + (w theta z)^2) / 2, G's (w' theta z - 1)^2
        / 2 at w' = w - rate ((w x - 1) x + w theta^2 z^2).
        """
        w, theta, x, z, rate = 0.7, -0.4, 1.3, 0.9, 0.2

        @dataclasses.dataclass(frozen=True)
        class Descent:
            values: list

            def step(self, gradients):
                return Descent(
                    [
                        v - rate * g
                        for v, g in zip(self.values, gradients, strict=True)
                    ]
                )

        D = Line(w)
        loss, slope = loss_of(
            D,
            theta,
            [x],
            [z],
            {"loss": "lsgan"},
            1,
            Descent([tf.convert_to_tensor(D.w.value)]),
        )
        ahead = w - rate * ((w * x - 1) * x + w * theta**2 * z**2)
        residual = ahead * theta * z - 1
        self.assertAllClose(loss, residual**2 / 2, rtol=1e-12, atol=0)
        answer = -rate * 2 * w * theta * z**2
        direct = residual * ahead * z
        self.assertAllClose(
            slope, direct + residual * theta * z * answer, rtol=1e-12, atol=0
        )
        # What a D without an answer would give.
        self.assertGreater(abs(slope - direct), 0.01)

    @parameterized.product(options=LOSSES, count=(1, 2, 3))
    def test_differences(self, options, count):
        """Through the whole map, with Adam."""
        reals, latents = [1.1, -0.3, 0.8], [0.5, 0.9, -1.2]
        D = Line(0.7)
        # Some way into a training: moments that are not zero.
        ahead = dataclasses.replace(
            ahead_of([tf.convert_to_tensor(D.w.value)], 0.1, beta1=0.5),
            m=[tf.constant(0.1, tf.float64)],
            v=[tf.constant(0.3, tf.float64)],
            t=tf.constant(4.0, tf.float64),
        )

        def loss(theta):
            return loss_of(D, theta, reals, latents, options, count, ahead)[0]

        _, slope = loss_of(D, 0.6, reals, latents, options, count, ahead)
        step = 1e-6
        expected = (loss(0.6 + step) - loss(0.6 - step)) / (2 * step)
        self.assertAllClose(slope, expected, rtol=1e-6, atol=1e-8)
        # A D that has gone on, but to which G's gradient does not reach.
        values = self.values_ahead(
            D, 0.6, reals, latents, options, count, ahead
        )
        D.w.assign(values)
        _, detached = loss_of(D, 0.6, reals, latents, options, 0)
        self.assertGreater(abs(slope - detached), 1e-4)
        self.assertAllClose(
            loss_of(D, 0.6, reals, latents, options, 0)[0],
            loss_of(Line(0.7), 0.6, reals, latents, options, count, ahead)[0],
            rtol=1e-9,
            atol=1e-9,
        )

    def values_ahead(self, D, theta, reals, latents, options, count, ahead):
        """The number of D after those steps, by NumPy's Adam."""
        w, m, v = (float(x[0]) for x in (ahead.values, ahead.m, ahead.v))
        for t in range(int(ahead.t) + 1, int(ahead.t) + 1 + count):
            variable = tf.Variable(w, dtype=tf.float64)
            g = self.d_slope(variable, theta, reals, latents, options)
            m = 0.5 * m + 0.5 * g
            v = 0.99 * v + 0.01 * g**2
            rate = 0.1 * np.sqrt(1 - 0.99**t) / (1 - 0.5**t)
            w -= rate * m / (np.sqrt(v) + 1e-8)
        return w

    def d_slope(self, w, theta, reals, latents, options):
        """The derivative of D's loss, written out."""
        x, y = np.array(reals), theta * np.array(latents)
        w = float(w)
        if options["loss"].startswith("wgan"):
            slope = np.mean(y - x)
            if options["penalty"] == "gp":
                # The norm is |w| everywhere; the drift has a weight of .001.
                slope += 20 * (abs(w) - 1) * np.sign(w)
                slope += 0.001 * np.mean(2 * w * x**2)
            return slope
        p = 1 / (1 + np.exp(-w * y)), 1 / (1 + np.exp(w * x))
        return np.mean(p[0] * y - p[1] * x)

    def test_the_step_is_that_of_adam(self):
        random = np.random.RandomState(0)
        values = random.randn(3, 4).astype(np.float32)
        variable = keras.Variable(values, name="v")
        adam = optim.Adam([variable], beta1=0.5, beta2=0.9)
        strategy = tf.distribute.OneDeviceStrategy("CPU:0")
        rate = tf.constant(0.01)
        for _ in range(3):
            gradient = tf.constant(random.randn(3, 4).astype(np.float32))
            ahead = adam.ahead([variable], rate).step([gradient])
            before = np.asarray(variable), int(adam.step)
            self.assertNotAllClose(
                ahead.values[0], before[0], rtol=0, atol=1e-4
            )
            with strategy.scope():
                adam.apply(strategy, [gradient], [variable], rate)
            self.assertAllClose(
                variable.value, ahead.values[0], rtol=1e-6, atol=1e-7
            )
            self.assertAllClose(adam.m[0], ahead.m[0], rtol=1e-6, atol=1e-7)
            self.assertAllClose(adam.v[0], ahead.v[0], rtol=1e-6, atol=1e-7)
            self.assertEqual(int(adam.step), before[1] + 1)

    def test_a_step_of_g_leaves_d_alone(self):
        """Its weights, its optimizer's moments and count of steps."""
        options = RunOptions(optimizer=OptimizerOptions(unroll_steps=2))
        iteration = tiny.make(options, fading=False)
        nets = iteration.nets
        random = np.random.RandomState(0)
        pixels = random.randint(0, 256, (8, 8, 8, 3)).astype(np.uint8)
        labels = tf.zeros([8, 0])
        nimg, one, rate = (
            tf.constant(8, tf.int64),
            tf.constant(1.0),
            tf.constant(0.01),
        )
        iteration.d_step(tf.constant(pixels), labels, nimg, one, rate)
        watched = [*nets.D.variables, nets.d_adam.step]
        watched += [*nets.d_adam.m, *nets.d_adam.v]
        before = [np.asarray(v) for v in watched]
        start = [np.asarray(v) for v in nets.G.variables]
        seen = steps.Seen(tf.constant(pixels), labels, nimg, rate)
        iteration.g_step(nimg, one, rate, None, seen)
        for variable, value in zip(watched, before, strict=True):
            self.assertAllEqual(variable, value)
        moved = [
            np.abs(np.asarray(v) - old).max()
            for v, old in zip(nets.G.variables, start, strict=True)
        ]
        self.assertGreater(max(moved), 1e-3)

    def test_resuming(self):
        """Stopped after two steps it comes to the same as in one go."""
        here = self.folder()
        trainer_test.make_dataset(here / "set")

        def options(total_kimg, run, count=2):
            schedule = {**trainer_test.SCHEDULE, "total_kimg": total_kimg}
            return checks.check(
                RunOptions(
                    run_dir=str(here / run),
                    data=dataclasses.replace(
                        RunOptions().data, data_dir=str(here / "set")
                    ),
                    networks=ProgressiveOptions(fmap_base=32, fmap_max=8),
                    optimizer=OptimizerOptions(unroll_steps=count),
                    schedule=ScheduleOptions(**schedule),
                )
            )

        def weights(options):
            run = trainer.Run(options)
            self.addCleanup(run.close)
            return [np.asarray(v) for v in run.nets.G.variables]

        for total in (0.016, 0.032):
            trainer.train(options(total, "parts"))
        trainer.train(options(0.032, "whole"))
        trainer.train(options(0.032, "plain", 0))
        parts, whole, plain = (
            weights(options(0.032, run, 0 if run == "plain" else 2))
            for run in ("parts", "whole", "plain")
        )
        for one, other in zip(parts, whole, strict=True):
            self.assertAllClose(one, other, rtol=1e-6, atol=1e-7)
        differ = [
            np.abs(a - b).max() for a, b in zip(whole, plain, strict=True)
        ]
        self.assertGreater(max(differ), 1e-5)

    @parameterized.parameters(
        ({"reuse_fakes": True}, {}, "--reuse_fakes"),
        ({"precision": "float16"}, {}, "--precision=float16"),
        ({}, {"max_micro_batch_dict": {4: 2}}, "--max_micro_batch_dict"),
    )
    def test_refusals(self, optimizer, schedule, flag):
        options = RunOptions(
            data=dataclasses.replace(RunOptions().data, resolution=8),
            optimizer=OptimizerOptions(unroll_steps=1, **optimizer),
            schedule=ScheduleOptions(**schedule),
        )
        with self.assertRaisesRegex(
            errors.UserError, f"--unroll_steps does not go with {flag}"
        ):
            checks.check_plan(options)
