"""`extract`: a dataset as PNG files and a table of labels."""

import csv
import os
import pathlib

import numpy as np

from pgan_tf.base import errors, images
from pgan_tf.data import blocks, records

LABELS = "labels.csv"


def extract(
    dataset: records.Dataset,
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
    if path.exists() and (not path.is_dir() or any(path.iterdir())):
        raise errors.UserError(
            f"--out_dir={path} is not empty; choose a new folder"
        )
    path.mkdir(parents=True, exist_ok=True)
    image_bytes = resolution**2 * dataset.num_channels
    with blocks.progress(count, dataset.name) as bar:
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
    file: pathlib.Path, dataset: records.Dataset, count: int
) -> None:
    with open(file, "w", newline="", encoding="utf-8") as stream:
        writer = csv.writer(stream)
        writer.writerow(["file", *dataset.label_names])
        for index, label in enumerate(dataset.labels[:count]):
            # Nine digits give any float32 back exactly.
            values = (f"{value:.9g}" for value in label.tolist())
            writer.writerow([_file_name(index), *values])
