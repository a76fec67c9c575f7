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
    image_bytes = resolution**2 * dataset.num_channels
    count = _CHUNK_BYTES // (image_bytes * minibatch)
    count = min(max(count, 1), _CHUNK_BATCHES)
    step = count * minibatch
    image_shape = [count, minibatch, resolution, resolution]
    image_shape += [dataset.num_channels]
    label_shape = [count, minibatch, dataset.label_size]

    def fetch(first: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        images, labels = tf.numpy_function(
            functools.partial(read, dataset, resolution, seed, step),
            [first],
            [tf.uint8, tf.float32],
        )
        return tf.reshape(images, image_shape), tf.reshape(labels, label_shape)

    positions = tf.data.Dataset.range(start_nimg, tf.int64.max, step)
    chunks = positions.map(fetch).prefetch(1)
    if dataset.label_size:
        return chunks.unbatch().prefetch(2)
    # TensorFlow (2.21) crashes where it unbatches tensors of no elements.
    no_labels = tf.data.Dataset.from_tensors(tf.zeros(label_shape[1:]))
    images_only = chunks.map(lambda images, labels: images).unbatch()
    return tf.data.Dataset.zip(images_only, no_labels.repeat()).prefetch(2)


def read(
    dataset: records.Dataset,
    resolution: int,
    seed: int,
    count: int,
    first: int,
) -> tuple[np.ndarray, np.ndarray]:
    """Images uint8 [count,r,r,C] and labels from position `first` on."""
    indices = positions_to_records(dataset.num_images, seed, int(first), count)
    size = dataset.num_images * resolution**2 * dataset.num_channels
    if size <= _MEMORY_BYTES:
        images = _whole_level(dataset, resolution)[indices]
    else:
        images = np.ascontiguousarray(dataset.read(resolution, indices))
    return images, dataset.labels[indices]


def positions_to_records(
    num_images: int, seed: int, first: int, count: int
) -> np.ndarray:
    """Which record is at each of `count` positions from `first` on."""
    parts = []
    while count:
        epoch, start = divmod(first, num_images)
        part = permutation(num_images, seed, epoch)[start : start + count]
        parts.append(part)
        first += len(part)
        count -= len(part)
    return np.concatenate(parts)


# TensorFlow never lets go of a function that it calls. So what takes memory is
# kept here, where the next level replaces it, and not by such functions.


@functools.lru_cache(maxsize=2)
def permutation(num_images: int, seed: int, epoch: int) -> np.ndarray:
    """The order of the records in one epoch: integers [num_images]."""
    return np.random.default_rng([seed, epoch]).permutation(num_images)


@functools.lru_cache(maxsize=2)
def _whole_level(dataset: records.Dataset, resolution: int) -> np.ndarray:
    images = dataset.read(resolution, np.arange(dataset.num_images))
    return np.ascontiguousarray(images)
