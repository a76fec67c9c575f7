"""Images that are small enough to be all in memory, with their classes.

And the few files of a published data set, from wherever they were put.
"""

import bz2
import gzip
import io
import lzma
import os
import pathlib
import tarfile
import zipfile
from collections.abc import Iterator, Sequence, Set
from typing import Any

import numpy as np

from pgan_tf.base import boundary, errors, memory
from pgan_tf.data.sources import archive, choosing, source

# By what files begin with that are packed so.
_PACKED: dict[bytes, Any] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
}
_TAR_BLOCK = 1 << 18  # bytes read at a time

DIGITS = tuple("0123456789")  # the classes of several sets


class Arrays:
    """Classified images; see `source.Source`.

    Args:
        images: uint8 [N,R,R,C].
        classes: Integers [N], positions in `label_names`.
        label_names: The K classes.
        made_from: For the manifest.
    """

    label_kind: str | None = "onehot"

    def __init__(
        self,
        images: np.ndarray,
        classes: np.ndarray,
        label_names: Sequence[str],
        made_from: dict[str, Any],
    ) -> None:
        self.images = images
        self.classes = classes
        self.label_names = label_names
        self.made_from = made_from
        self.resolution, self.num_channels = images.shape[2:]
        self._remarks: dict[str, str] = {}
        _check(self)

    def choose(self, count: int | None) -> "Arrays":
        """So many of the images, of each class in proportion; None for all."""
        chosen = choosing.in_proportion(self.classes, count)
        total = len(self)
        if len(chosen) == total:
            return self
        images, classes = self.images[chosen], self.classes[chosen]
        found = Arrays(images, classes, self.label_names, self.made_from)
        found._remarks["chosen"] = choosing.remark(
            len(chosen), total, classes, len(self.label_names)
        )
        return found

    def __len__(self) -> int:
        return len(self.images)

    def image(self, index: int) -> np.ndarray:
        """One image, uint8 [R,R,C]."""
        return self.images[index]

    def label(self, index: int) -> np.ndarray:
        """Its class, one-hot, float32 [K]."""
        label = np.zeros(len(self.label_names), np.float32)
        label[self.classes[index]] = 1
        return label

    def options(self) -> dict[str, Any]:
        """What the manifest says of how the images were made."""
        return self.made_from

    def remarks(self) -> dict[str, str]:
        """What people should know; see `source.Telling`."""
        return self._remarks

    def __getstate__(self) -> dict[str, Any]:
        """Leaves behind what decides on no image."""
        return source.state_without(self, "_remarks")


def _check(arrays: Arrays) -> None:
    """Refuses what only a file of another data set can have led to."""
    where = arrays.made_from.get("source_dir")
    num_images, num_labels = len(arrays.images), len(arrays.classes)
    if num_images != num_labels or not num_images:
        raise errors.UserError(
            f"--source_dir={where} has {num_images} images and {num_labels} "
            "labels"
        )
    lowest, highest = np.min(arrays.classes), np.max(arrays.classes)
    if lowest < 0 or highest >= len(arrays.label_names):
        raise errors.UserError(
            f"--source_dir={where} has classes {lowest} to {highest} instead "
            f"of 0 to {len(arrays.label_names) - 1}"
        )


def read_members(
    path: str | os.PathLike[str], names: Sequence[str]
) -> dict[str, bytes]:
    """Contents of files, found by their base names in whatever sub-folder.

    Args:
        path: A folder, a .zip or a .tar (packed in any way).
        names: The files' names; a file NAME.gz will do for NAME.

    Returns:
        By name, in the order of `names`.

    Raises:
        UserError: A file is missing or damaged, or `path` is.
    """
    found: dict[str, bytes] = {}
    with boundary.reading(path, "archive"):
        for name, data in _read_matching(pathlib.Path(path), names):
            found.setdefault(name, data)
            memory.require(2 * sum(map(len, found.values())), str(path))
            if len(found) == len(names):
                break  # what follows in a .tar need not be unpacked
    for name in names:
        if name not in found:
            raise errors.UserError(
                f"no file {name} in --source_dir={path}; it needs "
                + ", ".join(names)
            )
    return {name: found[name] for name in names}


def _read_matching(
    path: pathlib.Path, names: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    """Yields name and unpacked content of the files that were asked for."""
    for member, data in _read_raw(path, names):
        base_name = member.rpartition("/")[2]
        if base_name.endswith(".gz"):
            where = str(path / member)
            with boundary.reading(where, "gzip file"):
                data = _unzipped(data, where)
        yield base_name.removesuffix(".gz"), data


def _unzipped(data: bytes, where: str) -> bytes:
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        return memory.Unpacked(stream, len(data), where).read()


def _read_raw(
    path: pathlib.Path, names: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    wanted = {*names, *(f"{name}.gz" for name in names)}
    if path.is_file() and _is_tar(path):
        yield from _read_tar(path, wanted)
        return
    files = archive.Archive(path)
    for name in files.names:
        if name.rpartition("/")[2] in wanted:
            yield name, files.read(name)


def _read_tar(
    path: pathlib.Path, wanted: Set[str]
) -> Iterator[tuple[str, bytes]]:
    """Yields the wanted members of a .tar, which may be packed."""
    # A packed tar can only be read from its begin to its end.
    with _open_packed(path) as stream:
        watched = memory.Unpacked(stream, path.stat().st_size, str(path))
        with tarfile.open(
            fileobj=watched, mode="r|", bufsize=_TAR_BLOCK
        ) as tar:
            for info in tar:
                if info.name.rpartition("/")[2] not in wanted:
                    continue
                # A sparse file has any size that it likes.
                if not info.isreg() or info.issparse():
                    raise ValueError(f"{info.name!r} is no usual file")
                memory.require(info.size, f"{path}/{info.name}")
                member = tar.extractfile(info)
                assert member is not None
                yield info.name, member.read()


def _is_tar(path: pathlib.Path) -> bool:
    """Whether a file is a .tar, packed or not, rather than a .zip."""
    with open(path, "rb") as stream:
        head = stream.read(512)
    is_tar = head[257:262] == b"ustar" or head.startswith(tuple(_PACKED))
    return is_tar or not zipfile.is_zipfile(path)


def _open_packed(path: pathlib.Path) -> Any:
    """A stream of what is in a file, by the way in which it is packed."""
    with open(path, "rb") as stream:
        head = stream.read(6)
    for begin, opener in _PACKED.items():
        if head.startswith(begin):
            return opener(path, "rb")
    return open(path, "rb")
