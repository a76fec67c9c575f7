"""Image files in a folder or a .zip, by name."""

import os
import pathlib
from collections.abc import Sequence

from pgan_tf.base import boundary, errors, files, text
from pgan_tf.data.sources import (
    folder_walk,
    formats,
    ignored,
    source,
    zip_members,
)


def _is_image(name: str) -> bool:
    return formats.is_image(os.path.splitext(name)[1])


class Archive:
    """The files below a folder or within a .zip.

    Attributes:
        path: The folder or the .zip file.
        names: Of all files, relative, sorted; none that is hidden.
        is_folder: Whether it is no .zip.

    Raises:
        UserError: There is no such folder or file, it may not be read, or it
            is no zip archive.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = pathlib.Path(path)
        self.is_folder = self.path.is_dir()
        if self.is_folder:
            self._found = folder_walk.walk(self.path)
        elif self.path.is_file():
            self._zip = zip_members.ZipMembers(self.path)
            self._found = _within_zip(self._zip.names)
        else:
            raise errors.UserError(f"no such folder or .zip file: {self.path}")
        self.names = sorted(self._found.names)
        self._found.names.clear()

    def image_names(self) -> list[str]:
        """Names that end as image files do.

        Raises:
            UserError: There are none.
        """
        names = [name for name in self.names if _is_image(name)]
        if not names:
            what = self.ignored()
            raise errors.UserError(
                f"no images in {self.path}: none of its {len(self.names)} "
                "files is named like one (.jpg, .png, ...)"
                + (f"; there are {what}" if what else "")
            )
        return names

    def ignored(self, *used: str | None) -> str:
        """What is here and no image, such as "1 .HEIC, 2 .txt"; perhaps "".

        Args:
            *used: Files that are used all the same, as that of the labels.
        """
        return ignored.describe(
            [
                each
                for each in self.names
                if each not in used and not _is_image(each)
            ],
            self._found,
        )

    def __getstate__(self) -> dict[str, object]:
        """Leaves behind what decides on no image."""
        return source.state_without(self, "_found")

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
        path = os.path.join(self.path, name)
        with boundary.reading(path):
            return files.read_bytes(path)

    def locate(self, name: str) -> str:
        """The file's name for a message, with that of the archive."""
        return text.one_line(os.path.join(self.path, name))


def _within_zip(names: Sequence[str]) -> folder_walk.Found:
    """The files of an archive that are a user's."""
    found = folder_walk.Found()
    for name in names:
        parts = (part for part in name.split("/") if part not in (".", ".."))
        if any(map(files.is_hidden, parts)):
            found.num_hidden += 1
        else:
            found.names.append(name)
    return found
