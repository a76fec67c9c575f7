"""Files of labels.

.csv    file,class          a class per image, or
        file,first,...      a number per column; the head names columns
.json   {"labels": [["file", 3], ...]} as StyleGAN's tools write it: a
        class per image, or a list of numbers
.txt    CelebA's list_attr_celeba.txt: a count, the attributes' names, and
        per image its file and 1 or -1 for each attribute
"""

import csv
import dataclasses
import io
import json
import pathlib
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from pgan_tf.base import errors
from pgan_tf.data import label_kind


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """Labels by file name.

    Attributes:
        names: Of the K columns.
        kind: As `data.label_kind` has it.
        rows: float32 [K] each.
    """

    names: list[str]
    kind: str
    rows: dict[str, np.ndarray]

    @classmethod
    def of_classes(cls, classes: Mapping[str, str]) -> "Table":
        """One-hot labels; the classes in the order of numbers or letters."""
        names = sorted(set(classes.values()), key=_sort_key)
        eye = np.eye(len(names), dtype=np.float32)
        row_of = dict(zip(names, eye, strict=True))
        rows = {file: row_of[name] for file, name in classes.items()}
        return cls(names, label_kind.ONEHOT, rows)

    @classmethod
    def of_numbers(
        cls, names: Sequence[str], rows: dict[str, np.ndarray]
    ) -> "Table":
        """Labels that are numbers already."""
        return cls(
            list(names), label_kind.of(np.stack(list(rows.values()))), rows
        )


def _sort_key(name: str) -> tuple[bool, int, str]:
    is_number = name.isdecimal()
    return not is_number, int(name) if is_number else 0, name


def parse(where: str, data: bytes) -> Table:
    """Reads a file of labels.

    Args:
        where: The file's name, which tells the format.
        data: Its content.

    Raises:
        UserError: No known format, or a line that does not fit.
    """
    formats = {".csv": _csv, ".json": _json, ".txt": _attributes}
    suffix = pathlib.PurePath(where).suffix.lower()
    if suffix not in formats:
        raise errors.UserError(
            f"--labels={where} is not named like a file of labels "
            f"({', '.join(formats)})"
        )
    try:
        return formats[suffix](data.decode("utf-8-sig"))
    except (ValueError, TypeError, csv.Error) as error:
        raise errors.UserError(
            f"cannot read the labels in {where}: {error}"
        ) from error


def _csv(text: str) -> Table:
    head, *lines = [row for row in csv.reader(io.StringIO(text)) if row] or [[]]
    if len(head) < 2:
        raise ValueError("its head is not file,class or file,name,name,...")
    if len(head) == 2:
        return Table.of_classes(
            {file: values[0] for file, values in _checked(lines, 1)}
        )
    names = head[1:]
    rows = {
        file: np.array([float(value) for value in values], np.float32)
        for file, values in _checked(lines, len(names))
    }
    return Table.of_numbers(names, rows)


def _checked(
    lines: Iterable[Sequence[Any]], count: int
) -> Iterable[tuple[str, Sequence[Any]]]:
    """Yields file and values of each line, which must have that many."""
    for file, *values in lines:
        if len(values) != count:
            raise ValueError(
                f"{len(values)} values instead of {count} for {file}"
            )
        yield file, values


def _json(text: str) -> Table:
    content = json.loads(text)
    rows: Any = content.get("labels") if isinstance(content, dict) else 0
    if rows is None:  # how StyleGAN's tools say that there are no labels
        return Table([], label_kind.ONEHOT, {})
    is_list = isinstance(rows, list) and all(
        isinstance(row, list) and len(row) == 2 and isinstance(row[0], str)
        for row in rows
    )
    if not is_list:
        raise ValueError('it is not of the form {"labels": [[file, class]]}')
    values = {file: value for file, value in rows}
    if all(type(value) is int for value in values.values()):
        return _of_indices(values)
    if not all(isinstance(value, list) for value in values.values()):
        raise ValueError("its classes are neither integers nor lists")
    count = len(next(iter(values.values())))
    lines = ([file, *numbers] for file, numbers in values.items())
    arrays = {
        file: np.array([float(number) for number in numbers], np.float32)
        for file, numbers in _checked(lines, count)
    }
    return Table.of_numbers([str(each) for each in range(count)], arrays)


def _of_indices(classes: dict[str, int]) -> Table:
    """Classes by number; one that no image has keeps its column."""
    size = max(classes.values(), default=-1) + 1
    if min(classes.values(), default=0) < 0:
        raise ValueError("a class is negative")
    eye = np.eye(size, dtype=np.float32)
    names = [str(each) for each in range(size)]
    return Table(
        names, label_kind.ONEHOT, {f: eye[c] for f, c in classes.items()}
    )


def _attributes(text: str) -> Table:
    lines = [line.split() for line in text.splitlines() if line.split()]
    if len(lines) < 2 or len(lines[0]) != 1:
        raise ValueError("it is no list of attributes as CelebA's")
    names = lines[1]
    rows = {}
    for file, values in _checked(lines[2:], len(names)):
        if not {"1", "-1"}.issuperset(values):
            raise ValueError(f"a value that is not 1 or -1 for {file}")
        rows[file] = np.array([each == "1" for each in values], np.float32)
    return Table(names, label_kind.MULTIHOT, rows)
