"""Files that are either complete or not there."""

import contextlib
import os
import pathlib
from collections.abc import Iterator


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
