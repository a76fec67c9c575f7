"""Tests of decoding and resizing."""

import io

import numpy as np
from PIL import Image

from pgan_tf import errors
from pgan_tf.data.sources import decode
from tests import common


def encoded(image: Image.Image, format: str = "PNG", **options) -> bytes:
    stream = io.BytesIO()
    image.save(stream, format, **options)
    return stream.getvalue()


def photo(width: int = 40, height: int = 30) -> Image.Image:
    """RGB noise."""
    rng = np.random.default_rng(0)
    return Image.fromarray(rng.integers(0, 256, (height, width, 3), np.uint8))


class DecodeTest(common.TestCase):
    def test_modes(self) -> None:
        red = (200, 40, 60)
        modes = {
            "RGB": Image.new("RGB", (2, 2), red),
            "opaque": Image.new("RGBA", (2, 2), (*red, 255)),
            "palette": Image.new("RGB", (2, 2), red).quantize(4),
        }
        for image in modes.values():
            pixels = np.asarray(decode.rgb(encoded(image), "x"))
            self.assertAllEqual(pixels, np.tile(np.uint8(red), (2, 2, 1)))

    def test_gray_of_8_and_16_bits(self) -> None:
        values = np.array([[0, 100, 200, 255]], np.uint8)
        for image in (values, values.astype(np.uint16) * 257):
            data = encoded(Image.fromarray(image))
            pixels = np.asarray(decode.rgb(data, "x"))
            self.assertAllEqual(pixels, np.repeat(values[..., None], 3, -1))

    def test_transparency_becomes_white(self) -> None:
        image = Image.new("RGBA", (1, 1), (0, 0, 0, 0))
        pixels = np.asarray(decode.rgb(encoded(image), "x"))
        self.assertAllEqual(pixels, [[[255, 255, 255]]])

    def test_cmyk(self) -> None:
        image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
        pixels = np.asarray(decode.rgb(encoded(image, "JPEG"), "x"))
        self.assertAllClose(pixels[4, 4], [255, 0, 0], atol=3)

    def test_exif_rotation(self) -> None:
        image = photo()
        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned clockwise by a quarter
        data = encoded(image, "PNG", exif=exif)
        pixels = np.asarray(decode.rgb(data, "x"))
        self.assertAllEqual(pixels, np.rot90(np.asarray(image), -1))

    def test_bad_files_are_named(self) -> None:
        jpeg = encoded(photo(200, 200), "JPEG")
        png = encoded(photo())
        cases = {
            "is empty": [b""],
            "is no image": [b"some text", jpeg[:2]],
            "is truncated or damaged": [
                jpeg[:300],
                jpeg[: len(jpeg) // 2],
                png[: len(png) // 2],
                png[:60],
            ],
        }
        for message, files in cases.items():
            for data in files:
                with self.assertRaisesRegex(
                    errors.UserError, f"dir/name.jpg {message}"
                ) as caught:
                    decode.rgb(data, "dir/name.jpg")
                self.assertNotIn("\n", str(caught.exception))

    def test_right_size_keeps_pixels(self) -> None:
        image = photo(16, 16)
        for resize_filter in (None, "box", "lanczos"):
            pixels = decode.resized(image, 16, resize_filter)
            self.assertAllEqual(pixels, np.asarray(image))

    def test_whole_factor_averages_boxes(self) -> None:
        image = photo(16, 24)
        pixels = decode.resized(image, 8)
        boxes = np.asarray(image, float).reshape(8, 3, 8, 2, 3)
        means = boxes.mean(axis=(1, 3))
        self.assertAllEqual(pixels, np.rint(means))

    def test_other_factors_do_not_alias(self) -> None:
        # Columns alternate between black and white: any antialiased
        # reduction by 1.5 or more stays near the mean, 127.5.
        stripes = np.zeros((48, 48, 3), np.uint8)
        stripes[:, ::2] = 255
        pixels = decode.resized(Image.fromarray(stripes), 16)
        self.assertLess(np.abs(pixels - 127.5).max(), 45)
        pixels = decode.resized(Image.fromarray(stripes[:40, :40]), 16)
        self.assertLess(np.abs(pixels[:, 2:-2] - 127.5).max(), 20)

    def test_filters(self) -> None:
        # A step from 0 to 240 in the middle of 8 columns, enlarged to 16.
        step = np.zeros((8, 8, 3), np.uint8)
        step[:, 4:] = 240
        rows = {
            name: decode.resized(Image.fromarray(step), 16, name)[0, 6:10, 0]
            for name in decode.FILTERS
        }
        self.assertAllEqual(rows["nearest"], [0, 0, 240, 240])
        self.assertAllEqual(rows["box"], [0, 0, 240, 240])
        # Weights 3/4 and 1/4.
        self.assertAllEqual(rows["bilinear"], [0, 60, 180, 240])
        for name in ("bicubic", "lanczos"):
            self.assertNotAllEqual(rows[name], rows["bilinear"])
        self.assertNotAllEqual(rows["bicubic"], rows["lanczos"])
        # Of every second column: unlike any filter that reads all.
        ramp = np.repeat(np.arange(8, dtype=np.uint8), 24).reshape(8, 8, 3)
        rows = decode.resized(Image.fromarray(ramp * 9), 4, "nearest")
        self.assertAllEqual(rows[:, 0, 0], [9, 27, 45, 63])
