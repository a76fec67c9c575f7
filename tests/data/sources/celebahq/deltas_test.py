"""Tests of CelebA-HQ's encrypted deltas."""

import pathlib
import zipfile

import numpy as np

from pgan_tf.base import errors
from pgan_tf.data.sources.celebahq import deltas
from tests import common
from tests.data.sources import published

NAME = "000007.jpg"
PHOTO = b"any bytes will do"
SHAPE = (1024, 1024, 3)


class DeltasTest(common.TestCase):
    def write(
        self,
        image: np.ndarray,
        base: np.ndarray,
        listed_base: np.ndarray | None = None,
    ) -> pathlib.Path:
        """A folder with the delta of image number 1702."""
        folder = self.folder()
        delta = (image - base).transpose(2, 0, 1).tobytes()
        with zipfile.ZipFile(folder / "deltas01000.zip", "w") as file:
            secret = published.encrypted(delta, PHOTO, NAME)
            file.writestr("delta01702.dat", secret)
        if listed_base is None:
            listed_base = base
        (folder / "image_list.txt").write_text(
            "idx  orig_idx  orig_file  proc_md5  final_md5\n"
            f"1702  6  {NAME}  {published.md5(listed_base)}  "
            f"{published.md5(image)}\n"
        )
        return folder

    def test_round_trip(self) -> None:
        # Rows differ by up to 255 either way: only modulo 256 it works.
        base = np.zeros(SHAPE, np.uint8) + np.arange(1024)[:, None, None] // 4
        base = base.astype(np.uint8)
        image = 255 - base
        image[:, :, 1] //= 2  # the channels differ
        found = deltas.Deltas(self.write(image, base))
        (entry,) = found.entries
        self.assertEqual((entry.number, entry.photo), (1702, NAME))
        pixels, is_exact = found.apply(entry, PHOTO, base)
        self.assertAllEqual(pixels, image)
        self.assertTrue(is_exact)

    def test_other_pixels_do_not_wrap(self) -> None:
        listed = np.full(SHAPE, 254, np.uint8)
        listed[512:] = 1
        image = listed + np.uint8(1)
        image[512:] = 0
        found = deltas.Deltas(self.write(image, listed))
        ours = listed + np.uint8(1)  # decoded a little brighter above
        ours[512:] = 0  # and darker below
        pixels, is_exact = found.apply(found.entries[0], PHOTO, ours)
        self.assertTrue(is_exact)
        self.assertAllEqual(pixels, image)

    def test_other_pixels_are_off_by_as_much(self) -> None:
        listed = np.full(SHAPE, 100, np.uint8)
        image = np.full(SHAPE, 90, np.uint8)
        found = deltas.Deltas(self.write(image, listed))
        pixels, is_exact = found.apply(
            found.entries[0], PHOTO, listed + np.uint8(2)
        )
        self.assertFalse(is_exact)
        self.assertAllEqual(pixels, np.full(SHAPE, 92))

    def test_exactness_is_that_of_the_result(self) -> None:
        base = np.full(SHAPE, 100, np.uint8)
        folder = self.write(base + np.uint8(3), base, listed_base=base * 2)
        found = deltas.Deltas(folder)
        _, is_exact = found.apply(found.entries[0], PHOTO, base)
        self.assertTrue(is_exact)

    def refuse(self, message: str, folder: pathlib.Path) -> None:
        with self.assertRaisesRegex(errors.UserError, message) as caught:
            found = deltas.Deltas(folder)
            base = np.zeros(SHAPE, np.uint8)
            found.apply(found.entries[0], PHOTO, base)
        self.assertNotIn("\n", str(caught.exception))

    def test_bad_tables(self) -> None:
        base = np.zeros(SHAPE, np.uint8)
        folder = self.write(base, base)
        table = folder / "image_list.txt"
        text = table.read_text()
        for content, message in (
            ("", "no column idx"),
            ("<html>\nnot found", "no column idx"),
            (text.splitlines()[0], "lists no images"),
            (text.replace("1702", "first"), "line 2 is damaged: 'first"),
            (text[:-40], "line 2 is damaged: '1702"),
            (text.replace("1702", "2702"), "lacks deltas02000.zip"),
            (text.replace("1702", "1703"), "delta01703.dat is missing"),
        ):
            table.write_text(content)
            self.refuse(message, folder)
        table.unlink()
        self.refuse("cannot read .*image_list.txt: .*; .* is published", folder)

    def test_bad_deltas(self) -> None:
        base = np.zeros(SHAPE, np.uint8)
        folder = self.write(base, base)
        for secret, message in (
            (b"not a token", "cannot be decrypted: it is damaged, or 000007"),
            (
                # Of a photo that was saved anew, for example.
                published.encrypted(b"", PHOTO + b" ", NAME),
                "000007.jpg is not the published file byte for byte",
            ),
            (
                published.encrypted(b"few", PHOTO, NAME),
                "dat is .*or damaged",
            ),
            (
                published.encrypted(bytes(3 * 1024**2 + 9), PHOTO, NAME),
                "dat is .*or damaged",
            ),
        ):
            with zipfile.ZipFile(folder / "deltas01000.zip", "w") as file:
                file.writestr("delta01702.dat", secret)
            self.refuse(message, folder)
        (folder / "deltas01000.zip").write_text("not found")
        # Before any image is made.
        with self.assertRaisesRegex(
            errors.UserError,
            "deltas01000.zip .* neither a folder",
        ):
            deltas.Deltas(folder)
