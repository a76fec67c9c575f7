"""Tests of SVHN's .mat files."""

import struct
import zlib

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
        with self.assertRaisesRegex(
            errors.UserError, "32x32.mat is .*or damaged"
        ):
            svhn.read(folder, "train")
        small = np.zeros((16, 16, 3, 2), np.uint8)
        scipy.io.savemat(file, {"X": small, "y": [[1], [2]]})
        with self.assertRaisesRegex(errors.UserError, r"uint8 \[16, 16, 3\]"):
            svhn.read(folder, "train")

    def test_as_scipy_reads_them(self) -> None:
        """Packed or not; classes of any type; whatever else lies beside."""
        folder = self.folder()
        images = published.noise(32, 32, 3, 9)
        others = {"a": "text", "b": np.eye(3), "c": {"d": [1, 2]}}
        for packed in (False, True):
            for kind in (np.uint8, np.float64, np.int32):
                classes = np.arange(1, 10, dtype=kind)[:, None]
                scipy.io.savemat(
                    folder / "extra_32x32.mat",
                    {**others, "X": images, "y": classes},
                    do_compression=packed,
                )
                source = svhn.read(folder, "extra")
                self.assertAllEqual(source.images, images.transpose(3, 0, 1, 2))
                self.assertAllEqual(source.classes, range(1, 10))

    def test_packed_numbers_that_swell(self) -> None:
        """5 MB that become gigabytes are refused before they do."""
        folder = self.folder()
        file = folder / "train_32x32.mat"
        scipy.io.savemat(file, {"X": published.noise(32, 32, 3, 2)})
        head = file.read_bytes()[:128]
        for size in (2**32 - 8, 2**27):
            content = struct.pack("<II", 14, size) + bytes(2**20)
            packed = zlib.compress(content)
            element = struct.pack("<II", 15, len(packed)) + packed
            file.write_bytes(head + element)
            with self.assertRaisesRegex(errors.UserError, "mat unpacks to mor"):
                svhn.read(folder, "train")
