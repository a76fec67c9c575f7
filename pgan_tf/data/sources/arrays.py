"""Images that are small enough to be all in memory, with their classes.

And the few files of a published data set, from wherever they were put.
"""

import gzip
import os
import pathlib
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from pgan_tf.base import errors
from pgan_tf.data.sources import archive

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
        _check(self)

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
    try:
        for name, data in _read_matching(pathlib.Path(path), names):
            found.setdefault(name, data)
    except (tarfile.TarError, EOFError, zlib.error, OSError) as error:
        raise errors.UserError(f"cannot read {path}: {error}") from error
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
        try:
            if base_name.endswith(".gz"):
                data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise errors.UserError(
                f"{path / member} is truncated or damaged: {error}"
            ) from error
        yield base_name.removesuffix(".gz"), data


def _read_raw(
    path: pathlib.Path, names: Sequence[str]
) -> Iterator[tuple[str, bytes]]:
    wanted = {*names, *(f"{name}.gz" for name in names)}
    if path.is_file() and tarfile.is_tarfile(path):
        # A packed tar can only be read from its begin to its end.
        with tarfile.open(path, "r|*") as tar:
            for info in tar:
                if info.isfile() and info.name.rpartition("/")[2] in wanted:
                    stream = tar.extractfile(info)
                    assert stream is not None
                    yield info.name, stream.read()
        return
    files = archive.Archive(path)
    for name in files.names:
        if name.rpartition("/")[2] in wanted:
            yield name, files.read(name)
