"""Tests of folders and zips of files."""

import pickle
import zipfile

from pgan_tf.base import errors
from pgan_tf.data.sources import archive
from tests import common

FILES = {
    "b/2.PNG": b"two",
    "a/1.jpg": b"one",
    "notes.txt": b"text",
    "a/.hidden.jpg": b"",
    "__MACOSX/a/1.jpg": b"",
}


class ArchiveTest(common.TestCase):
    def both(self):
        """The same files in a folder and in a zip."""
        folder = self.folder()
        with zipfile.ZipFile(folder / "files.zip", "w") as file:
            for name, data in FILES.items():
                path = folder / "files" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(data)
                file.writestr(name, data)
        return folder / "files", folder / "files.zip"

    def test_names_are_sorted_and_not_hidden(self) -> None:
        for path in self.both():
            files = archive.Archive(path)
            self.assertEqual(files.names, ["a/1.jpg", "b/2.PNG", "notes.txt"])
            self.assertEqual(files.image_names(), ["a/1.jpg", "b/2.PNG"])
            self.assertEqual(files.read("a/1.jpg"), b"one")
            self.assertEqual(files.find("2.PNG"), "b/2.PNG")
            self.assertIsNone(files.find("absent"))

    def test_travels_to_other_processes(self) -> None:
        for path in self.both():
            files = archive.Archive(path)
            files.read("a/1.jpg")
            copy = pickle.loads(pickle.dumps(files))
            self.assertEqual(copy.read("b/2.PNG"), b"two")

    def test_bad_paths(self) -> None:
        folder, _ = self.both()
        with self.assertRaisesRegex(errors.UserError, "no such .*/absent"):
            archive.Archive(folder / "absent")
        with self.assertRaisesRegex(
            errors.UserError, "notes.txt .* neither a folder"
        ):
            archive.Archive(folder / "notes.txt")
        with self.assertRaisesRegex(errors.UserError, "no images in .*empty"):
            (folder / "empty").mkdir()
            archive.Archive(folder / "empty").image_names()

    def test_file_that_cannot_be_read_is_named(self) -> None:
        folder, _ = self.both()
        (folder / "link.jpg").symlink_to("/absent/file")
        files = archive.Archive(folder)
        self.assertIn("link.jpg", files.names)
        with self.assertRaisesRegex(
            errors.UserError, "cannot read .*/link.jpg: No such file"
        ):
            files.read("link.jpg")

    def test_damaged_member_is_named(self) -> None:
        _, path = self.both()
        data = bytearray(path.read_bytes())
        data[data.index(b"one")] ^= 1
        path.write_bytes(data)
        with self.assertRaisesRegex(errors.UserError, "a/1.jpg .*or damaged"):
            archive.Archive(path).read("a/1.jpg")
