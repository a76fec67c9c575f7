"""Everything a run needs to go on where it was."""

import dataclasses
import errno
import os
import pathlib
import re
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

    The two newest are kept. A checkpoint counts once its index is there, which
    TensorFlow writes at the very end.

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
        self._manager = _manager(self._checkpoint, folder)

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
        for path in _newest_first(self._folder):
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


def _manager(
    checkpoint: tf.train.Checkpoint, folder: pathlib.Path
) -> tf.train.CheckpointManager:
    """Keeps the two newest; starts anew where its own list is damaged."""
    try:
        return tf.train.CheckpointManager(checkpoint, str(folder), 2)
    except ValueError:
        (folder / "checkpoint").unlink()
        return tf.train.CheckpointManager(checkpoint, str(folder), 2)


def _newest_first(folder: pathlib.Path) -> list[str]:
    """The checkpoints in a folder; each has its index written last."""
    found = {
        int(match[1]): str(path.with_suffix(""))
        for path in folder.glob("ckpt-*.index")
        if (match := re.fullmatch(r"ckpt-(\d+)", path.stem))
    }
    return [found[nimg] for nimg in sorted(found, reverse=True)]


def _variables(network: networks.Generator | networks.Discriminator) -> Any:
    """A network's variables by path.

    Named one by one, since TensorFlow does not find the layers that a Keras
    model holds in lists.
    """
    return {variable.path: variable.value for variable in network.weights}
