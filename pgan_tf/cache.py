"""The folder for what is costly to get twice: downloads, statistics."""

import contextlib
import os
import pathlib
from collections.abc import Iterator

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


@contextlib.contextmanager
def partial(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """A name to write to that becomes `path` when the block ends well.

    The suffix is kept, as some writers choose their format by it. Two
    processes do not meet in one file; the later one wins.
    """
    writing = path.with_name(f"partial-{os.getpid()}-{path.name}")
    try:
        yield writing
        os.replace(writing, path)
    finally:
        writing.unlink(missing_ok=True)
