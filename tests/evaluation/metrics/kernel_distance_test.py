from unittest import mock

import numpy as np
import tensorflow as tf

from pgan_tf.evaluation.metrics import kernel_distance
from pgan_tf.evaluation.metrics.metric import Batch, Setting, start_collectors
from tests import common


class DiscrepancyTest(common.TestCase):
    def setUp(self):
        super().setUp()
        golden = common.golden("metrics_features")
        self.reals = golden["features_real"]
        self.fakes = golden["features_fake"]

    def test_golden_subsets(self):
        rows = common.golden("metrics_kid")
        found = [
            kernel_distance.discrepancy(self.reals[i], self.fakes[j])
            for i, j in zip(rows["rows_real"], rows["rows_fake"], strict=True)
        ]
        self.assertNear(np.mean(found), 0.154292812932, 1e-12)
        self.assertNear(np.std(found), 0.047761988591, 1e-12)

    def test_golden_sets_of_unequal_size(self):
        value = kernel_distance.discrepancy(self.reals, self.fakes)
        self.assertNear(value, 0.165782294626, 1e-12)

    def test_golden_contiguous_blocks(self):
        """TF-GAN's estimate: mean of blocks, and its standard error."""
        parts = zip(
            np.split(self.reals, 4), np.split(self.fakes, 4), strict=True
        )
        found = [kernel_distance.discrepancy(*pair) for pair in parts]
        self.assertNear(np.mean(found), 0.14903748, 1e-8)
        error = np.std(found, ddof=1) / 2
        self.assertNear(error, 0.03019384, 1e-8)

    def test_sums_over_all_pairs(self):
        """The definition with loops, on few rows."""
        x, y = self.reals[:4].astype(float), self.fakes[:3].astype(float)

        def k(a, b):
            return (a @ b / 64 + 1) ** 3

        within1 = [k(x[i], x[j]) for i in range(4) for j in range(4) if i != j]
        within2 = [k(y[i], y[j]) for i in range(3) for j in range(3) if i != j]
        across = [k(a, b) for a in x for b in y]
        expected = np.mean(within1) + np.mean(within2) - 2 * np.mean(across)
        value = kernel_distance.discrepancy(x, y)
        self.assertNear(value, expected, 1e-12)


class DistanceTest(common.TestCase):
    def setUp(self):
        super().setUp()
        golden = common.golden("metrics_features")
        self.reals = golden["features_real"]
        self.fakes = golden["features_fake"]

    def test_golden_draws(self):
        """clean-fid with seed 7, which draws the fakes first."""
        random = np.random.RandomState(7)
        mean, spread = kernel_distance.distance(
            self.fakes, self.reals, random, subsets=100, subset_size=100
        )
        self.assertNear(mean, 0.16850164012611354, 1e-12)
        self.assertGreater(spread, 0.01)

    def test_two_samples_of_one_kind_are_0_apart(self):
        random = np.random.RandomState(0)
        first, second = random.randn(2, 3000, 16)
        mean, spread = kernel_distance.distance(
            first, second, random, subsets=30, subset_size=500
        )
        self.assertNear(mean, 0, 0.01)
        self.assertLess(spread, 0.02)

    def test_metric_counts_in_thousandths(self):
        metric = kernel_distance.KernelDistance(180, Setting(16))
        collectors = [start_collectors([metric], [0])["kid"] for _ in range(2)]
        for rows, collector in zip(
            (self.reals, self.fakes), collectors, strict=True
        ):
            for start in range(0, len(rows), 7):
                part = rows[start : start + 7]
                images = np.zeros((len(part), 1, 1, 3), np.uint8)
                collector.add(Batch(images, part))
        stored = [collector.summary() for collector in collectors]
        self.assertAllEqual(stored[0], self.reals[:180])
        value = metric.result(*stored, np.random.RandomState(5))
        # Sets smaller than a subset are whole, and there is one of each.
        expected = kernel_distance.discrepancy(self.reals[:180], self.fakes)
        self.assertNear(value.value, 1000 * expected, 1e-9)
        self.assertIsNone(value.spread)
        found = mock.patch.object(
            kernel_distance, "distance", return_value=(0.5, 0.25)
        )
        with found:
            value = metric.result(*stored, np.random.RandomState(5))
        self.assertEqual((value.value, value.spread), (500, 250))


if __name__ == "__main__":
    tf.test.main()
