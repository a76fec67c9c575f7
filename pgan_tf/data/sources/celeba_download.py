"""Fetches CelebA through tensorflow-datasets, for those who have no copy."""

import os
import pathlib
import zipfile
from typing import Any

from absl import logging

from pgan_tf.base import errors
from pgan_tf.data.sources import network

_HOST = "https://drive.google.com"  # where CelebA is kept
ATTRIBUTES_FILE = "list_attr_celeba.txt"  # by which `labels` finds it


def fetch() -> pathlib.Path:
    """Downloads `celeb_a` once; returns a .zip as `celeba.CelebA` reads it.

    The .zip lies with the downloaded dataset, and holds the original JPEGs,
    numbered in the order of tensorflow-datasets, with their attributes.

    Raises:
        UserError: The download failed; the message says what to do instead.
    """
    # Slow to import, and needed for nothing else.
    import tensorflow_datasets as tfds

    # Without its notes on every step; the bars of the download stay.
    logging.set_verbosity(logging.ERROR)
    try:
        builder = tfds.builder("celeb_a")
        target = pathlib.Path(builder.data_dir) / "img_align_celeba.zip"
        if target.exists():
            return target
        if not os.path.exists(builder.data_dir):
            network.reach([_HOST])
        builder.download_and_prepare()
    except Exception as error:
        # Whatever went wrong (no network, a quota, a checksum), the way out
        # is the same.
        reason = f"{type(error).__name__}: {error}".splitlines()[0][:120]
        raise errors.UserError(
            f"tensorflow-datasets cannot download celeb_a ({reason}); fetch "
            "img_align_celeba.zip from "
            "https://mmlab.ie.cuhk.edu.hk/projects/CelebA.html yourself and "
            "pass it as --source_dir=img_align_celeba.zip"
        ) from error
    dataset = builder.as_dataset(
        split="all", decoders={"image": tfds.decode.SkipDecoding()}
    )
    partial = target.with_suffix(".partial")
    _pack(tfds.as_numpy(dataset), partial)
    partial.rename(target)
    return target


def _pack(examples: Any, target: pathlib.Path) -> None:
    """Writes the examples' JPEGs and attributes into a .zip."""
    rows = []
    names: list[str] = []
    with zipfile.ZipFile(target, "w") as file:
        for number, example in enumerate(examples, start=1):
            name = f"{number:06d}.jpg"
            file.writestr(f"img_align_celeba/{name}", example["image"])
            attributes = example["attributes"]
            names = list(attributes)
            values = (1 if attributes[each] else -1 for each in names)
            rows.append(" ".join([name, *map(str, values)]))
        lines = [str(len(rows)), " ".join(names), *rows]
        file.writestr(ATTRIBUTES_FILE, "\n".join(lines) + "\n")
