"""Losses and their gradients against the reference."""

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.base import resolutions
from pgan_tf.networks import operations
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.nvidia import snapshots as nvidia
from pgan_tf.runs.options import LossesOptions
from pgan_tf.training import objectives
from tests import common

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
        return (
            common.retyped(common.golden_generator(), dtype),
            common.retyped(common.golden_discriminator(), dtype),
        )

    def inputs(self, lod, dtype):
        arrays = {
            key.removeprefix("res32/"): value
            for key, value in common.golden("losses").items()
        }
        resolution, alpha = resolutions.split(float(lod), 32)
        reals = common.nhwc(arrays[f"reals/lod{lod}"])
        arrays["reals"] = common.native(reals, resolution)
        tensors = {
            key: tf.constant(arrays[key], dtype)
            for key in ("reals", "latents_D", "latents_G", "mixing_factors")
        }
        tensors["labels"] = tf.zeros([8, 0], dtype)
        return arrays, tensors, resolution, alpha

    @parameterized.product(lod=LODS, dtype=tuple(BOUNDS), wide=common.WIDE)
    def test_d(self, lod, dtype, wide):
        self.widen_from(wide)
        arrays, tensors, resolution, alpha = self.inputs(lod, dtype)
        G, D = self.networks(dtype)
        labels = tensors["labels"]
        fakes = objectives.draw(
            G, tensors["latents_D"], labels, resolution, alpha
        )
        with tf.GradientTape() as tape:
            loss, values = objectives.d_loss(
                D,
                tensors["reals"],
                fakes,
                labels,
                tensors["mixing_factors"],
                alpha,
                LossesOptions(),
            )
        self.assertAllClose(
            loss, arrays[f"D_loss_mean/lod{lod}"], rtol=1e-6, atol=2e-5
        )
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

    @parameterized.product(lod=LODS, dtype=tuple(BOUNDS), wide=common.WIDE)
    def test_g(self, lod, dtype, wide):
        self.widen_from(wide)
        arrays, tensors, resolution, alpha = self.inputs(lod, dtype)
        G, D = self.networks(dtype)
        labels = tensors["labels"]
        with tf.GradientTape() as tape:
            fakes = objectives.draw(
                G, tensors["latents_G"], labels, resolution, alpha
            )
            loss, _ = objectives.g_loss(
                G,
                D,
                fakes,
                labels,
                alpha,
                LossesOptions(),
            )
        self.assertAllClose(
            loss, arrays[f"G_loss_mean/lod{lod}"], rtol=1e-6, atol=2e-5
        )
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
        mixed = tf.constant(operations.lerp(reals, fakes, mixing))
        native = objectives.score_gradients(D, mixed, tf.zeros([4, 0]), 0.5)
        upscaled = tf.Variable(
            operations.upscale2d(operations.lerp(reals, fakes, mixing))
        )
        with tf.GradientTape() as tape:
            shrunk = operations.downscale2d(upscaled)
            total = tf.reduce_sum(D(shrunk, alpha=0.5)[0])
        full = tape.gradient(total, upscaled)
        norms = np.sqrt(np.sum(np.square(full), (1, 2, 3)))
        self.assertAllClose(
            np.sqrt(np.sum(np.square(native), (1, 2, 3))) / 2,
            norms,
            rtol=1e-5,
            atol=0,
        )

    def test_label_terms_are_counted_for_reals_and_fakes(self):
        options = {"resolution": 8, "label_size": 3, "fmap_base": 32}
        G, D = Generator(**options), Discriminator(**options)
        random = np.random.RandomState(0)
        reals = tf.constant(random.randn(4, 8, 8, 1).astype(np.float32))
        labels = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
        latents = random.randn(4, G.latent_size).astype(np.float32)
        mixing = tf.zeros([4, 1, 1, 1])
        loss = {}
        for weight in (0.0, 1.0):
            loss[weight], values = objectives.d_loss(
                D,
                reals,
                G(latents, labels),
                tf.constant(labels),
                mixing,
                None,
                LossesOptions(cond_weight=weight),
            )
        expected = 0.0
        for images in (reals, G(latents, labels)):
            logits = np.asarray(D(images)[1], np.float64)
            logits -= np.log(np.exp(logits).sum(1, keepdims=True))
            expected -= (labels * logits).sum(1)
        self.assertAllClose(
            values["D_label_penalty"], expected, rtol=1e-6, atol=1e-5
        )
        self.assertAllClose(
            loss[1.0] - loss[0.0], expected.mean(), rtol=1e-6, atol=1e-4
        )

    def test_label_terms_of_g(self):
        options = {"resolution": 4, "label_size": 3, "fmap_base": 16}
        G, D = Generator(**options), Discriminator(**options)
        random = np.random.RandomState(0)
        labels = np.eye(3, dtype=np.float32)[[0, 1, 2, 0]]
        latents = random.randn(4, G.latent_size).astype(np.float32)
        scores, logits = (np.array(x) for x in D(G(latents, labels)))
        logits -= np.log(np.exp(logits).sum(1, keepdims=True))
        for weight in (0.0, 2.0):
            loss, _ = objectives.g_loss(
                G,
                D,
                G(latents, labels),
                tf.constant(labels),
                None,
                LossesOptions(cond_weight=weight),
            )
            expected = -scores.mean() - weight * (labels * logits).sum(1).mean()
            self.assertAllClose(loss, expected, rtol=1e-6, atol=1e-5)


class JudgeBothTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(0, 2, 4, 16)
    def test_one_pass_equals_two(self, group):
        D = Discriminator(
            resolution=8, label_size=2, fmap_base=32, mbstd_group_size=group
        )
        random = np.random.RandomState(0)
        reals, fakes = random.randn(2, 8, 8, 8, 1).astype(np.float32)
        scores, logits = objectives.judge_both(
            D,
            tf.constant(reals),
            tf.constant(fakes),
            tf.zeros([8, 2]),
            None,
        )
        for i, images in enumerate((reals, fakes)):
            expected = D(images)
            self.assertAllClose(scores[i], expected[0], rtol=1e-6, atol=1e-6)
            self.assertAllClose(logits[i], expected[1], rtol=1e-6, atol=1e-6)
