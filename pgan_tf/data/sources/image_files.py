"""What the sources that read image files have in common."""

import os
from typing import Any

import numpy as np

from pgan_tf.data.sources import archive, labels


class ImageFiles:
    """Images in a folder or .zip, by name, with their labels.

    Subclasses make of a file what the dataset shall hold; see
    `source.Source`.

    Args:
        path: The folder or .zip.
        resolution: Width and height of the images to make.
        num_images: Use the first so many; None for all.
        label_choice: Where labels come from; see `labels.read`.
        label_attributes: Which of them; see there.
    """

    num_channels = 3

    def __init__(
        self,
        path: str | os.PathLike[str],
        resolution: int,
        num_images: int | None = None,
        label_choice: str | None = None,
        label_attributes: str | None = None,
    ) -> None:
        self.archive = archive.Archive(path)
        self.names = self.choose(self.archive.image_names())[:num_images]
        self.resolution = resolution
        found = labels.read(
            self.archive, self.names, label_choice, label_attributes
        )
        self.label_names, self.label_kind = found.names, found.kind
        self.labels = found.values

    def choose(self, names: list[str]) -> list[str]:
        """Which images to use, in order; all by default."""
        return names

    def __len__(self) -> int:
        return len(self.names)

    def label(self, index: int) -> np.ndarray:
        """One image's label, float32 [K]."""
        return self.labels[index]

    def options(self) -> dict[str, Any]:
        """For the manifest."""
        return {"source_dir": self.archive.path.name}
