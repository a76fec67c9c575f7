"""Image files of any kind, made square and resized to the wanted size."""

import dataclasses
import os
from typing import Any

import numpy as np
from PIL import Image

from pgan_tf.data.sources import archive, decode, labels


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
        """What the manifest says of how the images were made."""
        return {"source_dir": self.archive.path.name}


CROPS = ("center", "none", "pad")
CHANNELS = {"rgb": 3, "gray": 1}


@dataclasses.dataclass(frozen=True)
class Form:
    """What images are made into.

    Attributes:
        crop: "center", the largest square in the middle; "none", all of it,
            stretched; "pad", all of it between black bars.
        channels: "rgb" or "gray" (luminance after ITU-R 601-2).
        resize_filter: One of `decode.FILTERS`; None for what suits each.
    """

    crop: str = "center"
    channels: str = "rgb"
    resize_filter: str | None = None

    @property
    def num_channels(self) -> int:
        """1 or 3."""
        return CHANNELS[self.channels]

    def apply(self, image: np.ndarray, resolution: int) -> np.ndarray:
        """An image uint8 [H,W,3] in this form, uint8 [R,R,C]."""
        square = make_square(image, self.crop)
        pixels = decode.resized(square, resolution, self.resize_filter)
        if self.channels == "gray":
            return np.asarray(Image.fromarray(pixels).convert("L"))[..., None]
        return pixels

    def options(self) -> dict[str, Any]:
        """What the manifest says of how the images were made."""
        return dataclasses.asdict(self)


class Pictures(ImageFiles):
    """All images in a folder or .zip, by name.

    Args:
        form: What to make of them.

    The others are those of `pictures.ImageFiles`.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        resolution: int,
        num_images: int | None = None,
        label_choice: str | None = None,
        label_attributes: str | None = None,
        form: Form | None = None,
    ) -> None:
        super().__init__(
            path, resolution, num_images, label_choice, label_attributes
        )
        self.form = form or Form()
        self.num_channels = self.form.num_channels

    def image(self, index: int) -> np.ndarray:
        """One image, uint8 [R,R,C]."""
        name = self.names[index]
        data = self.archive.read(name)
        image = decode.rgb(data, self.archive.locate(name))
        return self.form.apply(image, self.resolution)

    def options(self) -> dict[str, Any]:
        """What the manifest says of how the images were made."""
        return {**super().options(), **self.form.options()}


def make_square(image: np.ndarray, crop: str) -> np.ndarray:
    """The part of an image [H,W,C] to be resized; see `Form.crop`."""
    height, width, channels = image.shape
    if crop == "center":
        side = min(height, width)
        top, left = (height - side) // 2, (width - side) // 2
        return image[top : top + side, left : left + side]
    if crop == "pad":
        side = max(height, width)
        top, left = round((side - height) / 2), round((side - width) / 2)
        square = np.zeros((side, side, channels), np.uint8)
        square[top : top + height, left : left + width] = image
        return square
    return image
