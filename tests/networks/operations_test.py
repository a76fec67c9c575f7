"""Stateless functions against the reference's layers and plain NumPy."""

import itertools
from unittest import mock

import keras
import numpy as np
import tensorflow as tf

from pgan_tf.networks import convolutions, operations
from pgan_tf.training import real_images
from tests import common


class GoldenTest(common.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.golden = common.golden("layers")

    def check(self, name, function, *arguments, atol=1e-6):
        x = self.golden[f"{name}/in"]
        expected = self.golden[f"{name}/out"]
        if x.ndim == 4:
            x, expected = common.nhwc(x), common.nhwc(expected)
        self.assertAllClose(
            function(x, *arguments), expected, rtol=1e-6, atol=atol
        )

    def test_pixel_norm(self):
        self.check("pixel_norm_4d", operations.pixel_norm)
        self.check("pixel_norm_2d", operations.pixel_norm)

    def test_pixel_norm_epsilon_is_inside_the_root(self):
        self.check("pixel_norm_tiny", operations.pixel_norm)

    def test_leaky_relu(self):
        self.check("leaky_relu", operations.leaky_relu)

    def test_upscale2d(self):
        self.check("upscale2d_f2", operations.upscale2d, 2)
        self.check("upscale2d_f4", operations.upscale2d, 4)

    def test_downscale2d(self):
        self.check("downscale2d_f2", operations.downscale2d, 2)
        self.check("downscale2d_f4", operations.downscale2d, 4)

    def test_minibatch_stddev(self):
        for name, group in [
            ("mbstd_n8_g4", 4),
            ("mbstd_n8_g16", 16),
            ("mbstd_n8_g2", 2),
            ("mbstd_n3_g4", 4),
            ("mbstd_n1_g4", 4),
        ]:
            self.check(name, operations.minibatch_stddev, group)

    def test_reals(self):
        """Dynamic range and crossfade, as the reference processes reals."""
        arrays = common.golden("process_reals")
        for lod in ("0.00", "0.40", "1.00", "1.70", "2.00", "2.50"):
            pixels = common.nhwc(arrays[f"in_u8/lod{lod}"])
            reals = real_images.scale_pixels(pixels)
            fraction = float(lod) % 1
            if fraction:
                reals = real_images.fade_reals(reals, 1 - fraction)
            expected = common.native(
                common.nhwc(arrays[f"out/lod{lod}"]), pixels.shape[1]
            )
            self.assertAllClose(reals, expected, rtol=1e-6, atol=1e-6)

    def test_mirror(self):
        arrays = common.golden("process_reals")
        pixels = common.nhwc(arrays["in_u8/lod0.40"])
        coins = arrays["mirror/mask"].reshape(-1)
        reals = real_images.mirror(real_images.scale_pixels(pixels), coins)
        expected = common.nhwc(arrays["mirror/out/lod0.40"])
        self.assertAllClose(
            real_images.fade_reals(reals, 0.6), expected, rtol=1e-6, atol=1e-6
        )


class FunctionalTest(common.TestCase):
    def test_lerp(self):
        self.assertAllClose(
            operations.lerp(2.0, 4.0, 0.0), 2.0, rtol=1e-6, atol=1e-6
        )
        self.assertAllClose(
            operations.lerp(2.0, 4.0, 0.25), 2.5, rtol=1e-6, atol=1e-6
        )
        self.assertAllClose(
            operations.lerp(2.0, 4.0, 1.0), 4.0, rtol=1e-6, atol=1e-6
        )

    def test_minibatch_stddev_groups_are_strided(self):
        # Samples 0 and 2 are alike, 1 and 3 differ: two groups of two.
        x = np.zeros((4, 1, 1, 1), np.float32)
        x[3] = 2.0
        extra = operations.minibatch_stddev(x, 2)[:, 0, 0, 1]
        self.assertAllClose(extra, [1e-4, 1.0, 1e-4, 1.0], rtol=1e-6, atol=1e-6)

    def test_minibatch_stddev_names_what_does_not_split(self):
        x = np.zeros((6, 4, 4, 2), np.float32)
        with self.assertRaisesRegex(
            ValueError, "minibatch of 6 .* groups of 4"
        ):
            operations.minibatch_stddev(x, 4)

    def test_fade_reals_ends(self):
        x = common.ramp((2, 4, 4, 3))
        self.assertAllClose(
            real_images.fade_reals(x, 1.0), x, rtol=1e-6, atol=1e-6
        )
        blocks = x.reshape(2, 2, 2, 2, 2, 3).mean((2, 4))
        blocks = blocks.repeat(2, axis=1).repeat(2, axis=2)
        self.assertAllClose(
            real_images.fade_reals(x, 0.0), blocks, rtol=1e-6, atol=1e-6
        )


class GradientTest(common.TestCase):
    """Those that have a formula of their own."""

    def setUp(self):
        super().setUp()
        random = np.random.RandomState(0)
        self.x = tf.constant(random.randn(3, 4, 5, 2).astype(np.float32))
        self.bias = tf.constant([0.3, -0.7])
        self.weights = random.randn(3, 4, 5, 2).astype(np.float32)

    def test_leaky_relu(self):
        """Of sum(w y^2) it is 2 w y s, and then w s^2 2; s is 1 or 0.2."""
        slopes = np.where(self.x > 0, 1, 0.2)
        for backend in ("tensorflow", "any"):
            with (
                mock.patch.object(
                    keras.backend, "backend", lambda b=backend: b
                ),
                tf.GradientTape() as outer,
            ):
                outer.watch(self.x)
                with tf.GradientTape() as inner:
                    inner.watch(self.x)
                    y = operations.leaky_relu(self.x)
                    total = tf.reduce_sum(self.weights * y**2)
                first = inner.gradient(total, self.x)
            expected = 2 * self.weights * slopes**2 * self.x
            self.assertAllClose(first, expected, rtol=1e-6, atol=1e-6)
            second = outer.gradient(first, self.x)
            expected = 2 * self.weights * slopes**2
            self.assertAllClose(second, expected, rtol=1e-6, atol=1e-6)

    def test_leaky_relu_at_zero(self):
        x = tf.zeros([1, 1])
        with tf.GradientTape() as tape:
            tape.watch(x)
            y = operations.leaky_relu(x)
        self.assertAllEqual(tape.gradient(y, x), [[np.float32(0.2)]])

    def test_pixel_norm(self):
        """Beside finite differences: the gradient, and what it depends on."""
        x = tf.cast(self.x[0, :2], tf.float64)
        weights = self.weights[0, :2].astype(np.float64)

        def gradient(x: tf.Tensor) -> tf.Tensor:
            with tf.GradientTape() as tape:
                tape.watch(x)
                # An epsilon that shows.
                y = operations.pixel_norm(x, epsilon=0.1)
                total = tf.reduce_sum(weights * y**2 + y)
            return tape.gradient(total, x)

        for function in (
            lambda x: operations.pixel_norm(x, epsilon=0.1),
            gradient,
        ):
            found, expected = tf.test.compute_gradient(function, [x], 1e-4)
            self.assertAllClose(found[0], expected[0], rtol=1e-6, atol=1e-6)

    def test_scaling(self):
        """Means of what repeats, copies of what is averaged; and of those."""
        x = tf.constant(np.random.RandomState(0).randn(2, 6, 6, 2))
        for scale, factor in itertools.product(
            (operations.upscale2d, operations.downscale2d), (2, 3)
        ):

            def gradient(x, scale=scale, factor=factor):
                with tf.GradientTape() as tape:
                    tape.watch(x)
                    total = tf.reduce_sum(scale(x, factor) ** 2)
                return tape.gradient(total, x)

            for function in (lambda x, s=scale, f=factor: s(x, f), gradient):
                found, expected = tf.test.compute_gradient(function, [x], 1e-3)
                self.assertAllClose(found, expected, rtol=0, atol=1e-8)

    def test_mean_neighbours(self):
        x = np.random.RandomState(0).randn(2, 4, 3, 2)
        for margin in (0, 1):
            sides = (margin, margin)
            padded = np.pad(x, ((0, 0), sides, sides, (0, 0)))
            expected = (
                padded[:, 1:, 1:]
                + padded[:, 1:, :-1]
                + padded[:, :-1, 1:]
                + padded[:, :-1, :-1]
            ) / 4

            def average(x, margin=margin):
                return convolutions.mean_neighbours(x, margin)

            def gradient(x, average=average):
                with tf.GradientTape() as tape:
                    tape.watch(x)
                    total = tf.reduce_sum(average(x) ** 2)
                return tape.gradient(total, x)

            self.assertAllClose(
                average(tf.constant(x)), expected, rtol=0, atol=1e-12
            )
            for function in (average, gradient):
                found = tf.test.compute_gradient(
                    function, [tf.constant(x)], 1e-3
                )
                self.assertAllClose(*found, rtol=0, atol=1e-8)

    def test_add_bias(self):
        for x, weights in (
            (self.x, self.weights),
            (self.x[:, 0, 0], self.weights[:, 0, 0]),
        ):
            with tf.GradientTape() as tape:
                tape.watch([x, self.bias])
                y = operations.add_bias(x, self.bias)
                total = tf.reduce_sum(weights * y)
            self.assertAllClose(y, x + self.bias, rtol=1e-6, atol=1e-6)
            by_x, by_bias = tape.gradient(total, [x, self.bias])
            self.assertAllClose(by_x, weights, rtol=1e-6, atol=1e-6)
            axes = tuple(range(weights.ndim - 1))
            self.assertAllClose(
                by_bias, weights.sum(axes), rtol=1e-6, atol=1e-5
            )

    def test_add_bias_to_a_variable_of_keras(self):
        bias = keras.Variable(self.bias)
        with tf.GradientTape() as tape:
            total = tf.reduce_sum(operations.add_bias(self.x, bias))
        self.assertAllClose(
            tape.gradient(total, bias.value), [60.0, 60.0], rtol=1e-6, atol=1e-6
        )


# Size of a kernel, stride.
CONVOLUTIONS = ((3, 1), (4, 2), (1, 1))


class ConvolutionTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.random = np.random.RandomState(0)

    def draw(self, *shape):
        return tf.constant(self.random.randn(*shape))

    def test_kernel_gradient(self):
        """Beside its definition, place by place and pixel by pixel."""
        for size, stride in CONVOLUTIONS:
            x = self.draw(3, 4 * stride, 5 * stride, 2)
            gradients = self.draw(3, 4, 5, 6)
            found = convolutions.kernel_gradient(x, gradients, size, stride)
            margin = (size - stride) // 2
            sides = (margin, margin)
            padded = np.pad(x, ((0, 0), sides, sides, (0, 0)))
            expected = np.zeros((size, size, 2, 6))
            for i, j, row, column in np.ndindex(size, size, 4, 5):
                met = padded[:, stride * row + i, stride * column + j]
                expected[i, j] += met.T @ gradients[:, row, column]
            self.assertAllClose(found, expected, rtol=0, atol=1e-12)

    @mock.patch.object(convolutions, "is_slow_by_kernel", lambda *_: True)
    def test_gradients(self):
        """Beside finite differences: both, and what they depend on."""
        for function, (size, stride) in itertools.product(
            (convolutions.conv2d, convolutions.conv2d_transpose), CONVOLUTIONS
        ):
            forwards = function is convolutions.conv2d
            side = 2 * stride if forwards else 2
            x = self.draw(2, side, side, 2 if forwards else 3)
            kernel = self.draw(size, size, 2, 3)

            def gradients(x, kernel, function=function, stride=stride):
                with tf.GradientTape() as tape:
                    tape.watch([x, kernel])
                    y = function(x, kernel, stride)
                    total = tf.reduce_sum(y**2)
                return tape.gradient(total, [x, kernel])

            def by_x(*inputs, gradients=gradients):
                return gradients(*inputs)[0]

            for differentiated in (
                lambda *inputs, f=function, s=stride: f(*inputs, s),
                by_x,
            ):
                found, expected = tf.test.compute_gradient(
                    differentiated, [x, kernel], 1e-3
                )
                self.assertAllClose(found, expected, rtol=1e-6, atol=1e-6)

    def test_images_of_any_size(self):
        for dtype in ("float32", "bfloat16"):
            x = keras.Input((None, None, 2), dtype=dtype)
            kernel = tf.zeros([4, 4, 2, 3], dtype)
            self.assertEqual(convolutions.conv2d(x, kernel, 2).shape[-1], 3)

    def test_bfloat16_is_near_float32(self):
        """At 4x4, and at 8x8 with many maps, where it goes its own way."""
        self.needs_bfloat16()
        for side, maps in ((4, 4), (8, 128)):
            x, kernel = self.draw(4, side, side, 8), self.draw(3, 3, 8, maps)
            by_kernel = {}
            for dtype in ("float32", "bfloat16"):
                inputs = [tf.cast(value, dtype) for value in (x, kernel)]
                with tf.GradientTape() as tape:
                    tape.watch(inputs)
                    y = convolutions.conv2d(*inputs)
                    total = tf.reduce_sum(tf.square(y))
                gradient = tape.gradient(total, inputs[1])
                self.assertEqual(gradient.dtype, dtype)
                by_kernel[dtype] = tf.cast(gradient, tf.float32)
            error = tf.norm(by_kernel["bfloat16"] - by_kernel["float32"])
            self.assertLess(error, 0.01 * tf.norm(by_kernel["float32"]))
