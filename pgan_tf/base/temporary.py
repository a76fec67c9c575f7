"""A folder for the temporary files of a process, which the next one sweeps.

TensorFlow writes a Python file for every function that it translates, and
forgets them all when it is killed.
"""

import atexit
import contextlib
import os
import pathlib
import re
import shutil
import stat
import tempfile

from pgan_tf.base import errors, files, locks

_PREFIX = "pgan_tf-"
_NAME = re.compile(r"pgan_tf-[a-z0-9_]{8}")
_WORK = "temporary"


def use_own_folder() -> None:
    """Puts temporary files of this process into a folder of its own.

    The folder goes away with the process. If that is killed, it goes with the
    next one that comes here.
    """
    try:
        root = pathlib.Path(tempfile.gettempdir())
        if _NAME.fullmatch(root.name):
            return  # It has one.
        sweep(root)
        folder = pathlib.Path(tempfile.mkdtemp(prefix=_PREFIX))
    except OSError:
        return  # Who needs such files will say that there is no room.
    # What is registered first comes last: after all who have files there.
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    held = contextlib.ExitStack()
    with contextlib.suppress(errors.UserError):
        held.enter_context(locks.hold(folder, "TMPDIR", _WORK))
    atexit.register(held.close)
    tempfile.tempdir = str(folder)


def sweep(root: pathlib.Path) -> None:
    """Removes what processes that are dead have left there."""
    for name in os.listdir(root):
        folder = root / name
        if not _NAME.fullmatch(name):
            continue
        with contextlib.suppress(OSError):
            if _is_ours(folder) and _is_dead(folder):
                shutil.rmtree(folder)


def _is_ours(folder: pathlib.Path) -> bool:
    """Whether it is a folder, not a link, and of this user."""
    found = folder.lstat()
    return stat.S_ISDIR(found.st_mode) and found.st_uid == os.geteuid()


def _is_dead(folder: pathlib.Path) -> bool:
    return locks.is_abandoned(folder, _WORK) or files.is_forgotten(folder)
