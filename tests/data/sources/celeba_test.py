"""Tests of CelebA's crop and attributes."""

import pathlib

import numpy as np
from PIL import Image

from pgan_tf.base import errors
from pgan_tf.data.sources import celeba
from tests import common


def aligned(width: int, height: int) -> np.ndarray:
    """Pixels that tell their own place: red is the row, green the column."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[..., 0] = np.arange(height)[:, None]
    pixels[..., 1] = np.arange(width)
    return pixels


class CelebaTest(common.TestCase):
    def source(self, pixels: np.ndarray, resolution: int) -> celeba.CelebA:
        folder = self.folder()
        Image.fromarray(pixels).save(folder / "000001.png")
        return celeba.CelebA(folder, resolution)

    def test_crop_at_128_is_untouched(self) -> None:
        pixels = aligned(178, 218)
        image = self.source(pixels, 128).image(0)
        # 64 pixels to either side of row 121, column 89.
        self.assertAllEqual(image, pixels[57:185, 25:153])

    def test_crop_of_half_size_at_64_is_untouched(self) -> None:
        pixels = aligned(89, 109)
        image = self.source(pixels, 64).image(0)
        self.assertAllEqual(image, pixels[28:92, 12:76])

    def test_enlarged_faces_are_counted(self) -> None:
        for width, height, resolution, expected in (
            (178, 218, 128, 0),
            (177, 217, 128, 1),
            (89, 109, 64, 0),
            (89, 109, 128, 1),
        ):
            source = self.source(aligned(width, height), resolution)
            source.image(0)
            self.assertEqual(source.enlarged.count([0]), expected)

    def test_64_is_a_level_of_128(self) -> None:
        image = self.source(aligned(178, 218), 64).image(0)
        # Means such as (57 + 58) / 2 round to the even neighbour, 58.
        self.assertAllEqual(image[:, 0, 0], np.arange(58, 186, 2))
        self.assertAllEqual(image[0, :, 1], np.arange(26, 154, 2))

    def test_other_shapes_are_refused(self) -> None:
        source = self.source(aligned(100, 100), 64)
        with self.assertRaisesRegex(
            errors.UserError, "000001.png has 100x100 .* --source=images"
        ):
            source.image(0)

    def with_attributes(self, rows: str) -> pathlib.Path:
        folder = self.folder()
        (folder / "img").mkdir()
        for number in (1, 2):
            image = Image.fromarray(aligned(89, 109))
            image.save(folder / "img" / f"00000{number}.jpg")
        text = f"2\nBald Smiling Young\n{rows}"
        (folder / "list_attr_celeba.txt").write_text(text)
        return folder

    def test_attributes_become_labels(self) -> None:
        folder = self.with_attributes(
            "000002.jpg -1  1 -1\n000001.jpg  1 -1 -1\n"
        )
        source = celeba.CelebA(folder, 64)
        self.assertEqual(source.label_names, ["Bald", "Smiling", "Young"])
        self.assertEqual(source.label_kind, "multihot")
        self.assertAllEqual(source.label(0), [1, 0, 0])
        self.assertAllEqual(source.label(1), [0, 1, 0])
        self.assertEqual(source.label(0).dtype, np.float32)

    def test_image_without_attributes_is_named(self) -> None:
        folder = self.with_attributes("000001.jpg  1 -1 -1\n")
        with self.assertRaisesRegex(
            errors.UserError, "no label for img/000002.jpg"
        ):
            celeba.CelebA(folder, 64)

    def test_without_attributes_there_are_no_labels(self) -> None:
        source = self.source(aligned(178, 218), 64)
        self.assertEqual(source.label(0).shape, (0,))
        self.assertIsNone(source.label_kind)
