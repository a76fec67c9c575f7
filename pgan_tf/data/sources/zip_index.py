"""Members of a .zip by name, at a hundred bytes each.

Python's own `zipfile` keeps 700 bytes for each in every process that reads,
which is gigabytes for a million images in several processes.
"""

import bisect
import functools
import io
import os
import pathlib
import struct
import zipfile
import zlib

import numpy as np

from pgan_tf.data.sources import source

_LOCAL_HEAD = 30  # bytes before a member's name, its extra field and its data
_DATA_BEGINS = b"PK\x03\x04"
_ENCRYPTED = 1  # flag


class ZipIndex:
    """An open .zip file; a copy in another process opens it anew.

    Attributes:
        path: The file.
        names: Of the files in it, sorted.

    Raises:
        zipfile.BadZipFile: It is none.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self.path = path
        with zipfile.ZipFile(path) as file:
            found = {
                info.filename: info
                for info in file.infolist()
                if not info.is_dir()
            }
        self.names = sorted(found)
        members = [found[name] for name in self.names]
        self._starts = np.array([m.header_offset for m in members], np.int64)
        self._sizes = np.array([m.compress_size for m in members], np.int64)
        self._checksums = np.array([m.CRC for m in members], np.uint32)
        self._methods = np.array([_method_of(m) for m in members], np.int16)

    def read(self, name: str) -> bytes:
        """Content of a file.

        Raises:
            zipfile.BadZipFile, zlib.error, EOFError: It is damaged.
            RuntimeError, NotImplementedError: It is encrypted, or packed in an
                unknown way.
        """
        place = bisect.bisect_left(self.names, name)
        if self.names[place : place + 1] != [name]:
            raise KeyError(name)
        method = self._methods[place]
        if method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
            return self._any_kind.read(name)
        data = self._packed(int(self._starts[place]), int(self._sizes[place]))
        if method == zipfile.ZIP_DEFLATED:
            data = zlib.decompress(data, -zlib.MAX_WBITS)
        if zlib.crc32(data) != self._checksums[place]:
            raise zipfile.BadZipFile(f"Bad CRC-32 for file {name!r}")
        return data

    def _packed(self, start: int, size: int) -> bytes:
        descriptor = self._stream.fileno()
        head = os.pread(descriptor, _LOCAL_HEAD, start)
        if len(head) < _LOCAL_HEAD or not head.startswith(_DATA_BEGINS):
            raise zipfile.BadZipFile("Bad magic number for file header")
        name_size, extra_size = struct.unpack_from("<HH", head, 26)
        start += _LOCAL_HEAD + name_size + extra_size
        data = os.pread(descriptor, size, start)
        if len(data) < size:
            raise EOFError("it is truncated")
        return data

    @functools.cached_property
    def _stream(self) -> io.FileIO:
        return open(self.path, "rb", buffering=0)

    @functools.cached_property
    def _any_kind(self) -> zipfile.ZipFile:
        return zipfile.ZipFile(self.path)

    def __getstate__(self) -> dict[str, object]:
        """Leaves the open files behind."""
        return source.state_without(self, "_stream", "_any_kind")


def _method_of(info: zipfile.ZipInfo) -> int:
    """How a member is packed; -1 if it is encrypted."""
    return -1 if info.flag_bits & _ENCRYPTED else info.compress_type
