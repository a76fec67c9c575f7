"""Tests of reading members of a .zip."""

import pathlib
import pickle
import struct
import tracemalloc
import zipfile

from absl.testing import parameterized

from pgan_tf.base import errors, memory
from pgan_tf.data.sources import zip_members
from tests import common

METHODS = (
    zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2,
    zipfile.ZIP_LZMA,
)  # fmt: skip


class ZipMembersTest(common.TestCase, parameterized.TestCase):
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
        index = zip_members.ZipMembers(path)
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
        index = zip_members.ZipMembers(path)
        for name, data in contents.items():
            self.assertEqual(index.read(name), data)

    def test_damage_is_noticed(self) -> None:
        path, contents = self.make()
        whole = path.read_bytes()
        index = zip_members.ZipMembers(path)
        start = whole.index(b"z0" + contents["z0"]) + 2  # after its name
        for place, message in (
            (start + 5, "checksum"),
            (start - 32, "begins"),
        ):
            data = bytearray(whole)
            data[place] ^= 1
            path.write_bytes(data)
            with self.assertRaisesRegex(errors.UserError, message):
                index.read("z0")
        path.write_bytes(whole[: start + 100])
        with self.assertRaisesRegex(errors.UserError, "z0 is truncated"):
            index.read("z0")
        with self.assertRaisesRegex(errors.UserError, "neither a folder"):
            zip_members.ZipMembers(path)

    def test_encrypted(self) -> None:
        path = self.folder() / "secret.zip"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("name", b"content")
        data = bytearray(path.read_bytes())
        data[data.index(b"PK\x01\x02") + 8] |= 1
        data[data.index(b"PK\x03\x04") + 6] |= 1
        path.write_bytes(data)
        with self.assertRaisesRegex(errors.UserError, "name .*encrypted"):
            zip_members.ZipMembers(path).read("name")

    @parameterized.parameters(*METHODS[1:])
    def test_bombs(self, method) -> None:
        """Refused by what they say, or cut off where they say less."""
        path = self.folder() / "bomb.zip"
        with zipfile.ZipFile(path, "w", method) as file:
            file.writestr("a.png", bytes(80 << 20))
        self.refuse(path, "a.png unpacks to more than 50 times")
        data = bytearray(path.read_bytes())
        place = data.index(b"PK\x01\x02") + 24
        data[place : place + 4] = struct.pack("<I", 1000)
        path.write_bytes(data)
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        self.refuse(path, "a.png .*not the size that is told")
        self.assertLess(tracemalloc.get_traced_memory()[1], 20 << 20)

    def test_claims(self) -> None:
        """Sizes of gigabytes in a file of a few bytes."""
        path = self.folder() / "claims.zip"
        with zipfile.ZipFile(path, "w") as file:
            file.writestr("a.png", b"content" * 100)
        data = path.read_bytes()
        place = data.index(b"PK\x01\x02") + 20
        for packed, size in ((2**32 - 2, 700), (700, 2**32 - 2)):
            claims = struct.pack("<II", packed, size)
            path.write_bytes(data[:place] + claims + data[place + 8 :])
            self.refuse(path, "overlap or end after|unpacks to more")

    def test_a_member_in_several_places(self) -> None:
        path = self.folder() / "again.zip"
        with zipfile.ZipFile(path, "w") as file:
            for name in ("a.png", "b.png"):
                file.writestr(name, b"content" * 100)
        data = bytearray(path.read_bytes())
        place = data.rindex(b"PK\x01\x02") + 42  # where the second begins
        data[place : place + 4] = bytes(4)
        path.write_bytes(data)
        self.refuse(path, "overlap")

    def test_a_list_beyond_the_budget(self) -> None:
        path, _ = self.make()
        self.addCleanup(memory.set_limit, memory.limit())
        memory.set_limit(1000)
        self.refuse(path, "the list in .*files.zip .*--max_memory=1k")

    def refuse(self, path: pathlib.Path, message: str) -> None:
        with self.assertRaisesRegex(errors.UserError, message) as caught:
            zip_members.ZipMembers(path).read("a.png")
        self.assertIn(str(path), str(caught.exception))
