"""The HDF5 archives of the first, Theano version of progressive GANs.

A file holds the images at every resolution R as a dataset `dataRxR`, uint8
[N,C,R,R]. Labels lie beside it, in NAME-labels.npy for NAME.h5.
"""

import functools
import math
import os
import pathlib
import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from pgan_tf.base import (
    boundary,
    errors,
    extras,
    memory,
    number_file,
    resolutions,
)
from pgan_tf.data import values
from pgan_tf.data.sources import choosing, source

_MAX_RATIO = 1100
_PER_IMAGE = 16  # bytes, of the numbers by which a build knows an image
_LEVEL = re.compile(r"data(\d+)x\1")


class Hdf5:
    """The images of an archive at its largest level; see `source.Source`.

    The lower levels are made anew, as the reference does.

    Args:
        path: The .h5 file.
        resolution: Take this level instead of the largest.
        num_images: Use so many: of classes, each in proportion; else the
            first. None for all.

    Raises:
        UserError: The file is damaged, or holds something else.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        resolution: int | None = None,
        num_images: int | None = None,
    ) -> None:
        self.path = pathlib.Path(path)
        sizes = self._sizes()
        self.resolution = resolution or max(sizes)
        if self.resolution not in sizes:
            raise errors.UserError(
                f"--source_dir={path} has no images of "
                f"--resolution={resolution}, but of "
                + ", ".join(map(str, sorted(sizes)))
            )
        total, self.num_channels = self._check_level()
        self._remarks: dict[str, str] = {}
        labels = self._read_labels(total)
        size = labels.shape[1]
        self.label_names: Sequence[str] = [str(each) for each in range(size)]
        self.label_kind = self._kind_of(labels)
        if self.label_kind == values.ONEHOT:
            classes = labels.argmax(axis=1)
            self.chosen = choosing.in_proportion(classes, num_images)
            if len(self.chosen) < total:
                self._remarks["chosen"] = choosing.remark(
                    len(self.chosen), total, classes[self.chosen], size
                )
        else:
            self.chosen = choosing.first(total, num_images)
        self.labels = labels[self.chosen]

    def __len__(self) -> int:
        return len(self.chosen)

    def image(self, index: int) -> np.ndarray:
        """One image, uint8 [R,R,C]."""
        index = int(self.chosen[index])
        with boundary.reading(f"{self.path}, image {index}", "image"):
            return self._level[index].transpose(1, 2, 0)

    def label(self, index: int) -> np.ndarray:
        """Its label, float32 [K]."""
        return self.labels[index]

    def options(self) -> dict[str, Any]:
        """What the manifest says of how the images were made."""
        return {"source_dir": self.path.name}

    def remarks(self) -> dict[str, str]:
        """What people should know; see `source.Telling`."""
        return self._remarks

    def _sizes(self) -> set[int]:
        """Resolutions that a dataset could have, among those of the file."""
        if not self.path.is_file():
            raise errors.UserError(
                f"--source_dir={self.path} is no file; name the .h5 archive"
            )
        with boundary.reading(self.path, "HDF5 file"):
            names = [name for name in self._file if self._is_level(name)]
        matches = map(_LEVEL.fullmatch, names)
        sizes = {int(match[1]) for match in matches if match}
        if found := sizes.intersection(resolutions.up_to(resolutions.LARGEST)):
            return found
        raise errors.UserError(
            f"--source_dir={self.path} has no dataset data4x4, data8x8 ... "
            "data1024x1024, as archives of progressive GANs have"
        )

    def _is_level(self, name: str) -> bool:
        """Whether a name stands for an array in this very file.

        Others, of links and mapped files, would read whatever they name.
        """
        if not isinstance(self._file.get(name, getlink=True), _h5py().HardLink):
            return False
        found = self._file.get(name)
        return (
            isinstance(found, _h5py().Dataset)
            and not found.is_virtual
            and not found.external
        )

    def _check_level(self) -> tuple[int, int]:
        """Number of images and of channels."""
        with boundary.reading(self.path, "HDF5 file"):
            return self._checked_shape()

    def _checked_shape(self) -> tuple[int, int]:
        level = self._level
        side = self.resolution
        is_right = level.ndim == 4 and level.shape[1] in (1, 3)
        if (
            not is_right
            or level.shape[2:] != (side, side)
            or level.dtype != np.uint8
            or not len(level)
        ):
            raise errors.UserError(
                f"{self.path}, {level.name[1:]}: {level.dtype} "
                f"{list(level.shape)} are no images; expected uint8 "
                f"[N,1 or 3,{side},{side}]"
            )
        # Packed by all means that HDF5 has, numbers take this much at least.
        stored = level.id.get_storage_size()
        if level.nbytes > _MAX_RATIO * stored:
            raise errors.UserError(
                f"{self.path}, {level.name[1:]}: {len(level)} images in "
                f"{stored} bytes: most of them are not there"
            )
        if level.chunks:  # all of one is read for each image
            memory.require(3 * math.prod(level.chunks), str(self.path))
        memory.require(_PER_IMAGE * len(level), str(self.path))
        return level.shape[:2]

    def _read_labels(self, total: int) -> np.ndarray:
        """float32 [N,K]; [N,0] without a file."""
        path = self.path.with_name(f"{self.path.stem}-labels.npy")
        if not path.is_file():
            return np.zeros((total, 0), np.float32)
        found = number_file.read(path, str(path))
        if found.ndim != 2 or len(found) != total:
            raise errors.UserError(
                f"{path} has the shape {list(found.shape)} instead of "
                f"[{total},K]; move it away to do without labels"
            )
        if place := values.first_not_finite(found):
            row, column = place
            raise errors.UserError(
                f"{path}: row {row}, column {column} is {found[place]}, which "
                "is no finite number of 32 bits"
            )
        labels = np.array(found, np.float32)
        bits = values.attributes_of_signs(labels)
        if bits is None:
            return labels
        self._remarks["attributes"] = f"-1 and 1 of {path} became 0 and 1"
        return bits

    def _kind_of(self, labels: np.ndarray) -> str | None:
        if not labels.shape[1]:
            return None
        were_signs = "attributes" in self._remarks
        return values.MULTIHOT if were_signs else values.kind_of(labels)

    @property
    def _level(self) -> Any:
        return self._file[f"data{self.resolution}x{self.resolution}"]

    @functools.cached_property
    def _file(self) -> Any:
        with boundary.reading(self.path, "HDF5 file"):
            return _h5py().File(self.path, "r", locking=False)

    def __getstate__(self) -> dict[str, Any]:
        """Leaves the open file behind: every process opens its own."""
        return source.state_without(self, "_file", "_remarks")


def _h5py() -> Any:
    return extras.require("h5py", "hdf5", "--source=hdf5")
