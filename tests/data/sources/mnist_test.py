"""Tests of MNIST's idx files and of random triples."""

import gzip
import pickle

import numpy as np

from pgan_tf.base import errors
from pgan_tf.data.sources import arrays, mnist
from tests import common
from tests.data.sources import published


class MnistTest(common.TestCase):
    def test_images_and_labels(self) -> None:
        folder = self.folder()
        images, digits = published.write_mnist(folder)
        source = mnist.read(folder, "train")
        self.assertLen(source, 7)
        self.assertEqual((source.resolution, source.num_channels), (32, 1))
        framed = np.pad(images, [(0, 0), (2, 2), (2, 2)])[..., None]
        for index in range(7):
            self.assertAllEqual(source.image(index), framed[index])
            label = np.float32([each == digits[index] for each in range(10)])
            self.assertAllEqual(source.label(index), label)
            self.assertEqual(source.label(index).dtype, np.float32)
        self.assertEqual(source.label_names, tuple("0123456789"))
        self.assertEqual(source.label_kind, "onehot")
        self.assertEqual(source.options()["split"], "train")

    def test_packed_files_of_the_test_split(self) -> None:
        folder = self.folder()
        images, _ = published.write_mnist(folder, "t10k")
        for file in list(folder.iterdir()):
            packed = folder / "sub" / f"{file.name}.gz"
            packed.parent.mkdir(exist_ok=True)
            packed.write_bytes(gzip.compress(file.read_bytes()))
            file.unlink()
        source = mnist.read(folder, "test")
        self.assertAllEqual(source.image(6)[2:30, 2:30, 0], images[6])
        with self.assertRaisesRegex(
            errors.UserError, "no file train-images-idx3-ubyte in --source_dir="
        ):
            mnist.read(folder, "train")
        packed.write_bytes(packed.read_bytes()[:-9])
        with self.assertRaisesRegex(
            errors.UserError, f"{packed.name} is truncated"
        ):
            mnist.read(folder, "test")

    def test_bad_files(self) -> None:
        images, digits = np.zeros((3, 28, 28), np.uint8), np.uint8([1, 2, 3])
        whole = published.idx(images)
        cases = {
            "images-idx3-ubyte is truncated: it has 2367 bytes .* of 2368": (
                whole[:-1], digits,
            ),
            "is truncated: it has 2369": (whole + b"x", digits),
            "is no idx file of 3 dimensions": (whole[:10], digits),
            "images-idx3-ubyte is no idx file of 3": (b"\1" + whole, digits),
            "has 3 images and 2 labels": (whole, digits[:2]),
            "classes 1 to 10 instead of 0 to 9": (whole, np.uint8([1, 9, 10])),
            "40x28 pixels": (
                published.idx(np.zeros((3, 28, 40), np.uint8)), digits,
            ),
        }  # fmt: skip
        for message, (data, labels) in cases.items():
            folder = self.folder()
            (folder / "train-images-idx3-ubyte").write_bytes(data)
            file = folder / "train-labels-idx1-ubyte"
            file.write_bytes(published.idx(labels))
            with self.assertRaisesRegex(errors.UserError, message):
                mnist.read(folder, "train")

    def test_triples_are_those_of_the_reference(self) -> None:
        images = published.noise(50, 32, 32, 1)
        digits = arrays.Arrays(images, np.zeros(50, int), arrays.DIGITS, {})
        source = mnist.MnistRgb(digits, 40, mnist.TRIPLES_SEED)
        self.assertLen(source, 40)
        self.assertEqual(source.num_channels, 3)
        self.assertEqual(source.label(0).shape, (0,))
        # One draw of three after the other.
        random = np.random.RandomState(123)
        source = pickle.loads(pickle.dumps(source))
        for index in range(40):
            triple = images[random.randint(50, size=3), :, :, 0]
            self.assertAllEqual(source.image(index), np.stack(triple, axis=-1))
        other = mnist.MnistRgb(digits, 40, seed=5)
        self.assertNotAllEqual(other.triples, source.triples)
