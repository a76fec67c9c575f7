"""Everything a run needs to go on where it was."""

import dataclasses
import errno
import os
import pathlib
from typing import Any

import tensorflow as tf

from pgan_tf import errors, networks
from pgan_tf.training import steps


@dataclasses.dataclass
class Position:
    """How far a run has come.

    Attributes:
        nimg: Real images shown to D.
        tick: Ticks reported.
        lod: Of the last look at the schedule; None ahead of the first.
        seconds: Time spent training.
    """

    nimg: int = 0
    tick: int = 0
    lod: float | None = None
    seconds: float = 0.0


class Checkpoints:
    """Saves and restores networks, optimizers and position.

    The two newest are kept. A checkpoint counts once its name stands in the
    folder's `checkpoint` file, which TensorFlow replaces at the very end.

    Args:
        folder: Where they lie.
        nets: What to save, and to restore into.
    """

    def __init__(self, folder: pathlib.Path, nets: steps.Networks) -> None:
        self.unreadable: list[str] = []
        self._folder = folder
        self._nimg = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._tick = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._lod = tf.Variable(0.0, dtype=tf.float64, trainable=False)
        self._seconds = tf.Variable(0.0, dtype=tf.float64, trainable=False)
        self._checkpoint = tf.train.Checkpoint(
            G=_variables(nets.G),
            D=_variables(nets.D),
            Gs=_variables(nets.Gs),
            g_adam=nets.g_adam,
            d_adam=nets.d_adam,
            nimg=self._nimg,
            tick=self._tick,
            lod=self._lod,
            seconds=self._seconds,
        )
        self._manager = tf.train.CheckpointManager(
            self._checkpoint, str(folder), max_to_keep=2
        )

    def save(self, position: Position) -> None:
        """Writes the state after a completed step.

        Raises:
            OSError: If there is no space left; the newest state stays.
        """
        self._nimg.assign(position.nimg)
        self._tick.assign(position.tick)
        self._lod.assign(-1.0 if position.lod is None else position.lod)
        self._seconds.assign(position.seconds)
        try:
            self._manager.save(checkpoint_number=position.nimg)
        except tf.errors.ResourceExhaustedError as error:
            raise OSError(
                errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._folder)
            ) from error

    def restore(self) -> Position | None:
        """Restores the newest state that can be read; None without any.

        States that cannot be read, torn by a kill or a bad disk, are listed
        in `unreadable`.

        Raises:
            UserError: If there are some, and none can be read.
        """
        for path in reversed(self._manager.checkpoints):
            try:
                status = self._checkpoint.restore(path)
                status.assert_existing_objects_matched()
            except (tf.errors.OpError, AssertionError, IndexError):
                # The reader says IndexError where a file ends early.
                self.unreadable.append(path)
            else:
                return self._position()
        if self.unreadable:
            raise errors.UserError(
                f"{self._folder}: no checkpoint can be read; start again with "
                "another --run_dir"
            )
        return None

    def _position(self) -> Position:
        lod = float(self._lod.numpy())
        return Position(
            nimg=int(self._nimg.numpy()),
            tick=int(self._tick.numpy()),
            lod=None if lod < 0 else lod,
            seconds=float(self._seconds.numpy()),
        )


def _variables(network: networks.Generator | networks.Discriminator) -> Any:
    """A network's variables by path.

    Named one by one, since TensorFlow does not find the layers that a Keras
    model holds in lists.
    """
    return {variable.path: variable.value for variable in network.weights}
