"""Latents and batched generation."""

import keras
import numpy as np
import scipy.stats

from pgan_tf import networks, sampling
from tests import common


class LatentsTest(common.TestCase):
    def test_rows_do_not_depend_on_batches(self):
        whole = sampling.latents(0, 10, 8, seed=3)
        parts = [sampling.latents(i, 5, 8, seed=3) for i in (0, 5)]
        self.assertAllEqual(whole, np.concatenate(parts))

    def test_rows_and_seeds_differ(self):
        rows = np.concatenate(
            [sampling.latents(0, 50, 8, seed) for seed in (0, 1)]
        )
        self.assertLen(np.unique(rows, axis=0), 100)

    def test_normal(self):
        rows = sampling.latents(0, 2000, 32, seed=0)
        self.assertEqual(rows.dtype, np.float32)
        self.assertAllClose(rows.mean(), 0.0, atol=0.02)
        self.assertAllClose(rows.std(), 1.0, atol=0.02)
        correlation = np.corrcoef(rows[:-1].ravel(), rows[1:].ravel())[0, 1]
        self.assertAllClose(correlation, 0.0, atol=0.02)

    def test_truncated_rows_do_not_depend_on_batches(self):
        whole = sampling.latents(0, 10, 8, 3, truncation=0.7)
        parts = [sampling.latents(i, 5, 8, 3, 0.7) for i in (0, 5)]
        self.assertAllEqual(whole, np.concatenate(parts))

    def test_truncation_draws_again_what_lies_outside(self):
        free = sampling.latents(0, 500, 64, seed=1)
        self.assertAllEqual(free, sampling.latents(0, 500, 64, 1, 99.0))
        for limit in (0.01, 0.5, 1.0):
            rows = sampling.latents(0, 500, 64, 1, limit)
            self.assertEqual(rows.dtype, np.float32)
            within = np.abs(free) <= limit
            self.assertAllEqual(rows[within], free[within])
            self.assertAllLessEqual(np.abs(rows), limit)
            again = rows[~within]
            expected = scipy.stats.truncnorm(-limit, limit)
            self.assertGreater(
                scipy.stats.kstest(again, expected.cdf).pvalue, 0.01
            )

    def test_truncation_of_nothing_is_refused(self):
        for limit in (0.0, -1.0, float("nan")):
            with self.assertRaisesRegex(ValueError, "above 0"):
                sampling.latents(0, 1, 8, 0, limit)


class GenerateTest(common.TestCase):
    def setUp(self):
        super().setUp()
        keras.utils.set_random_seed(0)
        self.G = networks.Generator(
            resolution=16, num_channels=3, fmap_base=64, label_size=2
        )
        self.latents = sampling.latents(0, 7, self.G.latent_size, seed=0)
        self.labels = np.eye(2, dtype=np.float32)[[0, 1, 1, 0, 1, 0, 0]]

    def test_does_not_depend_on_the_minibatch(self):
        whole = sampling.generate(self.G, self.latents, self.labels)
        parts = sampling.generate(self.G, self.latents, self.labels, 3)
        self.assertEqual(whole.shape, (7, 16, 16, 3))
        self.assertAllClose(whole, parts, atol=1e-5)

    def test_mid_growth_pixels_are_repeated(self):
        self.G.lod = 1.5
        drawn = sampling.generate(self.G, self.latents, self.labels)
        expected = np.asarray(self.G(self.latents, self.labels))
        self.assertEqual(expected.shape, (7, 8, 8, 3))
        self.assertAllEqual(drawn[:, ::2, ::2], expected)
        self.assertAllEqual(drawn[:, 1::2, 1::2], expected)
