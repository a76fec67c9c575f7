"""Tests of files that are found in folders and archives, and of bombs."""

import bz2
import gzip
import io
import lzma
import os
import pathlib
import tarfile
import tracemalloc

from absl.testing import parameterized

from pgan_tf.base import errors
from pgan_tf.data.sources import arrays
from tests import common

PACKERS = {"gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress}
MIB = 1 << 20


def tar_of(**members: bytes) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, data in members.items():
            info = tarfile.TarInfo(f"folder/{name}")
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return stream.getvalue()


class ReadMembersTest(common.TestCase, parameterized.TestCase):
    def refuse(self, path: pathlib.Path, message: str) -> None:
        tracemalloc.start()
        self.addCleanup(tracemalloc.stop)
        with self.assertRaisesRegex(errors.UserError, message) as caught:
            arrays.read_members(path, ["meta", "test"])
        self.assertIn(str(path), str(caught.exception))
        self.assertLess(tracemalloc.get_traced_memory()[1], 160 * MIB)

    @parameterized.parameters(*PACKERS)
    def test_packed_tars(self, kind: str) -> None:
        path = self.folder() / f"set.tar.{kind}"
        path.write_bytes(PACKERS[kind](tar_of(meta=b"m", other=b"", test=b"t")))
        found = arrays.read_members(path, ["test", "meta"])
        self.assertEqual(found, {"test": b"t", "meta": b"m"})

    @parameterized.parameters(*PACKERS)
    def test_bombs_beside_what_is_wanted(self, kind: str) -> None:
        path = self.folder() / f"set.tar.{kind}"
        content = tar_of(meta=b"m", other=bytes(70 * MIB), test=b"t")
        path.write_bytes(PACKERS[kind](content))
        self.refuse(path, "unpacks to more than 50 times")

    def test_a_bomb_in_a_member(self) -> None:
        folder = self.folder()
        (folder / "meta").write_bytes(b"m")
        (folder / "test.gz").write_bytes(gzip.compress(bytes(70 * MIB)))
        self.refuse(folder, "test.gz unpacks to more than 50 times")

    def test_claims_of_a_tar(self) -> None:
        info = tarfile.TarInfo("folder/meta")
        info.size = 8_000_000_000
        path = self.folder() / "set.tar"
        path.write_bytes(info.tobuf() + bytes(2048))
        self.refuse(path, "set.tar/folder/meta would take 8.0 GB")

    def test_what_is_no_file(self) -> None:
        """A pipe would be waited for, and a device read for ever."""
        folder = self.folder()
        os.mkfifo(folder / "meta")
        (folder / "test").symlink_to("/dev/zero")
        self.refuse(folder, "no file meta")
