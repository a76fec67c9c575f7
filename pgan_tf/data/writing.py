"""Writing a dataset folder so that a killed build never looks finished.

`begin` leaves every file with its final length under a temporary name, `write`
fills in images and labels anywhere and from any process, `finish` checks,
names the files and writes the manifest last. `Writer` and `save` do all three.
"""

import concurrent.futures
import dataclasses
import hashlib
import io
import json
import os
import pathlib
import types
from collections.abc import Iterator
from typing import Any

import numpy as np

from pgan_tf.data import records, tfrecord


@dataclasses.dataclass(frozen=True)
class Plan:
    """The dataset to be written; everything about its files follows.

    Attributes:
        path: The folder; its base name begins the names of the files.
        resolution: A power of two from 4 to 1024.
        num_channels: 1 or 3.
        num_images: N.
        label_size: K, 0 for none.
    """

    path: pathlib.Path
    resolution: int
    num_channels: int
    num_images: int
    label_size: int = 0

    @property
    def name(self) -> str:
        """What the file names begin with."""
        return self.path.resolve().name

    def files(self) -> dict[str, int]:
        """Length in bytes of every file but the manifest."""
        sizes = {}
        for resolution in records.levels_of(self.resolution):
            length = tfrecord.layout(self.num_channels, resolution).length
            file = records.level_file(self.name, resolution)
            sizes[file] = length * self.num_images
        if self.label_size:
            size = 4 * self.label_size * self.num_images
            file = records.label_file(self.name)
            sizes[file] = len(_label_head(self)) + size
        return sizes

    def num_bytes(self) -> int:
        """Forecast of the space on disk."""
        return sum(self.files().values())

    def partial(self, file: str) -> pathlib.Path:
        """Where a file lies until the build is finished."""
        return self.path / (file + records.PARTIAL)


def begin(plan: Plan) -> None:
    """Makes the folder and the files of a build."""
    plan.path.mkdir(parents=True, exist_ok=True)
    # The manifest's own temporary file marks the folder from first to last;
    # meanwhile it serves as the journal.
    plan.partial(records.MANIFEST).write_text("")
    for file, size in plan.files().items():
        with open(plan.partial(file), "wb") as stream:
            stream.truncate(size)
    if plan.label_size:
        label_file = records.label_file(plan.name)
        _write_at(plan.partial(label_file), 0, _label_head(plan))


def write(
    plan: Plan, first: int, images: np.ndarray, labels: np.ndarray | None
) -> None:
    """Fills in consecutive images, at all levels, and their labels.

    Args:
        plan: A build that has begun.
        first: Position of the first of them in the dataset.
        images: uint8 [n,R,R,C].
        labels: float32 [n,K]; None if K is 0.
    """
    for level in cascade(images):
        data = tfrecord.encode(level)
        offset = first * (len(data) // len(images))
        file = records.level_file(plan.name, level.shape[1])
        _write_at(plan.partial(file), offset, data)
    if plan.label_size:
        rows = np.asarray(labels, "<f4")
        assert rows.shape == (len(images), plan.label_size)
        offset = len(_label_head(plan)) + first * 4 * plan.label_size
        file = records.label_file(plan.name)
        _write_at(plan.partial(file), offset, rows.tobytes())


def finish(plan: Plan, manifest: dict[str, Any]) -> None:
    """Gives the files their names; the manifest, written last, seals them.

    Args:
        plan: A build whose images are all written.
        manifest: How the dataset was made; sizes and checksums are added.
    """
    files = plan.files()
    paths = [plan.partial(file) for file in files]
    with concurrent.futures.ThreadPoolExecutor() as pool:
        checksums = list(pool.map(_settle, paths))
    content = {
        "format": 1,
        "name": plan.name,
        "num_images": plan.num_images,
        "resolution": plan.resolution,
        "num_channels": plan.num_channels,
        **manifest,
        "files": {
            file: {"bytes": size, "sha256": checksum}
            for (file, size), checksum in zip(
                files.items(), checksums, strict=True
            )
        },
    }
    for file, partial in zip(files, paths, strict=True):
        os.replace(partial, plan.path / file)
    partial = plan.partial(records.MANIFEST)
    partial.write_text(json.dumps(content, indent=1) + "\n")
    _settle(partial)
    os.replace(partial, plan.path / records.MANIFEST)


def cascade(images: np.ndarray) -> Iterator[np.ndarray]:
    """All levels of the images, the full one first.

    A level is the 2x2 box average of the unrounded level above it, rounded
    (halves to even) for storage alone, as in the reference. float32 is exact
    here: down from 1024 pixels a value has 8 + 2*8 bits.

    Args:
        images: uint8 [n,R,R,C].

    Yields:
        uint8 [n,r,r,C] for r = R, R/2, ... 4.
    """
    yield images
    x = images.astype(np.float32)
    while x.shape[1] > 4:
        x = x[:, 0::2] + x[:, 1::2]
        x = (x[:, :, 0::2] + x[:, :, 1::2]) * 0.25
        yield np.rint(x).astype(np.uint8)


class Writer:
    """Writes the images of a dataset in order, in one process.

    with Writer(plan, manifest) as writer:
        writer.add(images, labels)

    An exception inside the block leaves the build unfinished.
    """

    def __init__(self, plan: Plan, manifest: dict[str, Any] | None = None):
        self.plan = plan
        self.manifest = manifest or {}
        self.num_written = 0

    def __enter__(self) -> "Writer":
        begin(self.plan)
        return self

    def add(self, images: np.ndarray, labels: np.ndarray | None = None) -> None:
        """Appends images uint8 [n,R,R,C] and labels float32 [n,K]."""
        write(self.plan, self.num_written, images, labels)
        self.num_written += len(images)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        if error is None:
            assert self.num_written == self.plan.num_images
            finish(self.plan, self.manifest)


def save(
    path: str | os.PathLike[str],
    images: np.ndarray,
    labels: np.ndarray | None = None,
) -> None:
    """Writes a small dataset that is in memory.

    Args:
        path: The folder.
        images: uint8 [N,R,R,C].
        labels: float32 [N,K] or None.
    """
    label_size = 0 if labels is None else labels.shape[1]
    count, resolution, _, channels = images.shape
    folder = pathlib.Path(path)
    plan = Plan(folder, resolution, channels, count, label_size)
    with Writer(plan) as writer:
        writer.add(images, labels)


def _label_head(plan: Plan) -> bytes:
    """What precedes the numbers in an .npy stream of the plan's labels."""
    stream = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        stream,
        {
            "descr": "<f4",
            "fortran_order": False,
            "shape": (plan.num_images, plan.label_size),
        },
    )
    return stream.getvalue()


def _write_at(path: pathlib.Path, offset: int, data: bytes) -> None:
    try:
        with open(path, "r+b") as stream:
            stream.seek(offset)
            stream.write(data)
    except OSError as error:
        # A full disk is reported without the name of the file.
        raise OSError(error.errno, error.strerror, str(path)) from error


def _settle(path: pathlib.Path) -> str:
    """Makes sure that a file is on disk; returns its SHA-256."""
    with open(path, "r+b") as stream:
        os.fsync(stream.fileno())
        return hashlib.file_digest(stream, "sha256").hexdigest()
