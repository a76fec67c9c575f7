"""`info` and `display`: what is in a dataset."""

import os
import pathlib
from collections.abc import Iterator

import numpy as np

from pgan_tf.base import images
from pgan_tf.data import file_names, records

_MIN_TILE = 64  # pixels of an image on a contact sheet


def describe(dataset: records.Dataset) -> str:
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
    if "skipped" in manifest:
        count = len(manifest["skipped"])
        rows["skipped"] = f"{count} images, see {file_names.MANIFEST}"
    for key in ("made_by", "created"):
        if key in manifest:
            rows[key.replace("_", " ")] = manifest[key]
    if not manifest:
        rows["manifest"] = "none (not made by this tool)"
    return "\n".join(f"{key:<11} {value}" for key, value in rows.items())


def _describe_labels(dataset: records.Dataset) -> str:
    """Such as "2 multihot: glasses (1204), beard (731)"."""
    if not dataset.label_size:
        return "none"
    about = (dataset.manifest or {}).get("labels", {})
    counts = np.count_nonzero(dataset.labels, axis=0)
    columns = (
        f"{name} ({count})"
        for name, count in zip(dataset.label_names, counts, strict=True)
    )
    kind = about.get("kind") or ""
    return f"{dataset.label_size} {kind}: {', '.join(columns)}"


def _sizes(dataset: records.Dataset) -> list[int]:
    return [file.stat().st_size for file in dataset.record_files()]


def write_sheet(
    dataset: records.Dataset,
    out: str | os.PathLike[str],
    count: int,
    resolution: int,
) -> int:
    """Writes a contact sheet of the first images as PNG.

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
    # Small images are enlarged to be seen at all.
    pictures = images.upscale(pictures, max(1, _MIN_TILE // resolution))
    pathlib.Path(out).parent.mkdir(parents=True, exist_ok=True)
    images.save_png(out, images.grid(pictures, _columns(count)))
    return count


def sheet_labels(dataset: records.Dataset, count: int) -> Iterator[str]:
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
        text = ", ".join(names) or "none"
        yield f"row {row + 1}, column {column + 1}: {text}"


def _columns(count: int) -> int:
    """Of a sheet: pictures wider than high suit a screen."""
    return int(np.ceil(np.sqrt(count * 1.5)))
