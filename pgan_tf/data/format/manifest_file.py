"""The manifest of a dataset folder: what the tool says of its files."""

import json
import pathlib
from typing import Any

from pgan_tf.base import boundary, errors, files, memory
from pgan_tf.data.format import file_names

_PER_BYTE = 30  # that JSON takes in memory at most


def read(path: pathlib.Path) -> dict[str, Any] | None:
    """The manifest in a folder, if there is one.

    Raises:
        UserError: It is damaged, or a file of another size than it says.
    """
    file = path / file_names.MANIFEST
    if not file.exists():
        return None
    with boundary.reading(file, "manifest of dataset_tool.py"):
        content = files.read_bytes(file)
        memory.require(_PER_BYTE * len(content), str(file))
        manifest = json.loads(content)
        _check(manifest)
    _check_sizes(path, manifest)
    return manifest


def _check(manifest: Any) -> None:
    """A ValueError, or another exception, if parts are of other types.

    What it says of labels is looked at where it is used.
    """
    made_from = manifest.get("made_from", {})
    skipped = manifest.get("skipped", [])
    if type(made_from) is not dict or type(skipped) is not list:
        raise ValueError("it tells of its origin in a way of its own")
    for name, known in manifest["files"].items():
        if "/" in name or "\0" in name or name in ("", ".", ".."):
            raise ValueError("it tells of a file that lies elsewhere")
        if type(known["bytes"]) is not int or type(known["sha256"]) is not str:
            raise ValueError(f"it tells no size and checksum of {name}")


def _check_sizes(path: pathlib.Path, manifest: dict[str, Any]) -> None:
    for name, known in manifest["files"].items():
        file = path / name
        size = file.stat().st_size if file.exists() else None
        if size != known["bytes"]:
            found = "is missing" if size is None else f"has {size} bytes"
            raise errors.UserError(
                f"{file} {found} but should have {known['bytes']} according "
                f"to {file_names.MANIFEST}"
            )
