"""Flagfiles: flags in files, a line each, that `--flagfile` names.

A name is looked for in the working folder, and then among the flagfiles that
come with the package, as `demo`, `demo.cfg` or `configs/demo.cfg`. Lines that
begin with # or // are comments; a `--flagfile` within stands for its lines.
"""

import pathlib
from collections.abc import Iterator, Sequence

from pgan_tf.base import errors, flag_kinds, text

_FLAG = "flagfile"
_SUFFIX = ".cfg"
_FOLDER = "configs"


def expand(arguments: Sequence[str]) -> list[str]:
    """The arguments, after the lines of all flagfiles that they name.

    So that what was typed wins, wherever the flagfile was typed.

    Raises:
        UserError: If a flagfile cannot be read.
    """
    typed, names = split(arguments)
    lines = [line for name in names for line in _lines(name, None, ())]
    return lines + typed


def split(arguments: Sequence[str]) -> tuple[list[str], list[str]]:
    """The arguments without their --flagfile, and the names these give.

    Raises:
        UserError: If one gives none.
    """
    typed: list[str] = []
    names: list[str] = []
    rest = iter(arguments)
    for word in rest:
        if word == "--":
            return [*typed, word, *rest], names
        flag, equals, name = word.partition("=")
        if flag not in (f"--{_FLAG}", f"-{_FLAG}"):
            typed.append(word)
            continue
        if not equals:
            name = next(rest, "")
            if not name:
                raise errors.UserError(f"--{_FLAG} needs a value")
        names.append(name)
    return typed, names


def known() -> list[str]:
    """The names of the flagfiles that come with the package."""
    return sorted(path.stem for path in _packaged().glob(f"*{_SUFFIX}"))


def _packaged() -> pathlib.Path:
    """In the installed package, or at the top of a checkout."""
    package = pathlib.Path(__file__).parents[1]
    installed = package / _FOLDER
    return installed if installed.is_dir() else package.parent / _FOLDER


def _lines(
    name: str, includer: pathlib.Path | None, includers: tuple[str, ...]
) -> Iterator[str]:
    """The flags in a file and in those that it includes."""
    if not name.strip():
        return
    path = _find(name.strip(), includer)
    if str(path) in includers:
        raise errors.UserError(f"--{_FLAG}={name} includes itself")
    for line in _read(name, path).splitlines():
        if not line.strip() or line.startswith(("#", "//")):
            continue
        flag, _, included = line.strip().partition("=")
        if flag in (f"--{_FLAG}", f"-{_FLAG}"):
            yield from _lines(included, path, (*includers, str(path)))
        else:
            yield line.strip()


def _find(name: str, includer: pathlib.Path | None) -> pathlib.Path:
    """The file of a name.

    Files of the package include each other, wherever the user is.
    """
    try:
        path = pathlib.Path(flag_kinds.path(name))
    except ValueError as error:
        raise errors.UserError(f"--{_FLAG}={name}: {error}") from None
    places = [path]
    if not path.is_absolute() and str(path.parent) in (".", _FOLDER):
        packaged = _packaged() / path.name
        if packaged.suffix != _SUFFIX:
            packaged = packaged.with_name(packaged.name + _SUFFIX)
        ours = includer is not None and includer.parent == packaged.parent
        places.insert(0 if ours else 1, packaged)
    for place in places:
        if place.is_file():
            return place
    if path.exists():
        raise errors.UserError(f"--{_FLAG}={name}: is no file")
    hint = text.did_you_mean(path.stem, known())
    raise errors.UserError(
        f"--{_FLAG}={name}: no such file{hint or ';'} those that come with the "
        f"package are {', '.join(known())}"
    )


def _read(name: str, path: pathlib.Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise errors.UserError(f"--{_FLAG}={name}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise errors.UserError(f"--{_FLAG}={name}: is no text file") from error
