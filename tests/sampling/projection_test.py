"""Projection: distances against NumPy, and latents that are found."""

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.sampling import drawing, latent_table, projection
from tests import common


class DistanceTest(common.TestCase):
    def test_pyramid_against_numpy(self):
        random = np.random.RandomState(0)
        target = random.uniform(-1, 1, (16, 16, 3)).astype(np.float32)
        images = random.uniform(-1, 1, (3, 16, 16, 3)).astype(np.float32)
        expected = np.zeros(3)
        for size in (16, 8, 4):
            step = 16 // size
            boxes = (images - target).reshape(3, size, step, size, step, 3)
            means = boxes.mean(axis=(2, 4))
            expected += np.mean(means**2, axis=(1, 2, 3)) / 3
        found = projection.pyramid_distance(target)(tf.constant(images))
        self.assertAllClose(found, expected, rtol=1e-6, atol=1e-6)

    def test_features_add_their_relative_distance(self):
        target = np.full((4, 4, 1), 0.5, np.float32)
        images = np.stack([target, target - 1])
        seen = []

        def features(pixels):
            seen.append(np.asarray(pixels))
            return ops.mean(pixels, axis=(1, 2))  # [N,3]

        found = projection.feature_distance(target, features)(images)
        # 0.5 is at 191.25 and -0.5 at 63.75: a third, so 4/9 of the square.
        self.assertAllClose(found, [0.0, 1 + 4 / 9], rtol=1e-6, atol=1e-5)
        self.assertEqual(seen[1].shape, (2, 4, 4, 3))
        self.assertAllClose(
            seen[1][:, 0, 0, 1], [191.25, 63.75], rtol=1e-6, atol=1e-4
        )


class DescendTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.G = common.golden_generator()

    def distances(self, generator, label, steps):
        latent = latent_table.latents(3, 1, generator.latent_size, seed=9)
        labels = None if label is None else label[None]
        target = drawing.generate(generator, latent, labels)[0]
        distance = projection.pyramid_distance(target)
        starts = projection.starts(generator, label, distance, 2, 50, seed=0)
        found = list(
            projection.descend(generator, label, distance, starts, steps)
        )
        self.assertLen(found, steps + 1)
        # What is handed out belongs together.
        latents, drawn, distances = found[-1]
        again = drawing.generate(
            generator, latents, None if label is None else labels[[0, 0]]
        )
        self.assertAllClose(drawn, again, rtol=1e-6, atol=1e-4)
        self.assertAllClose(distance(drawn), distances, rtol=1e-3, atol=0)
        self.assertAllClose(
            np.mean(latents**2, axis=1), [1, 1], rtol=1e-6, atol=1e-4
        )
        return np.array([each[2] for each in found])

    def test_finds_a_latent_of_its_own_picture(self):
        distances = self.distances(self.G, None, steps=150)
        self.assertLess(distances[-1].min(), distances[0].min() / 20)

    def test_mid_growth(self):
        self.G.lod = 1.25
        distances = self.distances(self.G, None, steps=60)
        self.assertLess(distances[-1].min(), distances[0].min() / 4)

    def test_labels_stay_as_they_are(self):
        keras.utils.set_random_seed(0)
        G = Generator(resolution=8, num_channels=3, fmap_base=64, label_size=2)
        label = np.array([0, 1], np.float32)
        distances = self.distances(G, label, steps=100)
        self.assertLess(distances[-1].min(), distances[0].min() / 10)

    def test_starts_are_the_nearest_of_many(self):
        target = np.zeros((32, 32, 1), np.float32)
        distance = projection.pyramid_distance(target)
        found = projection.starts(self.G, None, distance, 3, 40, seed=2)
        latents = latent_table.latents(0, 40, self.G.latent_size, seed=2)
        levels = []
        for latent in latents:
            drawn = drawing.generate(self.G, latent[None])
            levels.append(float(distance(drawn)[0]))
        self.assertAllEqual(found, latents[np.argsort(levels)[:3]])

    def test_same_seed_same_result(self):
        first = self.distances(self.G, None, steps=5)
        self.assertAllClose(
            first, self.distances(self.G, None, steps=5), rtol=1e-6, atol=1e-5
        )
