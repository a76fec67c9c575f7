"""The two sets of images that an evaluation compares, in batches.

Batches are uint8 [n,S,S,3] at the run's final resolution S; grayscale is
tiled to RGB. Which images they hold depends on the seed alone.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np

from pgan_tf import images, networks, sampling
from pgan_tf.data import records

# Separate streams of draws from one seed.
_ORDER, _MIRROR = 1, 2


@dataclasses.dataclass(frozen=True)
class Reals:
    """Images of a dataset.

    Attributes:
        dataset: Where they come from.
        resolution: S.
        indices: Which and in which order, [N].
        mirrored: Which are flipped left to right, bool [N].
    """

    dataset: records.Dataset
    resolution: int
    indices: np.ndarray
    mirrored: np.ndarray

    def batches(self, minibatch: int) -> Iterator[np.ndarray]:
        """The images, `minibatch` at a time; the last batch may be smaller."""
        for part in _parts(len(self.indices), minibatch):
            pixels = self.dataset.read(self.resolution, self.indices[part])
            flips = self.mirrored[part, np.newaxis, np.newaxis, np.newaxis]
            pixels = np.where(flips, pixels[:, :, ::-1], pixels)
            yield images.to_rgb(pixels)


def draw_reals(
    dataset: records.Dataset,
    resolution: int,
    count: int,
    mirror_augment: bool,
    seed: int,
    skip: int = 0,
) -> Reals:
    """Draws `count` different images, `skip` places into a random order.

    The order matters where images are sorted by class: a score of parts of
    the set would see one class each.
    """
    everything = np.random.RandomState([seed, _ORDER])
    order = everything.permutation(dataset.num_images)
    coins = np.random.RandomState([seed, _MIRROR]).rand(dataset.num_images)
    part = slice(skip, skip + count)
    mirrored = (coins >= 0.5) & mirror_augment
    return Reals(dataset, resolution, order[part], mirrored[part])


@dataclasses.dataclass(frozen=True)
class Fakes:
    """Images that a generator draws, quantised as if they came from a file.

    Attributes:
        generator: A snapshot; if taken while growing it draws at its own
            resolution, upscaled to the final one by repeating pixels.
        count: N.
        seed: Of the latents.
        labels: float32 [N,label_size]; None for generators without labels.
    """

    generator: networks.Generator
    count: int
    seed: int
    labels: np.ndarray | None = None

    def batches(self, minibatch: int) -> Iterator[np.ndarray]:
        """The images, `minibatch` at a time; the last batch may be smaller."""
        for part in _parts(self.count, minibatch):
            latents = sampling.latents(
                part.start,
                part.stop - part.start,
                self.generator.latent_size,
                self.seed,
            )
            labels = None if self.labels is None else self.labels[part]
            fakes = sampling.generate(
                self.generator, latents, labels, minibatch=minibatch
            )
            yield images.to_rgb(images.to_uint8(fakes))


def _parts(count: int, minibatch: int) -> Iterator[slice]:
    for start in range(0, count, minibatch):
        yield slice(start, min(start + minibatch, count))
