"""Processes that train together, as far as one process shows it."""

import dataclasses
import pathlib
import signal
from unittest import mock

import numpy as np
import tensorflow as tf

from pgan_tf.base import devices, errors
from pgan_tf.training import cluster, stopping, trainer, workers
from tests import common, processes
from tests.training import trainer_test

TWO = cluster.Cluster(("a:1", "b:1"), 1)


def lone(index: int = 0) -> workers.Workers:
    return workers.Workers(devices.make_strategy("CPU:0"), index)


def one_of_two(index: int, other: list[float]) -> workers.Workers:
    """A worker whose sums have the other's values in them."""
    made = lone(index)
    made.count = 2
    made.sum = lambda values: values + tf.constant(other, tf.float32)
    return made


class WorkersTest(common.TestCase):
    def test_alone(self):
        made = lone()
        self.assertEqual(made.part(), (0, 1))
        self.assertEqual(made.any(True, False), (True, False))
        made.check_same("flags", "anything")
        with self.assertRaises(stopping.Stopped):
            with made.interruptible(self.listening()):
                signal.raise_signal(signal.SIGTERM)

    def test_one_says_so_for_all(self):
        made = one_of_two(1, [1, 0, 0])
        self.assertEqual(made.part(), (1, 2))
        found = made.any(False, True, False)
        self.assertEqual(found, (True, True, False))

    def test_nothing_ends_at_once_where_others_wait(self):
        stop = self.listening()
        with one_of_two(0, []).interruptible(stop):
            signal.raise_signal(signal.SIGTERM)
        self.assertTrue(stop.requested())

    def listening(self) -> stopping.StopRequest:
        processes.keep_signals(self)
        stop = stopping.StopRequest()
        stop.listen()
        return stop

    def test_what_differs_is_named(self):
        # sha256("abc") begins with ba7816.
        same, different = [0, 0xBA7816], [0, 0xBA7817]
        one_of_two(0, same).check_same("flags", "abc")
        with self.assertRaisesRegex(
            errors.UserError, "worker 1 of TF_CONFIG has not the chief's flags"
        ):
            one_of_two(0, different).check_same("flags", "abc")

    def test_sums_over_the_replicas_of_a_process(self):
        found = lone().sum(tf.constant([1.0, 2.0]))
        self.assertAllEqual(found, [1, 2])

    def test_a_lost_worker_is_told(self):
        lost = tf.errors.UnavailableError(None, None, "Socket closed")
        with (
            self.assertRaisesRegex(errors.UserError, "lost a worker.*runs/a"),
            workers.losses_told(TWO, "runs/a"),
        ):
            raise lost
        with (
            self.assertRaises(tf.errors.UnavailableError),
            workers.losses_told(cluster.Cluster(), "runs/a"),
        ):
            raise lost

    def test_digests_are_of_the_weights(self):
        here = self.folder()
        trainer_test.make_dataset(here / "set")
        run = trainer.Run(trainer_test.make_options(here))
        self.addCleanup(run.close)
        before = run.workers.digest(run.nets)
        self.assertEqual(run.workers.digest(run.nets), before)
        bias = run.nets.D.output_dense.bias
        bias.assign(np.nextafter(bias.numpy(), np.float32(1)))
        self.assertNotEqual(run.workers.digest(run.nets), before)


class OtherWorker(workers.Workers):
    """Not the chief, but alone in its cluster."""

    def __init__(self, strategy: tf.distribute.Strategy, index: int) -> None:
        super().__init__(strategy, index)
        self.is_chief = False


class WritesNothingTest(common.TestCase):
    def test_only_the_chief_writes(self):
        here = self.folder()
        trainer_test.make_dataset(here / "set")
        options = trainer_test.make_options(here)
        options = dataclasses.replace(
            options,
            snapshots=dataclasses.replace(
                options.snapshots, checkpoint_minutes=0.0
            ),
        )
        before = sorted(here.rglob("*"))
        with mock.patch.object(workers, "Workers", OtherWorker):
            trainer.train(options)
        self.assertEqual(sorted(here.rglob("*")), before)
        trainer.train(options)
        self.assertTrue((pathlib.Path(options.run_dir) / "log.txt").exists())


class DevicesTest(common.TestCase):
    def test_only_the_named_gpus_are_seen(self):
        gpus = [mock.Mock(), mock.Mock()]
        for i, gpu in enumerate(gpus):
            gpu.name = f"/physical_device:GPU:{i}"
        with (
            mock.patch.object(
                tf.config, "list_physical_devices", return_value=gpus
            ),
            mock.patch.object(tf.config, "set_visible_devices") as show,
        ):
            workers.show_only([])
            show.assert_not_called()
            workers.show_only(["GPU:1"])
            show.assert_called_once_with([gpus[1]], "GPU")
            workers.show_only(["CPU:0"])
            show.assert_called_with([], "GPU")
            with self.assertRaisesRegex(
                errors.UserError, "no GPU:2 .*only CPU:0, GPU:0, GPU:1"
            ):
                workers.show_only(["GPU:0", "GPU:2"])
