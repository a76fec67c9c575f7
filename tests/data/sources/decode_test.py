"""Tests of decoding and resizing."""

import io
import struct
import tracemalloc
import zlib
from unittest import mock

import numpy as np
from PIL import Image

from pgan_tf.base import errors
from pgan_tf.data.sources import decode, resizing
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
            pixels = decode.rgb(encoded(image), "x")
            self.assertAllEqual(pixels, np.tile(np.uint8(red), (2, 2, 1)))

    def test_gray_of_8_and_16_bits(self) -> None:
        values = np.array([[0, 100, 200, 255]], np.uint8)
        for image in (values, values.astype(np.uint16) * 257):
            data = encoded(Image.fromarray(image))
            pixels = decode.rgb(data, "x")
            self.assertAllEqual(pixels, np.repeat(values[..., None], 3, -1))

    def test_transparency_becomes_white(self) -> None:
        image = Image.new("RGBA", (1, 1), (0, 0, 0, 0))
        pixels = decode.rgb(encoded(image), "x")
        self.assertAllEqual(pixels, [[[255, 255, 255]]])

    def test_cmyk(self) -> None:
        image = Image.new("CMYK", (8, 8), (0, 255, 255, 0))
        pixels = decode.rgb(encoded(image, "JPEG"), "x")
        self.assertAllClose(pixels[4, 4], [255, 0, 0], rtol=0, atol=3)

    def test_exif_rotation(self) -> None:
        image = photo()
        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned clockwise by a quarter
        data = encoded(image, "PNG", exif=exif)
        pixels = decode.rgb(data, "x")
        self.assertAllEqual(pixels, np.rot90(np.asarray(image), -1))

    def test_jpegs_are_as_pillow_decodes_them(self) -> None:
        # Noise and something smooth, of sizes that fill no blocks.
        wave = np.sin(np.arange(61 * 75 * 3).reshape(61, 75, 3) / 7)
        smooth = Image.fromarray((wave * 99 + 128).astype(np.uint8))
        kinds = [
            {"quality": quality, "subsampling": subsampling, **options}
            for quality in (30, 75, 100)
            for subsampling in ("4:4:4", "4:2:2", "4:2:0")
            for options in (
                {}, {"progressive": True}, {"restart_marker_blocks": 1},
                {"icc_profile": b"profile"}, {"comment": b"text"},
            )
        ]  # fmt: skip
        for kind in kinds:
            for image in (smooth, photo(33, 17), photo(1, 1), photo(64, 64)):
                data = encoded(image, "JPEG", **kind)
                expected = np.asarray(Image.open(io.BytesIO(data)))
                self.assertAllEqual(decode.rgb(data, "x"), expected)
                # The quick way was taken.
                self.assertIsNotNone(decode.plain_jpeg(data, "x"))

    def test_unusual_jpegs(self) -> None:
        image = photo(33, 17)
        exif = Image.Exif()
        exif[0x0112] = 6
        pixels = np.asarray(image)
        turned = encoded(image, "JPEG", exif=exif, quality=100)
        self.assertAllClose(
            decode.rgb(turned, "x").astype(int).mean((0, 1)),
            np.rot90(pixels, -1).mean((0, 1)), rtol=0, atol=2,
        )  # fmt: skip
        self.assertEqual(decode.rgb(turned, "x").shape, (33, 17, 3))
        self.assertEqual(decode.rgb(turned, "x", False).shape, (17, 33, 3))
        gray = encoded(image.convert("L"), "JPEG")
        self.assertAllEqual(
            decode.rgb(gray, "x"),
            np.asarray(Image.open(io.BytesIO(gray)).convert("RGB")),
        )
        plain = encoded(image, "JPEG", keep_rgb=True, quality=100)
        self.assertAllClose(
            decode.rgb(plain, "x").astype(int),
            pixels.astype(int),
            rtol=0,
            atol=6,
        )
        # What libjpeg only warns of is Pillow's to judge.
        data = encoded(image, "JPEG") + b"trailing bytes"
        self.assertAllEqual(
            decode.rgb(data, "x"), np.asarray(Image.open(io.BytesIO(data)))
        )
        data = encoded(photo(10, 10), "JPEG")
        with mock.patch.object(Image, "MAX_IMAGE_PIXELS", 49):
            with self.assertRaisesRegex(errors.UserError, "too large"):
                decode.rgb(data, "x")
        # Pillow reads files of up to twice the limit.
        with mock.patch.object(Image, "MAX_IMAGE_PIXELS", 50):
            self.assertIsNone(decode.plain_jpeg(data, "x"))
            self.assertEqual(decode.rgb(data, "x").shape, (10, 10, 3))

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
        image = np.asarray(photo(16, 16))
        for resize_filter in (None, "box", "lanczos"):
            pixels = resizing.resized(image, 16, resize_filter)
            self.assertAllEqual(pixels, image)

    def test_whole_factor_averages_boxes(self) -> None:
        image = np.asarray(photo(16, 24))
        pixels = resizing.resized(image, 8)
        boxes = image.astype(float).reshape(8, 3, 8, 2, 3)
        means = boxes.mean(axis=(1, 3))
        self.assertAllEqual(pixels, np.rint(means))

    def test_other_factors_do_not_alias(self) -> None:
        # Columns alternate between black and white: any antialiased
        # reduction by 1.5 or more stays near the mean, 127.5.
        stripes = np.zeros((48, 48, 3), np.uint8)
        stripes[:, ::2] = 255
        pixels = resizing.resized(stripes, 16)
        self.assertLess(np.abs(pixels - 127.5).max(), 45)
        pixels = resizing.resized(stripes[:40, :40], 16)
        self.assertLess(np.abs(pixels[:, 2:-2] - 127.5).max(), 20)

    def test_filters(self) -> None:
        # A step from 0 to 240 in the middle of 8 columns, enlarged to 16.
        step = np.zeros((8, 8, 3), np.uint8)
        step[:, 4:] = 240
        rows = {
            name: resizing.resized(step, 16, name)[0, 6:10, 0]
            for name in resizing.FILTERS
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
        rows = resizing.resized(ramp * 9, 4, "nearest")
        self.assertAllEqual(rows[:, 0, 0], [9, 27, 45, 63])

    def test_large_images_are_refused_before_they_are_drawn(self) -> None:
        """13,300 x 13,300 pixels in 200 KB, of every format that claims."""
        row = zlib.compress(bytes(1 + 3 * 13_300) * 200)
        head = struct.pack(">IIBBBBB", 13_300, 13_300, 8, 2, 0, 0, 0)
        png = b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(part)) + kind + part
            + struct.pack(">I", zlib.crc32(kind + part))
            for kind, part in ((b"IHDR", head), (b"IDAT", row), (b"IEND", b""))
        )  # fmt: skip
        jpeg = bytearray(encoded(photo(), "JPEG"))
        place = jpeg.index(b"\xff\xc0") + 5
        jpeg[place : place + 4] = struct.pack(">HH", 13_300, 13_300)
        bmp = bytearray(encoded(photo(), "BMP"))
        bmp[18:26] = struct.pack("<ii", 13_300, 13_300)
        for data in (png, bytes(jpeg), bytes(bmp)):
            tracemalloc.start()
            self.addCleanup(tracemalloc.stop)
            with self.assertRaisesRegex(
                errors.UserError, "^x would take .*more than --max_memory=1g"
            ):
                decode.rgb(data, "x")
            self.assertLess(tracemalloc.get_traced_memory()[1], 1 << 24)

    def test_jpegs_that_are_drawn_for_hours(self) -> None:
        data = encoded(photo(), "JPEG", progressive=True)
        decode.rgb(data, "x")
        scan = data.index(b"\xff\xda")
        end = data.index(b"\xff", scan + 20)
        with self.assertRaisesRegex(errors.UserError, "^x is .*hundred times"):
            decode.rgb(data[:end] + data[scan:end] * 200 + data[end:], "x")

    def test_formats_that_run_programs_are_not_opened(self) -> None:
        script = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n"
        with mock.patch("subprocess.check_call") as call:
            with self.assertRaisesRegex(errors.UserError, "no image of a know"):
                decode.rgb(script, "a.png")
        call.assert_not_called()
