"""Tests of the source of any images."""

import pickle
import tracemalloc

import numpy as np
from PIL import Image

from pgan_tf.base import errors
from pgan_tf.data.sources import pictures, resizing
from tests import common


class PicturesTest(common.TestCase):
    def test_takes_the_centre_square(self) -> None:
        folder = self.folder()
        # Bands of 10: two at either end are cut off.
        wide = np.repeat(np.arange(5, dtype=np.uint8) * 50, 10)
        wide = np.tile(wide, (10, 1))
        Image.fromarray(wide).save(folder / "wide.png")
        (folder / "sub").mkdir()
        Image.fromarray(wide.T).save(folder / "sub" / "high.png")
        source = pictures.Pictures(folder, 8)
        self.assertLen(source, 2)
        for index in range(2):
            image = source.image(index)
            self.assertAllEqual(image, np.full((8, 8, 3), 100))
            self.assertEqual(image.dtype, np.uint8)
            self.assertEqual(source.label(index).shape, (0,))

    def test_crops_of_images_that_are_not_square(self) -> None:
        folder = self.folder()
        # Four bands of eight rows: 0, 80, 160, 240; eight columns wide.
        bands = np.repeat(np.arange(4, dtype=np.uint8) * 80, 8)
        Image.fromarray(np.tile(bands[:, None], (1, 8))).save(folder / "a.png")
        rows = {
            # The middle eight rows of 32.
            "center": [80, 80, 160, 160],
            "none": [0, 80, 160, 240],
            "pad": [0, 80, 160, 240],
        }
        for crop, expected in rows.items():
            source = pictures.Pictures(folder, 4, form=pictures.Form(crop=crop))
            image = source.image(0)
            self.assertEqual(image.shape, (4, 4, 3))
            if crop == "pad":
                # Eight of 32 columns, that is one of four, lie between bars.
                self.assertAllEqual(image[3, :, 0], [0, 120, 120, 0])
                image = image * 2  # half of what is left is the black bar
            self.assertAllEqual(image[:, 1, 0], expected)

    def test_bars_are_those_of_a_black_square(self) -> None:
        rng = np.random.default_rng(0)
        for height, width in (
            (16, 24), (8, 24), (24, 8), (5, 16), (16, 1), (7, 33), (40, 3),
            (64, 20), (3, 8), (1, 5),
        ):  # fmt: skip
            image = rng.integers(0, 256, (height, width, 3), np.uint8)
            side = max(height, width)
            top, left = round((side - height) / 2), round((side - width) / 2)
            square = np.zeros((side, side, 3), np.uint8)
            square[top : top + height, left : left + width] = image
            for resize_filter in (None, "box", "bilinear", "lanczos"):
                found = resizing.between_bars(image, 8, resize_filter)
                expected = resizing.resized(square, 8, resize_filter)
                # Pillow takes rows first; a high image is turned for it.
                atol = 1 if height > width else 0
                self.assertAllClose(
                    found.astype(int), expected.astype(int), rtol=0, atol=atol
                )

    def test_bars_of_very_long_images_take_little(self) -> None:
        gradient = np.linspace(0, 255, 20_000).astype(np.uint8)
        for shape in ((1, 20_000, 1), (20_000, 1, 1)):
            image = np.broadcast_to(gradient.reshape(shape), (
                16 if shape[0] == 1 else 20_000,
                16 if shape[1] == 1 else 20_000, 3))  # fmt: skip
            tracemalloc.start()
            found = resizing.between_bars(np.ascontiguousarray(image), 128)
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            self.assertLess(peak, 30e6)
            along = 1 if shape[0] == 1 else 0
            means = found.astype(float).sum(axis=1 - along)[:, 0]
            # What there is of the image: 16 of 20,000 rows over 128 pixels.
            expected = np.linspace(0, 255, 128) * (16 / 20_000 * 128)
            self.assertAllClose(means, expected, rtol=0.1, atol=8)
            self.assertAllEqual(
                found.take(range(60), axis=1 - along),
                0 * found.take(range(60), axis=1 - along),
            )

    def test_bars_take_no_more_for_longer_images(self) -> None:
        for width in (30_000, 300_000):
            image = np.full((2, width, 3), 200, np.uint8)
            tracemalloc.start()
            resizing.between_bars(image, 8)
            resizing.between_bars(image[:, :-1], 8)  # no whole factor
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
            # The image's bytes, on their way to Pillow, and a little more.
            self.assertLess(peak, 1.5 * image.nbytes + 100_000)

    def test_enlarged_images_are_counted(self) -> None:
        """Those whose pixels do not fill the square."""
        folder = self.folder()
        sizes = [(8, 8), (7, 7), (7, 20), (20, 7), (8, 20), (3, 7)]
        for i, (width, height) in enumerate(sizes):
            Image.new("RGB", (width, height)).save(folder / f"{i}.png")
        for crop, expected in (
            ("center", {1, 2, 3, 5}),
            ("none", {1, 2, 3, 5}),
            ("pad", {1, 5}),
        ):
            source = pictures.Pictures(folder, 8, form=pictures.Form(crop=crop))
            before = pickle.dumps(source)
            for index in range(len(sizes)):
                source.image(index)
            for index in range(len(sizes)):
                found = source.enlarged.count([index])
                self.assertEqual(found, index in expected, f"{crop} {index}")
            self.assertEqual(
                source.enlarged.count(range(1, 5)),
                len(expected & set(range(1, 5))),
            )
            # What was seen makes no other source, and does not travel.
            self.assertEqual(pickle.dumps(source), before)
            other = pickle.loads(before)
            self.assertEqual(other.enlarged.count(range(6)), 0)
            other.image(1)
            self.assertEqual(other.enlarged.count(range(6)), 1)

    def test_gray(self) -> None:
        folder = self.folder()
        Image.new("RGB", (8, 8), (200, 100, 50)).save(folder / "a.png")
        Image.new("L", (8, 8), 123).save(folder / "b.png")
        source = pictures.Pictures(
            folder, 4, form=pictures.Form(channels="gray")
        )
        self.assertEqual(source.num_channels, 1)
        # 0.299 R + 0.587 G + 0.114 B = 124.2
        self.assertAllEqual(source.image(0), np.full((4, 4, 1), 124))
        self.assertAllEqual(source.image(1), np.full((4, 4, 1), 123))

    def test_filter_is_used_and_told(self) -> None:
        folder = self.folder()
        stripes = np.zeros((8, 8), np.uint8)
        stripes[:, 1::2] = 200
        Image.fromarray(stripes).save(folder / "a.png")
        form = pictures.Form(resize_filter="nearest")
        source = pictures.Pictures(folder, 4, form=form)
        self.assertAllEqual(source.image(0), np.full((4, 4, 3), 200))
        self.assertAllEqual(
            pictures.Pictures(folder, 4).image(0), np.full((4, 4, 3), 100)
        )
        self.assertEqual(
            source.options(),
            {
                "source_dir": folder.name,
                "crop": "center",
                "channels": "rgb",
                "resize_filter": "nearest",
            },
        )

    def test_whatever_lies_in_a_folder(self) -> None:
        folder = self.folder()
        shade = Image.new("L", (9, 6), 90)
        shade.save(folder / "gray.png")
        shade.convert("RGBA").save(folder / "alpha.png")
        shade.convert("P").save(folder / "palette.gif")
        shade.convert("RGB").convert("CMYK").save(folder / "print.tif")
        shade.convert("I;16").point(lambda x: x * 257).save(folder / "deep.png")
        frames = [shade, Image.new("L", (9, 6), 7)]
        frames[0].save(folder / "moves.webp", save_all=True,
                       append_images=frames[1:], lossless=True)  # fmt: skip
        shade.save(folder / "Ünï 😀.PNG")
        (folder / ".hidden.png").write_text("no image")
        (folder / "notes.txt").write_text("no image")
        source = pictures.Pictures(folder, 4)
        self.assertLen(source, 7)
        for index, name in enumerate(source.names):
            expected = np.full((4, 4, 3), 90)
            self.assertAllClose(
                source.image(index), expected, rtol=0, atol=1, msg=name
            )

    def test_bad_image_is_named(self) -> None:
        folder = self.folder()
        (folder / "bad.jpg").write_text("no image")
        with self.assertRaisesRegex(errors.UserError, "bad.jpg is no image"):
            pictures.Pictures(folder, 8).image(0)
