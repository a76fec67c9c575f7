"""`verify`: reads every byte of a dataset and tells what is wrong with it.

Missing levels and files of a wrong size are found by opening the dataset; what
is left to be found here needs the contents.
"""

import contextlib
import dataclasses
import hashlib
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

import numpy as np

from pgan_tf.base import progress
from pgan_tf.data import blocks, values
from pgan_tf.data.format import datasets, file_names, levels, tfrecord, writing


def faults(dataset: datasets.Dataset) -> Iterator[str]:
    """Yields a line for each fault, with the file and the record.

    Every record must be whole (length, checksums, shape), every level the box
    average of the full images as `writing` makes it, every file as its
    checksum in the manifest says, and the labels must be finite numbers.

    Args:
        dataset: An open dataset; one of NVIDIA's has no manifest to check.
    """
    yield from _label_faults(dataset)
    checksums: dict[str, Any] = {}
    with progress.bar(
        dataset.num_images, dataset.name, "img", leave=True
    ) as bar:
        for number in range(dataset.num_shards):
            with _open_shard(dataset, number) as readers:
                yield from _shard_faults(readers, bar.update)
            checksums |= {each.shard.path.name: each.hash for each in readers}
    yield from _manifest_faults(dataset, checksums)


@contextlib.contextmanager
def _open_shard(
    dataset: datasets.Dataset, number: int
) -> Iterator[list["_Reader"]]:
    """Readers of a shard's files, the full images first."""
    with contextlib.ExitStack() as stack:
        readers = []
        for _, level in sorted(dataset.levels.items(), reverse=True):
            shard = level.shards[number]
            stream = stack.enter_context(open(shard.path, "rb"))
            readers.append(_Reader(shard, level.layout, stream))
        yield readers


def _shard_faults(
    readers: list["_Reader"], done: Callable[[int], object]
) -> Iterator[str]:
    image_bytes = int(np.prod(readers[0].layout.shape))
    for block in blocks.split(readers[0].shard.num_images, image_bytes):
        yield from _block_faults(readers, block)
        done(len(block))


@dataclasses.dataclass
class _Reader:
    """Reads a file from its begin to its end.

    Attributes:
        shard: What is read.
        layout: That of its records.
        stream: The file.
        hash: SHA-256 of what has been read.
    """

    shard: levels.Shard
    layout: tfrecord.Layout
    stream: BinaryIO
    hash: Any = dataclasses.field(default_factory=hashlib.sha256)

    def read(self, count: int) -> tuple[np.ndarray, dict[int, str]]:
        """The next records.

        Returns:
            Images uint8 [count,C,r,r], and by place among them the faults of
            records, whose images are undefined.
        """
        layout = self.layout
        data = self.stream.read(count * layout.length)
        self.hash.update(data)
        pixels = np.zeros((count, int(np.prod(layout.shape))), np.uint8)
        found = {}
        for index in range(count):
            start = index * layout.length
            record = data[start : start + layout.length]
            try:
                pixels[index] = _pixels_of(record, layout)
            except ValueError as error:
                found[index] = str(error)
        return pixels.reshape(count, *layout.shape), found


def _pixels_of(record: bytes, layout: tfrecord.Layout) -> np.ndarray:
    """A record's pixels, uint8 [C*r*r]; a ValueError says what is wrong."""
    own = layout
    if not record.startswith(layout.prefix):
        own = tfrecord.parse(record)
    if own.shape != layout.shape:
        raise ValueError(f"its shape is {own.shape}, not {layout.shape}")
    if not tfrecord.is_intact(record):
        raise ValueError("its checksum is wrong")
    return np.frombuffer(record, np.uint8)[own.pixels]


def _block_faults(readers: list[_Reader], block: range) -> Iterator[str]:
    """Faults of the next records of all levels, the full one first."""
    blocks_read = [each.read(len(block)) for each in readers]
    full_images, full_faults = blocks_read[0]
    for reader, (images, found), expected in zip(
        readers, blocks_read, writing.cascade(full_images), strict=True
    ):
        differs = (images != expected).any(axis=(1, 2, 3))
        for index in np.flatnonzero(differs).tolist():
            # One fault of a full image is not told again for every level.
            if index not in full_faults:
                found.setdefault(
                    index, "it is not the average of the full image"
                )
        for index, fault in sorted(found.items()):
            yield f"{reader.shard.path}: record {block[index]}: {fault}"


def _label_faults(dataset: datasets.Dataset) -> Iterator[str]:
    bad = np.flatnonzero(~np.isfinite(dataset.labels).all(axis=1))
    for index in bad.tolist():
        yield f"{dataset.path}: label {index} is not finite"


def _manifest_faults(
    dataset: datasets.Dataset, checksums: dict[str, Any]
) -> Iterator[str]:
    """What the manifest says and the files do not."""
    if dataset.manifest is None:
        return
    where = dataset.path / file_names.MANIFEST
    for key in ("num_images", "resolution", "num_channels"):
        found, told = getattr(dataset, key), dataset.manifest.get(key)
        if told != found:
            yield f"{where}: {key} is {told}, but the files have {found}"
    kind = dataset.kind_in_manifest
    if kind and not values.fits(dataset.labels, kind):
        yield f"{where}: the labels are not {kind}, but {dataset.label_kind}"
    files = dataset.manifest["files"]
    for name in sorted(checksums.keys() - files.keys()):
        yield f"{where}: it does not know {name}"
    for name, known in files.items():
        found = checksums.get(name) or _hash_of(dataset, name)
        if found.hexdigest() != known["sha256"]:
            yield f"{dataset.path / name}: SHA-256 is not that of {where.name}"


def _hash_of(dataset: datasets.Dataset, name: str) -> Any:
    with open(dataset.path / name, "rb") as stream:
        return hashlib.file_digest(stream, "sha256")
