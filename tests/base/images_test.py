"""Quantisation and picture grids."""

import re

import numpy as np
from PIL import Image

from pgan_tf.base import errors, images
from tests import common


class ImagesTest(common.TestCase):
    def test_to_uint8(self):
        """Halves to even; beyond [-1, 1] saturates."""
        values = np.array([-1.0, 0.0, 1.0, 1.5, -3.0, 1 / 255])
        self.assertAllEqual(
            images.to_uint8(values), np.array([0, 128, 255, 255, 0, 128])
        )
        self.assertEqual(images.to_uint8(values).dtype, np.uint8)

    def test_every_pixel_survives_the_round_trip(self):
        pixels = np.arange(256, dtype=np.uint8)
        scaled = pixels.astype(np.float32) * np.float32(2 / 255) - 1
        self.assertAllEqual(images.to_uint8(scaled), pixels)

    def test_golden_shrink(self):
        reals = common.nhwc(common.golden("metrics_reference")["reals64"][:4])
        golden = common.golden("metrics_patches")
        for lod in (1, 2):
            expected = common.nhwc(golden[f"downscale_minibatch/lod{lod}"])
            found = np.rint(images.shrink(reals, 2**lod))
            self.assertAllEqual(found, expected)

    def test_grid(self):
        cells = np.arange(5, dtype=np.uint8).reshape(5, 1, 1, 1) + 1
        cells = images.upscale(cells, 2)
        expected = [[1, 1, 2, 2, 3, 3], [4, 4, 5, 5, 0, 0]]
        expected = np.repeat(expected, 2, axis=0)[..., None]
        self.assertAllEqual(images.grid(cells, 3), expected)

    def test_grid_shape(self):
        self.assertEqual(images.grid_shape("15x8"), (15, 8))
        for text in (
            "",
            "15",
            "0x8",
            "15x0",
            "15*8",
            "-1x2",
            "1x2x3",
            "9999x1",
        ):
            with self.assertRaisesRegex(
                errors.UserError, re.escape(f"--grid={text} is not")
            ):
                images.grid_shape(text)

    def test_shrink(self):
        pixels = np.zeros((1, 4, 8, 1), np.uint8)
        pixels[0, :2, 2:4, 0] = [[1, 2], [3, 5]]
        expected = np.zeros((1, 2, 4, 1))
        expected[0, 0, 1] = 2.75
        self.assertAllEqual(images.shrink(pixels, 2), expected)
        pixels[0, :, :4, 0] += 255 - pixels[0, :, :4, 0]
        self.assertAllEqual(images.shrink(pixels, 4)[0, 0, :, 0], [255, 0])

    def test_to_rgb(self):
        gray = np.arange(4, dtype=np.uint8).reshape(1, 2, 2, 1)
        rgb = images.to_rgb(gray)
        self.assertEqual(rgb.shape, (1, 2, 2, 3))
        for channel in range(3):
            self.assertAllEqual(rgb[..., channel], gray[..., 0])
        self.assertAllEqual(images.to_rgb(rgb), rgb)

    def test_save_png(self):
        folder = self.folder()
        for channels in (1, 3):
            pixels = np.arange(12 * channels, dtype=np.uint8)
            pixels = pixels.reshape(3, 4, channels)
            path = folder / f"{channels}.png"
            images.save_png(path, pixels)
            found = np.asarray(Image.open(path)).reshape(3, 4, channels)
            self.assertAllEqual(found, pixels)
        names = sorted(p.name for p in folder.iterdir())
        self.assertEqual(names, ["1.png", "3.png"])
