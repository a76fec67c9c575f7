"""Everything a run needs to go on where it was."""

import dataclasses
import errno
import json
import os
import pathlib
import re
import shutil
from collections.abc import Callable
from typing import Any

import keras
import tensorflow as tf

from pgan_tf.base import errors, files
from pgan_tf.training import position, state

_NAME = re.compile(r"ckpt-(0|[1-9]\d*)")
# What killed trainings of earlier releases have left.
_LEFTOVER = re.compile(r"partial-(old-)?ckpt-\d+")
_KEPT = 2
# Of the position, among what TensorFlow saves.
_POSITION = "position/.ATTRIBUTES/py_state"


class Checkpoints:
    """Saves and restores networks, optimizers and position.

    Each checkpoint is a folder `ckpt-<nimg>`, which is written under another
    name and renamed when it is complete and on disk. The two newest are kept;
    folders of any other name are let alone. One writer at a time; see
    `base.locks`.

    Args:
        folder: Where they lie.
        nets: What to save, and to restore into: every field.
        writes: Whether to save; if not, another process does.
        run_id: Gives the run's id, which is kept with each.

    Attributes:
        unreadable: Those that `restore` passed over.
    """

    def __init__(
        self,
        folder: pathlib.Path,
        nets: state.Networks,
        writes: bool = True,
        run_id: Callable[[], str] = str,
    ) -> None:
        self.unreadable: list[str] = []
        self._folder = folder
        self._writes = writes
        self._run_id = run_id
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
        self._position.run_id = self._run_id()
        self._folder.mkdir(parents=True, exist_ok=True)
        final = self._folder / f"ckpt-{where.nimg}"
        with files.partial(final, replaces_folder=True) as writing:
            writing.mkdir()
            self._write(writing)
        leftovers = [
            path
            for path in self._folder.glob("partial-*")
            if _LEFTOVER.fullmatch(path.name)
        ]
        for old in [*_newest_first(self._folder)[_KEPT:], *leftovers]:
            shutil.rmtree(old)

    def _write(self, folder: pathlib.Path) -> None:
        try:
            with files.plain_name(folder) as name:
                self._checkpoint.write(f"{name}/state")
        except tf.errors.ResourceExhaustedError as error:
            raise OSError(
                errno.ENOSPC, os.strerror(errno.ENOSPC), str(self._folder)
            ) from error

    def restore(self) -> position.Position | None:
        """Restores the newest state that can be read; None without any.

        States that cannot be read, damaged by a bad disk or without one of
        the variables, are listed in `unreadable`. TensorFlow keeps a checksum
        of every variable.

        Raises:
            UserError: If there are some, and none can be read; or if the
                newest that can be is another run's.
        """
        for path in _newest_first(self._folder):
            try:
                with files.plain_name(path) as name:
                    self._read(f"{name}/state", path)
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

    def _read(self, prefix: str, path: pathlib.Path) -> None:
        """Reads a checkpoint, if it is this run's, all of it."""
        reader = tf.train.load_checkpoint(prefix)
        saved = _SavedPosition()
        saved.deserialize(reader.get_tensor(_POSITION))
        if saved.run_id != self._run_id():
            raise errors.UserError(
                f"{path} is not this run's: another run has written it. Move "
                "it elsewhere; to begin with another run's networks, give a "
                "new --run_dir and --init_from=<its network-snapshot>"
            )
        self._checkpoint.read(prefix).assert_consumed()


# What the readers of checkpoints, of their indices and of JSON say.
_DAMAGED = (
    tf.errors.OpError,
    AssertionError,
    AttributeError,
    IndexError,
    RuntimeError,
    TypeError,
    ValueError,
)


class _SavedPosition(tf.train.experimental.PythonState):
    """Carries a position, and whose it is, into a checkpoint and back."""

    def __init__(self) -> None:
        self.value = position.Position()
        self.run_id = ""

    def serialize(self) -> str:
        own = {"run_id": self.run_id} if self.run_id else {}
        return json.dumps({**own, **json.loads(self.value.to_json())})

    def deserialize(self, string_value: bytes) -> None:
        fields = json.loads(string_value)
        self.run_id = str(fields.pop("run_id", ""))
        self.value = position.Position.from_json(json.dumps(fields))


def _newest_first(folder: pathlib.Path) -> list[pathlib.Path]:
    """The checkpoints in a folder."""
    found = {
        int(match[1]): path
        for path in folder.glob("ckpt-*")
        if (match := _NAME.fullmatch(path.name)) and path.is_dir()
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
