"""Directions: against singular values, and where the answer is known."""

import numpy as np

from pgan_tf.sampling import directions
from tests import common


class PrincipalTest(common.TestCase):
    def setUp(self):
        super().setUp()
        random = np.random.RandomState(0)
        self.latents = random.randn(300, 6).astype(np.float32)
        self.random = random

    def test_against_singular_values_and_least_squares(self):
        # Fewer features than latents, and more of them.
        for features in (40, 400):
            self.check_against_singular_values(features)

    def check_against_singular_values(self, features):
        mixed = self.latents @ self.random.randn(6, features)
        mixed = np.maximum(mixed, 0.2 * mixed)
        activations = mixed.reshape(300, 2, 2, -1)
        found = directions.principal(self.latents, activations, 4)
        rows = mixed
        rows = rows - rows.mean(axis=0)
        _, values, components = np.linalg.svd(rows, full_matrices=False)
        self.assertAllClose(
            found.strengths,
            values[:4] ** 2 / np.sum(values**2),
            rtol=1e-6,
            atol=1e-6,
        )
        coordinates = rows @ components[:4].T
        fitted = np.linalg.lstsq(coordinates, self.latents, rcond=None)[0]
        fitted /= np.linalg.norm(fitted, axis=1, keepdims=True)
        for vector, expected in zip(found.vectors, fitted, strict=True):
            # Equal but for the sign.
            self.assertAllClose(
                abs(vector @ expected), 1.0, rtol=1e-6, atol=1e-6
            )
            self.assertGreater(vector[np.abs(vector).argmax()], 0)

    def test_finds_the_latents_that_matter(self):
        q, _ = np.linalg.qr(self.random.randn(6, 6))
        weights = np.diag([0.1, 5, 0.1, 0.1, 2, 0.1]) @ q
        found = directions.principal(self.latents, self.latents @ weights, 2)
        self.assertAllClose(found.vectors, np.eye(6)[[1, 4]], rtol=0, atol=0.15)
        total = 25 + 4 + 4 * 0.01
        self.assertAllClose(
            found.strengths, [25 / total, 4 / total], rtol=0, atol=0.03
        )


class LinearTest(common.TestCase):
    def test_known_weights(self):
        random = np.random.RandomState(1)
        latents = random.randn(4000, 5)
        weights = np.array([[3.0, 0, 0, 0, 4], [0, 1, 0, 0, 0]])
        noise = random.randn(4000, 2) * [0, 1]
        scores = latents @ weights.T + 7 + noise
        scores = np.concatenate([scores, np.ones((4000, 1))], axis=1)
        found = directions.linear(latents, scores)
        self.assertAllClose(
            found.vectors[0], [0.6, 0, 0, 0, 0.8], rtol=1e-6, atol=1e-6
        )
        self.assertAllClose(
            found.vectors[1], [0, 1, 0, 0, 0], rtol=0, atol=0.05
        )
        # Half of the second score is noise; the third never changes.
        self.assertAllClose(found.strengths, [1, 0.5, 0], rtol=0, atol=0.04)

    def test_noise_explains_nothing(self):
        random = np.random.RandomState(2)
        found = directions.linear(random.randn(100, 60), random.randn(100, 40))
        # Uncorrected, 60 coefficients would explain 60 % of it.
        self.assertLess(found.strengths.mean(), 0.2)

    def test_too_few(self):
        with self.assertRaisesRegex(ValueError, "too few"):
            directions.linear(np.zeros((6, 5)), np.zeros((6, 1)))


class AlongTest(common.TestCase):
    def test_places_are_absolute(self):
        latents = np.array([[1.0, 2.0, 3.0], [4.0, 5.0, 6.0]])
        direction = np.array([0.0, 0.6, 0.8])
        found = directions.along(latents, direction, np.array([-2.0, 0.0]))
        self.assertEqual(found.shape, (2, 2, 3))
        self.assertAllClose(
            found @ direction, [[-2, 0], [-2, 0]], rtol=1e-6, atol=1e-6
        )
        across = np.array([0.0, 0.8, -0.6])
        expected = np.tile((latents @ across)[:, None], [1, 2])
        self.assertAllClose(found @ across, expected, rtol=1e-6, atol=1e-6)
        self.assertAllClose(
            found[..., 0], [[1, 1], [4, 4]], rtol=1e-6, atol=1e-6
        )
