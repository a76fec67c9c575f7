"""Labels by file name, as they come from a file line by line."""

import array
import dataclasses
import unicodedata
from collections.abc import Sequence
from typing import Any

import numpy as np

from pgan_tf.base import text
from pgan_tf.data.sources import label_rows

# Network, metrics and pages have a place for each class; ImageNet's largest
# set has 21,841.
MOST_CLASSES = 1 << 16
# Of more classes than this, most must have several images.
_MANY = 1000
_LARGEST = float(np.finfo(np.float32).max)


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """Labels by file name.

    Attributes:
        names: Of the K columns.
        places: Of each file among the rows, by `key_of` its name.
        rows: The labels.
    """

    names: list[str]
    places: dict[str, int]
    rows: label_rows.LabelRows


EMPTY = Table([], {}, label_rows.NO_LABELS)


def key_of(name: str) -> str:
    """A file's name as tables have it, whatever system wrote that.

    Windows separates folders by "\\", macOS takes letters with accents apart.
    """
    name = name.replace("\\", "/").removeprefix("./")
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def short(words: str, limit: int = 60) -> str:
    """A text of a stranger's for a message."""
    return text.one_line(words, limit)


class _Places(dict[str, int]):
    """Places by file; a file that comes again must say the same."""

    def of(self, where: str, file: str) -> int:
        """The file's place: behind all others, if it is new."""
        key = key_of(file)
        if not key:
            raise ValueError(f"{where} names no file")
        return self.setdefault(key, len(self))


def _refuse_twice(where: str, file: str) -> None:
    raise ValueError(
        f"{where} gives {short(file)} another label than a line before"
    )


class Numbers:
    """Columns of numbers.

    Args:
        names: Of the columns.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = [printable(name) for name in names]
        self._places = _Places()
        self._numbers = array.array("f")

    def add(self, where: str, file: str, values: Sequence[Any]) -> None:
        """Takes a file's numbers, as many as there are columns.

        Raises:
            ValueError: One is no finite number; names line and column.
        """
        found = array.array("f", self._read(where, file, values))
        size = len(self.names)
        place = self._places.of(where, file)
        if len(self._numbers) == place * size:
            self._numbers.extend(found)
        elif self._numbers[place * size : (place + 1) * size] != found:
            _refuse_twice(where, file)

    def _read(
        self, where: str, file: str, values: Sequence[Any]
    ) -> list[float]:
        found = []
        for name, value in zip(self.names, values, strict=True):
            number = _number_of(value)
            if number is None or not abs(number) <= _LARGEST:
                what = "number" if number is None else "finite number"
                raise ValueError(
                    f"{where} ({short(file)}), column {short(name)}: "
                    f"{short(repr(value))} is no {what}"
                )
            found.append(number)
        return found

    def finish(self) -> Table:
        """All that was added."""
        data = np.array(self._numbers, np.float32)
        size = len(self.names)
        rows = label_rows.LabelRows(data.reshape(-1, size), size)
        return Table(self.names, self._places, rows)


def _number_of(value: Any) -> float | None:
    """A number from a file; infinite if it is too large; None if it is none."""
    try:
        return float(value)
    except OverflowError:
        return np.inf
    except (TypeError, ValueError):
        return None


class Indices:
    """Classes by number; one that no image has keeps its column."""

    def __init__(self) -> None:
        self._places = _Places()
        self._classes = array.array("i")

    def add(self, where: str, file: str, index: int) -> None:
        """Takes a file's class.

        Raises:
            ValueError: It is negative, or so large that it is rather a value.
        """
        if index < 0:
            raise ValueError(f"a class is negative: that of {short(file)}")
        if index >= MOST_CLASSES:
            raise ValueError(
                f"{where} gives {short(file)} class number "
                f"{short(str(index))}: classes are numbered from 0, below "
                f"{MOST_CLASSES}, so that these look like values"
            )
        place = self._places.of(where, file)
        if place == len(self._classes):
            self._classes.append(index)
        elif self._classes[place] != index:
            _refuse_twice(where, file)

    def finish(self) -> Table:
        """All that was added."""
        size = max(self._classes, default=-1) + 1
        names = [str(each) for each in range(size)]
        data = np.array(self._classes, np.int32)
        return Table(names, self._places, label_rows.LabelRows(data, size))


class Classes:
    """Classes by name.

    Args:
        column: What the classes' column is called, for messages.
        are_words: They are no values, whatever they look like.
    """

    def __init__(self, column: str, are_words: bool = False) -> None:
        self.column, self.are_words = column, are_words
        self._names: dict[str, int] = {}
        self._places = _Places()
        self._classes = array.array("i")

    def add(self, where: str, file: str, name: str) -> None:
        """Takes a file's class.

        Raises:
            ValueError: It has no name, or there are too many.
        """
        if not name.strip():
            raise ValueError(f"{where} gives {short(file)} no class")
        number = self._names.setdefault(name, len(self._names))
        if len(self._names) > MOST_CLASSES:
            raise self._look_like_values(f"more than {MOST_CLASSES}", name)
        place = self._places.of(where, file)
        if place == len(self._classes):
            self._classes.append(number)
        elif self._classes[place] != number:
            _refuse_twice(where, file)

    def finish(self) -> Table:
        """All that was added; classes in the order of numbers or letters."""
        if not self.are_words:
            self._refuse_values()
        names = sorted(self._names, key=_sort_key)
        order = np.empty(len(names), np.int32)
        order[[self._names[name] for name in names]] = np.arange(len(names))
        data = order[np.array(self._classes, np.int32)]
        return Table(
            [printable(name) for name in names],
            self._places,
            label_rows.LabelRows(data, len(names)),
        )

    def _refuse_values(self) -> None:
        """Refuses what are hardly classes: parts of one, or one per image."""
        numbers = [_number_of(name) for name in self._names]
        if all(each is not None for each in numbers):
            for name, number in zip(self._names, numbers, strict=True):
                assert number is not None
                if not abs(number) <= _LARGEST:
                    raise ValueError(
                        f"column {short(self.column)}: {short(name)} is no "
                        "finite number"
                    )
                if not number.is_integer():
                    raise self._look_like_values(f"{len(numbers)}", name)
        count = len(self._classes)
        if len(numbers) > _MANY and count < 2 * len(numbers):
            raise self._look_like_values(
                f"{len(numbers)}",
                next(iter(self._names)),
                f" for {count} files",
            )

    def _look_like_values(
        self, count: str, example: str, among: str = ""
    ) -> ValueError:
        column = short(self.column)
        return ValueError(
            f"column {column} has {count} different entries{among}, such as "
            f"{short(example)}, which look like values, not like classes; "
            f"--label_attributes={column} takes them as values, --labels=none "
            "does without"
        )


def printable(name: str) -> str:
    """A name as manifests and tables can have it."""
    return name if name.isprintable() else text.one_line(name)


def _sort_key(name: str) -> tuple[bool, int, str]:
    is_number = name.isdecimal() and name.isascii() and len(name) < 20
    return not is_number, int(name) if is_number else 0, name
