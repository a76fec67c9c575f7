"""Images that are small enough to be all in memory, with their classes."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from pgan_tf.base import errors

DIGITS = tuple("0123456789")  # the classes of several sets


class Arrays:
    """Classified images; see `source.Source`.

    Args:
        images: uint8 [N,R,R,C].
        classes: Integers [N], positions in `label_names`.
        label_names: The K classes.
        made_from: For the manifest.
    """

    label_kind: str | None = "onehot"

    def __init__(
        self,
        images: np.ndarray,
        classes: np.ndarray,
        label_names: Sequence[str],
        made_from: dict[str, Any],
    ) -> None:
        self.images = images
        self.classes = classes
        self.label_names = label_names
        self.made_from = made_from
        self.resolution, self.num_channels = images.shape[2:]
        _check(self)

    def __len__(self) -> int:
        return len(self.images)

    def image(self, index: int) -> np.ndarray:
        """One image, uint8 [R,R,C]."""
        return self.images[index]

    def label(self, index: int) -> np.ndarray:
        """Its class, one-hot, float32 [K]."""
        label = np.zeros(len(self.label_names), np.float32)
        label[self.classes[index]] = 1
        return label

    def options(self) -> dict[str, Any]:
        """For the manifest."""
        return self.made_from


def _check(arrays: Arrays) -> None:
    """Refuses what only a file of another data set can have led to."""
    where = arrays.made_from.get("source_dir")
    num_images, num_labels = len(arrays.images), len(arrays.classes)
    if num_images != num_labels or not num_images:
        raise errors.UserError(
            f"--source_dir={where} has {num_images} images and {num_labels} "
            "labels"
        )
    lowest, highest = np.min(arrays.classes), np.max(arrays.classes)
    if lowest < 0 or highest >= len(arrays.label_names):
        raise errors.UserError(
            f"--source_dir={where} has classes {lowest} to {highest} instead "
            f"of 0 to {len(arrays.label_names) - 1}"
        )
