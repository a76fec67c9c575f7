"""Files and folders that are whole or not there, and their digests.

Whatever must outlive a crash is written here: `partial` for what is whole or
not there, `append` for lines, `sync` and `put` for what has its own way of
being written. All bring the bytes to disk before the name, and the name before
they return.
"""

import contextlib
import hashlib
import json
import os
import pathlib
import re
import secrets
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator
from typing import Any

import tqdm

from pgan_tf.base import errors, memory, processes

# partial-<machine>-<process>-<its start>-<random>-<name>
_PARTIAL = re.compile(
    r"partial-([0-9a-f]{12})-(\d{1,10})-(\d{1,20})-[0-9a-f]{16}-.+", re.DOTALL
)
# What other machines have left counts as forgotten after a day.
_FORGOTTEN_SECONDS = 24 * 60 * 60
_LONGEST_NAME = 255  # bytes
_PLAIN = re.compile(r"[\w./,:=+@%~ -]+", re.ASCII)
_swept: set[pathlib.Path] = set()
_said: set[str] = set()
_OWN_CACHE = "set XDG_CACHE_HOME to a folder that can be written"


# What systems leave in any folder that they show.
_OF_SYSTEMS = frozenset(
    ("__macosx", "thumbs.db", "ehthumbs.db", "desktop.ini", "lost+found")
)


def is_hidden(name: str) -> bool:
    """Whether a file or folder of that name is none of a user's.

    Dot files, as `.DS_Store` and the `._name` that macOS puts beside each
    file on a foreign disk, and the few others that systems make unasked.

    Args:
        name: Without folders.
    """
    return name.startswith(".") or name.lower() in _OF_SYSTEMS


@contextlib.contextmanager
def partial(
    path: pathlib.Path, durable: bool = True, replaces_folder: bool = False
) -> Iterator[pathlib.Path]:
    """A name to write to that becomes `path` when the block ends well.

    The suffix is kept, as some writers choose their format by it. The name
    cannot be foreseen, so nobody can have put a link there, and two processes
    do not meet in one file; the later one wins. A folder may be made there as
    well, if `path` is none that holds anything. What processes that are dead
    have left in the same folder goes away.

    Args:
        path: Of the file or folder.
        durable: Whether it must outlive a power failure right after, which
            takes some milliseconds.
        replaces_folder: Whether a folder that is there may go for it.
    """
    if path.parent not in _swept:
        _swept.add(path.parent)
        sweep(path.parent)
    writing, aside = _partial_name(path), _partial_name(path)
    try:
        yield writing
        if durable:
            sync(writing)
        if replaces_folder and path.is_dir():
            os.rename(path, aside)
        put(writing, path, durable)
    finally:
        _remove(writing)
        _remove(aside)


def _partial_name(path: pathlib.Path) -> pathlib.Path:
    own = processes.current()
    head = (
        f"partial-{own.machine}-{own.pid}-{own.start}-{secrets.token_hex(8)}-"
    )
    # The end has the suffix; long names lose their begin.
    room = _LONGEST_NAME - len(head)
    end = os.fsencode(path.name)[-room:].decode("utf-8", "ignore")
    if len(os.fsencode(path.name)) <= room:
        end = path.name
    return path.with_name(head + end)


def is_partial(name: str) -> bool:
    """Whether a name is one that `partial` gives."""
    return _PARTIAL.fullmatch(name) is not None


def sweep(folder: pathlib.Path) -> None:
    """Removes what dead processes have begun to write in a folder.

    Of this machine's processes it is known which are dead; what others have
    begun goes when it has not changed for a day.
    """
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        match = _PARTIAL.fullmatch(name)
        if match is None:
            continue
        writer = processes.Process("", match[1], int(match[2]), int(match[3]))
        with contextlib.suppress(OSError):
            if writer.is_here():
                is_dead = not writer.is_alive()
            else:
                is_dead = is_forgotten(folder / name)
            if is_dead:
                _remove(folder / name)


def is_forgotten(path: pathlib.Path) -> bool:
    """Whether nothing there has changed for a day."""
    newest = max(each.lstat().st_mtime for each in [path, *path.rglob("*")])
    return time.time() - newest > _FORGOTTEN_SECONDS


