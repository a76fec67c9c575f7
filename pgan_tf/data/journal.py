"""Which blocks of an unfinished build are on disk, so that it can continue.

The journal lies where the manifest will: a line that identifies the build, and
a line "start stop exact done" for each block. A block is listed only when its
bytes have reached the disk, so that even a power failure cannot make the
journal lie; a line that was cut short lacks its last word and does not count.
"""

import contextlib
import fcntl
import os
import pathlib
import re
import time
from collections.abc import Iterator

import numpy as np

from pgan_tf.base import errors, version
from pgan_tf.data import parallel
from pgan_tf.data.format import file_names, writing
from pgan_tf.data.sources import source

SECONDS = 2.0  # between two entries: what a kill costs at most
_ENTRY = re.compile(r"(\d+) (\d+) (\d+) done")


def identify(
    images: source.Source, order: np.ndarray, target: writing.Target
) -> str:
    """A hash of all that decides on a build's bytes, as far as it is known.

    Of image files it knows the names alone, so that a build which stopped at
    a bad image continues once that is mended.
    """
    # What travels to the workers is all that the images depend on.
    parts = (version.VERSION, images, order, target.files())
    return parallel.hash_of(parts)


class Journal:
    """The journal of one build.

    Attributes:
        done: The blocks that are on disk, as far as is known, and how many
            images of each are bit-exact; see `source.Checked`.
    """

    def __init__(self, target: writing.Target, identity: str) -> None:
        self.target = target
        self.identity = identity
        self.path = target.partial(file_names.MANIFEST)
        self.done = self._read()
        self._pending: dict[range, int] = {}
        self._last_time = time.monotonic()

    def can_continue(self) -> bool:
        """Whether the folder holds this same build, with something done."""
        files = self.target.files()
        partials = {self.target.partial(file): files[file] for file in files}
        return bool(self.done) and all(
            path.exists() and path.stat().st_size == size
            for path, size in partials.items()
        )

    def begin(self) -> None:
        """Starts anew, once the build's files are there."""
        self.done = {}
        self._append(self.identity)

    def add(self, block: range, num_exact: int) -> None:
        """Takes note of a block that was written."""
        self._pending[block] = num_exact
        if time.monotonic() - self._last_time >= SECONDS:
            self.flush()

    def flush(self) -> None:
        """Brings all blocks to disk, and then their entries."""
        for file in self.target.files():
            _sync(os.open(self.target.partial(file), os.O_RDONLY))
        lines = (
            f"\n{block.start} {block.stop} {num_exact} done"
            for block, num_exact in self._pending.items()
        )
        self._append("".join(lines))
        self.done.update(self._pending)
        self._pending.clear()
        self._last_time = time.monotonic()

    def _append(self, text: str) -> None:
        with open(self.path, "a") as stream:
            stream.write(text)
        _sync(os.open(self.path, os.O_RDONLY))

    def _read(self) -> dict[range, int]:
        """The blocks that a journal of this build lists."""
        if not self.path.exists():
            return {}
        head, *lines = self.path.read_text().split("\n")
        if head != self.identity:
            return {}
        matches = map(_ENTRY.fullmatch, lines)
        return {range(int(m[1]), int(m[2])): int(m[3]) for m in matches if m}


def _sync(descriptor: int) -> None:
    os.fsync(descriptor)
    os.close(descriptor)


@contextlib.contextmanager
def hold_lock(path: pathlib.Path) -> Iterator[None]:
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
