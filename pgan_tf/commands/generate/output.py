"""Where results go: checked before any work is done."""

import os
import pathlib

from pgan_tf.base import errors


def make_folder(path: str) -> pathlib.Path:
    """Makes the folder of --out, if it is not there.

    Raises:
        UserError: If that cannot be, or nothing can be written in it.
    """
    folder = pathlib.Path(path)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise errors.UserError(
            f"--out={path}: cannot make this folder: {error.strerror}"
        ) from error
    _check_writable(folder, path)
    return folder


def check_file(path: str) -> pathlib.Path:
    """Makes the folder of the file that --out names.

    Raises:
        UserError: If that cannot be, or the name is that of a folder.
    """
    file = pathlib.Path(path)
    if file.is_dir():
        raise errors.UserError(f"--out={path}: is a folder; name a file in it")
    make_folder(str(file.parent))
    return file


def is_strip(path: pathlib.Path) -> bool:
    """Whether one picture of all frames is asked for."""
    return path.suffix.lower() == ".png"


def _check_writable(folder: pathlib.Path, path: str) -> None:
    if not os.access(folder, os.W_OK | os.X_OK):
        raise errors.UserError(
            f"--out={path}: no permission to write there; give another folder"
        )
