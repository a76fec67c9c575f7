"""All files below a folder, each once, wherever links lead."""

import dataclasses
import os
import pathlib
import stat

from pgan_tf.base import errors, files, text


@dataclasses.dataclass
class Found:
    """What lies below a folder.

    Attributes:
        names: Of its files, relative, with "/" between folders.
        num_hidden: Files and folders that are none of the user's.
        num_again: Links to folders that were read already, or that this one
            lies in.
        num_special: What is neither a file nor a folder.
    """

    names: list[str] = dataclasses.field(default_factory=list)
    num_hidden: int = 0
    num_again: int = 0
    num_special: int = 0


def walk(folder: pathlib.Path) -> Found:
    """Finds all files below a folder, also below links to other folders.

    Real folders come before links, and links by their names; so a folder that
    can be reached in several ways is always read under the same name.

    Raises:
        UserError: A folder may not be read.
    """
    found = Found()
    # A link to a folder above would lead here again, and to its neighbours.
    seen = {_identity(each) for each in folder.resolve().parents}
    links = [(folder, "")]
    while links:
        path, prefix = links.pop(0)
        below: list[tuple[pathlib.Path, str]] = []
        stack = [(path, prefix)]
        while stack:
            path, prefix = stack.pop()
            identity = _identity(path)
            if identity in seen:
                found.num_again += 1
                continue
            seen.add(identity)
            _look(path, prefix, found, stack, below)
        links += sorted(below, key=lambda each: each[1])
    return found


def _look(
    path: pathlib.Path,
    prefix: str,
    found: Found,
    folders: list[tuple[pathlib.Path, str]],
    links: list[tuple[pathlib.Path, str]],
) -> None:
    """Sorts what lies in one folder: files, folders, links to folders."""
    try:
        with os.scandir(path) as entries:
            for entry in entries:
                _sort_in(entry, prefix + entry.name, found, folders, links)
    except OSError as error:
        raise _unreadable(path, error) from error


def _sort_in(
    entry: os.DirEntry[str],
    name: str,
    found: Found,
    folders: list[tuple[pathlib.Path, str]],
    links: list[tuple[pathlib.Path, str]],
) -> None:
    """Sorts one file or folder to its likes; `name` is relative."""
    if files.is_hidden(entry.name):
        found.num_hidden += 1
    elif entry.is_symlink():
        mode = _mode_behind(entry.path)
        if stat.S_ISDIR(mode):
            links.append((pathlib.Path(entry.path), name + "/"))
        elif stat.S_ISREG(mode):
            found.names.append(name)
        else:
            found.num_special += 1
    elif entry.is_dir(follow_symlinks=False):
        folders.append((pathlib.Path(entry.path), name + "/"))
    elif entry.is_file(follow_symlinks=False):
        found.names.append(name)
    else:
        found.num_special += 1


def _identity(path: pathlib.Path) -> tuple[int, int]:
    """What tells a folder apart from others, whatever leads to it."""
    try:
        status = os.stat(path)
    except OSError as error:
        raise _unreadable(path, error) from error
    return status.st_dev, status.st_ino


def _unreadable(path: pathlib.Path, error: OSError) -> errors.UserError:
    return errors.UserError(
        f"cannot read the folder {text.one_line(str(path))}: "
        f"{error.strerror or error}"
    )


def _mode_behind(path: str) -> int:
    """What a link leads to; a file, if nothing: reading it will tell."""
    try:
        return os.stat(path).st_mode
    except OSError:
        return stat.S_IFREG
