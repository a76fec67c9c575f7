"""What flags may be: how their texts are read and written."""

import dataclasses
import math
import os
import re
from collections.abc import Callable, Mapping
from typing import Any

from pgan_tf.base import resolutions


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of values.

    Attributes:
        read: From a flag's text to its value; a ValueError says what the
            text must be.
        metavar: Stands for the value in --help.
    """

    read: Callable[[str], Any]
    metavar: str


def map_of(kind: Kind) -> Kind:
    """Maps such as `4:128,8:64`: keys are resolutions, values of a kind."""

    def read(text: str) -> dict[int, Any]:
        result = {}
        for entry in filter(None, text.split(",")):
            resolution, colon, value = entry.partition(":")
            if not colon:
                raise ValueError(f"{entry!r} is not resolution:value")
            result[whole(resolution)] = kind.read(value)
        return result

    return Kind(read, "R:" + kind.metavar + ",...")


def one_of(choices: tuple[str, ...]) -> Kind:
    """One of several words."""

    def read(text: str) -> str:
        if text not in choices:
            raise ValueError(f"must be one of {', '.join(choices)}")
        return text

    return Kind(read, "{" + ",".join(choices) + "}")


def whole(text: str) -> int:
    """Reads a whole number."""
    try:
        return int(text)
    except ValueError:
        raise ValueError("must be a whole number") from None


def number(text: str) -> float:
    """Reads a number."""
    try:
        return float(text)
    except ValueError:
        raise ValueError("must be a number") from None


def switch(text: str) -> bool:
    """Reads true or false."""
    if text.lower() in ("true", "t", "1"):
        return True
    if text.lower() in ("false", "f", "0"):
        return False
    raise ValueError("must be true or false")


def words(text: str) -> list[str]:
    """Reads a list such as `fid,is`."""
    return [word.strip() for word in text.split(",")] if text else []


def within(low: int, high: int | None = None) -> Kind:
    """Whole numbers from low to high, both among them."""

    def read(text: str) -> int:
        value = whole(text)
        if value < low or (high is not None and value > high):
            most = "or more" if high is None else f"to {high}"
            raise ValueError(f"must be {low} {most}")
        return value

    return Kind(read, "N")


def above_zero(text: str) -> float:
    """Reads a number above 0."""
    if not 0 < number(text) < math.inf:
        raise ValueError("must be above 0")
    return float(text)


def at_least_zero(text: str) -> float:
    """Reads a number that may be 0."""
    if not 0 <= number(text) < math.inf:
        raise ValueError("must be at least 0")
    return float(text)


def resolution(text: str) -> int:
    """Reads a resolution of datasets."""
    value = whole(text)
    if value > resolutions.LARGEST or not resolutions.is_one(value):
        raise ValueError("must be a power of two from 4 to 1024")
    return value


def size(text: str) -> int:
    """Reads a number of bytes, such as 500m, 2g or 1.5GB."""
    match = re.fullmatch(r"(\d+\.?\d*) *([kmgt]?)b?", text.strip().lower())
    num_bytes = float(match[1]) * _POWERS[match[2]] if match else 0
    if not 1 <= num_bytes < 2**63:
        raise ValueError("must be a size, such as 500m or 2g")
    return int(num_bytes)


_POWERS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9, "t": 10**12}


def path(text: str) -> str:
    """Reads the name of a file or folder.

    A `~` or `~name` at its begin is a home folder. Shells put that in only
    where a word begins, so not in `--run_dir=~/runs`.

    Raises:
        ValueError: Nobody knows that folder.
    """
    found = os.path.expanduser(text)
    if found.startswith("~"):
        user = text.partition("/")[0]
        raise ValueError(
            f"the home folder {user} is not known; write it in full, or "
            f"./{user} for a file of that name"
        )
    if "\0" in found:
        raise ValueError("a path has no NUL in it")
    return found


TEXT = Kind(str, "TEXT")
# A word, such as "latest", or a path; the help says which words.
WORD_OR_PATH = Kind(path, "TEXT")
FILE = Kind(path, "FILE")
FOLDER = Kind(path, "FOLDER")
WHOLE = Kind(whole, "N")
NUMBER = Kind(number, "X")
SWITCH = Kind(switch, "")
WORDS = Kind(words, "A,B,...")
POSITIVE = within(1)
NOT_NEGATIVE = within(0)
SEED = within(0, 2**32 - 1)
ABOVE_ZERO = Kind(above_zero, "X")
SIZE = Kind(size, "SIZE")
AT_LEAST_ZERO = Kind(at_least_zero, "X")
RESOLUTION = Kind(resolution, "R")


def written(value: Any) -> str:
    """A value as a person would type it: 600 for 600.0, 4:128,8:64, a,b."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        return ",".join(f"{k}:{written(v)}" for k, v in value.items())
    if isinstance(value, list | tuple | range):
        return ",".join(map(written, value))
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if is_whole else value)


def as_flags(values: Mapping[str, Any]) -> list[str]:
    """Flags that give these values; those that are None stay out."""
    return [
        f"--{name}={written(value)}"
        for name, value in values.items()
        if value is not None
    ]
