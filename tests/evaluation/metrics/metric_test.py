import json

import numpy as np
import tensorflow as tf

from pgan_tf.evaluation.metrics import (
    frechet,
    inception_score,
    kernel_distance,
    precision_recall,
    sliced_wasserstein,
)
from pgan_tf.evaluation.metrics.metric import (
    Batch,
    Setting,
    StoredFeatures,
    Value,
    start_collectors,
)
from tests import common
from tests.evaluation.metrics import inception_score_test


class CollectorTest(common.TestCase):
    def test_takes_its_count_of_a_larger_set(self):
        random = np.random.RandomState(0)
        setting = Setting(16)
        features = random.randn(30, 4).astype(np.float32)
        images = np.zeros((30, 16, 16, 3), np.uint8)
        for count in (10, 12, 20):
            moments = frechet.FrechetDistance(count, setting).start(random)
            score = inception_score.InceptionScore(count, setting)
            scored = score.start(random)
            for start in range(0, 30, 8):
                part = slice(start, start + 8)
                batch = Batch(images[part], *[features[part]] * 2)
                moments.add(batch)
                scored.add(batch)
            mean, covariance = moments.summary()
            seen = features[:count].astype(np.float64)
            self.assertAllClose(mean, seen.mean(axis=0), rtol=1e-12, atol=0)
            expected = np.cov(seen, rowvar=False)
            self.assertAllClose(covariance, expected, rtol=1e-12, atol=0)
            expected = inception_score_test.score(features[:count])
            self.assertAllClose(scored.summary(), expected, rtol=1e-12, atol=0)

    def test_patches_of_its_count(self):
        images = np.zeros((9, 16, 16, 3), np.uint8)
        setting = Setting(16)
        metric = sliced_wasserstein.SlicedWasserstein(5, setting)
        patches = metric.start(np.random.RandomState(0))
        for start in range(0, 9, 3):
            patches.add(Batch(images[start : start + 3]))
        cloud = patches.summary().cloud(0)
        self.assertEqual(cloud.shape, (5 * 128, 147))

    def test_batches_are_of_no_influence_on_patches(self):
        images = np.random.RandomState(0).randint(0, 256, (5, 16, 16, 3))
        clouds = []
        for size in (5, 2):
            (patches,) = self.started([7, 1])
            for start in range(0, 5, size):
                patches.add(Batch(images[start : start + size]))
            clouds.append(patches.summary().cloud(0))
        self.assertAllEqual(*clouds)

    def test_each_seed_and_each_stream_cuts_other_patches(self):
        images = np.random.RandomState(0).randint(0, 256, (5, 16, 16, 3))
        clouds = []
        for seed in ([7, 1], [7, 2], [8, 1]):
            (patches,) = self.started(seed)
            patches.add(Batch(images))
            clouds.append(patches.summary().cloud(0).tobytes())
        self.assertLen(set(clouds), 3)

    def started(self, seed):
        metric = sliced_wasserstein.SlicedWasserstein(5, Setting(16))
        return start_collectors([metric], seed).values()

    def test_metrics_share_what_they_need_alike(self):
        setting = Setting(16)
        metrics = [
            kernel_distance.KernelDistance(20, setting),
            precision_recall.PrecisionRecall(20, setting),
            frechet.FrechetDistance(20, setting),
        ]
        started = start_collectors(metrics, [0])
        self.assertEqual(list(started), ["kid", "pr", "fid"])
        self.assertIs(started["kid"], started["pr"])
        self.assertIsNot(started["kid"], started["fid"])
        metrics[0] = kernel_distance.KernelDistance(21, setting)
        started = start_collectors(metrics, [0])
        self.assertIsNot(started["kid"], started["pr"])

    def test_stored_features_lie_on_disk(self):
        rows = np.random.RandomState(0).randn(9, 5).astype(np.float32)
        stored = StoredFeatures(7)
        for start in range(0, 9, 2):
            images = np.zeros((len(rows[start : start + 2]), 1, 1, 3))
            stored.add(Batch(images, rows[start : start + 2]))
        self.assertIsInstance(stored.summary(), np.memmap)
        self.assertAllEqual(stored.summary(), rows[:7])


class ValueTest(common.TestCase):
    def test_to_json_and_back(self):
        value = Value(
            0.5, levels={"a": 1.0}, headline=None, arrays={"b": np.ones(3)}
        )
        line = json.loads(json.dumps({**value.numbers(), "kimg": 3}))
        self.assertEqual(Value.of(line), value)
        with self.assertRaises(TypeError):
            Value.of({"kimg": 3})


if __name__ == "__main__":
    tf.test.main()
