"""Image files in a folder or a .zip, by name.

Python's own `zipfile` keeps 700 bytes for each member in every process that
reads, which is gigabytes for a million images in several processes; here it
is a hundred.
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

from pgan_tf.base import errors
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


IMAGE_SUFFIXES = frozenset(
    ".avif .bmp .gif .jp2 .jpe .jpeg .jpg .pbm .pgm .png .ppm .tga .tif .tiff "
    ".webp".split()
)


class Archive:
    """The files below a folder or within a .zip.

    Attributes:
        path: The folder or the .zip file.
        names: Of all files, relative, sorted; none that is hidden.
        is_folder: Whether it is no .zip.

    Raises:
        UserError: There is no such folder or file, or it is no zip archive.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = pathlib.Path(path)
        self.is_folder = self.path.is_dir()
        if self.is_folder:
            names = _names_below(self.path)
        elif self.path.is_file():
            self._zip = self._open_zip()
            names = self._zip.names
        else:
            raise errors.UserError(f"no such folder or .zip file: {self.path}")
        self.names = sorted(name for name in names if not _is_hidden(name))

    def image_names(self) -> list[str]:
        """Names that end as image files do.

        Raises:
            UserError: There are none.
        """
        names = [
            name
            for name in self.names
            if os.path.splitext(name)[1].lower() in IMAGE_SUFFIXES
        ]
        if not names:
            raise errors.UserError(
                f"no images in {self.path}: none of its {len(self.names)} "
                "files is named like one (.jpg, .png, ...)"
            )
        return names

    def find(self, base_name: str) -> str | None:
        """The first file of that name, in whatever sub-folder."""
        for name in self.names:
            if name.rpartition("/")[2] == base_name:
                return name
        return None

    def read(self, name: str) -> bytes:
        """Content of a file.

        Raises:
            UserError: It cannot be read, for example since a zip is damaged.
        """
        try:
            if not self.is_folder:
                return self._zip.read(name)
            with open(self.locate(name), "rb", buffering=0) as stream:
                return stream.read()
        except OSError as error:
            # Such as a link to nowhere; `--on_error=skip` does without it.
            raise errors.UserError(
                f"cannot read {self.locate(name)}: {error.strerror or error}"
            ) from error
        except (zipfile.BadZipFile, zlib.error, EOFError) as error:
            raise errors.UserError(
                f"{self.locate(name)} is damaged: {error}"
            ) from error
        except (RuntimeError, NotImplementedError) as error:
            raise errors.UserError(
                f"cannot unpack {self.locate(name)}: {error}"
            ) from error

    def locate(self, name: str) -> str:
        """The file's name for a message, with that of the archive."""
        return os.path.join(self.path, name)

    def _open_zip(self) -> ZipIndex:
        try:
            return ZipIndex(self.path)
        except zipfile.BadZipFile as error:
            raise errors.UserError(
                f"{self.path} is neither a folder nor a .zip archive"
            ) from error


def _names_below(folder: pathlib.Path) -> list[str]:
    names = []
    for parent, _, files in os.walk(folder, followlinks=True):
        relative = pathlib.Path(parent).relative_to(folder)
        names += [(relative / file).as_posix() for file in files]
    return names


def _is_hidden(name: str) -> bool:
    """Dot files, and what macOS adds to every zip."""
    parts = name.split("/")
    return parts[0] == "__MACOSX" or any(each.startswith(".") for each in parts)
