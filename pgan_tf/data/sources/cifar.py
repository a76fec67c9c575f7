"""CIFAR-10 and CIFAR-100, from the published "python version".

Its files are pickles, which could run any program. Here they may only build
NumPy arrays out of bytes; everything else is refused.
"""

import io
import os
import pathlib
import pickle
from typing import Any

import numpy as np

from pgan_tf.base import errors
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
    "cifar10": (b"label_names", b"labels"),
    "cifar100": (b"fine_label_names", b"fine_labels"),
}


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
    contents = {
        f"{path}/{file}": _unpickle(data, f"{path}/{file}")
        for file, data in arrays.read_members(path, FILES[name, split]).items()
    }
    (meta_file, *batch_files) = contents
    try:
        names = [each.decode() for each in contents[meta_file][names_key]]
        batches = [contents[file] for file in batch_files]
        images = np.concatenate([_images_of(batch) for batch in batches])
        classes = np.concatenate([batch[classes_key] for batch in batches])
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise errors.UserError(
            f"--source_dir={path} does not hold the files of {name}: {error!r}"
        ) from error
    made_from = {"source_dir": pathlib.Path(path).name, "split": split}
    return arrays.Arrays(images, classes, names, made_from)


def _images_of(batch: dict[bytes, Any]) -> np.ndarray:
    """A batch's rows of 1024 red, 1024 green, 1024 blue, [n,32,32,3]."""
    rows = batch[b"data"]
    if rows.dtype != np.uint8:
        raise ValueError(f"pixels of type {rows.dtype}")
    images = rows.reshape(-1, 3, RESOLUTION, RESOLUTION)
    return images.transpose(0, 2, 3, 1)


def _unpickle(data: bytes, where: str) -> dict[bytes, Any]:
    try:
        return _Unpickler(io.BytesIO(data), encoding="bytes").load()
    except errors.UserError as error:
        raise errors.UserError(f"{where}: {error}") from error
    except Exception as error:
        # Damage shows in whatever the bytes happen to mean.
        raise errors.UserError(
            f"{where} is truncated or no pickle: {error!r}"
        ) from error


class _Unpickler(pickle.Unpickler):
    """Builds dicts, lists, strings, numbers and NumPy arrays of numbers."""

    def find_class(self, module: str, name: str) -> Any:
        """The only three names that an array's pickle needs."""
        # NumPy 2 calls numpy.core numpy._core.
        full_name = f"{module}.{name}".replace("._core.", ".core.")
        if full_name == "numpy.core.multiarray._reconstruct":
            return _empty_array
        if full_name == "numpy.ndarray":
            return np.ndarray
        if full_name == "numpy.dtype":
            return np.dtype
        raise errors.UserError(
            f"it asks for {full_name}, which CIFAR's files do not; "
            "it is not opened"
        )


def _empty_array(kind: type, shape: tuple[int], code: bytes) -> np.ndarray:
    """What a pickled array starts from; its state comes after."""
    return np.ndarray(shape, np.dtype(code.decode()))
