"""Whole iterations against the reference, and what only they decide."""

from unittest import mock

import keras
import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.networks.progressive.nvidia import snapshots as nvidia
from pgan_tf.runs.options import (
    DataOptions,
    LossesOptions,
    OptimizerOptions,
    RunOptions,
    ScheduleOptions,
)
from pgan_tf.runs.schedule import Stage
from pgan_tf.training import (
    compiled_steps,
    draws,
    objectives,
    optim,
    state,
    steps,
)
from tests import common
from tests.training import tiny

# Largest difference of any weight after 1, 2, 3 iterations: twice what the
# reference differs by from itself in float64.
WORST = {
    "D": (8e-6, 2.8e-5, 2.8e-4),
    "G": (1.1e-5, 1.1e-5, 1.1e-5),
    "Gs": (6e-7, 6e-7, 6e-7),
}
# In the third iteration a leaky ReLU of D is at zero within float32's rounding,
# and its side decides of G's gradient: the same steps with and without oneDNN
# leave weights of G 2.6e-3 apart.
UNDECIDED = {("float32", 3, "G")}


class Wide(keras.DTypePolicy):
    """Weights of float32 in arithmetic of float64."""

    def __init__(self):
        super().__init__("float32")

    @property
    def compute_dtype(self):
        return "float64"


class FixedDraws(draws.Draws):
    """The golden's."""

    def __init__(self):
        super().__init__(seed=0, minibatch=8)
        self.arrays = common.golden("losses")

    def normal(self, stream, nimg, shape, index=0):
        return tf.constant(self.arrays["res32/latents_" + stream[0]])

    def uniform(self, stream, nimg, shape):
        mixing = self.arrays["res32/mixing_factors"]
        return tf.constant(mixing.reshape([8, *shape]))


def on_wide_batches(one_pass):
    """A pass over the same numbers in float64."""

    def widened_pass(batch, alpha):
        batch = {name: tf.cast(x, tf.float64) for name, x in batch.items()}
        gradients, means = one_pass(batch, alpha)
        return gradients, tf.cast(means, tf.float32)

    return widened_pass


