"""Small datasets for tests, written in one process."""

import os
import pathlib
import types
from typing import Any

import numpy as np

from pgan_tf.data.format import writing


class Writer:
    """Writes the images of a dataset in order, in one process.

    with Writer(target, manifest) as writer:
        writer.add(images, labels)

    An exception inside the block leaves the build unfinished.
    """

    def __init__(
        self, target: writing.Target, manifest: dict[str, Any] | None = None
    ):
        self.target = target
        self.manifest = manifest or {}
        self.num_written = 0

    def __enter__(self) -> "Writer":
        writing.begin(self.target)
        return self

    def add(self, images: np.ndarray, labels: np.ndarray | None = None) -> None:
        """Appends images uint8 [n,R,R,C] and labels float32 [n,K]."""
        planes = np.ascontiguousarray(images.transpose(0, 3, 1, 2))
        writing.write(self.target, self.num_written, planes, labels)
        self.num_written += len(images)

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: types.TracebackType | None,
    ) -> None:
        if error is None:
            assert self.num_written == self.target.num_images
            writing.finish(self.target, self.manifest)


def save(
    path: str | os.PathLike[str],
    images: np.ndarray,
    labels: np.ndarray | None = None,
) -> None:
    """Writes a small dataset that is in memory.

    Args:
        path: The folder.
        images: uint8 [N,R,R,C].
        labels: float32 [N,K] or None.
    """
    label_size = 0 if labels is None else labels.shape[1]
    count, resolution, _, channels = images.shape
    folder = pathlib.Path(path)
    target = writing.Target(folder, resolution, channels, count, label_size)
    with Writer(target) as writer:
        writer.add(images, labels)
