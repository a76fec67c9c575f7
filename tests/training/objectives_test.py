"""Which terms a loss has, with discriminators whose gradients are known."""

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.runs.options import LossesOptions
from pgan_tf.training import objectives
from tests import common


class Quadratic:
    """A discriminator with score |x|^2 / 2, whose gradient is the image."""

    resolution = 16
    group_size = 0

    def __call__(self, images, labels=None, alpha=None, training=False):
        squares = tf.reduce_sum(tf.square(images), axis=(1, 2, 3)) / 2
        return squares[:, tf.newaxis], tf.zeros([len(images), 0])


class TermsTest(common.TestCase, parameterized.TestCase):
    def setUp(self):
        super().setUp()
        random = np.random.RandomState(0)
        self.G = Generator(resolution=8, fmap_base=32)
        shape = (4, self.G.latent_size)
        self.latents = random.randn(*shape).astype(np.float32)
        self.reals = random.randn(4, 8, 8, 1).astype(np.float32)
        self.mixing = random.rand(4, 1, 1, 1).astype(np.float32)
        self.fakes = np.asarray(self.G(self.latents))
        self.no_labels = tf.zeros([4, 0])

    def d_loss(self, D=None, noise=None, scale=1.0, **options):
        return objectives.d_loss(
            D or Quadratic(),
            tf.constant(self.reals),
            tf.constant(self.fakes),
            self.no_labels,
            tf.constant(self.mixing),
            None,
            LossesOptions(**options),
            noise,
            scale,
        )

    @parameterized.parameters("gp", "lp", "r1", "r2", "none")
    def test_penalty(self, penalty):
        """Its value and weight, at the images that it looks at."""
        mixed = self.reals + (self.fakes - self.reals) * self.mixing
        images = {"gp": mixed, "lp": mixed, "r1": self.reals, "r2": self.fakes}
        # Upscaled to D's final resolution, the gradient is half as long.
        norms = np.zeros(4)
        if penalty != "none":
            squares = np.sum(images[penalty] ** 2, axis=(1, 2, 3))
            norms = np.sqrt(squares) / 2
        value, weight = {
            "gp": ((norms - 6) ** 2 / 36, 7),
            "lp": (np.maximum(norms - 6, 0) ** 2 / 36, 7),
            "r1": (norms**2 / 2, 3),
            "r2": (norms**2 / 2, 3),
            "none": (norms, 0),
        }[penalty]
        options = {"wgan_lambda": 7.0, "r1_gamma": 3.0, "wgan_target": 6.0}
        loss, values = self.d_loss(penalty=penalty, **options)
        without, _ = self.d_loss(penalty="none", **options)
        self.assertAllClose(values["D_mixed_norms"], norms, rtol=1e-5, atol=0)
        self.assertAllClose(
            values["D_gradient_penalty"], value, rtol=1e-4, atol=0
        )
        self.assertAllClose(
            loss - without, weight * value.mean(), rtol=1e-3, atol=0
        )

    @parameterized.parameters("wgan-gp", "wgan-lp", "logistic", "hinge")
    def test_drift_is_of_the_wgan_losses(self, loss):
        with_drift, values = self.d_loss(loss=loss, wgan_epsilon=0.5)
        without, _ = self.d_loss(loss=loss, wgan_epsilon=0.0)
        drift = np.mean((np.sum(self.reals**2, axis=(1, 2, 3)) / 2) ** 2)
        self.assertAllClose(
            np.mean(values["D_drift_penalty"]), drift, rtol=1e-5, atol=0
        )
        expected = 0.5 * drift if loss.startswith("wgan") else 0.0
        self.assertAllClose(with_drift - without, expected, rtol=1e-4, atol=0)

    def test_noise_reaches_reals_and_fakes(self):
        noise = np.random.RandomState(1).randn(2, 4, 8, 8, 1)
        noise = noise.astype(np.float32)
        _, values = self.d_loss(noise=tuple(map(tf.constant, noise)))
        for name, images in (
            ("D_real_scores", self.reals + noise[0]),
            ("D_fake_scores", self.fakes + noise[1]),
        ):
            expected = np.sum(images**2, axis=(1, 2, 3)) / 2
            self.assertAllClose(values[name], expected, rtol=1e-5, atol=0)
        g_loss, _ = objectives.g_loss(
            self.G,
            Quadratic(),
            tf.constant(self.fakes),
            self.no_labels,
            None,
            LossesOptions(),
            tf.constant(noise[0]),
        )
        images = self.fakes + noise[0]
        expected = -np.mean(np.sum(images**2, axis=(1, 2, 3)) / 2)
        self.assertAllClose(g_loss, expected, rtol=1e-5, atol=0)

    def test_scale_changes_nothing(self):
        D = Discriminator(resolution=8, fmap_base=32)
        _, plain = self.d_loss(D)
        _, scaled = self.d_loss(D, scale=tf.constant(1024.0))
        self.assertAllEqual(plain["D_mixed_norms"], scaled["D_mixed_norms"])

    def test_orthogonal_term_is_of_the_kernels_in_use(self):
        loss = {}
        for weight in (0.0, 0.1):
            loss[weight], values = objectives.g_loss(
                self.G,
                Quadratic(),
                self.G(self.latents, resolution=4),
                self.no_labels,
                None,
                LossesOptions(ortho_weight=weight),
            )
        expected = 0.0
        # He's factor: gain / sqrt(fan-in); the first layer's gain is sqrt(2)/4.
        for layer, gain in (
            (self.G.conv0[0], np.sqrt(2) / 4),
            (self.G.conv1[0], np.sqrt(2)),
            (self.G.to_rgb[0], 1.0),
        ):
            filters = np.asarray(layer.kernel)
            filters = filters.reshape(-1, filters.shape[-1])
            filters = filters * gain / np.sqrt(len(filters))
            products = filters.T @ filters
            expected += np.sum((products * (1 - np.eye(len(products)))) ** 2)
        self.assertAllClose(
            values["G_ortho_penalty"], expected, rtol=1e-4, atol=0
        )
        self.assertAllClose(
            loss[0.1] - loss[0.0], 0.1 * expected, rtol=1e-3, atol=0
        )

    def test_labels_that_do_not_exclude_another(self):
        options = {"resolution": 4, "label_size": 3, "fmap_base": 16}
        G, D = Generator(**options), Discriminator(**options)
        labels = np.float32([[1, 1, 0], [0, 0, 0], [1, 0, 1], [0, 1, 0]])
        latents = np.random.RandomState(0).randn(4, G.latent_size)
        latents = latents.astype(np.float32)
        _, values = objectives.g_loss(
            G,
            D,
            G(latents, labels),
            tf.constant(labels),
            None,
            LossesOptions(label_loss="sigmoid"),
        )
        p = 1 / (1 + np.exp(-np.asarray(D(G(latents, labels))[1], np.float64)))
        expected = -labels * np.log(p) - (1 - labels) * np.log(1 - p)
        self.assertAllClose(
            values["G_label_penalty"], expected.sum(1), rtol=1e-6, atol=1e-5
        )
