"""Records to batches: one endless sequence of images, entered anywhere.

The image at position k of the sequence (k counts images from the very start
of training) is record `permutation(seed, epoch)[k % N]` in epoch `k // N`. So
every image comes once per epoch, resolution and minibatch do not matter, and
a run is resumed by its image count alone.
"""

import functools

import numpy as np
import tensorflow as tf

from pgan_tf.data import records

# A level of up to this many bytes is held in memory.
_MEMORY_BYTES = 64 << 20
# Batches are fetched many at a time, since each call from TensorFlow into
# Python costs as much as copying hundreds of small images.
_CHUNK_BYTES = 4 << 20
_CHUNK_BATCHES = 64


def batches(
    dataset: records.Dataset,
    resolution: int,
    minibatch: int,
    start_nimg: int,
    seed: int,
) -> tf.data.Dataset:
    """Endless minibatches of one level, beginning at a given image count.

    Args:
        dataset: Where the images are.
        resolution: Which level, in pixels.
        minibatch: Images per batch.
        start_nimg: Position of the first image: how many came before it.
        seed: Decides the order of every epoch; not negative.

    Returns:
        Pairs of images uint8 [minibatch,resolution,resolution,C], not
        mirrored, and labels float32 [minibatch,K].
    """
    reader = _Reader(dataset, resolution, seed)
    image_bytes = resolution**2 * dataset.num_channels
    count = _CHUNK_BYTES // (image_bytes * minibatch)
    count = min(max(count, 1), _CHUNK_BATCHES)
    image_shape = [count, minibatch, resolution, resolution]
    image_shape += [dataset.num_channels]
    label_shape = [count, minibatch, dataset.label_size]

    def fetch(first: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        images, labels = tf.numpy_function(
            functools.partial(reader.read, count * minibatch),
            [first],
            [tf.uint8, tf.float32],
        )
        return tf.reshape(images, image_shape), tf.reshape(labels, label_shape)

    step = count * minibatch
    positions = tf.data.Dataset.range(start_nimg, tf.int64.max, step)
    chunks = positions.map(fetch).prefetch(1)
    return chunks.unbatch().prefetch(2)


def permutation(num_images: int, seed: int, epoch: int) -> np.ndarray:
    """The order of the records in one epoch: integers [num_images]."""
    return np.random.default_rng([seed, epoch]).permutation(num_images)


class _Reader:
    """Reads stretches of the sequence."""

    def __init__(
        self, dataset: records.Dataset, resolution: int, seed: int
    ) -> None:
        self.dataset = dataset
        self.resolution = resolution
        # A stretch may reach from one epoch into the next.
        self.permutation = functools.lru_cache(maxsize=2)(
            functools.partial(permutation, dataset.num_images, seed)
        )

    def read(self, count: int, first: int) -> tuple[np.ndarray, np.ndarray]:
        """Images uint8 [count,r,r,C] and labels from position `first` on."""
        indices = self._indices(int(first), count)
        labels = self.dataset.labels[indices]
        if self._held is not None:
            return self._held[indices], labels
        images = self.dataset.read(self.resolution, indices)
        return np.ascontiguousarray(images), labels

    def _indices(self, first: int, count: int) -> np.ndarray:
        """Which record is at each of the given positions."""
        parts = []
        while count:
            epoch, start = divmod(first, self.dataset.num_images)
            part = self.permutation(epoch)[start : start + count]
            parts.append(part)
            first += len(part)
            count -= len(part)
        return np.concatenate(parts)

    @functools.cached_property
    def _held(self) -> np.ndarray | None:
        """The whole level, if it is small."""
        count = self.dataset.num_images
        size = count * self.resolution**2 * self.dataset.num_channels
        if size > _MEMORY_BYTES:
            return None
        images = self.dataset.read(self.resolution, np.arange(count))
        return np.ascontiguousarray(images)
