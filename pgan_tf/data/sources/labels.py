"""Labels of image files: from folders, tables or lists of attributes."""

import dataclasses
import os
import pathlib
from collections.abc import Sequence

import numpy as np

from pgan_tf.base import errors, memory, text
from pgan_tf.data import values
from pgan_tf.data.sources import (
    archive,
    choosing,
    label_files,
    label_rows,
    label_tables,
)

NONE, FOLDERS = "none", "folders"
# Of these names, a file among the images is used unasked.
KNOWN_FILES = ("list_attr_celeba.txt", "labels.csv", "dataset.json")


@dataclasses.dataclass(frozen=True, eq=False)
class Labels:
    """What a source says of the labels; see `source.Source`.

    Attributes:
        names: Of the K columns.
        kind: As `data.values` has it, or None without labels.
        rows: Those of the images that are used, N of them.
        chosen: Their positions among all images, integers [N].
        remarks: What is to be told; see `source.Telling`.
        file: The labels' own file among the images, if it lies there.
    """

    names: Sequence[str]
    kind: str | None
    rows: label_rows.LabelRows
    chosen: np.ndarray
    remarks: dict[str, str]
    file: str | None = None


def read(
    files: archive.Archive,
    images: Sequence[str],
    choice: str | None = None,
    attributes: str | None = None,
    num_images: int | None = None,
) -> Labels:
    """The images' labels, and which of the images are used.

    Args:
        files: Where the images are, and perhaps the labels.
        images: Names of all images.
        choice: "none"; "folders": every sub-folder is a class; or a file, as
            `label_files.parse` reads it. By default one of KNOWN_FILES, if
            there is one among the images.
        attributes: Of a file with named columns take these ones: "all" or
            names with commas between.
        num_images: How many images to use: of classes, each in proportion;
            else the first. None for all.

    Raises:
        UserError: A file cannot be read, or an image is not in it.
    """
    choice = choice or _find(files)
    file = None
    table, where = label_tables.EMPTY, choice
    if choice == FOLDERS:
        table = _folders(files, images)
    elif choice != NONE:
        where, data, file = _open(files, choice)
        table = label_files.parse(where, data, attributes)
    if not table.names:
        if attributes:
            found = f"; {where} has none" if choice != NONE else ""
            raise errors.UserError(
                f"--label_attributes={attributes} needs a list of attributes; "
                f"name it with --labels{found}"
            )
        return _without_labels(len(images), num_images, file)
    if attributes:
        table = _select(table, attributes, where)
    return _in_order(table, images, where, num_images, file)


def _without_labels(
    total: int, num_images: int | None, file: str | None
) -> Labels:
    chosen = choosing.first(total, num_images)
    rows = label_rows.LabelRows(np.zeros((len(chosen), 0), np.float32), 0)
    return Labels((), None, rows, chosen, {}, file)


def _find(files: archive.Archive) -> str:
    found = (files.find(name) for name in KNOWN_FILES)
    return next((name for name in found if name is not None), NONE)


def _open(files: archive.Archive, choice: str) -> tuple[str, bytes, str | None]:
    """A file of labels, here or among the images.

    Returns:
        Its name for messages, its content, and its name among the images.
    """
    if os.path.isfile(choice):
        path = pathlib.Path(choice)
        memory.require(path.stat().st_size, f"--labels={choice}")
        return choice, path.read_bytes(), _name_within(files, path)
    name = choice if choice in files.names else files.find(choice)
    if name is None:
        raise errors.UserError(
            f"--labels={choice}: no such file, here or in {files.path} "
            f"(nor is it {FOLDERS} or {NONE})"
        )
    return files.locate(name), files.read(name), name


def _name_within(files: archive.Archive, path: pathlib.Path) -> str | None:
    """What a file is called among the images, if it lies there."""
    here, folder = path.resolve(), files.path.resolve()
    return (
        here.relative_to(folder).as_posix()
        if here.is_relative_to(folder)
        else None
    )


def _folders(
    files: archive.Archive, images: Sequence[str]
) -> label_tables.Table:
    """The first folder of each image in which the images differ, as classes."""
    parts = [name.split("/")[:-1] for name in images]
    depth = len(os.path.commonprefix(parts))
    table = label_tables.Classes(FOLDERS, are_words=True)
    for name, folders in zip(images, parts, strict=True):
        if len(folders) == depth:
            raise errors.UserError(
                f"--labels={FOLDERS}: {files.locate(name)} is not in a "
                "sub-folder that could be its class"
            )
        try:
            table.add(f"--labels={FOLDERS}", name, folders[depth])
        except ValueError as error:
            raise errors.UserError(str(error)) from error
    return table.finish()


def _select(
    table: label_tables.Table, attributes: str, where: str
) -> label_tables.Table:
    """The table with the wanted columns only."""
    if table.rows.is_classes:
        raise errors.UserError(
            f"--label_attributes={attributes}: the labels of {where} are "
            "classes, not attributes"
        )
    wanted = table.names if attributes == "all" else attributes.split(",")
    for name in wanted:
        if name not in table.names:
            raise errors.UserError(
                f"--label_attributes: no attribute {name!r} in {where}; it "
                f"has {', '.join(table.names)}"
            )
    columns = [table.names.index(name) for name in wanted]
    rows = label_rows.LabelRows(table.rows.data[:, columns], len(columns))
    return label_tables.Table(list(wanted), table.places, rows)


def _in_order(
    table: label_tables.Table,
    images: Sequence[str],
    where: str,
    num_images: int | None,
    file: str | None,
) -> Labels:
    """Labels of the images that are used; the kind is that of the table."""
    rows, kind, remarks = _interpret(table.rows, where)
    if kind == values.ONEHOT:
        places = _places(table, images, where)
        classes = rows.data if rows.is_classes else rows.data.argmax(axis=1)
        chosen = choosing.in_proportion(classes[places], num_images)
        places = places[chosen]
        if len(chosen) < len(images):
            remarks["chosen"] = choosing.remark(
                len(chosen), len(images), classes[places], rows.size
            )
    else:
        chosen = choosing.first(len(images), num_images)
        places = _places(table, images[: len(chosen)], where)
    rows.require_memory(len(chosen), where)
    return Labels(table.names, kind, rows.take(places), chosen, remarks, file)


def _interpret(
    rows: label_rows.LabelRows, where: str
) -> tuple[label_rows.LabelRows, str, dict[str, str]]:
    """What a table's labels are: perhaps with -1 as 0, their kind, remarks."""
    if rows.is_classes:
        return rows, values.ONEHOT, {}
    found = values.attributes_of_signs(rows.data)
    if found is None:
        return rows, values.kind_of(rows.data), {}
    rows = label_rows.LabelRows(found, rows.size)
    remarks = {"attributes": f"-1 and 1 of {where} became 0 and 1"}
    return rows, values.MULTIHOT, remarks


def _places(
    table: label_tables.Table, images: Sequence[str], where: str
) -> np.ndarray:
    """Finds each image's row, by its path or the end of it, integers [n]."""
    found = np.empty(len(images), np.int64)
    for index, image in enumerate(images):
        name = label_tables.key_of(image)
        while name not in table.places:
            _, slash, name = name.partition("/")
            if not slash:
                raise errors.UserError(
                    f"{where} has no label for {text.one_line(image)}; "
                    f"add it there, or do without labels by --labels={NONE}"
                )
        found[index] = table.places[name]
    return found
