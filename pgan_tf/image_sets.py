"""The two sets of images that an evaluation compares, in batches.

Batches are uint8 [n,H,W,3]; grayscale is tiled to RGB. A run's are square, at
its final resolution. Which images they hold depends on the seed alone.
"""

import dataclasses
from collections.abc import Iterator
from typing import Protocol

import numpy as np

from pgan_tf.base import devices, images
from pgan_tf.data.format import datasets
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.sampling import latent_table, walks

# Separate streams of draws from one seed.
_ORDER, _MIRROR, _PLACE = 1, 2, 3
# Added to the seed of the latents: beyond all seeds that a user may give.
_ENDS = 2**40


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


class Images(Protocol):
    """A set of images to evaluate: `Drawn` or `Fakes`."""

    def batches(self, minibatch: int) -> Iterator[np.ndarray]:
        """uint8 [n,H,W,3], n at most `minibatch`."""


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
        for part in _parts(len(self.indices), minibatch):
            pixels = self.collection.read(self.indices[part])
            flips = self.mirrored[part, np.newaxis, np.newaxis, np.newaxis]
            pixels = np.where(flips, pixels[:, :, ::-1], pixels)
            yield images.to_rgb(pixels)


def draw(
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


@dataclasses.dataclass(frozen=True)
class Fakes:
    """Images that a generator draws, quantised as if they came from a file.

    Attributes:
        generator: A snapshot; if taken while growing it draws at its own
            resolution, upscaled to the final one by repeating pixels.
        count: N.
        seed: Of the latents.
        labels: float32 [N,label_size]; None for generators without labels.
        replicas: Devices that hold the generator.
        truncation: Of the latents, see `sampling.latents`.
    """

    generator: Generator
    count: int
    seed: int
    labels: np.ndarray | None = None
    replicas: devices.Replicas = dataclasses.field(
        default_factory=devices.Replicas
    )
    truncation: float | None = None

    def batches(self, minibatch: int) -> Iterator[np.ndarray]:
        """The images, `minibatch` at a time; the last batch may be smaller."""
        draw = self.replicas.spread(self.generator)
        for part in _parts(self.count, minibatch):
            (drawn,) = draw(self.latents(part), *self.labels_of(part))
            yield self.shown(images.to_uint8(drawn))

    def latents(self, part: slice, seed: int | None = None) -> np.ndarray:
        """float32 [n,latent_size], by default of the set's own seed."""
        return latent_table.latents(
            part.start,
            part.stop - part.start,
            self.generator.latent_size,
            self.seed if seed is None else seed,
            self.truncation,
        )

    def labels_of(self, part: slice) -> list[np.ndarray]:
        """The labels as a second argument, if there are any.

        They are used over and over if there are fewer than images.
        """
        if self.labels is None:
            return []
        rows = np.arange(part.start, part.stop) % len(self.labels)
        return [self.labels[rows]]

    def shown(self, drawn: np.ndarray) -> np.ndarray:
        """RGB at the final resolution."""
        factor = self.generator.resolution // drawn.shape[1]
        return images.to_rgb(images.upscale(drawn, factor))


@dataclasses.dataclass(frozen=True)
class Steps:
    """Pairs of images a small step apart on the arc between two latents.

    Attributes:
        fakes: The generator and the rest; its count is that of pairs, and its
            latents are where arcs begin.
        epsilon: The step, in lengths of the arc.
    """

    fakes: Fakes
    epsilon: float

    def batches(self, minibatch: int) -> Iterator[np.ndarray]:
        """float32 [2n,H,W,3] in about 0..255, each pair side by side.

        They are not quantised: the step would be lost.
        """
        fakes = self.fakes
        draw = fakes.replicas.spread(fakes.generator)
        for part in _parts(fakes.count, max(minibatch // 2, 1)):
            latents = self.latents(part)
            labels = [each.repeat(2, axis=0) for each in fakes.labels_of(part)]
            (drawn,) = draw(latents, *labels)
            yield fakes.shown(drawn * np.float32(127.5) + np.float32(127.5))

    def latents(self, part: slice) -> np.ndarray:
        """float32 [2n,latent_size], of equal lengths."""
        starts = self.fakes.latents(part)
        ends = self.fakes.latents(part, self.fakes.seed + _ENDS)
        rows = []
        for i, a, b in zip(
            range(part.start, part.stop),
            _on_sphere(starts),
            _on_sphere(ends),
            strict=True,
        ):
            t = np.random.RandomState([self.fakes.seed, _PLACE, i]).rand()
            rows += [walks.slerp(a, b, t), walks.slerp(a, b, t + self.epsilon)]
        return np.stack(rows).astype(np.float32)


def _on_sphere(latents: np.ndarray) -> np.ndarray:
    """Scaled to unit variance, in float64: the step is small."""
    latents = latents.astype(np.float64)
    return latents / np.sqrt(np.square(latents).mean(axis=1, keepdims=True))


def _parts(count: int, minibatch: int) -> Iterator[slice]:
    for start in range(0, count, minibatch):
        yield slice(start, min(start + minibatch, count))
