"""Image files of any kind, made square and resized to the wanted size."""

import dataclasses
import os
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from pgan_tf.data import values
from pgan_tf.data.sources import archive, decode, labels, resizing, source


class ImageFiles:
    """Images in a folder or .zip, by name, with their labels.

    Subclasses make of a file what the dataset shall hold; see
    `source.Source`.

    Args:
        path: The folder or .zip.
        resolution: Width and height of the images to make.
        num_images: Use so many; see `labels.read`. None for all.
        label_choice: Where labels come from; see `labels.read`.
        label_attributes: Which of them; see there.
    """

    num_channels = 3
    beside: Sequence[str] = ()  # names of files that lie there for another use

    def __init__(
        self,
        path: str | os.PathLike[str],
        resolution: int,
        num_images: int | None = None,
        label_choice: str | None = None,
        label_attributes: str | None = None,
    ) -> None:
        self.archive = archive.Archive(path)
        self.resolution = resolution
        self.enlarged = source.Enlarged()
        names = self.choose(self.archive.image_names())
        found = labels.read(
            self.archive, names, label_choice, label_attributes, num_images
        )
        self.names = [names[index] for index in found.chosen]
        self.label_names, self.label_kind = found.names, found.kind
        self.labels = found.rows
        self._remarks = found.remarks
        used = [self.archive.find(name) for name in self.beside]
        if ignored := self.archive.ignored(found.file, *used):
            self._remarks["ignored"] = ignored

    def choose(self, names: list[str]) -> list[str]:
        """Which images to use, in order; all by default."""
        return names

    def __len__(self) -> int:
        return len(self.names)

    def label(self, index: int) -> np.ndarray:
        """One image's label, float32 [K]."""
        return self.labels.row(index)

    def remarks(self) -> dict[str, str]:
        """What people should know; see `source.Telling`."""
        return self._remarks

    def __getstate__(self) -> dict[str, Any]:
        """Leaves behind what decides on no image."""
        return source.state_without(self, "_remarks")

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
        resize_filter: One of `resizing.FILTERS`; None for what suits each.
        pixel_range: What is black and white in samples that are not of 8
            bits; None for what each file says.
    """

    crop: str = "center"
    channels: str = "rgb"
    resize_filter: str | None = None
    pixel_range: values.Range | None = None

    @property
    def num_channels(self) -> int:
        """1 or 3."""
        return CHANNELS[self.channels]

    def decode(
        self, data: bytes, where: str, resolution: int
    ) -> tuple[np.ndarray, bool]:
        """A file's image in this form, and whether it is enlarged in it.

        Args:
            data: The whole file.
            where: Its name, for messages.
            resolution: R.

        Returns:
            uint8 [R,R,C], and whether there were fewer pixels than that.

        Raises:
            UserError: As of `decode.rgb`.
        """
        image = decode.rgb(data, where, told=self.pixel_range)
        is_enlarged = self._side(image) < resolution
        return self.apply(image, resolution), is_enlarged

    def _side(self, image: np.ndarray) -> int:
        """Pixels that become the width or height of the result."""
        height, width, _ = image.shape
        if self.crop == "pad":
            return max(height, width)
        return min(height, width)

    def apply(self, image: np.ndarray, resolution: int) -> np.ndarray:
        """An image uint8 [H,W,3] in this form, uint8 [R,R,C]."""
        if self.crop == "pad":
            make = resizing.between_bars
        else:
            make = resizing.resized
        if self.crop == "center":
            image = resizing.center(image)
        pixels = make(image, resolution, self.resize_filter)
        if self.channels == "gray":
            return np.asarray(Image.fromarray(pixels).convert("L"))[..., None]
        return pixels

    def options(self) -> dict[str, Any]:
        """What the manifest says of how the images were made."""
        made = {
            "crop": self.crop,
            "channels": self.channels,
            "resize_filter": self.resize_filter,
        }
        if self.pixel_range:
            made["pixel_range"] = str(self.pixel_range)
        return made


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
        where = self.archive.locate(name)
        image, is_enlarged = self.form.decode(data, where, self.resolution)
        self.enlarged.note(index, is_enlarged)
        return image

    def options(self) -> dict[str, Any]:
        """What the manifest says of how the images were made."""
        return {**super().options(), **self.form.options()}
