"""What is in a dataset: `info`, `display`, `compare` and `extract`."""

import csv
import os
import pathlib
from collections.abc import Iterator
from typing import Any

import numpy as np

from pgan_tf.base import errors, files, images, locks, progress, text
from pgan_tf.data import blocks, values
from pgan_tf.data.format import datasets, file_names


def describe(dataset: datasets.Dataset) -> str:
    """A dataset in a few lines: counts, labels, origin, bytes."""
    rows = {
        "dataset": str(dataset.path),
        "name": dataset.name,
        "images": str(dataset.num_images),
        "resolution": f"{dataset.resolution}x{dataset.resolution}, "
        f"{dataset.num_channels} channels",
        "levels": " ".join(str(each) for each in sorted(dataset.levels)),
        "shards": str(dataset.num_shards),
        "labels": _describe_labels(dataset),
        "bytes": f"{sum(_sizes(dataset)):,}",
    }
    manifest = dataset.manifest or {}
    made_from = manifest.get("made_from", {})
    if made_from:
        pairs = (f"{key}={value}" for key, value in made_from.items())
        rows["made from"] = " ".join(pairs)
    if "num_exact" in manifest:
        rows["bit-exact"] = (
            f"{manifest['num_exact']} of {dataset.num_images} images"
        )
    if isinstance(manifest.get("num_enlarged"), int):
        rows["enlarged"] = (
            f"{manifest['num_enlarged']:,} of {dataset.num_images:,} images"
            f" were smaller than {dataset.resolution}x{dataset.resolution} and"
            " were enlarged"
        )
    if "skipped" in manifest:
        count = len(manifest["skipped"])
        what = "image" if count == 1 else "images"
        rows["skipped"] = f"{count:,} {what}, see {file_names.MANIFEST}"
    for key, remark in _remarks(manifest).items():
        rows[key] = remark
    for key in ("made_by", "created"):
        if key in manifest:
            rows[key.replace("_", " ")] = manifest[key]
    if not manifest:
        rows["manifest"] = "none (not made by this tool)"
    return "\n".join(f"{key:<11} {value}" for key, value in rows.items())


def _remarks(manifest: dict[str, Any]) -> dict[str, str]:
    """What `create` had to tell; nothing if the manifest is not ours."""
    found = manifest.get("remarks")
    if not isinstance(found, dict):
        return {}
    return {key[:11]: text.one_line(str(found[key])) for key in found}


def _describe_labels(dataset: datasets.Dataset) -> str:
    """The labels in a line: "2 multihot: glasses (1204), beard (731)"."""
    if not dataset.label_size:
        return "none"
    columns = (
        values.describe(name, column, dataset.label_kind)
        for name, column in zip(
            dataset.label_names, dataset.labels.T, strict=True
        )
    )
    return f"{dataset.label_size} {dataset.label_kind}: {', '.join(columns)}"


def _sizes(dataset: datasets.Dataset) -> list[int]:
    return [file.stat().st_size for file in dataset.record_files()]


