"""The classifier of digits: how it learns, and how it is kept."""

import numpy as np

from pgan_tf.base import devices
from pgan_tf.evaluation.features import digits
from tests import common
from tests.data.sources import published


def write_digits(folder, prefix, count):
    """Bars in ten places, as idx files."""
    random = np.random.RandomState(len(prefix))
    classes = (np.arange(count) % 10).astype(np.uint8)
    images = random.randint(0, 60, (count, 28, 28)).astype(np.uint8)
    for image, digit in zip(images, classes, strict=True):
        image[4 + 2 * digit : 6 + 2 * digit, 5:23] += 190
    for kind, data in (("images-idx3", images), ("labels-idx1", classes)):
        path = folder / f"{prefix}-{kind}-ubyte"
        path.write_bytes(published.idx(data))


class DigitsTest(common.TestCase):
    def test_is_learned_once(self):
        here = self.cache_folder()
        write_digits(here, "train", 1000)
        write_digits(here, "t10k", 100)
        patch = common.mock.patch.object
        self.enter_context(patch(digits, "EPOCHS", 6))
        self.enter_context(patch(digits, "WIDTHS", ((4,), (4,), (8, 8))))
        self.enter_context(patch(digits, "SHIFT", 0))
        self.enter_context(patch(digits.train, "__defaults__", (6,)))
        replicas = devices.Replicas()
        found = digits.open_classifier(here, replicas)
        self.assertBetween(found.error, 0, 0.6)
        with patch(digits, "train", side_effect=AssertionError):
            again = digits.open_classifier(None, replicas)
            same = digits.open_classifier(here, replicas)
        for other in (again, same):
            self.assertEqual(
                (other.digest, other.error), (found.digest, found.error)
            )
        pixels = digits.mnist.read(here, "test").images
        self.assertAllEqual(found(pixels), again(pixels))
        classes = np.arange(100) % 10
        self.assertAllClose(
            np.mean(found(pixels) != classes), found.error, rtol=0, atol=1e-6
        )

    def test_moved(self):
        pixels = np.zeros((200, 32, 32, 1), np.uint8)
        pixels[:, 10, 20] = np.arange(1, 201)[:, None]
        found = digits.moved(pixels, np.random.RandomState(0))
        places = np.stack(np.nonzero(found[..., 0]), axis=-1)
        self.assertLen(places, 200)
        for i, row, column in places:
            self.assertEqual(found[i, row, column, 0], i + 1)
        self.assertEqual(set(places[:, 1]), set(range(8, 13)))
        self.assertEqual(set(places[:, 2]), set(range(18, 23)))
