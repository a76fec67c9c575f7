"""Files of labels.

.csv    file,class          a class per image, or
        file,first,...      a number per column; the head names columns
.json   {"labels": [["file", 3], ...]} as StyleGAN's tools write it: a
        class per image, or a list of numbers
.txt    CelebA's list_attr_celeba.txt: a count, the attributes' names, and
        per image its file and 1 or -1 for each attribute
"""

import csv
import io
import json
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

from pgan_tf.base import boundary, errors, memory, reasons
from pgan_tf.data.sources import label_tables
from pgan_tf.data.sources.label_tables import Table

# What text takes in memory, at most, for each of its bytes, once it is read.
_PER_BYTE = {".csv": 14, ".json": 20, ".txt": 14}


def parse(where: str, data: bytes, attributes: str | None = None) -> Table:
    """Reads a file of labels.

    Args:
        where: The file's name, which tells the format.
        data: Its content.
        attributes: Which columns are wanted, "all" or names with commas
            between. If that is the one of `file,class`, it holds numbers.

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
    memory.require(len(data) * _PER_BYTE[suffix], f"reading {where}")
    with boundary.reading(where, "file of labels"):
        try:
            return formats[suffix](data.decode("utf-8-sig"), attributes)
        except (ValueError, TypeError, csv.Error) as error:
            raise errors.UserError(
                f"cannot read the labels in {where}: "
                f"{label_tables.short(reasons.plain(error, 400), 400)}"
            ) from error


def _csv(text: str, attributes: str | None) -> Table:
    reader = csv.reader(io.StringIO(text), skipinitialspace=True)
    lines = ((reader.line_num, row) for row in reader if row)
    _, head = next(lines, (0, []))
    if len(head) < 2:
        raise ValueError("its head is not file,class or file,name,name,...")
    names = head[1:]
    if len(names) > 1 or attributes in ("all", names[0]):
        return _of_numbers(names, lines)
    table = label_tables.Classes(names[0])
    for number, (file, name) in _checked(lines, 1):
        table.add(f"line {number}", file, name)
    return table.finish()


def _of_numbers(
    names: Sequence[str], lines: Iterator[tuple[int, Sequence[Any]]]
) -> Table:
    table = label_tables.Numbers(names)
    for number, (file, *values) in _checked(lines, len(names)):
        table.add(f"line {number}", file, values)
    return table.finish()


def _checked(
    lines: Iterator[tuple[int, Sequence[Any]]], count: int
) -> Iterator[tuple[int, Sequence[Any]]]:
    """The lines, each of which must have a file and that many values."""
    for number, row in lines:
        if len(row) != 1 + count:
            raise ValueError(
                f"{len(row) - 1} values instead of {count} for "
                f"{label_tables.short(row[0])} (line {number})"
            )
        yield number, row


def _json(text: str, attributes: str | None) -> Table:
    content = json.loads(text)
    rows: Any = content.get("labels") if isinstance(content, dict) else 0
    if not rows and isinstance(rows, list | None):
        # How StyleGAN's tools say that there are no labels.
        return label_tables.EMPTY
    is_list = isinstance(rows, list) and all(
        isinstance(row, list) and len(row) == 2 and isinstance(row[0], str)
        for row in rows
    )
    if not is_list:
        raise ValueError('it is not of the form {"labels": [[file, class]]}')
    if all(type(value) is int for _, value in rows):
        table = label_tables.Indices()
        for number, (file, index) in enumerate(rows):
            table.add(f"entry {number}", file, index)
        return table.finish()
    if not all(isinstance(value, list) for _, value in rows):
        raise ValueError("its classes are neither integers nor lists")
    names = [str(each) for each in range(len(rows[0][1]))]
    if not names:
        return label_tables.EMPTY
    numbers = label_tables.Numbers(names)
    entries = ((n, [file, *row]) for n, (file, row) in enumerate(rows))
    for number, (file, *row) in _checked(entries, len(names)):
        numbers.add(f"entry {number}", file, row)
    return numbers.finish()


def _attributes(text: str, attributes: str | None) -> Table:
    stream = enumerate(io.StringIO(text), 1)
    lines = ((n, line.split()) for n, line in stream if line.strip())
    _, count = next(lines, (0, []))
    _, names = next(lines, (0, []))
    if len(count) != 1 or not names:
        raise ValueError("it is no list of attributes as CelebA's")
    table = label_tables.Numbers(names)
    for number, (file, *values) in _checked(lines, len(names)):
        if not {"1", "-1"}.issuperset(values):
            raise ValueError(f"a value that is not 1 or -1 for {file}")
        table.add(f"line {number}", file, values)
    return table.finish()
