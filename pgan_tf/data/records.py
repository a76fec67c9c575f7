"""The dataset folder: names of its files, what they hold, how to read them.

    <name>-r02.tfrecords    all images at 4x4 pixels (2 is the log2 of 4)
    <name>-r03.tfrecords    the same images in the same order at 8x8
    ...                     up to the full resolution
    <name>-rxx.labels       float32 [N,K] as NumPy's .npy, if there are labels
    dataset.json            the manifest, written last; NVIDIA's tool has none

All records of a level have one length (see `tfrecord`), so record i begins at
byte i times that length and is read where it lies.
"""

import dataclasses
import functools
import hashlib
import json
import os
import pathlib
import re
from typing import Any

import numpy as np

from pgan_tf import errors
from pgan_tf.data import tfrecord

MANIFEST = "dataset.json"
PARTIAL = ".partial"  # ends the names of files of a build that is not finished
_LEVEL_NAME = re.compile(r"(?P<name>.+)-r(?P<log2>\d\d)\.tfrecords")


def level_file(name: str, resolution: int) -> str:
    """Such as `faces-r05.tfrecords` for 32 pixels."""
    return f"{name}-r{resolution.bit_length() - 1:02d}.tfrecords"


def label_file(name: str) -> str:
    """Such as `faces-rxx.labels`."""
    return f"{name}-rxx.labels"


def levels_of(resolution: int) -> list[int]:
    """4, 8, ... up to the given power of two."""
    return [1 << log2 for log2 in range(2, resolution.bit_length())]


def is_ours(file: str) -> bool:
    """Whether a file of that name may belong to a dataset."""
    file = file.removesuffix(PARTIAL)
    is_label = re.fullmatch(r".+-rxx\.labels", file)
    return bool(file == MANIFEST or is_label or _LEVEL_NAME.fullmatch(file))


@dataclasses.dataclass(frozen=True)
class Level:
    """All images at one resolution: one file."""

    path: pathlib.Path
    layout: tfrecord.Layout
    num_images: int

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Images uint8 [n,r,r,C] of the records at the given positions."""
        channels, height, width = self.layout.shape
        images = np.empty((len(indices), channels, height, width), np.uint8)
        flat = images.reshape(len(indices), -1)
        with open(self.path, "rb", buffering=0) as file:
            for row, index in zip(flat, indices.tolist(), strict=True):
                row[:] = self._pixels(file.fileno(), index)
        return images.transpose(0, 2, 3, 1)

    def _pixels(self, descriptor: int, index: int) -> np.ndarray:
        if not 0 <= index < self.num_images:
            raise IndexError(f"no record {index} in {self.path}")
        length = self.layout.length
        record = os.pread(descriptor, length, index * length)
        layout = self.layout
        if not record.startswith(layout.prefix):
            # Writers may put the two features in another order each time.
            layout = _parse(self.path, record)
        return np.frombuffer(record, np.uint8)[layout.pixels]


@dataclasses.dataclass(frozen=True, eq=False)
class Dataset:
    """A finished dataset folder.

    Attributes:
        path: The folder.
        name: What its file names begin with.
        resolution: Width and height of the full images.
        num_channels: 1 or 3.
        num_images: N.
        labels: float32 [N,K]; K is 0 for a dataset without labels.
        manifest: The content of `dataset.json`, if there is one.
        levels: By resolution.
    """

    path: pathlib.Path
    name: str
    resolution: int
    num_channels: int
    num_images: int
    labels: np.ndarray
    manifest: dict[str, Any] | None
    levels: dict[int, Level]

    @property
    def label_size(self) -> int:
        """K."""
        return self.labels.shape[1]

    @property
    def label_names(self) -> list[str]:
        """What the manifest calls the K columns; else "0", "1", ..."""
        names = (self.manifest or {}).get("labels", {}).get("names", [])
        if len(names) == self.label_size:
            return names
        return [str(each) for each in range(self.label_size)]

    def read(self, resolution: int, indices: np.ndarray) -> np.ndarray:
        """Images at one of the stored resolutions.

        Args:
            resolution: 4, 8, ... up to the dataset's own.
            indices: Positions of the wanted records, integers [n].

        Returns:
            uint8 [n,resolution,resolution,C].
        """
        return self.levels[resolution].read(np.asarray(indices))

    @functools.cached_property
    def digest(self) -> str:
        """Identifies the contents, to key what was computed from them.

        Made of the manifest's checksums; without a manifest, of every file's
        name, size, first and last bytes.
        """
        files = [level.path for level in self.levels.values()]
        files += sorted(self.path.glob("*.labels"))
        if self.manifest is not None:
            known = self.manifest["files"]
            parts = [f"{file.name} {known[file.name]}" for file in files]
        else:
            parts = [_fingerprint(file) for file in files]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


def open_dataset(path: str | os.PathLike[str]) -> Dataset:
    """Opens a dataset folder made by this project's or by NVIDIA's tool.

    Reads the first record of every level, the labels and the manifest.

    Raises:
        UserError: No such folder, no dataset in it, an unfinished build, a
            missing, truncated or foreign file.
    """
    path = pathlib.Path(path)
    if not path.is_dir():
        raise errors.UserError(f"no such dataset folder: {path}")
    _refuse_unfinished(path)
    name, resolutions = _find_levels(path)
    levels = {each: _open_level(path, name, each) for each in resolutions}
    full = levels[max(resolutions)]
    for level in levels.values():
        _check_level(level, full)
    manifest = _read_manifest(path)
    if manifest is not None:
        _check_sizes(path, manifest)
    return Dataset(
        path=path,
        name=name,
        resolution=max(resolutions),
        num_channels=full.layout.shape[0],
        num_images=full.num_images,
        labels=_read_labels(path, full.num_images),
        manifest=manifest,
        levels=levels,
    )


def _refuse_unfinished(path: pathlib.Path) -> None:
    if any(path.glob("*" + PARTIAL)):
        raise errors.UserError(
            f"the build of dataset {path} was not finished; "
            "run the same `dataset_tool.py create` again"
        )


def _find_levels(path: pathlib.Path) -> tuple[str, list[int]]:
    """The dataset's name and resolutions, from its file names."""
    matches = [
        match
        for file in sorted(path.iterdir())
        if (match := _LEVEL_NAME.fullmatch(file.name))
    ]
    if not matches:
        raise errors.UserError(
            f"no dataset in folder {path}: it has no *-rNN.tfrecords files"
        )
    names = sorted({match["name"] for match in matches})
    if len(names) > 1:
        raise errors.UserError(
            f"folder {path} holds several datasets: {', '.join(names)}; "
            "give each its own folder"
        )
    resolutions = [1 << int(match["log2"]) for match in matches]
    for resolution in levels_of(max(resolutions)):
        if resolution not in resolutions:
            missing = path / level_file(names[0], resolution)
            raise errors.UserError(
                f"a level of the dataset is missing: {missing}"
            )
    return names[0], [each for each in resolutions if each >= 4]


