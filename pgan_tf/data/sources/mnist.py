"""MNIST and its coloured variant, from the published idx files.

An idx file is two zero bytes, a type (8: uint8), the number of dimensions, the
dimensions as big-endian uint32, and the numbers (http://yann.lecun.com/exdb/
mnist). Sets in the same files (Fashion-MNIST, KMNIST) are read just as well.
"""

import os
import pathlib
import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from pgan_tf.base import errors, memory
from pgan_tf.data.sources import arrays

RESOLUTION = 32
PREFIXES = {"train": "train", "test": "t10k"}  # of file names, by split
# The reference's defaults for triples.
NUM_TRIPLES = 1_000_000
TRIPLES_SEED = 123

_UINT8 = 8  # the type's code


def read(path: str | os.PathLike[str], split: str) -> arrays.Arrays:
    """The digits 0..9, gray, 28x28 framed by two black pixels.

    Args:
        path: Where the two idx files of the split lie, packed by gzip or not.
        split: "train" (60,000) or "test" (10,000).

    Raises:
        UserError: A file is missing or damaged.
    """
    images_file, labels_file = file_names(split)
    files = arrays.read_members(path, [images_file, labels_file])
    images = _parse(files[images_file], 3, f"{path}/{images_file}")
    labels = _parse(files[labels_file], 1, f"{path}/{labels_file}")
    made_from = {"source_dir": pathlib.Path(path).name, "split": split}
    framed = _framed(images, f"{path}/{images_file}")
    return arrays.Arrays(framed, labels, arrays.DIGITS, made_from)


def file_names(split: str) -> list[str]:
    """Of the images and of the labels of a split, without .gz."""
    prefix = PREFIXES[split]
    return [f"{prefix}-images-idx3-ubyte", f"{prefix}-labels-idx1-ubyte"]


def _framed(images: np.ndarray, where: str) -> np.ndarray:
    """Centres images [N,H,W] in black ones, uint8 [N,32,32,1]."""
    _, height, width = images.shape
    memory.require(3 * len(images) * RESOLUTION**2, where)
    if max(height, width) > RESOLUTION:
        raise errors.UserError(
            f"{where} holds images of {width}x{height} pixels, not of 28x28 "
            "as MNIST's; use --source=images for other images"
        )
    top, left = (RESOLUTION - height) // 2, (RESOLUTION - width) // 2
    framed = np.zeros((len(images), RESOLUTION, RESOLUTION, 1), np.uint8)
    framed[:, top : top + height, left : left + width, 0] = images
    return framed


def _parse(data: bytes, num_dimensions: int, where: str) -> np.ndarray:
    """The numbers of an idx file, uint8 of the wanted number of dimensions."""
    head = 4 + 4 * num_dimensions
    if data[:4] != bytes([0, 0, _UINT8, num_dimensions]) or len(data) < head:
        raise errors.UserError(
            f"{where} is no idx file of {num_dimensions} dimensions"
        )
    shape = struct.unpack(f">{num_dimensions}I", data[4:head])
    size = int(np.prod(shape, dtype=object))
    if len(data) != head + size:
        raise errors.UserError(
            f"{where} is truncated: it has {len(data)} bytes instead of "
            f"{head + size}"
        )
    return np.frombuffer(data, np.uint8, offset=head).reshape(shape)


class MnistRgb:
    """Three random digits as red, green and blue; see `source.Source`.

    The 1000 combinations serve to count how many modes a network covers
    (appendix D of the paper). The triples are those of the reference.

    Args:
        digits: The digits to take.
        num_images: N.
        seed: Of the choice.
    """

    resolution = RESOLUTION
    num_channels = 3
    label_names: Sequence[str] = ()
    label_kind: str | None = None

    def __init__(
        self, digits: arrays.Arrays, num_images: int, seed: int
    ) -> None:
        self.digits = digits
        self.seed = seed
        self.triples = np.random.RandomState(seed).randint(
            len(digits), size=(num_images, 3)
        )

    def __len__(self) -> int:
        return len(self.triples)

    def image(self, index: int) -> np.ndarray:
        """One triple, uint8 [32,32,3]."""
        return np.concatenate(
            [self.digits.image(each) for each in self.triples[index]], axis=-1
        )

    def label(self, index: int) -> np.ndarray:
        """No label, as in the reference: float32 [0]."""
        return np.zeros(0, np.float32)

    def options(self) -> dict[str, Any]:
        """What the manifest says of how the images were made."""
        return {
            **self.digits.options(),
            "num_images": len(self),
            "seed": self.seed,
        }
