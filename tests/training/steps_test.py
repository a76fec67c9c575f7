"""Losses, gradients, Adam, EMA and whole iterations against the reference."""

from unittest import mock

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf import config, functional, networks, schedule
from pgan_tf.interop import nvidia
from pgan_tf.training import optim, steps, terms
from tests import common
from tests.training import tiny

LODS = ("0.00", "1.50")
# Relative L2 error over all gradients; worst entry, relative to its variable.
BOUNDS = {"float64": (6e-5, 5e-4), "float32": (1.5e-4, 1.5e-3)}


def reference_values(network, values) -> dict[str, np.ndarray]:
    """Values that belong to a network's weights, under the reference's names.

    `values` is a list in the order of `network.trainable_variables`. They are
    put into a second network, and read back in the reference's layout.
    """
    twin = type(network).from_config(network.get_config())
    for variable, value in zip(twin.trainable_variables, values, strict=True):
        variable.assign(value)
    return nvidia.variables(twin)


def assert_gradients(test, network, gradients, expected, whole, worst):
    """Checks relative L2 error over all, and each variable's worst entry."""
    zeros = [tf.zeros(v.shape) for v in network.trainable_variables]
    filled = [
        zero if gradient is None else gradient
        for zero, gradient in zip(zeros, gradients, strict=True)
    ]
    found = reference_values(network, filled)
    test.assertEqual(set(found), set(expected))
    error = sum(np.sum((found[k] - expected[k]) ** 2) for k in found)
    size = sum(np.sum(expected[k] ** 2) for k in found)
    test.assertLess(np.sqrt(error / size), whole)
    for key, value in expected.items():
        limit = worst * np.abs(value).max()
        test.assertLessEqual(np.abs(found[key] - value).max(), limit, key)


