"""CIFAR-10 and CIFAR-100, from the published "python version".

Its files are pickles, which could run any program; here nothing of them runs
(see `safe_pickle`).
"""

import os
import pathlib
from typing import Any

import numpy as np

from pgan_tf.base import boundary, pickle_globals, safe_pickle
from pgan_tf.data.sources import arrays

RESOLUTION = 32

# By data set and split; the file with the names of the classes comes first.
FILES = {
    ("cifar10", "train"): (
        "batches.meta",
        *(f"data_batch_{number}" for number in range(1, 6)),
    ),
    ("cifar10", "test"): ("batches.meta", "test_batch"),
    ("cifar100", "train"): ("meta", "train"),
    ("cifar100", "test"): ("meta", "test"),
}
# The keys of the names and of the classes.
KEYS = {
    "cifar10": ("label_names", "labels"),
    "cifar100": ("fine_label_names", "fine_labels"),
}
_ALLOWED = pickle_globals.Allowed(
    numbers=frozenset(["u1"]),
    # Python 2 wrote text, which Python 3 writes as bytes.
    keys=(str, bytes),
    max_opcodes=1_000_000,  # CIFAR-100 has names of 50,000 files
)


def read(path: str | os.PathLike[str], name: str, split: str) -> arrays.Arrays:
    """Images of 32x32 RGB with their 10 or 100 (fine) classes.

    Args:
        path: The published .tar.gz, or where it was unpacked.
        name: "cifar10" or "cifar100".
        split: "train" (50,000) or "test" (10,000).

    Raises:
        UserError: A file is missing, damaged or not of that data set.
    """
    names_key, classes_key = KEYS[name]
    files = arrays.read_members(path, FILES[name, split])
    label_names: list[str] = []
    images, classes = [], []
    for file, data in files.items():
        where = f"{path}/{file}"
        with boundary.reading(where, f"file of {name}"):
            content = _content(data, where)
            if file == FILES[name, split][0]:
                label_names = [_text(each) for each in content[names_key]]
                continue
            images.append(_images_of(content))
            classes.append(_classes_of(content[classes_key]))
    made_from = {"source_dir": pathlib.Path(path).name, "split": split}
    return arrays.Arrays(
        np.concatenate(images), np.concatenate(classes), label_names, made_from
    )


def _content(data: bytes, where: str) -> dict[str, Any]:
    """A file's values, by name."""
    content = safe_pickle.loads(data, where, _ALLOWED)
    if type(content) is not dict:
        raise ValueError("a file without names")
    return {_text(key): value for key, value in content.items()}


def _text(value: Any) -> str:
    if type(value) not in (str, bytes):
        raise ValueError("a name that is no text")
    return value if type(value) is str else value.decode()


def _classes_of(numbers: Any) -> np.ndarray:
    """A batch's classes, int64 [n]."""
    if type(numbers) is not list or any(type(n) is not int for n in numbers):
        raise ValueError("classes that are no list of whole numbers")
    return np.array(numbers, np.int64)


def _images_of(batch: dict[str, Any]) -> np.ndarray:
    """A batch's rows of 1024 red, 1024 green, 1024 blue, [n,32,32,3]."""
    rows = batch["data"]
    if type(rows) is not np.ndarray:
        raise ValueError("pixels that are no array")
    images = rows.reshape(-1, 3, RESOLUTION, RESOLUTION)
    return images.transpose(0, 2, 3, 1)
