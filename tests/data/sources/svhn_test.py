"""Tests of SVHN's .mat files."""

import numpy as np
import scipy.io

from pgan_tf.base import errors
from pgan_tf.data.sources import svhn
from tests import common
from tests.data.sources import published


class SvhnTest(common.TestCase):
    def test_images_and_digits(self) -> None:
        folder = self.folder()
        images, _ = published.write_svhn(folder)
        source = svhn.read(folder, "train")
        self.assertAllEqual(source.images, images)
        # Written as 1, 10, 9, 2, 10, 5, 3.
        self.assertAllEqual(source.classes, [1, 0, 9, 2, 0, 5, 3])
        self.assertAllEqual(source.label(1), np.eye(10)[0])

    def test_bad_files(self) -> None:
        folder = self.folder()
        with self.assertRaisesRegex(errors.UserError, "no file test_32x32.mat"):
            svhn.read(folder, "test")
        file = folder / "train_32x32.mat"
        file.write_bytes(b"not found")
        with self.assertRaisesRegex(errors.UserError, "32x32.mat is damaged"):
            svhn.read(folder, "train")
        small = np.zeros((16, 16, 3, 2), np.uint8)
        scipy.io.savemat(file, {"X": small, "y": [[1], [2]]})
        with self.assertRaisesRegex(errors.UserError, r"uint8 \[16, 16, 3\]"):
            svhn.read(folder, "train")