class LossesTest(common.TestCase, parameterized.TestCase):
    """Gradients in float64 agree with the golden to its own float32 noise.

    In float32 a leaky ReLU whose input is rounding noise may open or close,
    and the penalty's second derivative jumps: hence wider bounds there.
    """

    def networks(self, dtype):
        result = []
        for network in (
            common.golden_generator(),
            common.golden_discriminator(),
        ):
            config = {**network.get_config(), "dtype": dtype}
            twin = type(network).from_config(config)
            twin.set_weights(network.get_weights())
            result.append(twin)
        return result

    def inputs(self, lod, dtype):
        arrays = {
            key.removeprefix("res32/"): value
            for key, value in common.golden("losses").items()
        }
        resolution, alpha = networks.stage_of(float(lod), 32)
        reals = common.nhwc(arrays[f"reals/lod{lod}"])
        arrays["reals"] = common.native(reals, resolution)
        tensors = {
            key: tf.constant(arrays[key], dtype)
            for key in ("reals", "latents_D", "latents_G", "mixing_factors")
        }
        tensors["labels"] = tf.zeros([8, 0], dtype)
        return arrays, tensors, resolution, alpha

    @parameterized.product(lod=LODS, dtype=tuple(BOUNDS))
    def test_d(self, lod, dtype):
        arrays, tensors, _, alpha = self.inputs(lod, dtype)
        G, D = self.networks(dtype)
        with tf.GradientTape() as tape:
            loss, values = terms.d_loss(
                G,
                D,
                tensors["reals"],
                tensors["labels"],
                tensors["latents_D"],
                tensors["mixing_factors"],
                alpha,
                config.LossesConfig(),
            )
        self.assertAllClose(loss, arrays[f"D_loss_mean/lod{lod}"], atol=2e-5)
        for name, key, tolerance in [
            ("D_real_scores", "D_real_scores", 5e-6),
            ("D_fake_scores", "D_fake_scores", 5e-6),
            ("D_mixed_norms", "D_mixed_norms", 1e-5),
            ("D_gradient_penalty", "D_gradient_penalty", 2e-5),
            ("D_drift_penalty", "D_epsilon_penalty", 5e-6),
        ]:
            expected = arrays[f"{key}/lod{lod}"].reshape(-1)
            self.assertAllClose(
                values[name], expected, rtol=0, atol=tolerance, msg=name
            )
        self.assertAllEqual(values["D_label_penalty"], np.zeros(8))
        variables = [v.value for v in D.trainable_variables]
        expected = {
            key.split("/", 1)[1].rsplit("/", 1)[0]: value
            for key, value in arrays.items()
            if key.startswith("D_grad/") and key.endswith(lod)
        }
        assert_gradients(
            self,
            D,
            tape.gradient(loss, variables),
            expected,
            *BOUNDS[dtype],
        )

    @parameterized.product(lod=LODS, dtype=tuple(BOUNDS))
    def test_g(self, lod, dtype):
        arrays, tensors, resolution, alpha = self.inputs(lod, dtype)
        G, D = self.networks(dtype)
        with tf.GradientTape() as tape:
            loss, _ = terms.g_loss(
                G,
                D,
                tensors["labels"],
                tensors["latents_G"],
                resolution,
                alpha,
                config.LossesConfig(),
            )
        self.assertAllClose(loss, arrays[f"G_loss_mean/lod{lod}"], atol=2e-5)
        variables = [v.value for v in G.trainable_variables]
        expected = {
            key.split("/", 1)[1].rsplit("/", 1)[0]: value
            for key, value in arrays.items()
            if key.startswith("G_grad/") and key.endswith(lod)
        }
        assert_gradients(
            self,
            G,
            tape.gradient(loss, variables),
            expected,
            *BOUNDS[dtype],
        )

    def test_penalty_at_native_size_is_that_of_upscaled_images(self):
        """The reference's networks see images of the final size."""
        D = common.golden_discriminator()
        random = np.random.RandomState(0)
        reals, fakes = random.randn(2, 4, 16, 16, 1).astype(np.float32)
        mixing = random.rand(4, 1, 1, 1).astype(np.float32)
        mixed = tf.constant(functional.lerp(reals, fakes, mixing))
        native = terms.score_gradients(D, mixed, 0.5)
        upscaled = tf.Variable(
            functional.upscale2d(functional.lerp(reals, fakes, mixing))
        )
        with tf.GradientTape() as tape:
            shrunk = functional.downscale2d(upscaled)
            total = tf.reduce_sum(D(shrunk, alpha=0.5)[0])
        full = tape.gradient(total, upscaled)
        norms = np.sqrt(np.sum(np.square(full), (1, 2, 3)))
        self.assertAllClose(
            np.sqrt(np.sum(np.square(native), (1, 2, 3))) / 2, norms, rtol=1e-5
        )

    def test_label_terms_are_counted_for_reals_and_fakes(self):
        options = {"resolution": 8, "label_size": 3, "fmap_base": 32}
        G, D = networks.Generator(**options), networks.Discriminator(**options)
        random = np.random.RandomState(0)
        reals = tf.constant(random.randn(4, 8, 8, 1).astype(np.float32))
        labels = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
        latents = random.randn(4, G.latent_size).astype(np.float32)
        mixing = tf.zeros([4, 1, 1, 1])
        loss = {}
        for weight in (0.0, 1.0):
            loss[weight], values = terms.d_loss(
                G,
                D,
                reals,
                tf.constant(labels),
                tf.constant(latents),
                mixing,
                None,
                config.LossesConfig(cond_weight=weight),
            )
        expected = 0.0
        for images in (reals, G(latents, labels)):
            logits = np.asarray(D(images)[1], np.float64)
            logits -= np.log(np.exp(logits).sum(1, keepdims=True))
            expected -= (labels * logits).sum(1)
        self.assertAllClose(values["D_label_penalty"], expected, atol=1e-5)
        self.assertAllClose(loss[1.0] - loss[0.0], expected.mean(), atol=1e-4)

    def test_label_terms_of_g(self):
        options = {"resolution": 4, "label_size": 3, "fmap_base": 16}
        G, D = networks.Generator(**options), networks.Discriminator(**options)
        random = np.random.RandomState(0)
        labels = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
        latents = random.randn(4, G.latent_size).astype(np.float32)
        scores, logits = (np.array(x) for x in D(G(latents, labels)))
        logits -= np.log(np.exp(logits).sum(1, keepdims=True))
        for weight in (0.0, 2.0):
            loss, _ = terms.g_loss(
                G,
                D,
                tf.constant(labels),
                tf.constant(latents),
                4,
                None,
                config.LossesConfig(cond_weight=weight),
            )
            expected = -scores.mean() - weight * (labels * logits).sum(1).mean()
            self.assertAllClose(loss, expected, atol=1e-5)


class JudgeBothTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(0, 2, 4, 16)
    def test_one_pass_equals_two(self, group):
        D = networks.Discriminator(
            resolution=8, label_size=2, fmap_base=32, mbstd_group_size=group
        )
        random = np.random.RandomState(0)
        reals, fakes = random.randn(2, 8, 8, 8, 1).astype(np.float32)
        scores, logits = terms.judge_both(
            D, tf.constant(reals), tf.constant(fakes), None
        )
        for i, images in enumerate((reals, fakes)):
            expected = D(images)
            self.assertAllClose(scores[i], expected[0], atol=1e-6)
            self.assertAllClose(logits[i], expected[1], atol=1e-6)


# Largest difference of any weight after 1, 2, 3 iterations: twice what the
# reference differs by from itself in float64.
WORST = {
    "D": (8e-6, 2.8e-5, 2.8e-4),
    "G": (1.1e-5, 1.1e-5, 1.1e-5),
    "Gs": (6e-7, 6e-7, 6e-7),
}


