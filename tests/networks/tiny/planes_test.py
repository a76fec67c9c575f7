"""Planes beside images, and sums of them."""

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.networks.tiny import planes
from tests import common
from tests.networks.tiny import plain


def draw(seed, *shape):
    return np.random.RandomState(seed).randn(*shape)


class PlanesTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(None, True)
    def test_sums_of_maps_and_their_gradients(self, compiled):
        """Beside NumPy; of a quadratic form, exactly."""
        x, vector = draw(0, 5, 4, 3, 2), draw(1, 5)

        @tf.function(jit_compile=compiled, autograph=False)
        def run(x, vector):
            with tf.GradientTape() as tape:
                tape.watch([x, vector])
                sums = planes.map_sums(x * planes.per_map(vector, x))
                total = tf.reduce_sum(sums**2)
            return sums, tape.gradient(total, [x, vector])

        sums, found = run(tf.constant(x), tf.constant(vector))
        expected = vector * x.sum((1, 2, 3))
        self.assertAllClose(sums, expected, rtol=1e-9, atol=1e-9)
        slopes = (
            np.ones_like(x) * (2 * expected * vector)[:, None, None, None],
            2 * expected * x.sum((1, 2, 3)),
        )
        for gradient, slope in zip(found, slopes, strict=True):
            self.assertAllClose(gradient, slope, rtol=1e-9, atol=1e-9)

    def test_sizes(self):
        x = draw(0, 2, 4, 6, 3)
        images = x.transpose(3, 1, 2, 0)
        self.assertAllEqual(planes.to_images(x), images)
        self.assertAllEqual(planes.from_images(images), x)
        for ours, theirs in (
            (planes.double(x), plain.double(images)),
            (planes.halve(x), plain.halve(images)),
            (planes.pixel_norm(x), plain.pixel_norm(images)),
            (planes.minibatch_stddev(x), plain.with_stddev(images)),
        ):
            self.assertAllClose(
                planes.to_images(ours), theirs, rtol=1e-12, atol=1e-12
            )
