"""Convolutions of planes, and their gradients to the second order."""

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.networks.tiny import convolutions, planes
from tests import common
from tests.networks.tiny import plain

# Few maps and many, in and out: each has a form of its own.
MAPS = ((2, 3), (3, 2), (5, 7), (7, 5), (6, 40), (40, 33))


def draw(seed, *shape):
    return np.random.RandomState(seed).randn(*shape)


def valid(x, kernel):
    """A convolution of [C,H,W,N] without margin, in loops."""
    size = len(kernel)
    height, width = (n - size + 1 for n in x.shape[1:3])
    y = np.zeros((kernel.shape[-1], height, width, x.shape[-1]))
    for i in range(size):
        for j in range(size):
            met = x[:, i : i + height, j : j + width]
            y += np.einsum("chwn,cf->fhwn", met, kernel[i, j])
    return y


class ConvolutionsTest(common.TestCase, parameterized.TestCase):
    @parameterized.product(
        maps=MAPS, shape=((1, 0), (2, 0), (2, 1), (3, 0), (3, 1), (3, 2))
    )
    def test_convolve(self, maps, shape):
        size, margin = shape
        x = draw(0, maps[0], 6, 5, 3)
        kernel = draw(1, size, size, *maps)
        frame = (margin, margin)
        expected = valid(np.pad(x, [(0, 0), frame, frame, (0, 0)]), kernel)
        found = convolutions.convolve(
            tf.constant(x), tf.constant(kernel), margin
        )
        self.assertAllClose(found, expected, rtol=1e-9, atol=1e-9)

    @parameterized.product(maps=MAPS, shape=((1, 0), (2, 1), (3, 1)))
    def test_gradients_of_two_orders(self, maps, shape):
        size, margin = shape
        x = tf.constant(draw(0, maps[0], 4, 4, 2))
        kernel = tf.constant(draw(1, size, size, *maps))
        y = convolutions.convolve(x, kernel, margin)
        weights = tf.constant(draw(2, *y.shape))
        of_x = tf.constant(draw(3, *x.shape))
        of_kernel = tf.constant(draw(4, *kernel.shape))

        def first(x, kernel, weights):
            """A number made of both first gradients."""
            with tf.GradientTape() as tape:
                tape.watch([x, kernel])
                y = convolutions.convolve(x, kernel, margin)
                total = tf.reduce_sum(weights * y)
            by_x, by_kernel = tape.gradient(total, [x, kernel])
            return tf.reduce_sum(by_x * of_x) + tf.reduce_sum(
                by_kernel * of_kernel
            )

        # The function is linear in each, so that differences are exact.
        expected = np.sum(weights * convolutions.convolve(of_x, kernel, margin))
        expected += np.sum(
            weights * convolutions.convolve(x, of_kernel, margin)
        )
        self.assertAllClose(
            first(x, kernel, weights), expected, rtol=1e-9, atol=1e-9
        )
        at = [x, kernel, weights]
        with tf.GradientTape() as tape:
            tape.watch(at)
            number = first(*at)
        gradients = tape.gradient(number, at)
        direction = [draw(5 + i, *each.shape) for i, each in enumerate(at)]
        expected = plain.slope_along(lambda at: first(*at), at, direction)
        found = sum(
            np.sum(g * d) for g, d in zip(gradients, direction, strict=True)
        )
        self.assertAllClose(found, expected, rtol=1e-7, atol=1e-7)

    @parameterized.parameters(*MAPS)
    def test_double_and_convolve(self, *maps):
        x, kernel = draw(0, maps[0], 4, 3, 2), draw(1, 3, 3, *maps)
        doubled = x.repeat(2, axis=1).repeat(2, axis=2)
        framed = np.pad(doubled, [(0, 0), (1, 1), (1, 1), (0, 0)])
        found = convolutions.double_and_convolve(
            tf.constant(x), tf.constant(kernel)
        )
        self.assertAllClose(found, valid(framed, kernel), rtol=1e-9, atol=1e-9)

    @parameterized.parameters(*MAPS)
    def test_gradients_of_double_and_convolve(self, *maps):
        """Of <weights, y> by x along v, and of that by the weights."""
        x, v = (tf.constant(draw(i, maps[0], 4, 3, 2)) for i in (0, 3))
        kernel = tf.constant(draw(1, 3, 3, *maps))
        weights = tf.constant(draw(2, maps[1], 8, 6, 2))
        with tf.GradientTape() as outer:
            outer.watch(weights)
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = convolutions.double_and_convolve(x, kernel)
                total = tf.reduce_sum(weights * y)
            slope = tf.reduce_sum(inner.gradient(total, x) * v)
        # It is linear in x.
        of_v = convolutions.double_and_convolve(v, kernel)
        expected = np.sum(weights * of_v)
        self.assertAllClose(slope, expected, rtol=1e-9, atol=1e-9)
        found = outer.gradient(slope, weights)
        self.assertAllClose(found, of_v, rtol=1e-9, atol=1e-9)

    def test_compiled_and_not(self):
        """A gradient of a gradient is the same of XLA's loops."""
        x, kernel = draw(0, 3, 6, 6, 4), draw(1, 3, 3, 3, 2)

        def slope(x, kernel):
            with tf.GradientTape() as outer:
                outer.watch([x, kernel])
                with tf.GradientTape() as inner:
                    inner.watch(x)
                    y = planes.map_sums(
                        convolutions.convolve(x, kernel, 1) ** 2
                    )
                    total = tf.reduce_sum(y)
                square = tf.reduce_sum(inner.gradient(total, x) ** 2)
            return outer.gradient(square, [x, kernel])

        at = tf.constant(x), tf.constant(kernel)
        compiled = tf.function(slope, jit_compile=True, autograph=False)(*at)
        for found, expected in zip(compiled, slope(*at), strict=True):
            self.assertAllClose(found, expected, rtol=1e-9, atol=1e-9)
