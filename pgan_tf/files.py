"""Files and folders that are whole or not there; logs that may be torn."""

import contextlib
import json
import os
import pathlib
import shutil
from collections.abc import Iterator
from typing import Any


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