def _remove(path: pathlib.Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def sync(path: pathlib.Path) -> None:
    """Brings a file, or a folder with all that is in it, to disk."""
    if path.is_dir() and not path.is_symlink():
        for child in path.iterdir():
            sync(child)
    elif not path.is_file():
        return  # Only what has bytes can lose them.
    _sync_entry(path)


def put(
    written: pathlib.Path, path: pathlib.Path, durable: bool = True
) -> None:
    """Gives what was written its name, which stays after a power failure."""
    os.replace(written, path)
    if durable:
        _sync_entry(path.parent)


def append(path: pathlib.Path, text: str) -> None:
    """Adds lines to a file, and brings them to disk.

    After a line that a kill has torn they begin on a new one. On a full disk
    none of them is added.

    Args:
        path: Made if it is not there.
        text: Whole lines.
    """
    is_new = not path.exists()
    content = text.encode("utf-8", "backslashreplace")
    with open(path, "ab+", buffering=0) as file:
        if size := file.seek(0, os.SEEK_END):
            file.seek(size - 1)
            if file.read(1) != b"\n":
                content = b"\n" + content
        try:
            while content:
                content = content[file.write(content) :]
            _sync_entry(path)
        except OSError:
            file.truncate(size)
            raise
    if is_new:
        _sync_entry(path.parent)


def _sync_entry(path: pathlib.Path) -> None:
    """Brings the bytes of a file, or the names in a folder, to disk."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        # Some network file systems cannot do it for folders.
        if not path.is_dir():
            raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def plain_name(folder: pathlib.Path) -> Iterator[str]:
    """A name of a folder for libraries that take names for patterns.

    TensorFlow does not find `lr=[1e-3]`, and takes no names that are not
    UTF-8. For such folders it is that of a link, there while the block lasts.
    """
    if _PLAIN.fullmatch(str(folder)):
        yield str(folder)
        return
    with tempfile.TemporaryDirectory(prefix="pgan_tf-") as home:
        link = pathlib.Path(home) / "folder"
        link.symlink_to(folder.resolve())
        yield str(link)


def read_json_lines(path: pathlib.Path) -> list[dict[str, Any]]:
    """The objects of a JSON lines file, without lines that a kill has torn.

    Those that a bad disk has damaged are left out, too. A file that is not
    there has none.
    """
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return []
    found = []
    for line in content.split(b"\n"):
        try:
            value = json.loads(line.decode("utf-8"))
        except (ValueError, RecursionError):
            continue
        if isinstance(value, dict):
            found.append(value)
    return found


def read_bytes(path: str | os.PathLike[str]) -> bytes:
    """The content of a stranger's file, which must be a file.

    A pipe or a device of that name would be read for ever.

    Raises:
        UserError: It is none, or larger than --max_memory.
        OSError: It cannot be read.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(descriptor, "rb", buffering=0) as stream:
        about = os.fstat(descriptor)
        if not stat.S_ISREG(about.st_mode):
            raise errors.UserError(f"{os.fspath(path)} is no file")
        memory.require(about.st_size, os.fspath(path))
        return stream.read()


def sha256_of_file(path: pathlib.Path) -> str:
    """The sha256 of a file, in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sha256_of_folder(path: pathlib.Path) -> str:
    """The sha256, in hex, of all files below a folder and their names."""
    digest = hashlib.sha256()
    for file in sorted(each for each in path.rglob("*") if each.is_file()):
        name = file.relative_to(path).as_posix()
        digest.update(os.fsencode(name))
        digest.update(f"\0{sha256_of_file(file)}\n".encode())
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

    It may be there for reading alone.

    Raises:
        UserError: If it cannot be made, or the user has no home.
    """
    try:
        given = os.environ.get("XDG_CACHE_HOME")
        root = pathlib.Path(given or pathlib.Path.home() / ".cache")
        path = root / "pgan_tf"
        path.mkdir(parents=True, exist_ok=True)
    except RuntimeError as error:
        raise errors.UserError(
            f"there is no home to keep a cache in; {_OWN_CACHE}"
        ) from error
    except OSError as error:
        raise errors.UserError(
            f"cannot make the cache folder {path} ({error.strerror});"
            f" {_OWN_CACHE}"
        ) from error
    return path


def cached(name: str = "") -> pathlib.Path | None:
    """The place of a file in the cache, or the cache; None without one."""
    try:
        return cache_folder() / name
    except errors.UserError as error:
        _say_once(f"nothing is kept for the next time: {error}")
        return None


@contextlib.contextmanager
def keeping(path: pathlib.Path) -> Iterator[pathlib.Path]:
    """As `partial`, of what can be done without: that it fails is said."""
    try:
        with partial(path) as writing:
            yield writing
    except OSError as error:
        _say_once(
            f"nothing is kept for the next time: cannot write in {path.parent}"
            f" ({error.strerror}); {_OWN_CACHE}"
        )


def _say_once(line: str) -> None:
    """Tells, below any progress bar, what has not been told yet."""
    if line not in _said:
        _said.add(line)
        tqdm.tqdm.write(line, file=sys.stderr)


def say_torn(path: pathlib.Path) -> None:
    """Tells, below any progress bar, that a file will be made again."""
    line = f"the cached {path} is torn: computing it again"
    tqdm.tqdm.write(line, file=sys.stderr)
