"""Readers with faults, which trials must notice."""

import os
import pathlib
import signal
from collections.abc import Callable
from typing import Any

import numpy as np

from pgan_tf.base import errors
from tests.fuzz.trials import Kind

CONTENT = b"as it should be"


def write(folder: pathlib.Path) -> pathlib.Path:
    path = folder / "a.bin"
    path.write_bytes(CONTENT)
    return path


def once_changed(act: Callable[[], Any]) -> Kind:
    """Reads the right file well; then comes the fault."""

    def read(folder: pathlib.Path) -> None:
        if (folder / "a.bin").read_bytes() != CONTENT:
            act()

    return Kind(write, read)


def refuse(message: str) -> None:
    error = errors.UserError("")
    error.args = (message,)
    raise error


KINDS = {
    "raises": once_changed(lambda: {}["missing"]),
    "dies": once_changed(lambda: os.kill(os.getpid(), signal.SIGSEGV)),
    "swells": once_changed(lambda: np.ones(2_100_000_000, np.uint8).sum()),
    "nameless": once_changed(lambda: refuse("it is damaged")),
    "two_lines": once_changed(lambda: refuse("a.bin\nis damaged")),
    "right": once_changed(lambda: refuse("a.bin is damaged")),
}
