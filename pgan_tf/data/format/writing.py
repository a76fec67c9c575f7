"""Writing a dataset folder so that a killed build never looks finished.

`begin` leaves every file with its final length under a temporary name, `write`
fills in images and labels anywhere and from any process, `finish` checks,
names the files and writes the manifest last. `Writer` and `save` do all three.
"""

import concurrent.futures
import dataclasses
import io
import json
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from pgan_tf.base import files, resolutions
from pgan_tf.data.format import file_names, tfrecord

# So many bytes are worked on at a time: they stay in a core's cache.
_CACHE_BYTES = 1 << 20


@dataclasses.dataclass(frozen=True)
class Target:
    """The dataset to be written; everything about its files follows.

    Attributes:
        path: The folder; its base name begins the names of the files.
        resolution: A power of two from 4 to 1024.
        num_channels: 1 or 3.
        num_images: N.
        label_size: K, 0 for none.
        num_shards: Files per level, at most N.
    """

    path: pathlib.Path
    resolution: int
    num_channels: int
    num_images: int
    label_size: int = 0
    num_shards: int = 1

    @property
    def name(self) -> str:
        """What the file names begin with."""
        return self.path.resolve().name

    def files(self) -> dict[str, int]:
        """Length in bytes of every file but the manifest."""
        sizes = {}
        for resolution in resolutions.up_to(self.resolution):
            length = tfrecord.layout(self.num_channels, resolution).length
            for shard in range(self.num_shards):
                first, stop = self.start(shard), self.start(shard + 1)
                file = self.level_file(resolution, shard)
                sizes[file] = length * (stop - first)
        if self.label_size:
            size = 4 * self.label_size * self.num_images
            file = file_names.label_file(self.name)
            sizes[file] = len(_label_head(self)) + size
        return sizes

    def num_bytes(self) -> int:
        """Forecast of the space on disk."""
        return sum(self.files().values())

    def start(self, shard: int) -> int:
        """Position of the shard's first image; N after the last shard."""
        return shard * self.num_images // self.num_shards

    def level_file(self, resolution: int, shard: int) -> str:
        """The name of a shard's file."""
        return file_names.level_file(
            self.name, resolution, shard, self.num_shards
        )

    def stretches(self, first: int, stop: int) -> Iterator[tuple[int, range]]:
        """Yields shards, each with its positions among first..stop-1."""
        # The last shard that does not start after `first`.
        shard = ((first + 1) * self.num_shards - 1) // self.num_images
        while first < stop:
            end = min(stop, self.start(shard + 1))
            yield shard, range(first, end)
            first, shard = end, shard + 1

    def partial(self, file: str) -> pathlib.Path:
        """Where a file lies until the build is finished."""
        return self.path / (file + file_names.PARTIAL)


def begin(target: Target) -> None:
    """Makes the folder and the files of a build."""
    target.path.mkdir(parents=True, exist_ok=True)
    # The manifest's own temporary file marks the folder from first to last;
    # meanwhile it serves as the journal.
    # In a folder of several people a name that is to be made may be a link
    # of another's: "x" makes files, and follows none.
    with open(target.partial(file_names.MANIFEST), "x"):
        pass
    for file, size in target.files().items():
        with open(target.partial(file), "xb") as stream:
            stream.truncate(size)
    if target.label_size:
        label_file = file_names.label_file(target.name)
        _write_at(target.partial(label_file), 0, _label_head(target))


def write(
    target: Target, first: int, images: np.ndarray, labels: np.ndarray | None
) -> None:
    """Fills in consecutive images, at all levels, and their labels.

    Args:
        target: A build that has begun.
        first: Position of the first of them in the dataset.
        images: uint8 [n,C,R,R], channels first as in the files.
        labels: float32 [n,K]; None if K is 0.
    """
    stretches = list(target.stretches(first, first + len(images)))
    for level in cascade(images):
        records = tfrecord.encode(level)
        for shard, stretch in stretches:
            part = records[stretch.start - first : stretch.stop - first]
            file = target.level_file(level.shape[-1], shard)
            offset = (stretch.start - target.start(shard)) * records.shape[1]
            _write_at(target.partial(file), offset, part.data)
    if target.label_size:
        rows = np.asarray(labels, "<f4")
        assert rows.shape == (len(images), target.label_size)
        offset = len(_label_head(target)) + first * 4 * target.label_size
        file = file_names.label_file(target.name)
        _write_at(target.partial(file), offset, rows.tobytes())


