"""A finished dataset folder: opening it, and reading from it.

See `file_names` for its files and `tfrecord` for what is in them.
"""

import dataclasses
import functools
import hashlib
import os
import pathlib
import re
from typing import Any

import numpy as np

from pgan_tf.base import errors, resolutions
from pgan_tf.data import values
from pgan_tf.data.format import file_names, label_file, levels, manifest_file

_NUM_BLACK = 16


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
    levels: dict[int, levels.Level]

    @property
    def label_size(self) -> int:
        """K."""
        return self.labels.shape[1]

    @property
    def label_names(self) -> list[str]:
        """What the manifest calls the K columns; else "0", "1", ..."""
        names = self._about_labels().get("names")
        if isinstance(names, list) and len(names) == self.label_size:
            return [str(each) for each in names]
        return [str(each) for each in range(self.label_size)]

    @functools.cached_property
    def label_kind(self) -> str:
        """See `values`: as the manifest has it, or as the labels tell.

        Empty for a dataset without labels.
        """
        if not self.label_size:
            return ""
        return values.kind_of(self.labels, self.kind_in_manifest)

    @property
    def kind_in_manifest(self) -> str:
        """What the manifest says of the labels' kind; empty if nothing."""
        kind = self._about_labels().get("kind")
        return kind if self.label_size and isinstance(kind, str) else ""

    def _about_labels(self) -> dict[str, Any]:
        """What the manifest says of the labels; nothing if it is not ours."""
        about = (self.manifest or {}).get("labels")
        return about if isinstance(about, dict) else {}

    def kind_of_first(self, size: int) -> str:
        """The kind of the first columns of the labels, K of them or fewer."""
        return values.kind_of_first(self.labels, self.label_kind, size)

    @property
    def is_stacked_digits(self) -> bool:
        """Whether images are three digits as colours, as the manifest says."""
        made_from = (self.manifest or {}).get("made_from")
        return (
            isinstance(made_from, dict)
            and made_from.get("source") == "mnistrgb"
        )

    def read(self, resolution: int, indices: np.ndarray) -> np.ndarray:
        """Images at one of the stored resolutions.

        Args:
            resolution: 4, 8, ... up to the dataset's own.
            indices: Positions of the wanted records, integers [n].

        Returns:
            uint8 [n,resolution,resolution,C].
        """
        return self.levels[resolution].read(np.asarray(indices))

    def record_files(self) -> list[pathlib.Path]:
        """All files of images, level by level."""
        return [
            shard.path
            for level in self.levels.values()
            for shard in level.shards
        ]

    @property
    def num_shards(self) -> int:
        """Files per level."""
        return len(self.levels[self.resolution].shards)

    @functools.cached_property
    def digest(self) -> str:
        """Identifies the contents, to key what was computed from them.

        Made of the manifest's checksums; without a manifest, of every file's
        name, size, first and last bytes.
        """
        known = (self.manifest or {}).get("files", {})
        parts = [
            f"{file.name} {known[file.name]}"
            if file.name in known
            else _fingerprint(file)
            for file in [*self.record_files(), *label_file.find(self.path)]
        ]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class BlackDataset(Dataset):
    """Black RGB images of any size, without files: for benchmarks.

    They are few, so that the largest level fits into memory. Made by
    `open_dataset`.
    """

    def read(self, resolution: int, indices: np.ndarray) -> np.ndarray:
        """uint8 zeros [n,resolution,resolution,3]."""
        return np.zeros((len(indices), resolution, resolution, 3), np.uint8)

    @property
    def digest(self) -> str:
        """Stands for a checksum of the contents."""
        return str(self.path)


