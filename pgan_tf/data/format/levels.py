"""All images at one resolution: a file of records, or several shards.

All records of a level have one length (see `tfrecord`), so record i of a file
begins at byte i times that length and is read where it lies.
"""

import dataclasses
import os
import pathlib
from collections.abc import Sequence

import numpy as np

from pgan_tf.base import errors
from pgan_tf.data.format import tfrecord


@dataclasses.dataclass(frozen=True)
class Shard:
    """A file of consecutive images.

    Attributes:
        path: The file.
        first: Position in the dataset of its first image.
        num_images: How many it holds.
    """

    path: pathlib.Path
    first: int
    num_images: int


@dataclasses.dataclass(frozen=True)
class Level:
    """All images at one resolution."""

    shards: tuple[Shard, ...]
    layout: tfrecord.Layout

    @property
    def num_images(self) -> int:
        """N."""
        return self.shards[-1].first + self.shards[-1].num_images

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Images uint8 [n,r,r,C] of the records at the given positions."""
        for index in indices.tolist():
            if not 0 <= index < self.num_images:
                raise IndexError(f"no record {index} in {self.shards[0].path}")
        images = np.empty((len(indices), *self.layout.shape), np.uint8)
        flat = images.reshape(len(indices), -1)
        starts = [shard.first for shard in self.shards]
        owners = np.searchsorted(starts, indices, side="right") - 1
        for owner in np.unique(owners).tolist():
            rows = np.flatnonzero(owners == owner)
            shard = self.shards[owner]
            with open(shard.path, "rb", buffering=0) as file:
                for row, index in zip(rows, indices[rows], strict=True):
                    place = int(index) - shard.first
                    flat[row] = self._pixels(shard, file.fileno(), place)
        return images.transpose(0, 2, 3, 1)

    def _pixels(self, shard: Shard, descriptor: int, place: int) -> np.ndarray:
        length = self.layout.length
        record = os.pread(descriptor, length, place * length)
        layout = self.layout
        if not record.startswith(layout.prefix):
            # Writers may put the two features in another order each time.
            layout = _parse(shard.path, record)
        return np.frombuffer(record, np.uint8)[layout.pixels]


def open_level(paths: Sequence[pathlib.Path], resolution: int) -> Level:
    """Opens the files of a level, in order.

    Raises:
        UserError: A file is truncated or does not hold square images of that
            resolution, as many channels as the others.
    """
    shards: list[Shard] = []
    first = 0
    layout = None
    for path in paths:
        num_images, found = _open_file(path)
        channels = (layout or found).shape[0]
        if found.shape != (channels, resolution, resolution):
            raise errors.UserError(
                f"{path} holds images of {found.shape[0]} channels, "
                f"{found.shape[2]}x{found.shape[1]} pixels, which its name "
                "and the other files do not agree with"
            )
        layout = layout or found
        if found.length != layout.length:
            raise errors.UserError(
                f"{path} has records of {found.length} bytes, "
                f"{paths[0].name} of {layout.length}"
            )
        shards.append(Shard(path, first, num_images))
        first += num_images
    assert layout is not None
    return Level(tuple(shards), layout)


def check_same(level: Level, full: Level) -> None:
    """A level must have the channels and the images of the full one."""
    channels, full_channels = level.layout.shape[0], full.layout.shape[0]
    if channels != full_channels:
        raise errors.UserError(
            f"{level.shards[0].path} holds images of {channels} channels, "
            f"{full.shards[0].path.name} of {full_channels}"
        )
    for one, other in zip(level.shards, full.shards, strict=True):
        if one.num_images != other.num_images:
            raise errors.UserError(
                f"{one.path} has {one.num_images} images and "
                f"{other.path.name} has {other.num_images}: one of them is "
                "truncated"
            )


def _open_file(path: pathlib.Path) -> tuple[int, tfrecord.Layout]:
    """The number of records, and the layout of the first."""
    with open(path, "rb") as stream:
        head = stream.read(12)
        try:
            length = tfrecord.frame_length(head)
        except ValueError as error:
            raise errors.UserError(f"cannot read {path}: {error}") from error
        size = os.fstat(stream.fileno()).st_size
        record = head + (stream.read(length - 12) if length <= size else b"")
    layout = _parse(path, record)
    if size % length:
        raise errors.UserError(
            f"{path} is truncated: {size} bytes are not a multiple of its "
            f"records' {length}"
        )
    return size // length, layout


def _parse(path: pathlib.Path, record: bytes) -> tfrecord.Layout:
    try:
        return tfrecord.parse(record)
    except ValueError as error:
        raise errors.UserError(f"cannot read {path}: {error}") from error