def finish(target: Target, manifest: dict[str, Any]) -> None:
    """Gives the files their names; the manifest, written last, seals them.

    Args:
        target: A build whose images are all written.
        manifest: How the dataset was made; sizes and checksums are added.
    """
    sizes = target.files()
    paths = [target.partial(file) for file in sizes]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        checksums = list(pool.map(_settle, paths))
    content = {
        "format": 1,
        "name": target.name,
        "num_images": target.num_images,
        "resolution": target.resolution,
        "num_channels": target.num_channels,
        **manifest,
        "files": {
            file: {"bytes": size, "sha256": checksum}
            for (file, size), checksum in zip(
                sizes.items(), checksums, strict=True
            )
        },
    }
    for file, partial in zip(sizes, paths, strict=True):
        files.put(partial, target.path / file)
    partial = target.partial(file_names.MANIFEST)
    partial.write_text(json.dumps(content, indent=1) + "\n")
    files.sync(partial)
    files.put(partial, target.path / file_names.MANIFEST)


def cascade(images: np.ndarray) -> Iterator[np.ndarray]:
    """All levels of the images, the full one first.

    A level is the 2x2 box average of the unrounded level above it, rounded
    (halves to even) for storage alone, as in the reference. So level k holds
    rounded averages of 4^k pixels, which integers give exactly.

    Args:
        images: uint8 [n,C,R,R]. Channels come first as they do in the files:
            rows of pixels are then added many times faster.

    Yields:
        uint8 [n,C,r,r] for r = R, R/2, ... 4.
    """
    yield images
    lower = [
        np.empty((*images.shape[:2], resolution, resolution), np.uint8)
        for resolution in resolutions.up_to(images.shape[-1])[-2::-1]
    ]
    step = max(1, _CACHE_BYTES // (2 * images[0].size))
    for first in range(0, len(images), step):
        part = slice(first, first + step)
        sums = images[part]
        for k, level in enumerate(lower, 1):
            # 4^4 * 255 is the largest sum that 16 bits hold.
            dtype = np.uint16 if k <= 4 else np.uint32
            sums = np.add(sums[..., 0::2, :], sums[..., 1::2, :], dtype=dtype)
            sums = sums[..., 0::2] + sums[..., 1::2]
            level[part] = _rounded_shift(sums, 2 * k)
    yield from lower


def _rounded_shift(x: np.ndarray, bits: int) -> np.ndarray:
    """x / 2^bits, rounded, halves to even; unsigned integers."""
    result = x >> bits
    result &= 1  # a half is added to odd results, a little less to even ones
    result += x
    result += (1 << (bits - 1)) - 1
    result >>= bits
    return result


def _label_head(target: Target) -> bytes:
    """What precedes the numbers in an .npy stream of the target's labels."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream,
        {
            "descr": "<f4",
            "fortran_order": False,
            "shape": (target.num_images, target.label_size),
        },
    )
    return stream.getvalue()


def _write_at(
    path: pathlib.Path, offset: int, data: bytes | memoryview
) -> None:
    try:
        with open(path, "r+b", opener=_without_links) as stream:
            stream.seek(offset)
            stream.write(data)
    except OSError as error:
        # A full disk is reported without the name of the file.
        raise OSError(error.errno, error.strerror, str(path)) from error


def _without_links(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW)


def _settle(path: pathlib.Path) -> str:
    """Makes sure that a file is on disk; returns its SHA-256."""
    files.sync(path)
    return files.sha256_of_file(path)
