"""Tests of reading members of a .zip."""

import pathlib
import pickle
import zipfile

from pgan_tf.data.sources import archive
from tests import common

METHODS = (
    zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2,
    zipfile.ZIP_LZMA,
)  # fmt: skip


class ZipIndexTest(common.TestCase):
    def make(self) -> tuple[pathlib.Path, dict[str, bytes]]:
        path = self.folder() / "files.zip"
        contents = {}
        with zipfile.ZipFile(path, "w") as file:
            file.mkdir("folder")
            for method in METHODS:
                # In no order, and with names that are not of ASCII.
                for name in (f"z{method}", f"folder/ä{method}"):
                    contents[name] = name.encode() * 1000
                    file.writestr(name, contents[name], method)
            contents["empty"] = b""
            file.writestr("empty", b"")
        return path, contents

    def test_reads_what_zipfile_wrote(self) -> None:
        path, contents = self.make()
        index = archive.ZipIndex(path)
        self.assertEqual(index.names, sorted(contents))
        copy = pickle.loads(pickle.dumps(index))
        for name, data in contents.items():
            self.assertEqual(index.read(name), data)
            self.assertEqual(copy.read(name), data)
        again = pickle.loads(pickle.dumps(index))
        self.assertEqual(again.read("z0"), contents["z0"])
        for name in ("", "y", "zz", "folder/"):
            with self.assertRaises(KeyError):
                index.read(name)

    def test_archive_after_other_bytes(self) -> None:
        path, contents = self.make()
        path.write_bytes(b"a program that unpacks itself" + path.read_bytes())
        index = archive.ZipIndex(path)
        for name, data in contents.items():
            self.assertEqual(index.read(name), data)

    def test_damage_is_noticed(self) -> None:
        path, contents = self.make()
        whole = path.read_bytes()
        index = archive.ZipIndex(path)
        start = whole.index(b"z0" + contents["z0"]) + 2  # after its name
        for place, message in ((start + 5, "CRC"), (start - 32, "magic")):
            data = bytearray(whole)
            data[place] ^= 1
            path.write_bytes(data)
            with self.assertRaisesRegex(zipfile.BadZipFile, message):
                index.read("z0")
        path.write_bytes(whole[: start + 100])
        with self.assertRaisesRegex(EOFError, "truncated"):
            index.read("z0")
        with self.assertRaises(zipfile.BadZipFile):
            archive.ZipIndex(path)

    def test_encrypted(self) -> None:
        path = self.folder() / "secret.zip"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("name", b"content")
        data = bytearray(path.read_bytes())
        data[data.index(b"PK\x01\x02") + 8] |= 1
        data[data.index(b"PK\x03\x04") + 6] |= 1
        path.write_bytes(data)
        with self.assertRaisesRegex(RuntimeError, "encrypted"):
            archive.ZipIndex(path).read("name")
