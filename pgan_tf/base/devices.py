"""Which devices compute, and how a batch is shared between them."""

import contextlib
import glob
import resource
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import tensorflow as tf

from pgan_tf.base import device_names, errors


class Replicas:
    """One or several devices that hold the same networks.

    Args:
        strategy: As for training; None: wherever TensorFlow likes best.
    """

    def __init__(self, strategy: tf.distribute.Strategy | None = None) -> None:
        self._strategy = strategy or tf.distribute.get_strategy()
        self._count = self._strategy.num_replicas_in_sync

    @classmethod
    def on(cls, names: Sequence[str]) -> "Replicas":
        """On devices that are known to be there, such as "gpu:0"."""
        return cls(tf.distribute.MirroredStrategy(list(names)))

    def scope(self) -> AbstractContextManager[Any]:
        """Networks made or loaded within are there on every device."""
        return self._strategy.scope()

    def spread(
        self, function: Callable[..., Any]
    ) -> Callable[..., list[np.ndarray]]:
        """Compiles a function of batches to run on all devices.

        Args:
            function: From tensors [n,...] to one or a structure of tensors
                [n,...]; row i of them must depend on row i alone.

        Returns:
            The same from arrays to the flat list of arrays. A batch that does
            not split evenly is filled up with copies of its last row, which
            are dropped again.
        """

        def step(*arguments: tf.Tensor) -> list[tf.Tensor]:
            return tf.nest.flatten(function(*arguments))

        @tf.function(reduce_retracing=True)
        def run(*arguments: Any) -> list[tf.Tensor]:
            if self._count == 1:
                return step(*arguments)
            outputs = self._strategy.run(step, arguments)
            return [
                tf.concat(self._strategy.experimental_local_results(x), 0)
                for x in outputs
            ]

        traced: dict[tuple[Any, ...], Callable[..., list[tf.Tensor]]] = {}

        def call(*batches: np.ndarray) -> list[np.ndarray]:
            types = tuple(batch.dtype for batch in batches)
            if types not in traced:
                traced[types] = self._trace(run, batches)
            arguments = (self._split(batch) for batch in batches)
            outputs = traced[types](*arguments)
            return [output.numpy()[: len(batches[0])] for output in outputs]

        return call

    def _trace(
        self, function: Any, batches: Sequence[np.ndarray]
    ) -> Callable[..., list[tf.Tensor]]:
        """Fixes all sizes but that of the batch."""
        if self._count > 1:
            return function
        specs = [
            tf.TensorSpec((None, *batch.shape[1:]), batch.dtype)
            for batch in batches
        ]
        return function.get_concrete_function(*specs)

    def _split(self, batch: np.ndarray) -> Any:
        """A tensor; of several replicas, each one's equal part."""
        if self._count == 1:
            return tf.constant(batch)
        share = -(-len(batch) // self._count)
        rows = np.arange(share * self._count).clip(max=len(batch) - 1)
        parts = np.split(batch[rows], self._count)
        return self._strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(parts[context.replica_id_in_sync_group])
        )


def make_deterministic() -> None:
    """Lets every operation give the same bits each time.

    Ahead of the first use of a device. On a CPU, sums that are split over
    threads depend on how they are split; so each operation gets one thread.
    """
    tf.config.experimental.enable_op_determinism()
    tf.config.threading.set_intra_op_parallelism_threads(1)


def make_strategy(devices: str) -> tf.distribute.Strategy:
    """One replica per device of this process.

    Args:
        devices: Such as "GPU:0,GPU:1"; empty: all visible GPUs, or the CPU.
            "CPU:0,CPU:1" splits the CPU into two virtual devices, for tests.

    Raises:
        UserError: If there is no such device.
    """
    names = device_names.parse(devices)
    let_memory_grow()
    virtual = sum(name.startswith("CPU:") for name in names)
    if virtual > 1:
        _split_cpu(virtual)
    present = [
        device.name.removeprefix("/device:")
        for device in tf.config.list_logical_devices()
    ]
    for name in names:
        if name not in present:
            raise errors.UserError(
                f"--devices={devices}: no {name} here, only "
                f"{', '.join(present)}"
            )
    gpus = [name for name in present if name.startswith("GPU:")]
    return tf.distribute.MirroredStrategy(names or gpus or ["CPU:0"])


def _split_cpu(parts: int) -> None:
    """Makes several devices of the CPU."""
    try:
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0],
            [tf.config.LogicalDeviceConfiguration()] * parts,
        )
    except RuntimeError as error:
        raise errors.UserError(
            f"--devices: TensorFlow cannot split the CPU any more: {error}"
        ) from error


def num_workers(strategy: tf.distribute.Strategy) -> int:
    """Processes that train together."""
    local = len(strategy.extended.worker_devices)
    return strategy.num_replicas_in_sync // local


def let_memory_grow() -> None:
    """Takes of a GPU's memory what is used, not all of it at once.

    Without effect in a program that has used the GPU before.
    """
    with contextlib.suppress(RuntimeError):
        for gpu in tf.config.list_physical_devices("GPU"):
            tf.config.experimental.set_memory_growth(gpu, True)


def describe() -> str:
    """The model of the first GPU, or CPU."""
    for gpu in tf.config.list_physical_devices("GPU"):
        details = tf.config.experimental.get_device_details(gpu)
        return details.get("device_name", "GPU")
    return "CPU"


def why_no_gpu() -> str:
    """Why it is a CPU, for those who have a GPU and expect it to work."""
    if tf.config.list_physical_devices("GPU"):
        return "there is a GPU, which --devices leaves out"
    if not glob.glob("/dev/nvidia[0-9]*"):
        return "no GPU found"
    if not tf.test.is_built_with_cuda():
        return "there is a GPU, but this TensorFlow is built without CUDA"
    return (
        "there is a GPU, but TensorFlow cannot use it: its CUDA libraries are "
        'missing or too old (pip install "pgan_tf[gpu]"); tensorflow.log says '
        "more"
    )


def peak_memory_mb() -> float:
    """The most memory in use so far: of the fullest GPU, or of this process."""
    gpus = tf.config.list_logical_devices("GPU")
    names = [gpu.name.removeprefix("/device:") for gpu in gpus]
    peaks = [tf.config.experimental.get_memory_info(n)["peak"] for n in names]
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return round(max(peaks, default=own) / 2**20, 1)
