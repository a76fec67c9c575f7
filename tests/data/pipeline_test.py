"""Tests of the stream of batches."""

import itertools
import textwrap
import threading
from collections.abc import Iterator
from unittest import mock

import numpy as np
import tensorflow as tf

from pgan_tf.data import pipeline
from pgan_tf.data.format import datasets, writing
from tests import common, dataset_files, processes

COUNT = 10


class PipelineTest(common.TestCase):
    def setUp(self) -> None:
        super().setUp()
        # At every level the image's number is the value of all its pixels.
        numbers = np.arange(COUNT, dtype=np.uint8)
        images = np.ones((COUNT, 16, 16, 3), np.uint8)
        images *= numbers[:, None, None, None]
        self.path = self.folder() / "numbers"
        labels = np.stack([numbers, 2.0 * numbers], axis=1)
        dataset_files.save(self.path, images, labels)
        self.dataset = datasets.open_dataset(self.path)
        path = self.folder() / "shards"
        with dataset_files.Writer(
            writing.Target(path, 16, 3, COUNT, 2, num_shards=4)
        ) as writer:
            writer.add(images, labels)
        self.sharded = datasets.open_dataset(path)

    def take(
        self, count: int, resolution: int = 4, minibatch: int = 1,
        start_nimg: int = 0, seed: int = 0, worker: tuple[int, int] = (0, 1),
        dataset: datasets.Dataset | None = None,
    ) -> list[int]:  # fmt: skip
        """Numbers of the images in the first batches."""
        numbers: list[int] = []
        stream = pipeline.batches(
            dataset or self.dataset, resolution, minibatch, start_nimg, seed,
            worker,
        )  # fmt: skip
        minibatch //= worker[1]
        for images, labels in stream.take(count):
            shape = (minibatch, resolution, resolution, 3)
            self.assertEqual(images.shape, shape)
            first = images[:, 0, 0, 0].numpy().astype(np.float32)
            self.assertAllEqual(
                images, np.ones(shape) * first[:, None, None, None]
            )
            self.assertAllEqual(labels, np.stack([first, 2 * first], axis=1))
            numbers += first.astype(int).tolist()
        return numbers

    def test_signature_is_static(self) -> None:
        images, labels = pipeline.batches(self.dataset, 8, 4, 0, 0).element_spec
        self.assertEqual(images, tf.TensorSpec([4, 8, 8, 3], tf.uint8))
        self.assertEqual(labels, tf.TensorSpec([4, 2], tf.float32))

    def test_every_image_once_per_epoch(self) -> None:
        epochs = np.reshape(self.take(5 * COUNT), (5, COUNT))
        self.assertAllEqual(np.sort(epochs), np.tile(np.arange(COUNT), (5, 1)))
        # Ten images in the same order twice: a chance of 3 in a million.
        self.assertLen(np.unique(epochs, axis=0), 5)

    def test_position_alone_decides(self) -> None:
        sequence = self.take(60)
        for resolution, minibatch, start in (
            (16, 1, 0), (8, 4, 3), (4, 7, 10), (16, 25, 8), (4, 1, 29),
        ):  # fmt: skip
            batches = (60 - start) // minibatch
            taken = self.take(batches, resolution, minibatch, start)
            expected = sequence[start : start + batches * minibatch]
            self.assertEqual(taken, expected)

    def test_seed_decides_the_order(self) -> None:
        self.assertNotEqual(self.take(COUNT), self.take(COUNT, seed=1))
        large = 2**63 - 1
        self.assertEqual(
            self.take(COUNT, seed=large), self.take(COUNT, seed=large)
        )

    def test_order_does_not_change_between_versions(self) -> None:
        # Recorded once: runs are continued with later releases.
        order = [7, 6, 0, 9, 1, 2, 8, 3, 5, 4]
        self.assertEqual(self.take(COUNT, seed=123), order)

    def test_same_from_file_as_from_memory(self) -> None:
        expected = self.take(12, 16, 3, 4)
        with mock.patch.object(pipeline, "MEMORY_BYTES", 0):
            self.assertEqual(self.take(12, 16, 3, 4), expected)
            self.assertEqual(self.take(36, 4, 1, 4), expected)

    def test_same_from_shards(self) -> None:
        expected = self.take(12, 16, 3, 4)
        for limit in (0, 1 << 30):
            with mock.patch.object(pipeline, "MEMORY_BYTES", limit):
                found = self.take(12, 16, 3, 4, dataset=self.sharded)
                self.assertEqual(found, expected)

    def test_workers_read_their_part_of_each_minibatch(self) -> None:
        # Seven minibatches of six, over four epochs of ten images.
        expected = np.reshape(self.take(7, 8, 6, 3, 9), (7, 6))
        for limit in (0, 1 << 30):
            with mock.patch.object(pipeline, "MEMORY_BYTES", limit):
                for count in (1, 2, 3, 6):
                    parts = [
                        self.take(7, 8, 6, 3, 9, (index, count), self.sharded)
                        for index in range(count)
                    ]
                    found = np.concatenate(
                        [np.reshape(part, (7, -1)) for part in parts], axis=1
                    )
                    self.assertAllEqual(found, expected)

    def test_steps_come_together(self) -> None:
        expected = np.reshape(self.take(6, 8, 6, 3, 9), (2, 3, 6))
        for limit in (0, 1 << 30):
            for index in (0, 1):
                with mock.patch.object(pipeline, "MEMORY_BYTES", limit):
                    stream = pipeline.batches(
                        self.sharded, 8, 6, 3, 9, (index, 2), steps=3
                    )
                part = expected[:, :, index * 3 : index * 3 + 3]
                for (images, labels), own in zip(
                    stream.take(2), part, strict=True
                ):
                    self.assertAllEqual(images[:, 0, 0, 0], own.ravel())
                    self.assertAllEqual(labels[:, 0], own.ravel())

    def test_a_worker_reads_no_other_images(self) -> None:
        """From files, so that the others' need not be there."""
        first, other = self.sharded.levels[16].shards[:2]
        own = range(first.first, first.first + first.num_images)
        other.path.write_bytes(b"nothing to be read")
        order = tf.data.Dataset.from_tensor_slices([own[0], own[1], 2, 3])
        with (
            mock.patch.object(pipeline, "MEMORY_BYTES", 0),
            mock.patch.object(
                pipeline, "sequence", return_value=order.map(
                    lambda index: tf.cast(index, tf.int64)
                ),
            ),
        ):  # fmt: skip
            self.assertEqual(
                self.take(1, 16, 4, worker=(0, 2), dataset=self.sharded),
                list(own),
            )
            with self.assertRaises(tf.errors.DataLossError):
                self.take(1, 16, 4, worker=(1, 2), dataset=self.sharded)

    def test_workers_must_divide_the_minibatch(self) -> None:
        for worker in ((0, 4), (3, 3), (-1, 2)):
            with self.assertRaisesRegex(ValueError, "no equal part"):
                self.take(1, minibatch=6, worker=worker)

    def test_datasets_of_the_reference(self) -> None:
        golden = common.golden("images_in")
        images = common.nhwc(golden["images"])
        dataset = datasets.open_dataset(common.GOLDEN_DIR / "tfrecords")
        for limit in (0, 1 << 30):
            with mock.patch.object(pipeline, "MEMORY_BYTES", limit):
                stream = pipeline.batches(dataset, 32, 24, 0, 5)
                batch, labels = next(iter(stream))
            order = [
                np.argmax(np.all(images == each, axis=(1, 2, 3)))
                for each in batch.numpy()
            ]
            self.assertAllEqual(np.sort(order), np.arange(24))
            self.assertAllEqual(labels, golden["labels"][order])

    def test_without_labels(self) -> None:
        path = self.folder() / "plain"
        dataset_files.save(path, np.zeros((3, 4, 4, 1), np.uint8))
        dataset = datasets.open_dataset(path)
        for _, labels in pipeline.batches(dataset, 4, 2, 0, 0).take(50):
            self.assertEqual(labels.shape, (2, 0))

    def test_process_that_ends_amid_a_stream(self) -> None:
        script = f"""
            from pgan_tf.data import pipeline
            from pgan_tf.data.format import datasets
            dataset = datasets.open_dataset({str(self.path)!r})
            pipeline.MEMORY_BYTES = 0
            stream = pipeline.ahead(pipeline.batches(dataset, 16, 2, 0, 0))
            next(stream)
        """
        processes.succeed("-c", textwrap.dedent(script))


