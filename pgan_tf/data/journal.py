"""Which blocks of an unfinished build are on disk, so that it can continue.

The journal lies where the manifest will: a line that identifies the build, and
a line "start stop exact enlarged done" for each block. A block is listed only
when its bytes have reached the disk, so that even a power failure cannot make
the journal lie; a line that was cut short lacks its last word and does not
count.
"""

import re
import time

import numpy as np

from pgan_tf.base import files, text, version
from pgan_tf.data import blocks, parallel
from pgan_tf.data.format import file_names, writing
from pgan_tf.data.sources import source

SECONDS = 2.0  # between two entries: what a kill costs at most
_MAKER = "pgan_tf "
_ENTRY = re.compile(r"(\d+) (\d+) (\d+) (\d+) done")


def identify(
    images: source.Source, order: np.ndarray, target: writing.Target
) -> str:
    """The release, and a hash of all that decides on a build's bytes.

    Of image files it knows the names alone, so that a build which stopped at
    a bad image continues once that is mended.
    """
    # What travels to the workers is all that the images depend on.
    parts = (images, order, target.files())
    return f"{parallel.hash_of(parts)} {_MAKER}{version.VERSION}"


class Journal:
    """The journal of one build.

    Attributes:
        done: The blocks that are on disk, as far as is known, and what was
            counted of each.
        differs: How the unfinished build in the folder is another one; empty
            if it is not, or if there is none.
    """

    def __init__(self, target: writing.Target, identity: str) -> None:
        self.target = target
        self.identity = identity
        self.path = target.partial(file_names.MANIFEST)
        self.differs = ""
        self.done = self._read()
        self._pending: dict[range, blocks.Counts] = {}
        self._last_time = time.monotonic()

    def can_continue(self) -> bool:
        """Whether the folder holds this same build, with something done."""
        sizes = self.target.files()
        partials = {self.target.partial(file): sizes[file] for file in sizes}
        return bool(self.done) and all(
            path.exists() and path.stat().st_size == size
            for path, size in partials.items()
        )

    def begin(self) -> None:
        """Starts anew, once the build's files are there."""
        self.done = {}
        files.append(self.path, self.identity + "\n")

    def add(self, block: range, counts: blocks.Counts) -> None:
        """Takes note of a block that was written."""
        self._pending[block] = counts
        if time.monotonic() - self._last_time >= SECONDS:
            self.flush()

    def flush(self) -> None:
        """Brings all blocks to disk, and then their entries."""
        for file in self.target.files():
            files.sync(self.target.partial(file))
        lines = (
            f"{block.start} {block.stop} {exact} {enlarged} done\n"
            for block, (exact, enlarged) in self._pending.items()
        )
        files.append(self.path, "".join(lines))
        self.done.update(self._pending)
        self._pending.clear()
        self._last_time = time.monotonic()

    def _read(self) -> dict[range, blocks.Counts]:
        """The blocks that a journal of this build lists."""
        if not self.path.exists():
            return {}
        content = self.path.read_text(errors="replace")
        head, *lines = content.split("\n")
        if head != self.identity:
            self.differs = _difference(head) if head else ""
            return {}
        matches = map(_ENTRY.fullmatch, lines)
        numbers = [[int(each) for each in m.groups()] for m in matches if m]
        return {
            range(start, stop): blocks.Counts(*counts)
            for start, stop, *counts in numbers
        }


def _difference(head: str) -> str:
    """How a build is another one, by the first line of its journal."""
    _, _, release = head.partition(_MAKER)
    if release and release != version.VERSION:
        return f"is of {_MAKER}{text.one_line(release, 40)}"
    return "has other options, images or labels"