def _open_level(path: pathlib.Path, name: str, resolution: int) -> Level:
    file = path / level_file(name, resolution)
    with open(file, "rb") as stream:
        head = stream.read(12)
        try:
            length = tfrecord.frame_length(head)
        except ValueError as error:
            raise errors.UserError(f"cannot read {file}: {error}") from error
        size = os.fstat(stream.fileno()).st_size
        record = head + (stream.read(length - 12) if length <= size else b"")
    layout = _parse(file, record)
    if size % length:
        raise errors.UserError(
            f"{file} is truncated: {size} bytes are not a multiple of its "
            f"records' {length}"
        )
    return Level(file, layout, size // length)


def _parse(file: pathlib.Path, record: bytes) -> tfrecord.Layout:
    try:
        return tfrecord.parse(record)
    except ValueError as error:
        raise errors.UserError(f"cannot read {file}: {error}") from error


def _check_level(level: Level, full: Level) -> None:
    """A level must be square, of its name's size, as long as the full one."""
    _, height, width = level.layout.shape
    expected = (full.layout.shape[0], height, height)
    is_named = level.path.name.endswith(level_file("", height))
    if level.layout.shape != expected or not is_named:
        raise errors.UserError(
            f"{level.path} holds images of {level.layout.shape[0]} channels, "
            f"{width}x{height} pixels, which its name and the largest level "
            "do not agree with"
        )
    if level.num_images != full.num_images:
        raise errors.UserError(
            f"{level.path} has {level.num_images} images and {full.path.name} "
            f"has {full.num_images}: one of them is truncated"
        )


def _read_manifest(path: pathlib.Path) -> dict[str, Any] | None:
    file = path / MANIFEST
    if not file.exists():
        return None
    try:
        manifest = json.loads(file.read_text())
        manifest["files"].items()
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise errors.UserError(
            f"{file} is not a manifest of dataset_tool.py"
        ) from error
    return manifest


def _check_sizes(path: pathlib.Path, manifest: dict[str, Any]) -> None:
    for name, known in manifest["files"].items():
        file = path / name
        size = file.stat().st_size if file.exists() else None
        if size != known["bytes"]:
            found = "is missing" if size is None else f"has {size} bytes"
            raise errors.UserError(
                f"{file} {found} but should have {known['bytes']} according "
                f"to {MANIFEST}"
            )


def _read_labels(path: pathlib.Path, num_images: int) -> np.ndarray:
    files = sorted(path.glob("*.labels"))
    if not files:
        return np.zeros((num_images, 0), np.float32)
    try:
        labels = np.load(files[0], allow_pickle=False)
    except (ValueError, EOFError) as error:
        raise errors.UserError(
            f"{files[0]} is truncated or no .npy stream"
        ) from error
    if labels.ndim != 2 or len(labels) != num_images:
        raise errors.UserError(
            f"{files[0]} has labels of shape {list(labels.shape)} for "
            f"{num_images} images"
        )
    return labels.astype(np.float32)


def _fingerprint(file: pathlib.Path) -> str:
    """Name, size and a hash of the first and last 64 KiB."""
    span = 1 << 16
    size = file.stat().st_size
    with open(file, "rb") as stream:
        ends = stream.read(span)
        stream.seek(max(0, size - span))
        ends += stream.read(span)
    return f"{file.name} {size} {hashlib.sha256(ends).hexdigest()}"
