"""Labels of image files: from folders, tables or lists of attributes."""

import dataclasses
import os
import pathlib
from collections.abc import Sequence

import numpy as np

from pgan_tf.base import errors
from pgan_tf.data import label_kind
from pgan_tf.data.sources import archive, label_files

NONE, FOLDERS = "none", "folders"
# Of these names, a file among the images is used unasked.
KNOWN_FILES = ("list_attr_celeba.txt", "labels.csv", "dataset.json")


@dataclasses.dataclass(frozen=True, eq=False)
class Labels:
    """What a source says of the labels; see `source.Source`.

    Attributes:
        names: Of the K columns.
        kind: As `data.label_kind` has it, or None without labels.
        values: float32 [N,K].
    """

    names: Sequence[str]
    kind: str | None
    values: np.ndarray


def read(
    files: archive.Archive,
    images: Sequence[str],
    choice: str | None = None,
    attributes: str | None = None,
) -> Labels:
    """The images' labels.

    Args:
        files: Where the images are, and perhaps the labels.
        images: Names of the images, N of them.
        choice: "none"; "folders": every sub-folder is a class; or a file, as
            `label_files.parse` reads it. By default one of KNOWN_FILES, if
            there is one among the images.
        attributes: Of a file with named columns take these ones: "all" or
            names with commas between.

    Raises:
        UserError: A file cannot be read, or an image is not in it.
    """
    choice = choice or _find(files)
    if choice == FOLDERS:
        table = label_files.Table.of_classes(_folders(files, images))
        where = FOLDERS
    elif choice != NONE:
        where, data = _open(files, choice)
        table = label_files.parse(where, data)
    if choice == NONE or not table.rows:
        if attributes:
            raise errors.UserError(
                f"--label_attributes={attributes} needs a list of attributes; "
                "name it with --labels"
            )
        return Labels((), None, np.zeros((len(images), 0), np.float32))
    if attributes:
        table = _select(table, attributes, where)
    return _in_order(table, images, where)


def _find(files: archive.Archive) -> str:
    found = (files.find(name) for name in KNOWN_FILES)
    return next((name for name in found if name is not None), NONE)


def _open(files: archive.Archive, choice: str) -> tuple[str, bytes]:
    """Name and content of a file of labels, here or among the images."""
    if os.path.isfile(choice):
        return choice, pathlib.Path(choice).read_bytes()
    name = choice if choice in files.names else files.find(choice)
    if name is None:
        raise errors.UserError(
            f"--labels={choice}: no such file, here or in {files.path} "
            f"(nor is it {FOLDERS} or {NONE})"
        )
    return files.locate(name), files.read(name)


def _folders(files: archive.Archive, images: Sequence[str]) -> dict[str, str]:
    """The first folder of each image in which the images differ."""
    parts = [name.split("/")[:-1] for name in images]
    depth = len(os.path.commonprefix(parts))
    for name, folders in zip(images, parts, strict=True):
        if len(folders) == depth:
            raise errors.UserError(
                f"--labels={FOLDERS}: {files.locate(name)} is not in a "
                "sub-folder that could be its class"
            )
    return {
        name: folders[depth]
        for name, folders in zip(images, parts, strict=True)
    }


def _select(
    table: label_files.Table, attributes: str, where: str
) -> label_files.Table:
    """The table with the wanted columns only."""
    if table.kind == label_kind.ONEHOT:
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
    rows = {name: row[columns] for name, row in table.rows.items()}
    kind = table.kind
    if kind == label_kind.VALUES:
        kind = label_kind.of(np.stack(list(rows.values())))
    return label_files.Table(list(wanted), kind, rows)


def _in_order(
    table: label_files.Table, images: Sequence[str], where: str
) -> Labels:
    """Finds each image's row, by its path or the end of it."""
    values = np.zeros((len(images), len(table.names)), np.float32)
    for index, image in enumerate(images):
        name = image
        while name not in table.rows:
            _, slash, name = name.partition("/")
            if not slash:
                raise errors.UserError(
                    f"{where} has no label for {image}; add it there, or do "
                    f"without labels by --labels={NONE}"
                )
        values[index] = table.rows[name]
    return Labels(table.names, table.kind, values)
