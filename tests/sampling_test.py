"""Latents and batched generation."""

import keras
import numpy as np

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
