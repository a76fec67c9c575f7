"""All images at one resolution: a file of records, or several shards.

All records of a level have one length (see `tfrecord`), so record i of a file
begins at byte i times that length and is read where it lies.
"""

import dataclasses
import hashlib
import os
import pathlib
from collections.abc import Sequence

import numpy as np

from pgan_tf.base import boundary, errors
from pgan_tf.data.format import tfrecord

_WHAT = "file of records"
_WAY_OUT = (
    "put the file back as it was (dataset_tool.py verify finds what is "
    "damaged), and run the same command again"
)
_ENDS_BYTES = 4096


@dataclasses.dataclass(frozen=True)
class Shard:
    """A file of consecutive images.

    Attributes:
        path: The file.
        first: Position in the dataset of its first image.
        num_images: How many it holds.
        state: Of the file when it was opened.
    """

    path: pathlib.Path
    first: int
    num_images: int
    state: "State"


@dataclasses.dataclass(frozen=True)
class State:
    """What tells a file from one that has taken its place.

    Attributes:
        size: In bytes.
        mtime_ns: When it was written, which also others may renew.
        ends: SHA-256 of its first and last bytes.
    """

    size: int
    mtime_ns: int
    ends: str

    @classmethod
    def of(cls, path: pathlib.Path) -> "State":
        """That of a file, now."""
        with open(path, "rb") as stream:
            found = os.fstat(stream.fileno())
            ends = stream.read(_ENDS_BYTES)
            stream.seek(max(0, found.st_size - _ENDS_BYTES))
            ends += stream.read(_ENDS_BYTES)
        digest = hashlib.sha256(ends).hexdigest()
        return cls(found.st_size, found.st_mtime_ns, digest)

    def is_that_of(self, path: pathlib.Path) -> bool:
        """Whether a file is still the same, as far as a quick look shows."""
        found = os.stat(path)
        if found.st_size != self.size:
            return False
        # To touch a file changes nothing in it.
        return (
            found.st_mtime_ns == self.mtime_ns
            or self.of(path).ends == self.ends
        )


@dataclasses.dataclass(frozen=True)
class Level:
    """All images at one resolution."""

    shards: tuple[Shard, ...]
    layout: tfrecord.Layout

    @property
    def num_images(self) -> int:
        """N."""
        return self.shards[-1].first + self.shards[-1].num_images

    def check_unchanged(self) -> None:
        """Checks that the files are those that were opened.

        It is quick enough for every batch: microseconds per file.

        Raises:
            UserError: Names the file that has changed.
        """
        for shard in self.shards:
            with boundary.reading(shard.path, _WHAT, _WAY_OUT):
                if not shard.state.is_that_of(shard.path):
                    raise errors.UserError(
                        f"{shard.path} has changed since it was opened, when "
                        f"it had {shard.state.size} bytes; {_WAY_OUT}"
                    )

    def fault_at(self, offset: int) -> errors.UserError | None:
        """What is wrong with a record that begins at a byte of some file."""
        for shard in self.shards:
            place = offset // self.layout.length
            if place < shard.num_images:
                try:
                    with open(shard.path, "rb", buffering=0) as file:
                        self._pixels(shard, file.fileno(), place)
                except errors.UserError as error:
                    return error
        return None

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Images uint8 [n,r,r,C] of the records at the given positions.

        Raises:
            UserError: A record is damaged, or the file has become shorter.
        """
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
            with (
                boundary.reading(shard.path, _WHAT, _WAY_OUT),
                open(shard.path, "rb", buffering=0) as file,
            ):
                for row, index in zip(rows, indices[rows], strict=True):
                    place = int(index) - shard.first
                    flat[row] = self._pixels(shard, file.fileno(), place)
        return images.transpose(0, 2, 3, 1)

    def _pixels(self, shard: Shard, descriptor: int, place: int) -> np.ndarray:
        length = self.layout.length
        record = os.pread(descriptor, length, place * length)
        layout = self.layout
        if len(record) < length or not tfrecord.is_intact(record):
            what = "is damaged" if len(record) == length else "is cut off"
            raise errors.UserError(
                f"{shard.path}: record {place} {what}; {_WAY_OUT}"
            )
        if not record.startswith(layout.prefix):
            # Writers may put the two features in another order each time.
            layout = _parse(shard.path, record)
            if layout.shape != self.layout.shape:
                raise errors.UserError(
                    f"{shard.path}: record {place} is no image of the others' "
                    f"size; {_WAY_OUT}"
                )
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
        shards.append(Shard(path, first, num_images, State.of(path)))
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