def open_dataset(path: str | os.PathLike[str]) -> Dataset:
    """Opens a dataset folder made by this project's or by NVIDIA's tool.

    Reads the first record of every level, the labels and the manifest. A path
    such as `black:64` is a `BlackDataset` of that resolution.

    Raises:
        UserError: No such folder, no dataset in it, an unfinished build, a
            missing, truncated or foreign file.
    """
    path = pathlib.Path(path)
    if match := re.fullmatch(r"black:(\d+)", str(path)):
        return _black(int(match[1]))
    if not path.is_dir():
        raise errors.UserError(
            f"no such dataset folder: {path}; dataset_tool.py create makes one"
        )
    _refuse_unfinished(path)
    name, files = _find_levels(path)
    opened = {each: levels.open_level(files[each], each) for each in files}
    full = opened[max(opened)]
    for level in opened.values():
        levels.check_same(level, full)
    return Dataset(
        path=path,
        name=name,
        resolution=max(opened),
        num_channels=full.layout.shape[0],
        num_images=full.num_images,
        labels=label_file.read(path, full.num_images),
        manifest=manifest_file.read(path),
        levels=opened,
    )


def _black(resolution: int) -> Dataset:
    if resolution > resolutions.LARGEST or not resolutions.is_one(resolution):
        raise errors.UserError(
            f"black:{resolution}: {resolution} is not a power of two from 4 "
            "to 1024"
        )
    return BlackDataset(
        path=pathlib.Path(f"black:{resolution}"),
        name="black",
        resolution=resolution,
        num_channels=3,
        num_images=_NUM_BLACK,
        labels=np.zeros((_NUM_BLACK, 0), np.float32),
        manifest=None,
        levels={},
    )


def _refuse_unfinished(path: pathlib.Path) -> None:
    if any(file_names.is_partial(file.name) for file in path.iterdir()):
        raise errors.UserError(
            f"the build of dataset {path} was not finished; "
            "run the same `dataset_tool.py create` again"
        )


def _find_levels(
    path: pathlib.Path,
) -> tuple[str, dict[int, list[pathlib.Path]]]:
    """The dataset's name, and the files of each resolution, in order."""
    found = {
        parsed: file
        for file in sorted(path.iterdir())
        if (parsed := file_names.parse(file.name)) and parsed.resolution >= 4
    }
    if not found:
        raise errors.UserError(
            f"no dataset in folder {path}: it has no *-rNN.tfrecords files; "
            "dataset_tool.py create makes one of a folder of images"
        )
    name, num_shards = _check_one(path, list(found))
    files = {}
    for resolution in resolutions.up_to(max(p.resolution for p in found)):
        parts = [
            file_names.Parsed(name, resolution, shard, num_shards)
            for shard in range(num_shards)
        ]
        for part in parts:
            if part not in found:
                file = file_names.level_file(*dataclasses.astuple(part))
                what = "level" if num_shards == 1 else "shard"
                raise errors.UserError(
                    f"a {what} of the dataset is missing: {path / file}"
                )
        files[resolution] = [found[part] for part in parts]
    return name, files


def _check_one(
    path: pathlib.Path, found: list[file_names.Parsed]
) -> tuple[str, int]:
    """The name and the number of shards that all files agree on."""
    names = sorted({parsed.name for parsed in found})
    if len(names) > 1:
        raise errors.UserError(
            f"folder {path} holds several datasets: {', '.join(names)}; "
            "give each its own folder"
        )
    counts = sorted({parsed.num_shards for parsed in found})
    if len(counts) > 1:
        raise errors.UserError(
            f"folder {path} mixes files of {counts[0]} and of {counts[1]} "
            "shards; give each dataset its own folder"
        )
    return names[0], counts[0]


def _fingerprint(file: pathlib.Path) -> str:
    """Name, size and a hash of the first and last 64 KiB."""
    span = 1 << 16
    size = file.stat().st_size
    with open(file, "rb") as stream:
        ends = stream.read(span)
        stream.seek(max(0, size - span))
        ends += stream.read(span)
    return f"{file.name} {size} {hashlib.sha256(ends).hexdigest()}"