class IterationTest(common.TestCase, parameterized.TestCase):
    def make(self, minibatch=8, wide=False):
        strategy = tf.distribute.MirroredStrategy(["CPU:0"])
        with strategy.scope():
            G, Gs = common.golden_generator(), common.golden_generator()
            D = common.golden_discriminator()
            if wide:
                G, D = (common.retyped(network, Wide()) for network in (G, D))
            nets = state.Networks(
                G=G,
                D=D,
                Gs=Gs,
                g_adam=optim.Adam(G.trainable_variables),
                d_adam=optim.Adam(D.trainable_variables),
            )
        stage = Stage(0.0, 32, minibatch, 1e-3, 1e-3, 1)
        return nets, strategy, stage

    @parameterized.parameters("float32", "float64")
    def test_three_true_iterations(self, dtype):
        """D and Gs, then G, as the reference orders them."""
        arrays = common.golden("opt")
        nets, strategy, stage = self.make(wide=dtype == "float64")
        iteration = steps.Iteration(
            nets, strategy, stage, tf.zeros([1, 0]), RunOptions()
        )
        iteration.draws = FixedDraws()
        if dtype == "float64":
            iteration.d_pass = on_wide_batches(iteration.d_pass)
            iteration.g_pass = on_wide_batches(iteration.g_pass)
        reals = iteration.draws.arrays["res32/reals/lod0.00"]
        reals = common.nhwc(reals)
        pixels = np.rint(reals * 127.5 + 127.5).astype(np.uint8)
        d_step = tf.function(iteration.d_step)
        g_step = tf.function(iteration.g_step)
        for step in (1, 2, 3):
            nimg = tf.constant(0, tf.int64)
            one, rate = tf.constant(1.0), tf.constant(1e-3)
            d_means = d_step(
                tf.constant(pixels), tf.zeros([8, 0]), nimg, one, rate
            )
            means = [*d_means.numpy(), *g_step(nimg, one, rate).numpy()]
            named = dict(zip(steps.TERMS, means, strict=True))
            for name in ("D_loss", "G_loss"):
                before = arrays[f"B/{name}_before/step{step}"]
                self.assertAllClose(named[name], before, rtol=1e-6, atol=5e-4)
            for name, worst in WORST.items():
                if (dtype, step, name) in UNDECIDED:
                    continue
                found = nvidia.variables(getattr(nets, name))
                errors = [
                    np.abs(value - arrays[f"B_{name}/step{step}/{key}"]).ravel()
                    for key, value in found.items()
                ]
                errors = np.concatenate(errors)
                self.assertLess(np.median(errors), 1e-6, name)
                self.assertLess(np.quantile(errors, 0.99), worst[step - 1] / 5)
                self.assertLess(errors.max(), worst[step - 1], name)

    def test_gs_first_equals_the_initial_g(self):
        nets, strategy, stage = self.make()
        before = [v.numpy() for v in nets.G.trainable_variables]
        iterations = compiled_steps.make_iterations(
            nets, strategy, stage, tf.zeros([1, 0]), one_repeat()
        )
        iterations(*arguments(minibatch=8))
        for v, old in zip(nets.Gs.trainable_variables, before, strict=True):
            self.assertAllEqual(v, old)
        used = {v.path for v in nets.G.trainable_at(32, False)}
        for v, old in zip(nets.G.trainable_variables, before, strict=True):
            moved = np.abs(v.numpy() - old).max() > 0
            self.assertEqual(moved, v.path in used, v.path)

    def test_reals_are_mirrored_then_faded(self):
        """The loss is that of reals prepared by NumPy."""
        nets, strategy, _ = self.make()
        stage = Stage(1.75, 16, 8, 1e-3, 1e-3, 1)
        options = RunOptions(data=DataOptions(mirror_augment=True))
        fixed = FixedDraws()
        mixing = fixed.arrays["res32/mixing_factors"]
        random = np.random.RandomState(0)
        pixels = random.randint(0, 256, (8, 16, 16, 1)).astype(np.uint8)

        reals = pixels.astype(np.float32) / 127.5 - 1
        heads = mixing >= 0.5  # the same draws serve as coins
        self.assertEqual(heads.sum(), 2)
        reals = np.where(heads, reals[:, :, ::-1], reals)
        blocks = reals.reshape(8, 8, 2, 8, 2, 1).mean((2, 4))
        blocks = blocks.repeat(2, axis=1).repeat(2, axis=2)
        latents = fixed.arrays["res32/latents_D"]
        expected, _ = objectives.d_loss(
            nets.D,
            tf.constant(blocks + (reals - blocks) * 0.25, tf.float32),
            nets.G(latents, resolution=16, alpha=0.25),
            tf.zeros([8, 0]),
            tf.constant(mixing),
            0.25,
            LossesOptions(),
        )
        iteration = steps.Iteration(
            nets, strategy, stage, tf.zeros([1, 0]), options
        )
        iteration.draws = fixed
        means = iteration.d_step(
            tf.constant(pixels),
            tf.zeros([8, 0]),
            tf.constant(0, tf.int64),
            tf.constant(0.25),
            tf.constant(1e-3),
        )
        found = means.numpy()[steps.D_TERMS.index("D_loss")]
        self.assertAllClose(found, expected, rtol=1e-6, atol=1e-4)

    def test_labels_for_g_come_from_the_whole_dataset(self):
        """Each device takes its share of rows drawn of all labels."""
        nets, strategy, stage = self.make()
        labels = tf.constant(np.eye(5), tf.float32)
        iteration = steps.Iteration(nets, strategy, stage, labels, RunOptions())
        iteration.draws = mock.Mock(wraps=iteration.draws)
        seen = []
        iteration.g_pass = lambda batch, alpha: seen.append(batch["labels"])
        nimg = tf.constant(16, tf.int64)
        with strategy.scope():
            strategy.run(iteration.g_gradients, (nimg, None))
        stream, position, table = iteration.draws.rows.call_args.args
        self.assertEqual((stream, position.numpy()), ("G_labels", 16))
        self.assertAllEqual(table, labels)
        expected = draws.Draws(RunOptions().seed, 8)
        self.assertAllEqual(seen[0], expected.rows(stream, nimg, labels))

    def test_gs_follows_layers_that_are_out_of_use(self):
        """The reference averages every weight, at every stage."""
        nets, strategy, stage = self.make()
        idle = nets.G.to_rgb[0].bias
        idle.assign(idle + 1.0)
        before = nets.Gs.to_rgb[0].bias.numpy()
        iterations = compiled_steps.make_iterations(
            nets, strategy, stage, tf.zeros([1, 0]), one_repeat()
        )
        iterations(*arguments(minibatch=8))
        self.assertAllClose(
            nets.Gs.to_rgb[0].bias, before + 0.001, rtol=1e-6, atol=1e-6
        )

    def test_a_step_with_nan_is_skipped_and_counted(self):
        nets, strategy, stage = self.make()
        nets.D.output_dense.bias.assign([np.nan])
        iterations = compiled_steps.make_iterations(
            nets, strategy, stage, tf.zeros([1, 0]), one_repeat()
        )
        means = iterations(*arguments(minibatch=8))
        named = dict(zip(steps.TERMS, means.numpy(), strict=True))
        self.assertEqual(named["D_skipped_steps"], 1)
        self.assertEqual(nets.d_adam.step.numpy(), 0)
        for v in nets.G.trainable_variables:
            self.assertTrue(np.isfinite(v).all())


