"""Records to batches: one endless sequence of images, entered anywhere.

The image at position k of the sequence (k counts images from the very start
of training) is record `permutation(seed, epoch)[k % N]` in epoch `k // N`. So
every image comes once per epoch, resolution and minibatch do not matter, and
a run is resumed by its image count alone.

All of it is TensorFlow operations. With a Python function inside, a process
that ends while a batch is being prefetched would hang.
"""

import concurrent.futures
import contextlib
import os
import re
from collections.abc import Generator, Iterable, Iterator
from typing import TypeVar

import numpy as np
import tensorflow as tf

from pgan_tf.base import boundary
from pgan_tf.data.format import datasets, levels, tfrecord

T = TypeVar("T")

# A level of up to this many bytes is held in memory.
MEMORY_BYTES = 64 << 20
# Records that are being read at the same time.
_PARALLEL_READS = 4
_PREFETCH_BATCHES = 3


def batches(
    dataset: datasets.Dataset,
    resolution: int,
    minibatch: int,
    start_nimg: int,
    seed: int,
    worker: tuple[int, int] = (0, 1),
    steps: int = 1,
) -> tf.data.Dataset:
    """Endless minibatches of one level, beginning at a given image count.

    With several workers each reads its part alone: worker w of n the w-th of
    n equal stretches of every minibatch, so that all parts, one after the
    other, are the minibatch of a single worker.

    Args:
        dataset: Where the images are.
        resolution: Which level, in pixels.
        minibatch: Images per step, of all workers together.
        start_nimg: Position of the first image: how many came before it.
        seed: Decides the order of every epoch; from 0 to 2^63 - 1.
        worker: Which of how many, such as (0, 4).
        steps: Minibatches that come together as one batch.

    Returns:
        Pairs of images uint8 [n,resolution,resolution,C], not mirrored, and
        labels float32 [n,K]; n is the minibatch over the number of workers,
        times the steps.

    Raises:
        ValueError: The minibatch cannot be divided so.
    """
    order = sequence(dataset.num_images, start_nimg, seed)
    order, own = _part(order, minibatch, *worker)
    if _fits_into_memory(dataset, resolution):
        stream = _from_memory(dataset, resolution, own * steps, order)
    else:
        stream = _from_file(dataset, resolution, own * steps, order)
    return stream.prefetch(_PREFETCH_BATCHES)


def _fits_into_memory(dataset: datasets.Dataset, resolution: int) -> bool:
    num_pixels = dataset.num_images * resolution**2
    return num_pixels * dataset.num_channels <= MEMORY_BYTES


def level_on_disk(
    dataset: datasets.Dataset, resolution: int
) -> levels.Level | None:
    """The level that `batches` reads all the while; None if it is in memory."""
    if _fits_into_memory(dataset, resolution):
        return None
    return dataset.levels[resolution]


def ahead(
    stream: Iterable[T], level: levels.Level | None = None
) -> Generator[T, None, None]:
    """Fetches from an endless stream while what came before is in use.

    TensorFlow prepares batches by itself, but even to take one over costs half
    a millisecond, in which nobody would train. The first is fetched at once,
    whoever may be at work until it is asked for.

    Args:
        stream: Of `batches`.
        level: As `level_on_disk` gives it, to be looked at with every batch.

    Raises:
        UserError: While iterating: names the file that has changed, or that
            cannot be read.
    """
    iterator = iter(stream)
    thread = concurrent.futures.ThreadPoolExecutor(max_workers=1)

    def fetch() -> T:
        with _faults_told(level):
            item = next(iterator)
        if level is not None:
            level.check_unchanged()
        return item

    first = thread.submit(fetch)

    def items() -> Generator[T, None, None]:
        with thread:
            coming = first
            while True:
                item = coming.result()
                coming = thread.submit(fetch)
                yield item

    return items()


# What TensorFlow raises for a file, not for want of memory.
_FAULTS = (
    tf.errors.DataLossError,
    tf.errors.FailedPreconditionError,
    tf.errors.InvalidArgumentError,
    tf.errors.NotFoundError,
    tf.errors.OutOfRangeError,
    tf.errors.PermissionDeniedError,
    tf.errors.UnavailableError,
    tf.errors.UnknownError,
)


@contextlib.contextmanager
def _faults_told(level: levels.Level | None) -> Iterator[None]:
    """Says which file is at fault when a record cannot be read."""
    try:
        yield
    except _FAULTS as error:
        if level is None:
            raise
        level.check_unchanged()
        # TensorFlow names the byte, but not the file.
        for offset in re.findall(r"record at (\d+)", str(error)):
            if fault := level.fault_at(int(offset)):
                raise fault from error
        name = level.shards[0].path
        with boundary.reading(name, "file of records"):
            raise


