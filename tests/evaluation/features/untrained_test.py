import numpy as np
import scipy.signal
import tensorflow as tf

from pgan_tf.base import devices
from pgan_tf.evaluation.features import untrained
from tests import common


def by_hand(images):
    """The network in NumPy and SciPy, for images of its own size."""
    kernels = untrained.draw_kernels(0)
    x = images.astype(np.float64) / 127.5 - 1
    for kernel in kernels[:-1]:
        size = x.shape[1]
        # SAME with stride 2 on even sizes pads at the far side alone.
        padded = np.pad(x, [(0, 0), (0, 1), (0, 1), (0, 0)])
        outputs = []
        for k in range(kernel.shape[3]):
            total = np.zeros((len(x), size - 1, size - 1))
            for c in range(kernel.shape[2]):
                for n in range(len(x)):
                    total[n] += scipy.signal.correlate2d(
                        padded[n, :, :, c], kernel[:, :, c, k], "valid"
                    )
            outputs.append(total[:, ::2, ::2])
        x = np.maximum(np.stack(outputs, axis=-1), 0)
    mean, deviation = x.mean(axis=(1, 2)), x.std(axis=(1, 2))
    found = np.concatenate([mean, deviation], axis=1)
    return found, found @ kernels[-1]


class RandomFeaturesTest(common.TestCase):
    def setUp(self):
        super().setUp()
        size = untrained.SIZE
        random = np.random.RandomState(0)
        images = random.randint(0, 256, (2, size, size, 3))
        self.images = images.astype(np.uint8)

    def test_the_network(self):
        extractor = untrained.make(devices.Replicas())
        features, logits = extractor(self.images[:1])
        expected = by_hand(self.images[:1])
        self.assertAllClose(features, expected[0], rtol=1e-4, atol=1e-4)
        self.assertAllClose(logits, expected[1], rtol=1e-4, atol=1e-3)

    def test_fixed_and_named_so(self):
        extractor = untrained.make(devices.Replicas())
        expected = "FD-random[conv32-64-128,seed0]"
        self.assertEqual(extractor.titled("FID", "FD"), expected)
        self.assertStartsWith(extractor.digest, "306707af")
        self.assertIn("untrained", extractor.note)
        other = untrained.make(devices.Replicas(), seed=1)
        self.assertNotEqual(other.digest, extractor.digest)


if __name__ == "__main__":
    tf.test.main()
