"""What is left out of a dataset is counted and told."""

import pathlib
import sys
import zipfile
from unittest import mock

from pgan_tf.base import errors
from pgan_tf.data.sources import archive, decode, formats
from tests import common


class IgnoredTest(common.TestCase):
    def archives(self, *names: str) -> list[archive.Archive]:
        """The files in a folder and in a zip."""
        here = self.folder()
        with zipfile.ZipFile(here / "a.zip", "w") as file:
            for name in names:
                path = here / "a" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.touch()
                file.writestr(name, b"")
        return [archive.Archive(here / each) for each in ("a", "a.zip")]

    def without_heif(self) -> None:
        self.enter_context(
            mock.patch.object(formats, "has_heif", return_value=False)
        )

    def test_nothing(self) -> None:
        for files in self.archives("1.png", "b/2.JPG"):
            self.assertEqual(files.ignored(), "")

    def test_all_names_that_pillow_reads(self) -> None:
        names = [
            "1.jpg", "2.JPG", "3.jfif", "4.apng", "5.avif", "6.jp2", "7.tif",
            "8.TIFF", "9.Png", "a.bmp", "b.gif", "c.webp", "d.ppm", "e.jpe",
        ]  # fmt: skip
        for files in self.archives(*names):
            self.assertCountEqual(files.image_names(), names)
            self.assertEqual(files.ignored(), "")

    def test_pictures_that_are_not_read_come_first(self) -> None:
        self.without_heif()
        names = ["1.png", "a.txt", "b.txt", "c.md", "2.HEIC", "3.jxl", "4.jxl"]
        for files in self.archives(*names):
            self.assertEqual(files.image_names(), ["1.png"])
            self.assertEqual(
                files.ignored(),
                "2 .jxl, 1 .HEIC, 2 .txt, 1 .md (convert .HEIC, .jxl to .png "
                'or .jpg to use them; pip install "pgan_tf[heif]" reads HEIC '
                "as it is)",
            )

    def test_heic_with_the_extra(self) -> None:
        names = ["1.png", "2.HEIC", "3.heif", "4.hif"]
        with mock.patch.object(formats, "has_heif", return_value=True):
            for files in self.archives(*names):
                self.assertCountEqual(files.image_names(), names)
                self.assertEqual(files.ignored(), "")

    def test_heic_is_read_through_its_package(self) -> None:
        opener = mock.Mock()
        self.enter_context(
            mock.patch.dict(sys.modules, {"pillow_heif": opener})
        )
        formats.register.cache_clear()
        self.addCleanup(formats.register.cache_clear)
        heif = b"\0\0\0\x18ftypheic" + bytes(100)
        with mock.patch.object(formats, "has_heif", return_value=True):
            for _ in range(2):
                with self.assertRaisesRegex(errors.UserError, "a.heic"):
                    decode.rgb(heif, "a.heic")
        opener.register_heif_opener.assert_called_once_with()

    def test_hidden_and_nameless(self) -> None:
        names = ["1.png", ".x.png", "a/._1.png", "Thumbs.db", "README", "b/x"]
        for files in self.archives(*names):
            self.assertEqual(files.ignored(), "2 without a suffix, 3 hidden")

    def test_a_zip_of_here(self) -> None:
        path = self.folder() / "a.zip"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("./b/1.png", b"one")
            file.writestr("./b/.2.png", b"two")
        files = archive.Archive(path)
        self.assertEqual(files.image_names(), ["./b/1.png"])
        self.assertEqual(files.ignored(), "1 hidden")

    def test_a_file_of_labels_is_not_left_out(self) -> None:
        for files in self.archives("1.png", "dataset.json", "b.json"):
            self.assertEqual(files.ignored("dataset.json"), "1 .json")

    def test_many_kinds_and_odd_ones(self) -> None:
        names = [f"{each}.k{each}" for each in range(12)]
        for files in self.archives("1.png", "x.a\nb", *names):
            told = files.ignored()
            self.assertNotIn("\n", told)
            self.assertIn("5 of other kinds", told)

    def test_where_there_are_no_images_at_all(self) -> None:
        self.without_heif()
        for files in self.archives("1.heic", "2.heic"):
            with self.assertRaisesRegex(
                Exception, "no images in .*there are 2 .heic .convert .heic to"
            ):
                files.image_names()

    def test_zip_made_on_windows(self) -> None:
        path = self.folder() / "a.zip"
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as file:
            file.writestr("b\\", b"")
            file.writestr("b\\1.png", b"one")
            file.writestr("b\\c\\2.png", b"two")
            file.writestr("__MACOSX\\b\\1.png", b"no")
            file.writestr("b\\._1.png", b"no")
        files = archive.Archive(pathlib.Path(path))
        self.assertEqual(files.names, ["b/1.png", "b/c/2.png"])
        self.assertEqual(files.read("b/c/2.png"), b"two")
        self.assertEqual(files.ignored(), "2 hidden")