class AheadTest(common.TestCase):
    def test_fetches_while_the_last_is_in_use(self) -> None:
        fetched = [threading.Event() for _ in range(4)]

        def count() -> Iterator[int]:
            for number in itertools.count():
                fetched[number].set()
                yield number

        stream = pipeline.ahead(count())
        for number in range(3):
            self.assertEqual(next(stream), number)
            self.assertTrue(fetched[number + 1].wait(timeout=60))
        stream.close()

    def test_first_is_not_waited_for(self) -> None:
        fetched = threading.Event()

        def one() -> Iterator[int]:
            fetched.set()
            yield 0

        stream = pipeline.ahead(one())
        self.assertTrue(fetched.wait(timeout=60))
        stream.close()

    def test_one_ahead_and_no_more(self) -> None:
        numbers = itertools.count()
        stream = pipeline.ahead(numbers)
        self.assertEqual(list(itertools.islice(stream, 5)), [0, 1, 2, 3, 4])
        stream.close()
        self.assertEqual(next(numbers), 6)

    def test_failures_come_in_their_turn(self) -> None:
        def failing() -> Iterator[int]:
            yield 0
            raise OSError("unreadable")

        stream = pipeline.ahead(failing())
        self.assertEqual(next(stream), 0)
        with self.assertRaisesRegex(OSError, "unreadable"):
            next(stream)
