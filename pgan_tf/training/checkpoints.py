"""Everything a run needs to go on where it was."""

import dataclasses
import errno
import os
import pathlib
import re
import shutil
from typing import Any

import keras
import tensorflow as tf

from pgan_tf.base import errors
from pgan_tf.training import position, state

_NAME = re.compile(r"ckpt-(\d+)")
_KEPT = 2


class Checkpoints:
    """Saves and restores networks, optimizers and position.

    Each checkpoint is a folder `ckpt-<nimg>`, which is written under another
    name and renamed when it is complete. The two newest are kept.

    Args:
        folder: Where they lie.
        nets: What to save, and to restore into: every field.
        writes: Whether to save; if not, another process does.

    Attributes:
        unreadable: Those that `restore` passed over.
    """

    def __init__(
        self, folder: pathlib.Path, nets: state.Networks, writes: bool = True
    ) -> None:
        self.unreadable: list[str] = []
        self._folder = folder
        self._writes = writes
        self._position = _SavedPosition()
        parts = {
            field.name: _trackable(getattr(nets, field.name))
            for field in dataclasses.fields(nets)
        }
        self._checkpoint = tf.train.Checkpoint(position=self._position, **parts)

    def save(self, where: position.Position) -> None:
        """Writes the state after a completed step.

        Raises:
            OSError: If there is no space left; the newest state stays.
        """
        if not self._writes:
            return
        self._position.value = where
        self._folder.mkdir(parents=True, exist_ok=True)
        for leftover in self._folder.glob("partial-*"):
            shutil.rmtree(leftover)
        final = self._folder / f"ckpt-{where.nimg}"
        writing = self._folder / f"partial-{final.name}"
        writing.mkdir()
        try:
            self._checkpoint.write(str(writing / "state"))
        except tf.errors.ResourceExhaustedError as error:
            shutil.rmtree(writing, ignore_errors=True)
            raise OSError(
                errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._folder)
            ) from error
        if final.exists():
            final.rename(self._folder / f"partial-old-{final.name}")
        writing.rename(final)
        for old in _newest_first(self._folder)[_KEPT:]:
            shutil.rmtree(old)

    def restore(self) -> position.Position | None:
        """Restores the newest state that can be read; None without any.

        States that cannot be read, damaged by a bad disk, are listed in
        `unreadable`. TensorFlow keeps a checksum of every variable.

        Raises:
            UserError: If there are some, and none can be read.
        """
        for path in _newest_first(self._folder):
            try:
                status = self._checkpoint.read(str(path / "state"))
                status.assert_existing_objects_matched()
            except _DAMAGED:
                self.unreadable.append(str(path))
            else:
                return dataclasses.replace(self._position.value)
        if self.unreadable:
            raise errors.UserError(
                f"{self._folder}: no checkpoint can be read; start again with "
                "another --run_dir"
            )
        return None


# What the readers of checkpoints, of their indices and of JSON say.
_DAMAGED = (
    tf.errors.OpError,
    AssertionError,
    IndexError,
    RuntimeError,
    TypeError,
    ValueError,
)


class _SavedPosition(tf.train.experimental.PythonState):
    """Carries a position into a checkpoint and back."""

    def __init__(self) -> None:
        self.value = position.Position()

    def serialize(self) -> str:
        return self.value.to_json()

    def deserialize(self, string_value: bytes) -> None:
        self.value = position.Position.from_json(string_value.decode())


def _newest_first(folder: pathlib.Path) -> list[pathlib.Path]:
    """The checkpoints in a folder."""
    found = {
        int(match[1]): path
        for path in folder.glob("ckpt-*")
        if (match := _NAME.match(path.name))
    }
    return [found[nimg] for nimg in sorted(found, reverse=True)]


def _trackable(part: Any) -> Any:
    """What TensorFlow saves of a network or an optimizer.

    A network's variables are named one by one, by path, since TensorFlow does
    not find the layers that a Keras model holds in lists.
    """
    if not isinstance(part, keras.Model):
        return part
    return {variable.path: variable.value for variable in part.weights}
