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
        self.enter_context(patch(digits, "WIDTHS", (4, 4, 8, 8)))
        for name in ("TURN", "STRETCH", "SHEAR", "SHIFT"):
            self.enter_context(patch(digits, name, 0))
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

    def test_recipe(self):
        """Change its number with it: what is cached goes by that."""
        recipe = (
            *(digits.EPOCHS, digits.MINIBATCH, digits.LEARNING_RATE),
            *(digits.WIDTHS, digits.DISTORTIONS),
            *(digits.TURN, digits.STRETCH, digits.SHEAR, digits.SHIFT),
        )
        known = {3: (9, 64, 2e-3, (24, 48, 96, 128), 128, 12, 0.1, 0.15, 2)}
        self.assertEqual(known, {digits.RECIPE: recipe})
        self.assertEqual(digits.train.__defaults__, (digits.EPOCHS,))

    def test_distortions_become_none(self):
        """So the last epoch is of the digits as they are."""
        pixels, classes = np.zeros((8, 32, 32, 1), np.uint8), np.arange(8)
        with (
            common.mock.patch.object(digits, "distorted") as distorted,
            common.mock.patch("keras.Model.fit"),
        ):
            digits.train((pixels, classes), 5)
        strengths = [call.args[2] for call in distorted.call_args_list]
        self.assertAllClose(
            strengths, [1, 0.75, 0.5, 0.25, 0], rtol=1e-12, atol=0
        )

    def test_distorted(self):
        random = np.random.RandomState(0)
        pixels = random.randint(0, 256, (300, 32, 32, 1)).astype(np.uint8)
        same = digits.distorted(pixels, random, 0)
        self.assertAllEqual(same, pixels)
        dots = np.zeros((300, 32, 32, 1), np.uint8)
        dots[:, 12, 20] = 200
        found = digits.distorted(dots, random, 1)[..., 0].astype(float)
        mass = found.sum(axis=(1, 2))
        rows = np.einsum("nrc,r->n", found, np.arange(32)) / mass
        columns = np.einsum("nrc,c->n", found, np.arange(32)) / mass
        # Shifts of two pixels, and what the others do at this place.
        for places, usual in ((rows, 12), (columns, 20)):
            self.assertBetween(np.abs(places - usual).max(), 1, 5)
            self.assertNear(places.mean(), usual, 0.5)
        # A part of three images is alike, parts differ.
        self.assertBetween(len(set(rows.round(3))), 90, 128)

    def test_a_distortion_by_its_definition(self):
        """Of a slope, which interpolation leaves one."""
        row, column = np.mgrid[:32, :32]
        slope = (3 * row + 4 * column)[None, ..., None].astype(np.uint8)
        random = common.mock.Mock()
        random.permutation.return_value = np.array([0])
        turn, height, width, shear, down, right = numbers = np.array(
            [0.5, -0.3, 0.8, 0.4, -1.0, 0.6]
        )
        random.uniform.return_value = numbers
        with common.mock.patch.object(digits, "DISTORTIONS", 1):
            found = digits.distorted(slope, random, 0.7)
        random.uniform.assert_called_once_with(-1, 1, 6)
        # Backwards: first stretched, then sheared, turned and moved.
        y = (row - 15.5) * np.exp(0.1 * 0.7 * height)
        x = (column - 15.5) * np.exp(0.1 * 0.7 * width)
        y = y + 0.15 * 0.7 * shear * x
        angle = np.deg2rad(12 * 0.7 * turn)
        y, x = (
            np.cos(angle) * y - np.sin(angle) * x + 2 * 0.7 * down + 15.5,
            np.sin(angle) * y + np.cos(angle) * x + 2 * 0.7 * right + 15.5,
        )
        expected = 3 * np.clip(y, 0, 31) + 4 * np.clip(x, 0, 31)
        self.assertAllClose(found[0, ..., 0], expected, rtol=0, atol=0.51)
