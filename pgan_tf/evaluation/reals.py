"""Sets of images to compare fakes with: datasets, folders, classes."""

import concurrent.futures
import dataclasses
import functools
import hashlib
import pathlib
from collections.abc import Iterator
from typing import Protocol

import numpy as np

from pgan_tf.base import errors, images
from pgan_tf.data.format import datasets
from pgan_tf.data.sources import archive, decode

# Separate streams of draws from one seed.
_ORDER, _MIRROR = 1, 2


class Collection(Protocol):
    """Images to draw from; see `Level` and `folders.Folder`.

    Attributes:
        name: For the results.
        where: Folder or file, for messages.
        digest: Identifies the contents, to key what was computed from them.
        num_images: N.
        height, width: Of all images, H and W.
        labels: float32 [N,K]; K is 0 without labels.
    """

    @property
    def name(self) -> str: ...
    @property
    def where(self) -> str: ...
    @property
    def digest(self) -> str: ...
    @property
    def num_images(self) -> int: ...
    @property
    def height(self) -> int: ...
    @property
    def width(self) -> int: ...
    @property
    def labels(self) -> np.ndarray: ...

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Images uint8 [n,H,W,C] at the given positions."""


@dataclasses.dataclass(frozen=True)
class Level:
    """A dataset at one of its resolutions, as a `Collection`."""

    dataset: datasets.Dataset
    resolution: int

    @property
    def name(self) -> str:
        return self.dataset.name

    @property
    def where(self) -> str:
        return str(self.dataset.path)

    @property
    def digest(self) -> str:
        return self.dataset.digest

    @property
    def num_images(self) -> int:
        return self.dataset.num_images

    @property
    def height(self) -> int:
        return self.resolution

    @property
    def width(self) -> int:
        return self.resolution

    @property
    def labels(self) -> np.ndarray:
        return self.dataset.labels

    def read(self, indices: np.ndarray) -> np.ndarray:
        return self.dataset.read(self.resolution, indices)


@dataclasses.dataclass(frozen=True)
class Drawn:
    """Images of a collection.

    Attributes:
        collection: Where they come from.
        indices: Which and in which order, [N].
        mirrored: Which are flipped left to right, bool [N].
    """

    collection: Collection
    indices: np.ndarray
    mirrored: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """float32 [N,K]."""
        return self.collection.labels[self.indices]

    def batches(self, minibatch: int) -> Iterator[np.ndarray]:
        """The images, `minibatch` at a time; the last batch may be smaller."""
        for part in parts_of(len(self.indices), minibatch):
            pixels = self.collection.read(self.indices[part])
            flips = self.mirrored[part, np.newaxis, np.newaxis, np.newaxis]
            pixels = np.where(flips, pixels[:, :, ::-1], pixels)
            yield images.to_rgb(pixels)


def draw_reals(
    collection: Collection,
    count: int,
    mirror_augment: bool = False,
    seed: int = 0,
    skip: int = 0,
) -> Drawn:
    """Draws `count` different images, `skip` places into a random order.

    The order matters where images are sorted by class: a score of parts of
    the set would see one class each.
    """
    everything = np.random.RandomState([seed, _ORDER])
    order = everything.permutation(collection.num_images)
    coins = np.random.RandomState([seed, _MIRROR]).rand(collection.num_images)
    part = slice(skip, skip + count)
    mirrored = (coins >= 0.5) & mirror_augment
    return Drawn(collection, order[part], mirrored[part])


def parts_of(count: int, minibatch: int) -> Iterator[slice]:
    for start in range(0, count, minibatch):
        yield slice(start, min(start + minibatch, count))


class Folder:
    """All images below a folder or in a .zip, of one square size.

    They are decoded as `dataset_tool.py create` does it. See
    `image_sets.Collection`.

    Args:
        path: The folder or .zip.

    Raises:
        UserError: If there are no images, or the first is not square.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self._archive = archive.Archive(path)
        self._names = self._archive.image_names()
        self.name = path.name
        self.where = str(path)
        first = self._decode(0)
        self.height, self.width = first.shape[:2]
        if self.height != self.width:
            raise errors.UserError(
                f"{self._archive.locate(self._names[0])} has {self.width}x"
                f"{self.height} pixels: images must be square; dataset_tool.py"
                " create crops them"
            )

    @property
    def num_images(self) -> int:
        """N."""
        return len(self._names)

    @property
    def labels(self) -> np.ndarray:
        """None: [N,0]."""
        return np.zeros((self.num_images, 0), np.float32)

    @functools.cached_property
    def digest(self) -> str:
        """The sha256 of names, sizes and dates; of a .zip, of the file's."""
        path = pathlib.Path(self.where)
        files = [path]
        if path.is_dir():
            files = [path / name for name in self._names]
        parts = [str(path.resolve())]
        for file in files:
            stat = file.stat()
            name = file.relative_to(path) if file != path else ""
            parts.append(f"{name} {stat.st_size} {stat.st_mtime_ns}")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Images uint8 [n,H,W,3] by their places in the order of names.

        Raises:
            UserError: If one cannot be decoded or has another size.
        """
        with concurrent.futures.ThreadPoolExecutor() as pool:
            found = list(pool.map(self._decode, indices.tolist()))
        for index, pixels in zip(indices.tolist(), found, strict=True):
            height, width = pixels.shape[:2]
            if (height, width) != (self.height, self.width):
                raise errors.UserError(
                    f"{self._archive.locate(self._names[index])} has {width}x"
                    f"{height} pixels, others of {self.where} have"
                    f" {self.width}x{self.height}; dataset_tool.py create"
                    " makes all of one size"
                )
        return np.stack(found)

    def _decode(self, index: int) -> np.ndarray:
        name = self._names[index]
        data = self._archive.read(name)
        return np.asarray(decode.rgb(data, self._archive.locate(name)))


def is_dataset(path: pathlib.Path) -> bool:
    """Whether a folder is one of `dataset_tool.py create`."""
    return path.is_dir() and any(path.glob("*.tfrecords"))


def open_pair(
    reals: pathlib.Path, fakes: pathlib.Path
) -> tuple[Collection, Collection]:
    """Opens two folders, .zip files or datasets of images of one size.

    A dataset has many sizes: it takes the other's, if it has that.

    Raises:
        UserError: If one cannot be opened or the sizes differ.
    """
    sets = [
        datasets.open_dataset(each) if is_dataset(each) else Folder(each)
        for each in (reals, fakes)
    ]
    sizes = [
        each.height if isinstance(each, Folder) else each.resolution
        for each in sets
    ]
    opened: list[Collection] = []
    for each in sets:
        if isinstance(each, Folder):
            opened.append(each)
        elif min(sizes) in each.levels:
            opened.append(Level(each, min(sizes)))
        else:
            opened.append(Level(each, each.resolution))
    if opened[0].height != opened[1].height:
        raise errors.UserError(
            f"--reals={reals} has images of {opened[0].height} pixels, --fakes="
            f"{fakes} of {opened[1].height}: give sets of one size"
        )
    return opened[0], opened[1]


@dataclasses.dataclass(frozen=True)
class OfClass:
    """The images of a collection that have a label; see there.

    Attributes:
        whole: The collection.
        label: The column of its labels.
        indices: Their places in it, [n].
    """

    whole: Collection
    label: int
    indices: np.ndarray

    @property
    def name(self) -> str:
        return self.whole.name

    @property
    def where(self) -> str:
        return self.whole.where

    @property
    def digest(self) -> str:
        text = f"{self.whole.digest} label {self.label}"
        return hashlib.sha256(text.encode()).hexdigest()

    @property
    def num_images(self) -> int:
        return len(self.indices)

    @property
    def height(self) -> int:
        return self.whole.height

    @property
    def width(self) -> int:
        return self.whole.width

    @property
    def labels(self) -> np.ndarray:
        return self.whole.labels[self.indices]

    def read(self, indices: np.ndarray) -> np.ndarray:
        return self.whole.read(self.indices[indices])
