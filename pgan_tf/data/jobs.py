"""What the processes of a build do: make records, or look at images first."""

import dataclasses

import numpy as np

from pgan_tf.base import boundary, errors
from pgan_tf.data import blocks
from pgan_tf.data.format import writing
from pgan_tf.data.sources import source


class BadImage(errors.UserError):
    """An image of the source cannot be used; the message names it."""


@dataclasses.dataclass(frozen=True, eq=False)
class Job:
    """What a worker needs to know.

    Attributes:
        images: Where images and labels come from.
        order: Which image is at each position of the dataset, integers [N].
        target: Where they go.
    """

    images: source.Source
    order: np.ndarray
    target: writing.Target

    def make(self, block: range) -> blocks.Counts:
        """Writes the records of a block.

        Returns:
            Numbers of images, 0 of what a source knows nothing of.
        """
        indices = self.order[block.start : block.stop].tolist()
        side, num_channels = self.target.resolution, self.target.num_channels
        images = np.empty((len(block), num_channels, side, side), np.uint8)
        # One after the other, so that all are decoded into the same memory.
        for place, index in enumerate(indices):
            images[place] = self._image(index).transpose(2, 0, 1)
        labels = np.stack([self.images.label(each) for each in indices])
        writing.write(self.target, block.start, images, labels)
        num_exact = num_enlarged = 0
        if isinstance(self.images, source.Checked):
            num_exact = self.images.num_exact(indices)
        if isinstance(self.images, source.Enlarging):
            num_enlarged = self.images.enlarged.count(indices)
        return blocks.Counts(num_exact, num_enlarged)

    def _image(self, index: int) -> np.ndarray:
        try:
            return _read(self.images, index)
        except errors.UserError as error:
            raise BadImage(str(error)) from error


def _read(images: source.Source, index: int) -> np.ndarray:
    """An image; whatever is wrong with it is a `UserError`."""
    where = images.options().get("source_dir", "the source")
    with boundary.reading(f"image {index} of {where}", "image"):
        return images.image(index)


def blocks_of(images: source.Source, count: int) -> list[range]:
    """The first `count` images of a source in blocks of some seconds."""
    image_bytes = images.resolution**2 * images.num_channels
    if isinstance(images, source.Slow):
        return blocks.split(count, image_bytes, images.image_seconds)
    return blocks.split(count, image_bytes)


@dataclasses.dataclass(frozen=True, eq=False)
class Survey:
    """Looks which images can be used."""

    images: source.Source

    def check(self, block: range) -> dict[int, str]:
        """What is wrong with the images of a block, by index."""
        bad = {}
        for index in block:
            try:
                _read(self.images, index)
            except errors.UserError as error:
                bad[index] = str(error)
        return bad