class RepeatsTest(common.TestCase, parameterized.TestCase):
    def run_once(self, nimg=0, **sections):
        """One compiled call with two steps of G and three of D for each."""
        schedule_options = ScheduleOptions(d_repeats=3, minibatch_repeats=2)
        options = RunOptions(schedule=schedule_options, **sections)
        made = tiny.make(options, fading=False)
        stage = Stage(0.0, 8, 8, 1e-3, 1e-3, 1)
        iterations = compiled_steps.make_iterations(
            made.nets, made.strategy, stage, tf.zeros([1, 0]), options
        )
        iterations(
            tiny.images(48),
            tf.zeros([48, 0]),
            tf.constant(nimg, tf.int64),
            *map(tf.constant, (1.0, 1e-3, 1e-3)),
        )
        return made.nets

    def test_d_repeats(self):
        nets = self.run_once()
        self.assertEqual(nets.d_adam.step.numpy(), 6)
        self.assertEqual(nets.g_adam.step.numpy(), 2)

    def test_each_step_of_d_has_its_own_images_and_draws(self):
        seen = []

        class Recording(steps.Iteration):
            def d_step(self, images, labels, nimg, alpha, lrate, fakes):
                seen.append(("D", images.numpy()[0, 0, 0, 0], int(nimg)))
                return tf.zeros([len(steps.D_TERMS)])

            def g_step(self, nimg, alpha, lrate, fakes):
                seen.append(("G", int(nimg)))
                return tf.zeros([len(steps.G_TERMS)])

        tf.config.run_functions_eagerly(True)
        self.addCleanup(tf.config.run_functions_eagerly, False)
        with mock.patch.object(steps, "Iteration", Recording):
            self.run_once(nimg=100)
        firsts = tiny.images(48).numpy()[::8, 0, 0, 0]
        self.assertEqual(
            seen,
            [
                ("D", firsts[0], 100),
                ("D", firsts[1], 108),
                ("D", firsts[2], 116),
                ("G", 100),
                ("D", firsts[3], 124),
                ("D", firsts[4], 132),
                ("D", firsts[5], 140),
                ("G", 124),
            ],
        )

    def test_without_smoothing_gs_is_g(self):
        """To the bit, the last step of G included."""
        nets = self.run_once(optimizer=OptimizerOptions(gs_beta=0.0))
        for g, gs in zip(nets.G.weights, nets.Gs.weights, strict=True):
            self.assertAllEqual(g, gs)
        nets = self.run_once()
        differs = [
            np.any(np.asarray(g) != np.asarray(gs))
            for g, gs in zip(nets.G.weights, nets.Gs.weights, strict=True)
        ]
        self.assertTrue(any(differs))

    def test_half_life(self):
        """After so many images, an old G counts half."""
        options = OptimizerOptions(gs_half_life_kimg=0.5, gs_beta=0.3)
        decay = optim.average_decay(options, minibatch=20)
        self.assertAllClose(decay ** (500 / 20), 0.5, rtol=1e-6, atol=1e-6)
        plain = OptimizerOptions(gs_beta=0.3)
        self.assertEqual(optim.average_decay(plain, 20), 0.3)


class TermsInStepsTest(common.TestCase):
    """What only the steps decide about the terms."""

    def make(self, losses=None, label_kind=""):
        made = tiny.make(RunOptions(losses=losses))
        stage = Stage(0.0, 8, 8, 1e-3, 1e-3, 1)
        return steps.Iteration(
            made.nets,
            made.strategy,
            stage,
            tf.zeros([1, 0]),
            made.options,
            label_kind,
        )

    def test_noise_is_fresh_and_fades(self):
        losses = LossesOptions(noise_stddev=0.5, noise_kimg=2.0)
        iteration = self.make(losses)

        def noise(stream, index, nimg):
            nimg = tf.constant(nimg, tf.int64)
            return iteration.strategy.run(
                iteration.noise, (stream, index, nimg)
            ).numpy()

        found = [
            noise("D_latents", 1, 0),
            noise("D_latents", 2, 0),
            noise("G_latents", 1, 0),
            noise("D_latents", 1, 8),
        ]
        for i, draw in enumerate(found):
            self.assertAllClose(draw.std(), 0.5, rtol=0, atol=0.03)
            for other in found[:i]:
                matches = np.corrcoef(draw.ravel(), other.ravel())[0, 1]
                self.assertLess(abs(matches), 0.1)
        half = noise("D_latents", 1, 1000).std()
        self.assertAllClose(half, 0.25, rtol=0, atol=0.02)
        self.assertAllEqual(noise("D_latents", 1, 3000), 0 * found[0])

    def test_the_loss_of_labels_follows_from_their_kind(self):
        for kind, expected in (("onehot", "softmax"), ("multihot", "sigmoid")):
            iteration = self.make(LossesOptions(), label_kind=kind)
            self.assertEqual(iteration.losses.label_loss, expected)


def one_repeat() -> RunOptions:
    return RunOptions(schedule=ScheduleOptions(minibatch_repeats=1))


def arguments(minibatch: int) -> tuple:
    random = np.random.RandomState(0)
    pixels = random.randint(0, 256, (minibatch, 32, 32, 1)).astype(np.uint8)
    return (
        tf.constant(pixels),
        tf.zeros([minibatch, 0]),
        tf.constant(0, tf.int64),
        tf.constant(1.0),
        tf.constant(1e-3),
        tf.constant(1e-3),
    )
