"""Files and folders that are whole or not there, and their digests.

Also logs that may be torn, and the folder for what is costly to get twice.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import sys
from collections.abc import Iterator
from typing import Any

import tqdm

from pgan_tf.base import errors


@contextlib.contextmanager
def partial(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """A name to write to that becomes `path` when the block ends well.

    The suffix is kept, as some writers choose their format by it. Two
    processes do not meet in one file; the later one wins. A folder may be
    made there as well, if `path` is none that holds anything.
    """
    writing = path.with_name(f"partial-{os.getpid()}-{path.name}")
    try:
        yield writing
        os.replace(writing, path)
    finally:
        if writing.is_dir():
            shutil.rmtree(writing)
        writing.unlink(missing_ok=True)


def read_json_lines(path: pathlib.Path) -> list[dict[str, Any]]:
    """The objects of a JSON lines file, without lines that a kill has torn.

    A file that is not there has none.
    """
    if not path.exists():
        return []
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        try:
            value = json.loads(line)
        except ValueError:
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def sha256_of_file(path: pathlib.Path) -> str:
    """The sha256 of a file, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_folder(path: pathlib.Path) -> str:
    """The sha256, in hex, of all files below a folder and their names."""
    digest = hashlib.sha256()
    for file in sorted(each for each in path.rglob("*") if each.is_file()):
        name = file.relative_to(path).as_posix()
        digest.update(f"{name}\0{sha256_of_file(file)}\n".encode())
    return digest.hexdigest()


def sha256_of_weights(*models: Any) -> str:
    """The sha256, in hex, of the weights of Keras models.

    Not of their files: a `.keras` file holds its date too.
    """
    digest = hashlib.sha256()
    for model in models:
        for weight in model.get_weights():
            digest.update(weight.tobytes())
    return digest.hexdigest()


def cache_folder() -> pathlib.Path:
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
