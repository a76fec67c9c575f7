"""Sets of images that a generator draws, in batches."""

import dataclasses
import pathlib
from collections.abc import Iterator
from typing import Protocol

import numpy as np

from pgan_tf.base import errors, images
from pgan_tf.data import values
from pgan_tf.data.format import datasets
from pgan_tf.evaluation.reals import parts_of
from pgan_tf.networks.family import Generator
from pgan_tf.sampling import drawing, latent_table, walks

# A stream of draws of its own, of the places between two latents.
_PLACE = 3
# Added to the seed of the latents: beyond all seeds that a user may give.
_ENDS = 2**40


class Images(Protocol):
    """Images to sum up: `DrawnReals`, `DrawnFakes` or `ArcPairs`."""

    def batches(self, minibatch: int) -> Iterator[np.ndarray]:
        """uint8 or float32 [n,H,W,3] in 0..255, n at most `minibatch`."""


@dataclasses.dataclass(frozen=True)
class DrawnFakes:
    """Images that a generator draws, quantised as if they came from a file.

    Attributes:
        drawer: Of a snapshot; one taken while growing draws at its own
            resolution, shown at the final one by repeating pixels.
        count: N.
        seed: Of the latents.
        labels: float32 [N,label_size]; None for generators without labels.
        truncation: Of the latents, see `latent_table.latents`.
    """

    drawer: drawing.Drawer
    count: int
    seed: int
    labels: np.ndarray | None = None
    truncation: float | None = None

    def batches(self, minibatch: int) -> Iterator[np.ndarray]:
        """The images, `minibatch` at a time; the last batch may be smaller."""
        for part in parts_of(self.count, minibatch):
            drawn = self.drawer(self.latents(part), self.labels_of(part))
            yield images.to_rgb(images.to_uint8(drawn))

    def latents(self, part: slice, seed: int | None = None) -> np.ndarray:
        """float32 [n,latent_size], by default of the set's own seed."""
        return latent_table.latents(
            part.start,
            part.stop - part.start,
            self.drawer.generator.latent_size,
            self.seed if seed is None else seed,
            self.truncation,
        )

    def labels_of(self, part: slice) -> np.ndarray | None:
        """The labels, over and over if there are fewer than images."""
        if self.labels is None:
            return None
        rows = np.arange(part.start, part.stop) % len(self.labels)
        return self.labels[rows]


@dataclasses.dataclass(frozen=True)
class ArcPairs:
    """Pairs of images a small step apart on the arc between two latents.

    Attributes:
        fakes: The generator and the rest; its count is that of pairs, and its
            latents are where arcs begin.
        epsilon: The step, in lengths of the arc.
    """

    fakes: DrawnFakes
    epsilon: float

    def batches(self, minibatch: int) -> Iterator[np.ndarray]:
        """float32 [2n,H,W,3] in about 0..255, each pair side by side.

        They are not quantised: the step would be lost.
        """
        for part in parts_of(self.fakes.count, max(minibatch // 2, 1)):
            labels = self.fakes.labels_of(part)
            if labels is not None:
                labels = labels.repeat(2, axis=0)
            drawn = self.fakes.drawer(self.latents(part), labels)
            yield images.to_rgb(drawn * np.float32(127.5) + np.float32(127.5))

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


def check(
    generator: Generator,
    path: pathlib.Path,
    dataset: datasets.Dataset,
    resolution: int,
) -> None:
    """Refuses a snapshot that was not trained on such a dataset.

    Args:
        generator: Of the snapshot.
        path: Where it comes from, for the message.
        dataset: Of the reals.
        resolution: Of the reals.
    """
    fits = (
        generator.resolution == resolution
        and generator.num_channels == dataset.num_channels
        and generator.label_size <= dataset.label_size
    )
    if not fits:
        raise errors.UserError(
            f"{path} draws {generator.resolution} pixels of"
            f" {generator.num_channels} channels from"
            f" {generator.label_size} labels, the reals have {resolution},"
            f" {dataset.num_channels} and {dataset.label_size}; give the"
            " dataset it was trained on with --data_dir"
        )
    values.refuse_values(
        dataset.kind_of_first(generator.label_size),
        f"{path} draws from classes: {dataset.path}",
        "give the dataset it was trained on with --data_dir",
    )
