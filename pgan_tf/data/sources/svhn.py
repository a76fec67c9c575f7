"""SVHN's cropped digits, from the published .mat files."""

import os
import pathlib

import numpy as np

from pgan_tf.base import boundary, errors, memory
from pgan_tf.data.sources import arrays, matlab


def read(path: str | os.PathLike[str], split: str) -> arrays.Arrays:
    """House numbers' digits 0..9, 32x32 RGB.

    Args:
        path: Where <split>_32x32.mat lies.
        split: "train" (73,257), "test" (26,032) or "extra" (531,131).

    Raises:
        UserError: The file is missing or damaged.
    """
    name = f"{split}_32x32.mat"
    data = arrays.read_members(path, [name])[name]
    where = f"{path}/{name}"
    with boundary.reading(where, ".mat file of SVHN"):
        content = matlab.read(data, ("X", "y"), where)
        memory.require(3 * content["X"].nbytes, where)
        # [32,32,3,N]
        images = np.ascontiguousarray(content["X"].transpose(3, 0, 1, 2))
        classes = content["y"].ravel()
        if not np.isin(classes, range(1, 11)).all():
            raise ValueError("classes that are not 1 to 10")
        # The file counts from 1; its class 10 is the digit 0.
        classes = classes.astype(np.int64) % 10
    if images.shape[1:] != (32, 32, 3) or images.dtype != np.uint8:
        raise errors.UserError(
            f"{path}/{name} holds {images.dtype} {list(images.shape[1:])}, "
            "not images of SVHN's cropped digits"
        )
    made_from = {"source_dir": pathlib.Path(path).name, "split": split}
    return arrays.Arrays(images, classes, arrays.DIGITS, made_from)