def write_sheet(
    dataset: datasets.Dataset,
    out: str | os.PathLike[str],
    count: int,
    resolution: int,
) -> int:
    """Writes a contact sheet of the first images as PNG, 512 pixels or more.

    Args:
        dataset: The dataset.
        out: The file.
        count: At most this many images.
        resolution: The level to show.

    Returns:
        How many images the sheet shows.
    """
    count = min(count, dataset.num_images)
    pictures = dataset.read(resolution, np.arange(count))
    rows = -(-count // _columns(count))
    pictures = images.upscale(pictures, images.zoom_to_see(rows * resolution))
    pathlib.Path(out).parent.mkdir(parents=True, exist_ok=True)
    images.save_png(out, images.grid(pictures, _columns(count)))
    return count


def sheet_labels(dataset: datasets.Dataset, count: int) -> Iterator[str]:
    """Yields the labels of a contact sheet, a line per image.

    Such as "row 2, column 1: glasses, beard"; a value that is neither 0 nor 1
    is told; nothing for a dataset without labels.
    """
    if not dataset.label_size:
        return
    count = min(count, dataset.num_images)
    for index, label in enumerate(dataset.labels[:count].tolist()):
        names = (
            name if value == 1 else f"{name}={value:g}"
            for name, value in zip(dataset.label_names, label, strict=True)
            if value
        )
        row, column = divmod(index, _columns(count))
        shown = ", ".join(names) or "none"
        yield f"row {row + 1}, column {column + 1}: {shown}"


def _columns(count: int) -> int:
    """Columns of a contact sheet: wide ones suit a screen."""
    return int(np.ceil(np.sqrt(count * 1.5)))


def differences(
    first: datasets.Dataset, second: datasets.Dataset
) -> Iterator[str]:
    """Yields what differs; nothing for datasets a training cannot tell apart.

    Names, manifests and the order of features within records do not count,
    the pixels of all levels, the labels and the order of images do.
    """
    forms = [
        f"{each.num_images} images of {each.resolution}x{each.resolution}x"
        f"{each.num_channels}"
        for each in (first, second)
    ]
    if forms[0] != forms[1]:
        yield " against ".join(forms)
        return
    if first.label_size != second.label_size:
        yield f"labels of {first.label_size} against {second.label_size}"
    else:
        differ = (first.labels != second.labels).any(axis=1)
        yield from _summary("labels", np.flatnonzero(differ))
    yield from _summary("images", _different_images(first, second))


def _summary(what: str, indices: np.ndarray) -> Iterator[str]:
    if indices.size:
        yield f"{what} that differ: {indices.size}, first {indices[0]}"


def _different_images(
    first: datasets.Dataset, second: datasets.Dataset
) -> np.ndarray:
    """Positions of images that differ at any level, integers [n]."""
    differ = np.zeros(first.num_images, bool)
    image_bytes = first.resolution**2 * first.num_channels
    with progress.bar(first.num_images, first.name, "img", leave=True) as bar:
        for block in blocks.split(first.num_images, image_bytes):
            indices = np.asarray(block)
            for resolution in first.levels:
                one = first.read(resolution, indices)
                other = second.read(resolution, indices)
                differ[indices] |= (one != other).any(axis=(1, 2, 3))
            bar.update(len(block))
    return np.flatnonzero(differ)


def level_of(dataset: datasets.Dataset, resolution: int | None) -> int:
    """The resolution that --resolution asks for; None: the full one.

    Raises:
        UserError: If the dataset has none so large.
    """
    if resolution and resolution > dataset.resolution:
        raise errors.UserError(
            f"--resolution={resolution} is more than the {dataset.resolution} "
            f"of dataset {dataset.path}"
        )
    return resolution or dataset.resolution


LABELS = "labels.csv"


def extract(
    dataset: datasets.Dataset,
    out_dir: str | os.PathLike[str],
    resolution: int,
    count: int,
) -> None:
    """Writes 00000000.png, 00000001.png, ... and, with labels, labels.csv.

    The table has a head line, and a line per image: its file name and the K
    numbers of its label. `create --source=images` reads both back.

    Args:
        dataset: The dataset.
        out_dir: A folder that is empty or not there.
        resolution: The level to take.
        count: How many images, the first ones; at most all.

    Raises:
        UserError: The folder holds something.
    """
    path = pathlib.Path(out_dir)
    with locks.hold(path, "--out_dir", "extract"):
        if not all(files.is_hidden(name) for name in os.listdir(path)):
            raise errors.UserError(
                f"--out_dir={path} is not empty; choose a new folder"
            )
        _extract(dataset, path, resolution, count)


def _extract(
    dataset: datasets.Dataset, path: pathlib.Path, resolution: int, count: int
) -> None:
    image_bytes = resolution**2 * dataset.num_channels
    with progress.bar(count, dataset.name, "img", leave=True) as bar:
        for block in blocks.split(count, image_bytes):
            pictures = dataset.read(resolution, np.asarray(block))
            for index, picture in zip(block, pictures, strict=True):
                images.save_png(path / _file_name(index), picture)
            bar.update(len(block))
    if dataset.label_size:
        _write_labels(path / LABELS, dataset, count)


def _file_name(index: int) -> str:
    return f"{index:08d}.png"


def _write_labels(
    file: pathlib.Path, dataset: datasets.Dataset, count: int
) -> None:
    with open(file, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", *dataset.label_names])
        for index, label in enumerate(dataset.labels[:count]):
            # Nine digits give any float32 back exactly.
            numbers = (f"{value:.9g}" for value in label.tolist())
            writer.writerow([_file_name(index), *numbers])
