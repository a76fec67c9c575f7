"""G and D against the reference's networks, and what growing them means."""

import keras
import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.base import resolutions
from pgan_tf.networks import operations
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from tests import common

LODS = ("3.00", "2.50", "2.00", "1.25", "0.30", "0.00")


class GoldenTest(common.TestCase, parameterized.TestCase):
    @parameterized.product(lod=LODS, fused=(True, False), wide=common.WIDE)
    def test_generator(self, lod, fused, wide):
        self.widen_from(wide)
        arrays = common.golden("g_res32")
        resolution, alpha = resolutions.split(float(lod), 32)
        generator = common.golden_generator(fused)
        images = generator(
            arrays["latents"], resolution=resolution, alpha=alpha
        )
        kind = "fused" if fused else "nofused"
        expected = common.nhwc(arrays[f"out_{kind}_linear/lod{lod}"])
        self.assertAllClose(
            operations.upscale2d(images, 32 // resolution),
            expected,
            rtol=0,
            atol=2e-5,
        )

    def test_first_activations(self):
        latents = common.golden("g_res32")["latents"].astype(np.float64)
        variables = common.golden_variables("g_res32")

        def pixel_norm(x):
            return x / np.sqrt(np.mean(x**2, axis=-1, keepdims=True) + 1e-8)

        kernel = variables["4x4/Dense/weight"]
        x = pixel_norm(latents) @ kernel
        x *= np.sqrt(2) / 4 / np.sqrt(len(kernel))
        x = x.reshape(len(latents), -1, 4, 4).transpose(0, 2, 3, 1)
        x = x + variables["4x4/Dense/bias"]
        expected = pixel_norm(np.maximum(x, 0.2 * x))
        found = common.golden_generator().first_activations(
            latents.astype(np.float32)
        )
        self.assertAllClose(found, expected, rtol=1e-6, atol=1e-5)

    @parameterized.product(
        lod=LODS, fused=(True, False), group=(4, 16), wide=common.WIDE
    )
    def test_discriminator(self, lod, fused, group, wide):
        self.widen_from(wide)
        arrays = common.golden("d_res32")
        resolution, alpha = resolutions.split(float(lod), 32)
        images = operations.downscale2d(
            common.nhwc(arrays["images"]), 32 // resolution
        )
        discriminator = common.golden_discriminator(fused, group)
        scores, logits = discriminator(images, alpha=alpha)
        kind = "fused" if fused else "nofused"
        expected = arrays[f"scores_{kind}_mb{group}_linear/lod{lod}"]
        self.assertAllClose(scores, expected, rtol=0, atol=5e-6)
        self.assertEqual(logits.shape, (8, 0))

    def test_parameters(self):
        self.assertEqual(common.golden_generator().count_params(), 69_716)
        self.assertEqual(common.golden_discriminator().count_params(), 70_161)

    def test_parameters_at_1024(self):
        options = {"resolution": 1024, "num_channels": 3}
        generator = Generator(**options)
        self.assertEqual(generator.count_params(), 23_079_115)
        discriminator = Discriminator(**options)
        self.assertEqual(discriminator.count_params(), 23_087_249)


def small_generator(**options) -> Generator:
    keras.utils.set_random_seed(1)
    sizes = {"resolution": 16, "num_channels": 3, "fmap_base": 64}
    return Generator(**{**sizes, "fmap_max": 16, **options})


def small_discriminator(**options) -> Discriminator:
    keras.utils.set_random_seed(2)
    sizes = {"resolution": 16, "num_channels": 3, "fmap_base": 64}
    return Discriminator(**{**sizes, "fmap_max": 16, **options})


class GrowthTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.latents = np.random.RandomState(0).randn(4, 16).astype(np.float32)

    def test_alpha_0_is_the_lower_network_upscaled(self):
        generator = small_generator()
        low = generator(self.latents, resolution=8)
        high = generator(self.latents, resolution=16, alpha=0.0)
        self.assertAllClose(
            high, operations.upscale2d(low), rtol=1e-6, atol=1e-6
        )

    def test_alpha_1_is_settled(self):
        generator = small_generator()
        self.assertAllClose(
            generator(self.latents, resolution=16, alpha=1.0),
            generator(self.latents, resolution=16),
            rtol=1e-6,
            atol=1e-6,
        )

    def test_discriminator_at_alpha_0_sees_the_image_downscaled(self):
        discriminator = small_discriminator()
        images = common.ramp((4, 16, 16, 3))
        low, _ = discriminator(operations.downscale2d(images))
        high, _ = discriminator(images, alpha=0.0)
        self.assertAllClose(high, low, rtol=1e-6, atol=1e-6)

    def test_a_call_follows_lod_unless_told_otherwise(self):
        generator = small_generator(lod=1.25)
        self.assertAllEqual(
            generator(self.latents),
            generator(self.latents, resolution=8, alpha=0.75),
        )
        generator.lod = 2.0
        self.assertEqual(generator(self.latents).shape, (4, 4, 4, 3))

    def test_only_layers_in_use_have_gradients(self):
        generator, discriminator = small_generator(), small_discriminator()
        for resolution, alpha in ((4, None), (8, 0.5), (8, None), (16, 0.5)):
            with tf.GradientTape() as tape:
                images = generator(
                    self.latents, resolution=resolution, alpha=alpha
                )
                loss = tf.reduce_sum(discriminator(images, alpha=alpha)[0])
            everything = [
                v
                for network in (generator, discriminator)
                for v in network.trainable_variables
            ]
            gradients = tape.gradient(loss, [v.value for v in everything])
            reached = {
                v.path
                for v, g in zip(everything, gradients, strict=True)
                if g is not None
            }
            claimed = {
                v.path
                for network in (generator, discriminator)
                for v in network.trainable_at(resolution, alpha is not None)
            }
            self.assertEqual(reached, claimed)

    def test_one_trace_serves_a_whole_fade(self):
        generator, traces = small_generator(), []

        @tf.function
        def draw(latents, alpha):
            traces.append(1)
            return generator(latents, resolution=16, alpha=alpha)

        for alpha in (0.0, 0.3, 1.0):
            draw(tf.constant(self.latents), tf.constant(alpha))
        self.assertLen(traces, 1)

    def test_split(self):
        self.assertEqual(resolutions.split(0.0, 1024), (1024, None))
        self.assertEqual(resolutions.split(8.0, 1024), (4, None))
        self.assertEqual(resolutions.split(2.25, 128), (32, 0.75))


class LabelTest(common.TestCase):
    def test_labels_join_the_latents_before_normalisation(self):
        generator = small_generator(label_size=3, latent_size=2)
        latents = np.array([[3.0, 4.0]], np.float32)
        labels = np.array([[0.0, 1.0, 0.0]], np.float32)
        joined = np.array([3, 4, 0, 1, 0], np.float32)
        joined /= np.sqrt(np.mean(joined**2) + 1e-8)
        scale = np.sqrt(2) / 4 / np.sqrt(5)
        dense = (joined @ generator.conv0[0].kernel.numpy()) * scale
        found = generator.first_activations(latents, labels)
        active = np.where(dense > 0, dense, 0.2 * dense).reshape(4, 4, -1)
        active /= np.sqrt(np.mean(active**2, axis=-1, keepdims=True) + 1e-8)
        self.assertAllClose(found[0], active, rtol=1e-6, atol=1e-6)

    def test_labels_must_be_given(self):
        generator = small_generator(label_size=3)
        with self.assertRaisesRegex(ValueError, "takes labels of size 3"):
            generator(np.zeros((1, 16), np.float32))

    def test_logits_follow_the_score(self):
        discriminator = small_discriminator(label_size=3)
        discriminator.output_dense.bias.assign([10, 20, 30, 40])
        discriminator.output_dense.kernel.assign(np.zeros((16, 4)))
        scores, logits = discriminator(common.ramp((4, 16, 16, 3)))
        self.assertAllEqual(scores, np.full((4, 1), 10))
        self.assertAllEqual(logits, np.tile([20, 30, 40], (4, 1)))


class ModelTest(common.TestCase):
    def test_keras_file_holds_everything(self):
        latents = common.ramp((4, 16))
        folder = self.folder()
        generator = small_generator(lod=0.5, fused_scale=False)
        discriminator = small_discriminator(mbstd_group_size=2)
        for network in (generator, discriminator):
            network.save(folder / "network.keras")
            loaded = keras.saving.load_model(folder / "network.keras")
            self.assertEqual(loaded.get_config(), network.get_config())
            inputs = latents
            if network is discriminator:
                inputs = generator(latents)
            self.assertAllEqual(
                tf.nest.flatten(loaded(inputs))[0],
                tf.nest.flatten(network(inputs))[0],
            )

    def test_options_switch_features_off(self):
        plain = small_generator(
            use_pixelnorm=False, normalize_latents=False, use_leakyrelu=False
        )
        kernel = plain.conv0[0].kernel.numpy()
        latents = common.ramp((2, 16))
        dense = latents @ kernel * np.sqrt(2) / 4 / 4
        expected = np.maximum(dense, 0).reshape(2, 4, 4, -1)
        found = plain.first_activations(latents)
        self.assertAllClose(found, expected, rtol=1e-6, atol=1e-6)

    def test_without_minibatch_stddev(self):
        discriminator = small_discriminator(mbstd_group_size=0)
        images = np.random.RandomState(0).randn(4, 16, 16, 3)
        together, _ = discriminator(images.astype(np.float32))
        alone, _ = discriminator(images[:1].astype(np.float32))
        self.assertAllClose(together[:1], alone, rtol=1e-6, atol=1e-5)

    def test_errors_say_what_was_given(self):
        with self.assertRaisesRegex(ValueError, "power of two from 4, got 24"):
            Generator(resolution=24)
        with self.assertRaisesRegex(ValueError, "no 64x64 layers"):
            small_generator()(np.zeros((1, 16), np.float32), resolution=64)

    def test_mixed_precision_gives_float32(self):
        self.needs_bfloat16()
        generator = small_generator(dtype="mixed_bfloat16")
        images = generator(common.ramp((2, 16)))
        self.assertEqual(images.dtype, tf.float32)
        self.assertEqual(generator.conv1[0].compute_dtype, "bfloat16")
