"""Shares the work of a batch between devices."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np
import tensorflow as tf


class Replicas:
    """One or several devices that hold the same networks.

    Args:
        strategy: As for training; None: wherever TensorFlow likes best.
    """

    def __init__(self, strategy: tf.distribute.Strategy | None = None) -> None:
        self._strategy = strategy or tf.distribute.get_strategy()
        self._count = self._strategy.num_replicas_in_sync

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
