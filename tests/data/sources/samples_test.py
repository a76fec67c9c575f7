"""Pictures of any kind of samples: by the file's own range, on white."""

import io

import numpy as np
from absl.testing import parameterized
from PIL import Image

from pgan_tf.base import errors
from pgan_tf.data import values
from pgan_tf.data.sources import decode
from tests import common
from tests.data.sources import raw_pictures
from tests.data.sources.raw_pictures import png, tiff

SHADES = np.arange(256).reshape(8, 32)
GRAYS = np.repeat(SHADES[..., np.newaxis], 3, axis=-1)
COLORS = np.stack([SHADES, SHADES[::-1], SHADES[:, ::-1]], axis=-1)


def spread(shades: np.ndarray, dtype: str, low: float, high: float):
    """Shades 0..255 as samples between two numbers."""
    samples = low + shades * ((high - low) / 255)
    return (samples if dtype[0] == "f" else np.rint(samples)).astype(dtype)


class SamplesTest(common.TestCase, parameterized.TestCase):
    def assert_decodes(self, data, expected, told=None) -> None:
        found = decode.rgb(data, "a.tif", told=told)
        self.assertEqual(found.dtype, np.uint8)
        self.assertAllEqual(found, expected)

    def assert_open(self, data: bytes, *hints: str) -> None:
        """Expects one line that names the file and the choice."""
        with self.assertRaises(errors.UserError) as caught:
            decode.rgb(data, "dir/a.tif")
        message = str(caught.exception)
        self.assertStartsWith(message, "dir/a.tif ")
        self.assertNotIn("\n", message)
        for hint in ("--pixel_range", *hints):
            self.assertIn(hint, message)

    def assert_reads(self, data: bytes, is_known: bool = True) -> None:
        """Expects the shades, or an error where Pillow does not know a kind."""
        if is_known:
            self.assert_decodes(data, GRAYS)
            return
        with self.assertRaisesRegex(errors.UserError, "a is a TIFF.*convert"):
            decode.rgb(data, "a")

    @parameterized.product(
        kind=[
            ("uint8", 0, 255), ("uint16", 0, 65535), ("uint32", 0, 2**32 - 1),
            ("float32", 0, 1),
        ],
        order=["<", ">"],
        deflate=[False, True],
    )  # fmt: skip
    def test_tiffs_that_need_not_say_more(self, kind, order, deflate):
        samples = spread(SHADES, *kind)
        data = tiff(samples, order=order, deflate=deflate)
        self.assert_reads(data, (kind[0], order) != ("uint32", ">"))

    @parameterized.product(
        kind=[
            ("uint16", 0, 4095), ("uint16", 100, 9000), ("uint32", 0, 255),
            ("int32", 0, 255), ("int16", -32768, 32767), ("int16", 0, 1023),
            ("float32", 0, 255), ("float32", -1, 1), ("float32", 0, 65535),
        ],
        order=["<", ">"],
        deflate=[False, True],
    )  # fmt: skip
    def test_tiffs_that_say_their_range(self, kind, order, deflate):
        _, low, high = kind
        samples = spread(SHADES, *kind)
        data = tiff(samples, None, (low, high), order, deflate)
        self.assert_reads(data, (kind[0], order) != ("uint32", ">"))

    @parameterized.parameters(
        ("uint16", 0, 4095, "0,4095"),  # 12 bits in 16
        ("uint16", 0, 255, "0,255"),
        ("uint32", 0, 255, "0,255"),
        ("uint32", 0, 65535, "0,65535"),
        ("int8", 0, 127, "signed"),
        ("int16", 0, 32767, "signed"),
        ("int16", -32768, 32767, "-32768"),
        ("int32", 0, 255, "0,255"),
        ("float32", 0, 255, "fractions"),
        ("float32", -1, 1, "-1"),
        ("float32", 0, 1.01, "1.00999"),
    )
    def test_tiffs_that_do_not_say(self, dtype, low, high, hint):
        samples = spread(SHADES, dtype, low, high)
        self.assert_open(tiff(samples), hint)
        told = values.Range(low, high)
        found = decode.rgb(tiff(samples), "a", told=told).astype(int)
        # Those of 7 bits hold half of the shades.
        self.assertAllClose(found, GRAYS, rtol=0, atol=dtype == "int8")

    @parameterized.product(
        kind=[("uint8", 0, 255), ("uint16", 0, 65535), ("float32", 0, 1)],
        order=["<", ">"],
    )
    def test_white_is_zero(self, kind, order):
        data = tiff(
            spread(255 - SHADES, *kind), raw_pictures.WHITE_IS_ZERO, order=order
        )
        self.assert_reads(data, (kind[0], order) != ("uint16", ">"))

    def test_white_is_zero_in_a_range_that_is_told(self):
        samples = spread(255 - SHADES, "uint16", 0, 4095)
        white_is_zero = raw_pictures.WHITE_IS_ZERO
        self.assert_open(tiff(samples, white_is_zero))
        data = tiff(samples, white_is_zero, limits=(0, 4095))
        self.assert_decodes(data, GRAYS)
        data = tiff(samples, white_is_zero)
        self.assert_decodes(data, GRAYS, values.Range(0, 4095))

    @parameterized.product(order=["<", ">"], deflate=[False, True])
    def test_color_of_16_bits(self, order, deflate):
        deep = spread(COLORS, "uint16", 0, 65535)
        form = {"order": order, "deflate": deflate}
        self.assert_decodes(tiff(deep, **form), COLORS)
        few = spread(COLORS, "uint16", 0, 4095)
        self.assert_open(tiff(few, **form), "0,4095")
        told = values.Range(0, 4095)
        self.assert_decodes(tiff(few, **form), COLORS, told)
        said = tiff(few, limits=(0, 4095), **form)
        self.assert_decodes(said, COLORS)

    def test_what_a_user_says_is_not_for_8_bits(self):
        told = values.Range(0, 4095)
        for data in (
            tiff(SHADES.astype(np.uint8)),
            png(SHADES, raw_pictures.GRAY, 8),
            png(COLORS, raw_pictures.COLOR, 8),
        ):
            expected = decode.rgb(data, "a")
            self.assert_decodes(data, expected, told)

    def test_numbers_that_are_none(self):
        for bad in (np.nan, np.inf, -np.inf):
            samples = np.full((4, 4), 0.5, np.float32)
            samples[1, 2] = bad
            for told in (None, values.Range(0, 1)):
                with self.assertRaisesRegex(
                    errors.UserError, "a.tif has .*no n"
                ):
                    decode.rgb(tiff(samples), "a.tif", told=told)

    def test_lab(self):
        # White, black and middle gray; then reds, by their sign.
        lab = np.array(
            [
                [
                    [255, 0, 0],
                    [0, 0, 0],
                    [137, 0, 0],
                    [136, 80, 67],
                    [136, 176, 189],
                ]
            ],
            np.uint8,
        )
        found = decode.rgb(tiff(lab, raw_pictures.LAB), "a").astype(int)[0]
        expected = [[255] * 3, [0] * 3, [128] * 3]
        self.assertAllClose(found[:3], expected, rtol=0, atol=3)
        self.assertGreater(found[3, 0], found[3, 2] + 100)
        self.assertGreater(found[4, 2], found[4, 0] + 50)

    def test_what_pillow_does_not_read_is_called_a_tiff(self):
        for samples in (
            np.zeros((4, 4), np.float64),
            np.zeros((4, 4), np.float16),
            np.zeros((4, 4, 3), np.float32),
        ):
            with self.assertRaisesRegex(
                errors.UserError, "a is a TIFF.*16 bits"
            ):
                decode.rgb(tiff(samples), "a")

    def test_png_of_16_bits_reaches_from_0_to_65535(self):
        deep = SHADES * 257
        self.assert_decodes(png(deep, raw_pictures.GRAY), GRAYS)
        self.assert_decodes(png(COLORS * 257, raw_pictures.COLOR), COLORS)
        # As the format has it, however dark.
        dark = png(SHADES * 4, raw_pictures.GRAY)
        self.assert_decodes(dark, (GRAYS * 4 + 128) // 257)
        opaque = np.full((*SHADES.shape, 1), 65535)
        both = np.concatenate([deep[..., np.newaxis], opaque], axis=-1)
        self.assert_decodes(png(both, raw_pictures.GRAY_ALPHA), GRAYS)
        both = np.concatenate([COLORS * 257, opaque], axis=-1)
        self.assert_decodes(png(both, raw_pictures.COLOR_ALPHA), COLORS)

    @parameterized.parameters(1, 2, 4, 8, 16)
    def test_a_transparent_gray_is_white(self, bits):
        count = min(2**bits, 256)
        samples = np.arange(count).reshape(1, -1) * (2**bits // count)
        shades = np.rint(samples * (255 / (2**bits - 1)))
        for place in (0, count // 2, count - 2):
            key = int(samples[0, place])
            expected = np.repeat(shades[..., np.newaxis], 3, axis=-1)
            expected[0, place] = 255
            data = png(samples, raw_pictures.GRAY, bits, (key,))
            self.assert_decodes(data, expected)

    @parameterized.parameters(8, 16)
    def test_a_transparent_color_is_white(self, bits):
        scale = (2**bits - 1) // 255
        samples = COLORS * scale
        if bits == 16:
            # Nearly the same color, which is another one.
            samples[0, 1] = samples[0, 0] + [0, 0, 1]
        key = tuple(samples[0, 0].tolist())
        expected = np.rint(samples / scale)
        expected[0, 0] = 255
        data = png(samples, raw_pictures.COLOR, bits, key)
        self.assert_decodes(data, expected)

    @parameterized.parameters(raw_pictures.GRAY_ALPHA, raw_pictures.COLOR_ALPHA)
    def test_transparency_of_16_bits_lies_on_white(self, kind):
        channels = 2 if kind == raw_pictures.GRAY_ALPHA else 4
        samples = np.zeros((1, 3, channels), int)
        samples[..., :-1] = 100 * 257
        samples[0, :, -1] = [0, 65535, 32768]
        data = png(samples, kind)
        found = decode.rgb(data, "a").astype(int)[0, :, 0]
        self.assertAllClose(found, [255, 100, 178], rtol=0, atol=1)

    def test_palettes_with_transparency(self):
        image = Image.new("P", (4, 1))
        image.putpalette([10, 20, 30, 40, 50, 60, 70, 80, 90, 1, 1, 1])
        image.putdata([0, 1, 2, 3])
        for transparency, clear in (
            (1, [1]),
            (bytes([255, 0, 255, 0]), [1, 3]),
        ):
            for form in ("PNG", "GIF"):
                if form == "GIF" and isinstance(transparency, bytes):
                    continue
                stream = io.BytesIO()
                image.save(stream, form, transparency=transparency)
                expected = np.array(
                    [[[10, 20, 30], [40, 50, 60], [70, 80, 90], [1, 1, 1]]]
                )
                expected[0, clear] = 255
                self.assert_decodes(stream.getvalue(), expected)

    def test_deep_images_are_turned_too(self):
        exif = Image.Exif()
        exif[0x0112] = 6  # to be turned clockwise by a quarter
        deep = Image.fromarray((SHADES * 257).astype(np.uint16))
        stream = io.BytesIO()
        deep.save(stream, "PNG", exif=exif)
        self.assert_decodes(stream.getvalue(), np.rot90(GRAYS, -1))
        orientation = {274: (3, [6])}
        for samples, expected in (
            (spread(SHADES, "uint16", 0, 65535), GRAYS),
            (spread(SHADES, "float32", 0, 1), GRAYS),
            (spread(COLORS, "uint16", 0, 65535), COLORS),
        ):
            data = tiff(samples, tags=orientation)
            self.assert_decodes(data, np.rot90(expected, -1))

    def test_portable_maps_have_a_maximum(self):
        for maximum in (255, 1000, 4095, 65535):
            samples = np.rint(SHADES * (maximum / 255)).astype(">u2")
            if maximum == 255:
                samples = samples.astype(np.uint8)
            data = f"P5 32 8 {maximum}\n".encode() + samples.tobytes()
            found = decode.rgb(data, "a").astype(int)
            self.assertAllClose(found, GRAYS, rtol=0, atol=1)
