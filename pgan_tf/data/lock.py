"""One build at a time in a folder."""

import contextlib
import fcntl
import os
import pathlib
from collections.abc import Iterator

from pgan_tf.base import errors


@contextlib.contextmanager
def hold(path: pathlib.Path) -> Iterator[None]:
    """Makes a folder if need be, and keeps other builds out of it.

    The lock ends with this process, however that ends. A folder that was made
    here and stays empty goes away.

    Raises:
        UserError: Another build is at work there, or it is no folder.
    """
    if path.exists() and not path.is_dir():
        raise errors.UserError(f"--out_dir={path} is a file, not a folder")
    is_new = not path.exists()
    path.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(path, os.O_RDONLY)
    try:
        _lock(descriptor, path)
        yield
    finally:
        os.close(descriptor)
        if is_new and not os.listdir(path):
            path.rmdir()


def _lock(descriptor: int, path: pathlib.Path) -> None:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise errors.UserError(
            f"another `create` is writing to --out_dir={path}; wait for its "
            "end or choose another folder"
        ) from error
    except OSError:
        # Some network file systems have no locks for folders.
        pass
