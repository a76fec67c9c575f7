import numpy as np
import tensorflow as tf

from pgan_tf.metrics import (
    frechet,
    inception_score,
    sliced_wasserstein,
    suite,
)
from tests import common


class CollectorTest(common.TestCase):
    def test_takes_its_count_of_a_larger_set(self):
        random = np.random.RandomState(0)
        setting = suite.Setting(16)
        features = random.randn(30, 4).astype(np.float32)
        images = np.zeros((30, 16, 16, 3), np.uint8)
        for count in (5, 12, 20):
            moments = frechet.FrechetDistance(count, setting).start(random)
            score = inception_score.InceptionScore(count, setting)
            logits = score.start(random)
            for start in range(0, 30, 8):
                part = slice(start, start + 8)
                batch = suite.Batch(images[part], *[features[part]] * 2)
                moments.add(batch)
                logits.add(batch)
            mean, covariance = moments.summary()
            seen = features[:count].astype(np.float64)
            self.assertAllClose(mean, seen.mean(axis=0), rtol=1e-12)
            expected = np.cov(seen, rowvar=False)
            self.assertAllClose(covariance, expected, rtol=1e-12)
            self.assertAllEqual(logits.summary(), features[:count])

    def test_patches_of_its_count(self):
        images = np.zeros((9, 16, 16, 3), np.uint8)
        setting = suite.Setting(16)
        metric = sliced_wasserstein.SlicedWasserstein(5, setting)
        patches = metric.start(np.random.RandomState(0))
        for start in range(0, 9, 3):
            patches.add(suite.Batch(images[start : start + 3]))
        cloud = patches.summary().cloud(0)
        self.assertEqual(cloud.shape, (5 * 128, 147))


if __name__ == "__main__":
    tf.test.main()
