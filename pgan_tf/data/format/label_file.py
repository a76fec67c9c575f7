"""The file of labels in a dataset folder: one array in NumPy's .npy form."""

import pathlib

import numpy as np

from pgan_tf.base import errors, number_file
from pgan_tf.data.format import file_names


def find(path: pathlib.Path) -> list[pathlib.Path]:
    """The files in a folder that are named as labels, in order."""
    return sorted(
        file for file in path.iterdir() if file_names.is_label_file(file.name)
    )


def read(path: pathlib.Path, num_images: int) -> np.ndarray:
    """The labels in a dataset folder.

    Args:
        path: The folder.
        num_images: N.

    Returns:
        float32 [N,K]; K is 0 without a file. It lies in memory, as batches
        are drawn from anywhere in it.

    Raises:
        UserError: The file is damaged, fits no N images, or is one of several.
    """
    found = find(path)
    if not found:
        return np.zeros((num_images, 0), np.float32)
    if len(found) > 1:
        raise errors.UserError(
            f"folder {path} holds several files of labels, such as "
            f"{found[0].name} and {found[1].name}; give each dataset its own "
            "folder"
        )
    labels = number_file.read(found[0], str(found[0]))
    if labels.ndim != 2 or len(labels) != num_images:
        raise errors.UserError(
            f"{found[0]} has labels of shape {list(labels.shape)} for "
            f"{num_images} images"
        )
    # What float32 cannot hold becomes infinite; then these are no classes.
    with np.errstate(over="ignore"):
        return np.array(labels, np.float32)
