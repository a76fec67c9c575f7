from unittest import mock

import numpy as np
import tensorflow as tf

from pgan_tf.evaluation.metrics import precision_recall
from pgan_tf.evaluation.metrics.metric import Setting
from tests import common


class ScoresTest(common.TestCase):
    def setUp(self):
        super().setUp()
        golden = common.golden("metrics_features")
        self.reals = golden["features_real"]
        self.fakes = golden["features_fake"]

    def test_golden_counts(self):
        cases = {
            3: (72 / 180, 191 / 200, 0.2611111111111111, 91 / 200),
            5: (88 / 180, 195 / 200, 0.29333333333333333, 140 / 200),
        }
        for k, expected in cases.items():
            # Float16 as StyleGAN2 keeps them: the same counts.
            for dtype in (np.float32, np.float16):
                found = precision_recall.scores(
                    self.reals.astype(dtype), self.fakes.astype(dtype), k, k
                )
                self.assertAllClose(tuple(found), expected, rtol=0, atol=1e-12)

    def test_any_block_size(self):
        for rows in (1, 64, 199):
            with mock.patch.object(precision_recall, "ROWS_AT_ONCE", rows):
                found = precision_recall.scores(self.reals, self.fakes)
            expected = (72 / 180, 191 / 200, 0.29333333333333333, 140 / 200)
            self.assertAllClose(tuple(found), expected, rtol=0, atol=1e-12)

    def test_far_from_0(self):
        """A mean of 1000 times the distances costs no digits that matter."""
        shift = np.float32(1000)
        found = precision_recall.scores(
            self.reals + shift, self.fakes + shift, 3, 3
        )
        self.assertNear(found.precision, 0.4, 1e-12)
        self.assertNear(found.recall, 0.955, 1e-12)

    def test_extremes(self):
        random = np.random.RandomState(0)
        reals = random.randn(100, 8).astype(np.float32)
        self.assertEqual(precision_recall.scores(reals, reals)[:2], (1, 1))
        self.assertEqual(precision_recall.scores(reals, reals).coverage, 1)
        far = precision_recall.scores(reals, reals + 100)
        self.assertEqual(tuple(far), (0, 0, 0, 0))
        # All fakes beside one real: good and alike.
        collapsed = reals[:1] + 0.1 + random.randn(100, 8) * 1e-3
        found = precision_recall.scores(reals, collapsed)
        self.assertEqual(found[:2], (1, 0))
        # In that one's ball alone, of the 5 that it would take.
        self.assertAllClose(found[2:], (1 / 5, 1 / 100), rtol=1e-6, atol=1e-6)

    def test_radii(self):
        line = np.array([[0.0], [1.0], [3.0], [7.0]], np.float32)
        found = precision_recall.radii(line, np.zeros(1), (1, 2))
        self.assertAllEqual(found, [[1, 1, 4, 16], [9, 4, 9, 36]])


class MetricTest(common.TestCase):
    def test_value(self):
        golden = common.golden("metrics_features")
        metric = precision_recall.PrecisionRecall(180, Setting(16))
        sets = golden["features_real"], golden["features_fake"]
        value = metric.result(*sets, None)
        self.assertEqual(
            list(value.levels), ["precision", "recall", "density", "coverage"]
        )
        self.assertNear(value.value, 0.4, 1e-12)
        self.assertIsNone(value.headline)

    def test_needs_more_images_than_neighbours(self):
        gap = precision_recall.PrecisionRecall.gap
        self.assertIn("6 images", gap(5, Setting(16)))
        self.assertEqual(gap(6, Setting(16)), "")


if __name__ == "__main__":
    tf.test.main()
