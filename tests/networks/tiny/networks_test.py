"""The tiny G and D in their four forms, beside plain NumPy."""

import dataclasses

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.base import errors
from pgan_tf.networks import export, families, snapshots
from pgan_tf.networks.family import ImageShape
from pgan_tf.networks.tiny.options import TinyOptions
from pgan_tf.runs.options import LossesOptions
from pgan_tf.sampling import drawing
from pgan_tf.training import objectives
from tests import common
from tests.networks.tiny import plain

FORMS = {
    "wgangp": TinyOptions(
        batch_norm=True, minibatch_stddev=False, growing=False
    ),
    "norm": TinyOptions(minibatch_stddev=False, growing=False),
    "mbstd": TinyOptions(growing=False),
    "progressive": TinyOptions(),
}
# Trainable numbers of G and D at K/4, of D at K/2.
PARAMETERS = {
    "wgangp": (90187, 571, 1861),
    "norm": (90067, 557, 1833),
    "mbstd": (90067, 573, 1849),
    # And 3x3 convolutions of 64, 32 and 16 maps to colours; 1x1 ones to 8, 4
    # and 2 maps, or twice as many.
    "progressive": (90067 + 9 * 112 * 3 + 9, 573 + 14 * 4, 1849 + 28 * 4),
}
SHAPE = ImageShape(resolution=32, num_channels=3)


def networks(form, shape=SHAPE, dtype="float64"):
    """G and D of a form, of weights drawn at random, biases too."""
    models = families.by_name("tiny").models()
    G = models.make_generator(FORMS[form], shape, 0.0, "G", dtype)
    D = models.make_discriminator(FORMS[form], shape, dtype)
    random = np.random.RandomState(0)
    for network in (G, D):
        for variable in network.weights:
            noise = 0.3 * random.randn(*variable.shape)
            if variable.name == "moving_variance":
                noise = np.abs(noise)
            variable.assign(np.asarray(variable) + noise)
    return G, D


def in_numpy(network):
    """The same network in plain NumPy."""
    models = families.by_name("tiny").models()
    return plain.Plain(models.named_variables(network), network.batch_norm)


def draw(seed, *shape):
    return np.random.RandomState(seed).randn(*shape)


def exact(seed, *shape):
    """The same draws as tensors, which Keras leaves in float64."""
    return tf.constant(draw(seed, *shape))


def judge(D, images, alpha=None):
    """What plain NumPy says of images, [N,1]."""
    return in_numpy(D).discriminator(
        images, D.resolution, D.minibatch_stddev, alpha
    )


class NetworksTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(*FORMS)
    def test_parameters(self, form):
        family = families.by_name("tiny")
        for divisor, of_d in (
            (4, PARAMETERS[form][1]),
            (2, PARAMETERS[form][2]),
        ):
            options = dataclasses.replace(FORMS[form], d_divisor=divisor)
            models = family.models()
            found = tuple(
                sum(np.prod(v.shape) for v in network.trainable_variables)
                for network in (
                    models.make_generator(options, SHAPE, 0.0, "G", "float32"),
                    models.make_discriminator(options, SHAPE, "float32"),
                )
            )
            self.assertEqual(found, (PARAMETERS[form][0], of_d))
            self.assertEqual(family.cost(options, SHAPE).parameters(32), found)

    @parameterized.parameters(*FORMS)
    def test_forward(self, form):
        """At the final resolution; in training, batch norm being that of it."""
        G, D = networks(form)
        latents, images = draw(1, 5, 64), np.tanh(draw(2, 5, 32, 32, 3))
        self.assertAllClose(
            G(tf.constant(latents), training=True),
            in_numpy(G).generator(latents, 32),
            rtol=1e-6,
            atol=1e-6,
        )
        scores, logits = D(tf.constant(images), training=True)
        self.assertAllClose(scores, judge(D, images), rtol=1e-6, atol=1e-6)
        self.assertEqual(logits.shape, (5, 0))

    @parameterized.product(resolution=(4, 8, 16, 32), alpha=(None, 0.3))
    def test_forward_while_growing(self, resolution, alpha):
        if resolution == 4 and alpha is not None:
            self.skipTest("nothing fades in")
        G, D = networks("progressive")
        latents = draw(1, 4, 64)
        images = np.tanh(draw(2, 4, resolution, resolution, 3))
        self.assertAllClose(
            G(tf.constant(latents), resolution=resolution, alpha=alpha),
            in_numpy(G).generator(latents, resolution, alpha),
            rtol=1e-6,
            atol=1e-6,
        )
        self.assertAllClose(
            D(tf.constant(images), alpha=alpha)[0],
            judge(D, images, alpha),
            rtol=1e-6,
            atol=1e-6,
        )

    @parameterized.product(form=list(FORMS), alpha=(None, 0.3))
    def test_variables_in_use(self, form, alpha):
        """Those that a call depends on, and no others."""
        G, D = networks(form)
        sizes = (8, 32) if form == "progressive" else (32,)
        if alpha is not None and len(sizes) == 1:
            self.skipTest("nothing fades in")
        for size in sizes:
            images = exact(2, 4, size, size, 3)
            for network, call in (
                (
                    G,
                    lambda s=size: G(
                        exact(1, 4, 64),
                        resolution=s,
                        alpha=alpha,
                        training=True,
                    ),
                ),
                (D, lambda i=images: D(i, alpha=alpha, training=True)[0]),
            ):
                everything = network.trainable_variables
                with tf.GradientTape() as tape:
                    total = tf.reduce_sum(call() ** 2)
                gradients = tape.gradient(total, [v.value for v in everything])
                expected = {
                    v.path
                    for v, g in zip(everything, gradients, strict=True)
                    if g is not None
                }
                fading = alpha is not None
                found = [v.path for v in network.trainable_at(size, fading)]
                self.assertCountEqual(found, expected)

    @parameterized.parameters(*FORMS)
    def test_gradients(self, form):
        """Of G by its weights, of D by its weights and by images."""
        G, D = networks(form)
        latents = draw(1, 4, 64)
        weigh = draw(3, 4, 32, 32, 3)

        def of_g(weights):
            network = plain.Plain(weights, G.batch_norm)
            return np.sum(network.generator(latents, 32) * weigh)

        with tf.GradientTape(persistent=True) as tape:
            images = G(tf.constant(latents), training=True)
            total = tf.reduce_sum(images * weigh)
        self.check_slopes(tape, total, G, of_g)

        images = np.tanh(draw(2, 4, 32, 32, 3))

        def of_d(weights, images=images):
            network = plain.Plain(weights, D.batch_norm)
            scores = network.discriminator(images, 32, D.minibatch_stddev)
            return np.sum(scores * weigh[:, 0, 0, :1])

        watched = tf.constant(images)
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(watched)
            scores = D(watched, training=True)[0]
            total = tf.reduce_sum(scores * weigh[:, 0, 0, :1])
        self.check_slopes(tape, total, D, of_d)
        direction = draw(4, *images.shape)
        weights = in_numpy(D).weights
        self.assertAllClose(
            np.sum(tape.gradient(total, watched) * direction),
            plain.slope_along(
                lambda at: of_d(weights, *at), [images], [direction]
            ),
            rtol=1e-5,
            atol=1e-7,
        )

    def check_slopes(self, tape, total, network, function):
        """Compares gradients by each weight with finite differences."""
        weights = in_numpy(network).weights
        for variable in network.trainable_at(32, fading=False):
            name = "/".join(variable.path.split("/")[-2:])
            direction = draw(5, *variable.shape)
            gradient = tape.gradient(total, variable.value)

            def along(at, name=name):
                return function({**weights, name: at[0]})

            self.assertAllClose(
                np.sum(gradient * direction),
                plain.slope_along(along, [weights[name]], [direction]),
                rtol=1e-4,
                atol=1e-6,
                msg=name,
            )

    @parameterized.parameters(*FORMS)
    def test_gradient_of_the_penalty(self, form):
        """The second order: gradient norms by D's weights."""
        _, D = networks(form)
        images = tf.constant(np.tanh(draw(2, 4, 32, 32, 3)))
        labels = tf.zeros([4, 0], tf.float64)

        def penalty():
            gradients = objectives.score_gradients(D, images, labels, None)
            norms = tf.sqrt(tf.reduce_sum(gradients**2, axis=(1, 2, 3)))
            return tf.reduce_sum((norms - 1) ** 2)

        with tf.GradientTape() as tape:
            total = penalty()
        variables = D.trainable_variables
        gradients = tape.gradient(total, [v.value for v in variables])
        direction = [draw(5, *v.shape) for v in variables]
        start = [np.asarray(v) for v in variables]

        def along(at):
            for variable, value in zip(variables, at, strict=True):
                variable.assign(value)
            return float(penalty())

        expected = plain.slope_along(along, start, direction, 1e-6)
        found = sum(
            np.sum(g * d)
            for g, d in zip(gradients, direction, strict=True)
            if g is not None
        )
        self.assertAllClose(found, expected, rtol=1e-4, atol=1e-6)

    @parameterized.parameters("wgangp", "mbstd")
    def test_three_statistics(self, form):
        """Reals, fakes and mixed images have statistics each of their own."""
        _, D = networks(form)
        reals = np.tanh(draw(1, 4, 32, 32, 3))
        fakes = 0.3 * np.tanh(draw(2, 4, 32, 32, 3)) + 0.4
        mixing = np.random.RandomState(3).rand(4, 1, 1, 1)
        _, terms = objectives.d_loss(
            D,
            tf.constant(reals),
            tf.constant(fakes),
            tf.zeros([4, 0], tf.float64),
            tf.constant(mixing),
            None,
            LossesOptions(wgan_epsilon=0.0),
        )
        for name, images in (("real", reals), ("fake", fakes)):
            self.assertAllClose(
                terms[f"D_{name}_scores"],
                judge(D, images)[:, 0],
                rtol=1e-6,
                atol=1e-6,
            )
        together = judge(D, np.concatenate([reals, fakes]))[:4, 0]
        self.assertNotAllClose(
            together, judge(D, reals)[:, 0], rtol=0, atol=1e-3
        )
        mixed = reals + (fakes - reals) * mixing
        # The gradient of all scores by an image: through the others', too.
        direction = draw(4, *mixed.shape)
        tape_gradients = objectives.score_gradients(
            D, tf.constant(mixed), tf.zeros([4, 0], tf.float64), None
        )
        self.assertAllClose(
            np.sum(tape_gradients * direction),
            plain.slope_along(
                lambda at: judge(D, *at).sum(), [mixed], [direction]
            ),
            rtol=1e-5,
            atol=1e-7,
        )
        norms = np.sqrt(np.sum(np.square(tape_gradients), axis=(1, 2, 3)))
        self.assertAllClose(terms["D_mixed_norms"], norms, rtol=1e-5, atol=1e-6)

    def test_statistics_of_g(self):
        """Of a minibatch in training, gathered by a tenth; else those."""
        G, _ = networks("wgangp")
        latents = exact(1, 6, 64)
        settled = G(latents, training=False)
        self.assertAllClose(
            settled[:2], G(latents[:2], training=False), rtol=1e-9, atol=1e-9
        )
        norm = G.norms[0]
        before = np.asarray(norm.moving_mean), np.asarray(norm.moving_variance)
        self.assertNotAllClose(
            G(latents, training=True), settled, rtol=0, atol=0.01
        )
        kernel = in_numpy(G).kernel("4x4_conv")
        x = plain.pixel_norm(latents.numpy())
        x = np.einsum("nc,ijcf->nijf", x, kernel)
        axes = (0, 1, 2)
        for variable, old, new in zip(
            (norm.moving_mean, norm.moving_variance),
            before,
            (x.mean(axis=axes), x.var(axis=axes)),
            strict=True,
        ):
            self.assertAllClose(
                variable, 0.9 * old + 0.1 * new, rtol=1e-6, atol=1e-9
            )
        self.assertLen(G.copied_state(), 8)
        state = G.get_weights()
        drawn = drawing.Drawer(G, batch_statistics=True)(latents.numpy())
        G.set_weights(state)
        expected = in_numpy(G).generator(latents.numpy(), 32)
        self.assertAllClose(drawn, expected, rtol=1e-4, atol=1e-4)
        self.assertNotAllClose(
            G(latents, training=False), settled, rtol=0, atol=1e-4
        )

    def test_first_weights(self):
        """He's constants, in the kernels or at run time."""
        models = families.by_name("tiny").models()
        shape = dataclasses.replace(SHAPE, num_channels=300)
        for form in ("wgangp", "norm"):
            for network in (
                models.make_generator(FORMS[form], SHAPE, 0.0, "G", "float32"),
                models.make_discriminator(FORMS[form], shape, "float32"),
            ):
                for layer in network.layers:
                    if not hasattr(layer, "kernel") or layer.kernel.shape[
                        -1
                    ] in (1, 3):
                        continue
                    fan_in = np.prod(layer.kernel.shape[:-1])
                    self.assertAllClose(
                        np.std(layer.scaled_kernel()),
                        np.sqrt(2 / fan_in),
                        rtol=0.15,
                        atol=0,
                    )
                    free = 1.0 if form == "norm" else np.sqrt(2 / fan_in)
                    self.assertAllClose(
                        np.std(layer.kernel), free, rtol=0.15, atol=0
                    )

    @parameterized.parameters("wgangp", "progressive")
    def test_files(self, form):
        """A snapshot, and the same function in Keras' own layers."""
        G, _ = networks(form, dtype="float32")
        G.lod = 0.7 if form == "progressive" else 0.0
        folder = self.folder()
        snapshots.save_generator(G, folder / "G.keras")
        again = snapshots.load_generator(folder / "G.keras")
        self.assertEqual(again.get_config(), G.get_config())
        latents = draw(1, 3, 64).astype(np.float32)
        self.assertAllClose(again(latents), G(latents), rtol=0, atol=1e-6)
        self.assertLess(export.export(G, "keras", folder / "own.keras"), 1e-3)

    @parameterized.parameters("mixed_float16", "mixed_bfloat16")
    def test_half_precision(self, policy):
        if policy == "mixed_bfloat16":
            self.needs_bfloat16()
        G, D = networks("progressive", dtype="float32")
        half_g, half_d = (common.retyped(n, policy) for n in (G, D))
        latents = draw(1, 4, 64).astype(np.float32)
        images = G(latents, resolution=16, alpha=0.5)
        half = half_g(latents, resolution=16, alpha=0.5)
        self.assertEqual(half.dtype, tf.float32)
        self.assertAllClose(half, images, rtol=0, atol=0.1)
        scores, _ = half_d(images, alpha=0.5)
        self.assertEqual(scores.dtype, tf.float32)
        self.assertAllClose(scores, D(images, alpha=0.5)[0], rtol=0.1, atol=0.1)

    def test_refusals(self):
        G, D = networks("norm")
        with self.assertRaisesRegex(ValueError, "no 16x16"):
            G(draw(1, 4, 64), resolution=16)
        with self.assertRaisesRegex(errors.UserError, "lod=0.5.*no 16x16"):
            export.export(G, "keras", self.folder() / "G.keras", lod=0.5)
        with self.assertRaisesRegex(ValueError, "no 16x16"):
            D(draw(1, 4, 16, 16, 3))
        with self.assertRaisesRegex(ValueError, "latents of size 64"):
            G(draw(1, 4, 63))
