"""The folder for what is costly to get twice: downloads, statistics."""

import os
import pathlib
import sys

import tqdm

from pgan_tf import errors


def folder() -> pathlib.Path:
    """`$XDG_CACHE_HOME/pgan_tf`, usually ~/.cache/pgan_tf; made if missing.

    Raises:
        UserError: If it cannot be made.
    """
    root = os.environ.get("XDG_CACHE_HOME") or pathlib.Path.home() / ".cache"
    path = pathlib.Path(root) / "pgan_tf"
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise errors.UserError(
            f"cannot make the cache folder {path} ({error.strerror}); set"
            " XDG_CACHE_HOME to a folder that can be written"
        ) from error
    return path


def say_torn(path: pathlib.Path) -> None:
    """Tells, below any progress bar, that a file will be made again."""
    line = f"the cached {path} is torn: computing it again"
    tqdm.tqdm.write(line, file=sys.stderr)