def sequence(num_images: int, start_nimg: int, seed: int) -> tf.data.Dataset:
    """The endless sequence of records' positions, int64, from an image on."""
    first_epoch, first = divmod(start_nimg, num_images)

    def one_epoch(epoch: tf.Tensor) -> tf.data.Dataset:
        order = permutation(num_images, seed, epoch)
        begin = tf.where(epoch == first_epoch, first, 0)
        return tf.data.Dataset.from_tensor_slices(order[begin:])

    epochs = tf.data.Dataset.range(first_epoch, tf.int64.max)
    return epochs.flat_map(one_epoch)


def permutation(num_images: int, seed: int, epoch: tf.Tensor) -> tf.Tensor:
    """The order of the records in one epoch, int64 [num_images].

    Sorts the records by a random number each. 64 bits leave the chance of two
    equal numbers among a million below 10^-7 (and then one order is kept).
    """
    key = tf.stack([tf.constant(seed, tf.int64), tf.cast(epoch, tf.int64)])
    numbers = tf.random.stateless_uniform(
        [num_images], key, None, None, tf.int64, alg="philox"
    )
    return tf.cast(tf.argsort(numbers, stable=True), tf.int64)


def _part(
    order: tf.data.Dataset, minibatch: int, index: int, count: int
) -> tuple[tf.data.Dataset, int]:
    """A worker's positions out of the sequence, and how many per minibatch."""
    if not 0 <= index < count or minibatch % count:
        raise ValueError(
            f"worker {index} of {count} has no equal part of a minibatch of "
            f"{minibatch}"
        )
    if count == 1:
        return order, minibatch
    size = minibatch // count

    def own(indices: tf.Tensor) -> tf.data.Dataset:
        stretch = indices[index * size : (index + 1) * size]
        return tf.data.Dataset.from_tensor_slices(stretch)

    return order.batch(minibatch, drop_remainder=True).flat_map(own), size


def _from_memory(
    dataset: datasets.Dataset,
    resolution: int,
    minibatch: int,
    order: tf.data.Dataset,
) -> tf.data.Dataset:
    """Batches of a level that is read whole beforehand."""
    everything = dataset.read(resolution, np.arange(dataset.num_images))
    if resolution in dataset.levels:
        dataset.levels[resolution].check_unchanged()
    images, labels = tf.constant(everything), tf.constant(dataset.labels)

    def pick(indices: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        return tf.gather(images, indices), tf.gather(labels, indices)

    return order.batch(minibatch, drop_remainder=True).map(pick)


def _from_file(
    dataset: datasets.Dataset,
    resolution: int,
    minibatch: int,
    order: tf.data.Dataset,
) -> tf.data.Dataset:
    """Batches of a level whose records are read when needed."""
    level = dataset.levels[resolution]
    labels = tf.constant(dataset.labels)

    def decode(
        indices: tf.Tensor, examples: tf.Tensor
    ) -> tuple[tf.Tensor, tf.Tensor]:
        images = _decode(examples, level.layout)
        return images, tf.gather(labels, indices)

    examples = order.interleave(
        lambda index: _one_record(level, index),
        cycle_length=_PARALLEL_READS,
        num_parallel_calls=_PARALLEL_READS,
        deterministic=True,
    )
    return examples.batch(minibatch, drop_remainder=True).map(decode)


def _one_record(level: levels.Level, index: tf.Tensor) -> tf.data.Dataset:
    """The pair of an index and the Example of that record, serialised."""
    length = level.layout.length
    starts = tf.constant([shard.first for shard in level.shards], tf.int64)
    shard = tf.searchsorted(starts, [index], side="right")[0] - 1
    # As bytes, since names of files need not be UTF-8.
    paths = tf.constant([os.fsencode(shard.path) for shard in level.shards])
    # The public TFRecordDataset has no offset (skipping would read it all).
    variant = tf.raw_ops.TFRecordDatasetV2(
        filenames=[paths[shard]],
        compression_type="",
        buffer_size=length,
        byte_offsets=[(index - starts[shard]) * length],
    )
    spec = tf.TensorSpec([], tf.string)
    rest_of_file = tf.data.experimental.from_variant(variant, spec)
    # A file that was cut off meanwhile has no more records. Then comes an
    # empty text, which is no image; nothing at all would be passed over.
    nothing = tf.data.Dataset.from_tensors(tf.constant(""))
    record = rest_of_file.concatenate(nothing).take(1)
    return record.map(lambda example: (index, example))


def _decode(examples: tf.Tensor, layout: tfrecord.Layout) -> tf.Tensor:
    """Serialised Examples, strings [n], to images uint8 [n,r,r,C]."""
    features = {tfrecord.DATA: tf.io.FixedLenFeature([], tf.string)}
    pixels = tf.io.parse_example(examples, features)[tfrecord.DATA]
    images = tf.io.decode_raw(pixels, tf.uint8)
    images = tf.reshape(images, [examples.shape[0], *layout.shape])
    return tf.transpose(images, [0, 2, 3, 1])
