"""The sha256, in hex, by which contents are known."""

import hashlib
import pathlib
from typing import Any


def of_file(path: pathlib.Path) -> str:
    """Of a file."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def of_folder(path: pathlib.Path) -> str:
    """Of all files below a folder and their names."""
    digest = hashlib.sha256()
    for file in sorted(each for each in path.rglob("*") if each.is_file()):
        name = file.relative_to(path).as_posix()
        digest.update(f"{name}\0{of_file(file)}\n".encode())
    return digest.hexdigest()


def of_weights(*models: Any) -> str:
    """Of the weights of Keras models; a `.keras` file holds its date too."""
    digest = hashlib.sha256()
    for model in models:
        for weight in model.get_weights():
            digest.update(weight.tobytes())
    return digest.hexdigest()
