"""A .zip file's members by name, each unpacked to what it says and no more.

Python's own `zipfile` keeps 700 bytes for each member in every process that
reads, which is gigabytes for a million images in several processes; here it
is a hundred. And it unpacks whatever there is to unpack.
"""

import bisect
import bz2
import functools
import io
import lzma
import os
import pathlib
import struct
import zipfile
import zlib
from typing import Any

import numpy as np

from pgan_tf.base import boundary, memory
from pgan_tf.data.sources import source

_LOCAL_HEAD = 30  # bytes before a member's name, its extra field and its data
_DATA_BEGINS = b"PK\x03\x04"
_ENCRYPTED = 1  # flag
_END = struct.Struct("<4s4H2LH")
_END_BEGINS = b"PK\x05\x06"
_LONGEST_COMMENT = 1 << 16
# What `zipfile` takes while it opens a file, per byte of the file's list.
_PER_LISTED = 12


class ZipMembers:
    """An open .zip file; a copy in another process opens it anew.

    Attributes:
        path: The file.
        names: Of the files in it, sorted.

    Raises:
        UserError: It is none, or lists more than can be.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        way_out = "it is neither a folder nor a .zip archive"
        with boundary.reading(path, "zip archive", way_out):
            memory.require(_PER_LISTED * _listed(path), f"the list in {path}")
            with zipfile.ZipFile(path) as file:
                found = {
                    name: info
                    for info in file.infolist()
                    if not (name := _name_of(info)).endswith("/")
                }
            self.names = sorted(found)
            members = [found[name] for name in self.names]
            self._starts = _column(members, "header_offset", np.int64)
            self._packed = _column(members, "compress_size", np.int64)
            self._sizes = _column(members, "file_size", np.int64)
            self._checksums = _column(members, "CRC", np.uint32)
            self._methods = np.array(list(map(_method_of, members)), np.int16)
            self._check_places(path.stat().st_size)

    def read(self, name: str) -> bytes:
        """Content of a file.

        Raises:
            KeyError: There is none of that name.
            UserError: It is damaged, encrypted, a bomb, or packed in an
                unknown way.
        """
        place = bisect.bisect_left(self.names, name)
        if self.names[place : place + 1] != [name]:
            raise KeyError(name)
        where = os.path.join(self.path, name)
        with boundary.reading(where, "member of the archive"):
            packed, size = int(self._packed[place]), int(self._sizes[place])
            memory.require_unpacked(packed, packed + size, where)
            data = _unpacked(
                int(self._methods[place]),
                self._read_packed(int(self._starts[place]), packed),
                size,
            )
            if len(data) != size:
                raise zipfile.BadZipFile(
                    "it has not the size that is told of it"
                )
            if zlib.crc32(data) != self._checksums[place]:
                raise zipfile.BadZipFile("its checksum is wrong")
            return data

    def _read_packed(self, start: int, size: int) -> bytes:
        descriptor = self._stream.fileno()
        head = os.pread(descriptor, _LOCAL_HEAD, start)
        if len(head) < _LOCAL_HEAD or not head.startswith(_DATA_BEGINS):
            raise zipfile.BadZipFile("no member begins where it should")
        name_size, extra_size = struct.unpack_from("<HH", head, 26)
        start += _LOCAL_HEAD + name_size + extra_size
        data = os.pread(descriptor, size, start)
        if len(data) < size:
            raise zipfile.BadZipFile("it ends before its data")
        return data

    def _check_places(self, file_size: int) -> None:
        """Members lie within the file, and each has bytes of its own.

        Else a few bytes could be unpacked again and again.
        """
        order = np.argsort(self._starts, kind="stable")
        starts = self._starts[order]
        ends = starts + _LOCAL_HEAD + self._packed[order]
        following = np.append(starts[1:], file_size)
        if np.any(starts < 0) or np.any(ends > following):
            raise zipfile.BadZipFile("its members overlap or end after it")

    @functools.cached_property
    def _stream(self) -> io.FileIO:
        return open(self.path, "rb", buffering=0)

    def __getstate__(self) -> dict[str, object]:
        """Leaves the open file behind."""
        return source.state_without(self, "_stream")


def _name_of(info: zipfile.ZipInfo) -> str:
    """A member's name; some of Windows' programs write folders by "\\"."""
    return info.filename.replace("\\", "/")


def _listed(path: pathlib.Path) -> int:
    """Bytes of the list of members at the end of a file; 0 if unknown."""
    size = path.stat().st_size
    with open(path, "rb") as stream:
        stream.seek(max(0, size - _LONGEST_COMMENT - _END.size))
        tail = stream.read()
    place = tail.rfind(_END_BEGINS)
    if place < 0 or len(tail) - place < _END.size:
        return 0
    # In large files it is told elsewhere, yet not more than there is.
    return min(_END.unpack_from(tail, place)[5], size)


def _column(members: list[zipfile.ZipInfo], name: str, kind: Any) -> np.ndarray:
    return np.array([getattr(each, name) for each in members], kind)


def _method_of(info: zipfile.ZipInfo) -> int:
    """How a member is packed; -1 if it is encrypted."""
    return -1 if info.flag_bits & _ENCRYPTED else info.compress_type


def _unpacked(method: int, data: bytes, size: int) -> bytes:
    """What is packed in `data`, cut off after `size` + 1 bytes."""
    unpack: Any
    if method == zipfile.ZIP_STORED:
        return data
    if method == zipfile.ZIP_DEFLATED:
        unpack = zlib.decompressobj(-zlib.MAX_WBITS)
    elif method == zipfile.ZIP_BZIP2:
        unpack = bz2.BZ2Decompressor()
    elif method == zipfile.ZIP_LZMA:
        unpack, data = _lzma(data)
    elif method < 0:
        raise RuntimeError("it is encrypted")
    else:
        raise NotImplementedError(f"it is packed by the unknown way {method}")
    return unpack.decompress(data, size + 1)


def _lzma(data: bytes) -> tuple[lzma.LZMADecompressor, bytes]:
    """What unpacks a member's LZMA, and its bytes after the properties."""
    properties, dict_size = struct.unpack_from("<BL", data, 4)
    if dict_size > memory.limit():
        raise MemoryError
    rest, lc = divmod(properties, 9)
    pb, lp = divmod(rest, 5)
    filters = [
        {
            "id": lzma.FILTER_LZMA1,
            "dict_size": dict_size,
            "lc": lc,
            "lp": lp,
            "pb": pb,
        }
    ]
    (size,) = struct.unpack_from("<H", data, 2)
    unpack = lzma.LZMADecompressor(lzma.FORMAT_RAW, filters=filters)
    return unpack, data[4 + size :]
