import numpy as np
import tensorflow as tf

from pgan_tf.evaluation.metrics import inception_score
from tests import common


def score(logits, splits=10, to_logs=inception_score.softmax_logs):
    """Mean and deviation over the splits, from one batch."""
    sums = inception_score.Splits(len(logits), splits)
    sums.add(to_logs(logits))
    return sums.score()


def attribute_score(logits, splits=10):
    return score(logits, splits, inception_score.sigmoid_logs)


class ScoreTest(common.TestCase):
    def test_golden_logits(self):
        logits = common.golden("metrics_features")["logits"]
        shuffled = logits[np.random.RandomState(2020).permutation(200)]
        cases = [
            (score(logits, 1), (3.086403480109, 0.0)),
            (
                score(logits),
                (2.792072775328, 0.214138589943),
            ),
            (
                score(shuffled),
                (2.906962255480, 0.297964566448),
            ),
        ]
        for value, expected in cases:
            self.assertAllClose(value, expected, rtol=0, atol=1e-10)

    def test_golden_probabilities(self):
        golden = common.golden("metrics_reference")
        logits = np.log(golden["is/softmax"])
        cases = [
            (logits, 10, "10splits"),
            (logits, 1, "1split"),
            # Splits of unequal size.
            (logits[:997], 10, "10splits_first997"),
        ]
        for rows, splits, name in cases:
            value = score(rows, splits)
            expected = golden[f"is/mean_std_{name}"]
            # The reference's sums are float32.
            self.assertAllClose(value, expected, rtol=0, atol=1e-5)

    def test_bounds(self):
        sure = np.tile(np.eye(10), [20, 1]) * 1e4
        self.assertAllClose(score(sure, 2), (10, 0), rtol=0, atol=1e-12)
        by_class = sure[np.argsort(sure.argmax(axis=1), kind="stable")]
        self.assertAllClose(score(by_class), (1, 0), rtol=0, atol=1e-12)
        alike = np.tile(np.linspace(-3, 3, 10), [200, 1])
        self.assertAllClose(score(alike), (1, 0), rtol=0, atol=1e-12)

    def test_any_split_into_batches(self):
        logits = common.golden("metrics_features")["logits"][:197]
        logs = inception_score.softmax_logs(logits)
        expected = score(logits)
        for batch in (1, 7, 50, 300):
            sums = inception_score.Splits(197)
            for start in range(0, 197, batch):
                sums.add(logs[start : start + batch])
            self.assertAllClose(sums.score(), expected, rtol=0, atol=1e-13)

    def test_missing_images(self):
        sums = inception_score.Splits(12)
        sums.add(np.zeros((11, 3)))
        with self.assertRaisesRegex(ValueError, "11 of 12"):
            sums.score()

    def test_fewer_images_than_splits(self):
        with self.assertRaisesRegex(ValueError, "9 images"):
            score(np.zeros((9, 3)))


class AttributeScoreTest(common.TestCase):
    def test_sure_attributes_count_two_each(self):
        rows = np.array(np.meshgrid(*[[-1, 1]] * 3)).reshape(3, -1).T
        logits = np.tile(rows, [5, 1]) * 1e4
        value = attribute_score(logits, 5)
        self.assertAllClose(value, (8, 0), rtol=0, atol=1e-12)

    def test_alike_images_count_one(self):
        logits = np.tile([[0.3, -2.0, 5.0]], [40, 1])
        value = attribute_score(logits)
        self.assertAllClose(value, (1, 0), rtol=0, atol=1e-12)

    def test_formula(self):
        logits = np.random.RandomState(1).randn(50, 4) * 2
        p = 1 / (1 + np.exp(-logits))
        m = p.mean(axis=0)
        divergence = p * np.log(p / m) + (1 - p) * np.log((1 - p) / (1 - m))
        expected = np.exp(divergence.sum(axis=1).mean())
        value, spread = attribute_score(logits, 1)
        self.assertNear(value, expected, 1e-12)
        self.assertEqual(spread, 0)

    def test_one_attribute_is_a_softmax_of_two(self):
        logits = np.random.RandomState(2).randn(100, 1) * 3
        pair = np.concatenate([logits, np.zeros_like(logits)], axis=1)
        self.assertAllClose(
            attribute_score(logits),
            score(pair),
            rtol=0,
            atol=1e-12,
        )


if __name__ == "__main__":
    tf.test.main()
