"""Image files in a folder or a .zip, by name."""

import os
import pathlib

from pgan_tf.base import boundary, errors, files
from pgan_tf.data.sources import zip_members

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
            self._zip = zip_members.ZipMembers(self.path)
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
        if not self.is_folder:
            return self._zip.read(name)
        where = self.locate(name)
        with boundary.reading(where):
            return files.read_bytes(where)

    def locate(self, name: str) -> str:
        """The file's name for a message, with that of the archive."""
        return os.path.join(self.path, name)


def _names_below(folder: pathlib.Path) -> list[str]:
    names = []
    for parent, _, found in os.walk(folder, followlinks=True):
        relative = pathlib.Path(parent).relative_to(folder)
        names += [(relative / file).as_posix() for file in found]
    return names


def _is_hidden(name: str) -> bool:
    """Dot files, and what macOS adds to every zip."""
    parts = name.split("/")
    return parts[0] == "__MACOSX" or any(each.startswith(".") for each in parts)
