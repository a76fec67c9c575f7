"""Any images: the centre square of each, at the wanted size."""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from pgan_tf.data.sources import archive, decode


class Pictures:
    """All images in a folder or .zip, by name; see `source.Source`."""

    num_channels = 3
    label_names: Sequence[str] = ()
    label_kind: str | None = None

    def __init__(self, path: str | os.PathLike[str], resolution: int) -> None:
        self.archive = archive.Archive(path)
        self.names = self.archive.image_names()
        self.resolution = resolution

    def __len__(self) -> int:
        return len(self.names)

    def image(self, index: int) -> np.ndarray:
        """The centre square of one image, uint8 [R,R,3]."""
        name = self.names[index]
        data = self.archive.read(name)
        image = decode.rgb(data, self.archive.locate(name))
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        return decode.crop_resized(image, left, top, side, self.resolution)

    def label(self, index: int) -> np.ndarray:
        """No label: float32 [0]."""
        return np.zeros(0, np.float32)

    def options(self) -> dict[str, Any]:
        """For the manifest."""
        return {"source_dir": self.archive.path.name, "crop": "center"}