class FixedDraws(steps._Iteration):
    """An iteration whose draws are the golden's."""

    arrays: dict[str, np.ndarray] = {}

    def _latents(self, stream, nimg):
        return tf.constant(self.arrays["res32/latents_" + stream[0]])

    def _uniform(self, stream, nimg, shape):
        return tf.constant(self.arrays["res32/mixing_factors"].reshape(shape))


class IterationTest(common.TestCase):
    def make(self, minibatch=8):
        strategy = tf.distribute.MirroredStrategy(["CPU:0"])
        with strategy.scope():
            G, Gs = common.golden_generator(), common.golden_generator()
            D = common.golden_discriminator()
            nets = steps.Networks(
                G=G,
                D=D,
                Gs=Gs,
                g_adam=optim.Adam(G.trainable_variables),
                d_adam=optim.Adam(D.trainable_variables),
            )
        stage = schedule.Stage(0.0, 32, minibatch, 1e-3, 1e-3, 1)
        return nets, strategy, stage

    def test_three_true_iterations(self):
        """D and Gs, then G, as the reference orders them."""
        arrays = common.golden("opt")
        FixedDraws.arrays = common.golden("losses")
        nets, strategy, stage = self.make()
        iteration = FixedDraws(
            nets, strategy, stage, tf.zeros([1, 0]), config.RunConfig()
        )
        reals = common.nhwc(FixedDraws.arrays["res32/reals/lod0.00"])
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
                self.assertAllClose(named[name], before, atol=5e-4)
            for name, worst in WORST.items():
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
        iterations = steps.make_iterations(
            nets, strategy, stage, tf.zeros([1, 0]), one_repeat()
        )
        iterations(*arguments(minibatch=8))
        for v, old in zip(nets.Gs.trainable_variables, before, strict=True):
            self.assertAllEqual(v, old)
        used = {v.path for v in nets.G.trainable_at(32, False)}
        for v, old in zip(nets.G.trainable_variables, before, strict=True):
            moved = np.abs(v.numpy() - old).max() > 0
            self.assertEqual(moved, v.path in used, v.path)

    def test_draws_follow_seed_and_position(self):
        nets, strategy, stage = self.make()
        options = one_repeat()
        draws = {}
        for seed, nimg in ((1, 0), (1, 8), (2, 0)):
            iteration = steps._Iteration(
                nets, strategy, stage, tf.zeros([1, 0]), options
            )
            iteration.options = config.RunConfig(seed=seed)
            for stream in ("D_latents", "G_latents"):
                rows = strategy.run(
                    iteration._latents, (stream, tf.constant(nimg, tf.int64))
                )
                draws[seed, nimg, stream] = rows.numpy()
        values = [tuple(v.ravel()[:4]) for v in draws.values()]
        self.assertLen(set(values), 6)
        everything = np.concatenate([v.ravel() for v in draws.values()])
        self.assertAllClose(everything.mean(), 0.0, atol=0.1)
        self.assertAllClose(everything.std(), 1.0, atol=0.1)

    def test_reals_are_mirrored_then_faded(self):
        """The loss is that of reals prepared by NumPy."""
        nets, strategy, _ = self.make()
        stage = schedule.Stage(1.75, 16, 8, 1e-3, 1e-3, 1)
        options = config.RunConfig(data=config.DataConfig(mirror_augment=True))
        FixedDraws.arrays = common.golden("losses")
        mixing = FixedDraws.arrays["res32/mixing_factors"]
        random = np.random.RandomState(0)
        pixels = random.randint(0, 256, (8, 16, 16, 1)).astype(np.uint8)

        reals = pixels.astype(np.float32) / 127.5 - 1
        heads = mixing >= 0.5  # the same draws serve as coins
        self.assertEqual(heads.sum(), 2)
        reals = np.where(heads, reals[:, :, ::-1], reals)
        blocks = reals.reshape(8, 8, 2, 8, 2, 1).mean((2, 4))
        blocks = blocks.repeat(2, axis=1).repeat(2, axis=2)
        expected, _ = terms.d_loss(
            nets.G,
            nets.D,
            tf.constant(blocks + (reals - blocks) * 0.25, tf.float32),
            tf.zeros([8, 0]),
            tf.constant(FixedDraws.arrays["res32/latents_D"]),
            tf.constant(mixing),
            0.25,
            config.LossesConfig(),
        )
        iteration = FixedDraws(nets, strategy, stage, tf.zeros([1, 0]), options)
        means = iteration.d_step(
            tf.constant(pixels),
            tf.zeros([8, 0]),
            tf.constant(0, tf.int64),
            tf.constant(0.25),
            tf.constant(1e-3),
        )
        found = means.numpy()[steps.D_TERMS.index("D_loss")]
        self.assertAllClose(found, expected, atol=1e-4)

    def test_labels_for_g_come_from_the_whole_dataset(self):
        nets, strategy, stage = self.make()
        labels = tf.constant(np.eye(5), tf.float32)
        iteration = steps._Iteration(
            nets, strategy, stage, labels, config.RunConfig()
        )
        draws = [
            strategy.run(
                iteration._random_labels, (tf.constant(8 * i, tf.int64),)
            ).numpy()
            for i in range(50)
        ]
        counts = np.concatenate(draws).sum(0)
        self.assertEqual(counts.sum(), 400)
        self.assertAllInRange(counts, 50, 110)

    def test_gs_follows_layers_that_are_out_of_use(self):
        """The reference averages every weight, at every stage."""
        nets, strategy, stage = self.make()
        idle = nets.G.to_rgb[0].bias
        idle.assign(idle + 1.0)
        before = nets.Gs.to_rgb[0].bias.numpy()
        iterations = steps.make_iterations(
            nets, strategy, stage, tf.zeros([1, 0]), one_repeat()
        )
        iterations(*arguments(minibatch=8))
        self.assertAllClose(nets.Gs.to_rgb[0].bias, before + 0.001, atol=1e-6)

    def test_a_step_with_nan_is_skipped_and_counted(self):
        nets, strategy, stage = self.make()
        nets.D.output_dense.bias.assign([np.nan])
        iterations = steps.make_iterations(
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
        schedule_options = config.ScheduleConfig(
            d_repeats=3, minibatch_repeats=2
        )
        options = config.RunConfig(schedule=schedule_options, **sections)
        made = tiny.make(options, fading=False)
        stage = schedule.Stage(0.0, 8, 8, 1e-3, 1e-3, 1)
        iterations = steps.make_iterations(
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

        class Recording(steps._Iteration):
            def d_step(self, images, labels, nimg, alpha, lrate):
                seen.append(("D", images.numpy()[0, 0, 0, 0], int(nimg)))
                return tf.zeros([len(steps.D_TERMS)])

            def g_step(self, nimg, alpha, lrate):
                seen.append(("G", int(nimg)))
                return tf.zeros([len(steps.G_TERMS)])

        tf.config.run_functions_eagerly(True)
        self.addCleanup(tf.config.run_functions_eagerly, False)
        with mock.patch.object(steps, "_Iteration", Recording):
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
        nets = self.run_once(optimizer=config.OptimizerConfig(gs_beta=0.0))
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
        options = config.OptimizerConfig(gs_half_life_kimg=0.5, gs_beta=0.3)
        decay = optim.average_decay(options, minibatch=20)
        self.assertAllClose(decay ** (500 / 20), 0.5)
        plain = config.OptimizerConfig(gs_beta=0.3)
        self.assertEqual(optim.average_decay(plain, 20), 0.3)


class TermsInStepsTest(common.TestCase):
    """What only the steps decide about the terms."""

    def make(self, losses=None, labels=None):
        labels = tf.zeros([1, 0]) if labels is None else labels
        made = tiny.make(config.RunConfig(losses=losses))
        stage = schedule.Stage(0.0, 8, 8, 1e-3, 1e-3, 1)
        return steps._Iteration(
            made.nets, made.strategy, stage, labels, made.options
        )

    def test_noise_is_fresh_and_fades(self):
        losses = config.LossesConfig(noise_stddev=0.5, noise_kimg=2.0)
        iteration = self.make(losses)

        def noise(stream, index, nimg):
            nimg = tf.constant(nimg, tf.int64)
            return iteration.strategy.run(
                iteration._noise, (stream, index, nimg)
            ).numpy()

        draws = [
            noise("D_latents", 1, 0),
            noise("D_latents", 2, 0),
            noise("G_latents", 1, 0),
            noise("D_latents", 1, 8),
        ]
        for i, draw in enumerate(draws):
            self.assertAllClose(draw.std(), 0.5, atol=0.03)
            for other in draws[:i]:
                matches = np.corrcoef(draw.ravel(), other.ravel())[0, 1]
                self.assertLess(abs(matches), 0.1)
        half = noise("D_latents", 1, 1000).std()
        self.assertAllClose(half, 0.25, atol=0.02)
        self.assertAllEqual(noise("D_latents", 1, 3000), 0 * draws[0])

    def test_the_loss_of_labels_follows_from_the_dataset(self):
        for rows, expected in (
            ([[0, 1], [1, 0]], "softmax"),
            ([[1, 1], [1, 0]], "sigmoid"),
        ):
            labels = tf.constant(rows, tf.float32)
            iteration = self.make(config.LossesConfig(), labels)
            self.assertEqual(iteration.losses.label_loss, expected)


def one_repeat() -> config.RunConfig:
    return config.RunConfig(schedule=config.ScheduleConfig(minibatch_repeats=1))


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
