import numpy as np
import tensorflow as tf

from pgan_tf.evaluation.metrics import path_length
from pgan_tf.evaluation.metrics.metric import Batch, Setting
from tests import common


class MeanLengthTest(common.TestCase):
    def test_trimmed_by_one_percent_at_both_ends(self):
        squares = np.arange(1.0, 201) ** 2 * 1e-8
        squares[-1] = 1e6
        # Percentiles at 1.99 and 197.01 of 0..199: 1..198 stay.
        found = path_length.mean_length(
            np.random.RandomState(0).permutation(squares)
        )
        expected = np.square(np.arange(2.0, 200)).mean()
        self.assertNear(found, expected, 1e-6)

    def test_epsilon_squared(self):
        squares = np.full(10, 4e-6)
        self.assertNear(path_length.mean_length(squares, 1e-3), 4, 1e-12)
        self.assertNear(path_length.mean_length(squares), 400, 1e-9)


class MetricTest(common.TestCase):
    def test_pairs_side_by_side(self):
        metric = path_length.PathLength(20, Setting(16))
        random = np.random.RandomState(0)
        starts = random.randn(20, 5).astype(np.float32)
        steps = np.full((20, 5), 1e-3, np.float32)
        steps[:10] *= 2
        features = np.stack([starts, starts + steps], 1).reshape(40, 5)
        expected = 5 * 1e-6 * (4 + 1) / 2 / 1e-8
        for batch in (2, 8, 40):
            collector = metric.start(None)
            for start in range(0, 40, batch):
                part = features[start : start + batch]
                images = np.zeros((len(part), 1, 1, 3), np.float32)
                collector.add(Batch(images, part))
            value = metric.result(None, collector.summary(), None)
            self.assertNear(value.value, expected, 0.01)

    def test_on_the_walk_of_a_known_map(self):
        """Of the latents themselves: the squared angle, times their size."""
        angle, size = 1.1, 9.0
        t = np.random.RandomState(0).rand(50)
        places = np.stack([t, t + path_length.EPSILON], axis=1).ravel() * angle
        features = size * np.stack([np.cos(places), np.sin(places)], axis=1)
        metric = path_length.PathLength(50, Setting(16))
        collector = metric.start(None)
        collector.add(Batch(np.zeros((100, 1, 1, 3)), features))
        value = metric.result(None, collector.summary(), None).value
        self.assertNear(value, (angle * size) ** 2, 1e-4)


if __name__ == "__main__":
    tf.test.main()
