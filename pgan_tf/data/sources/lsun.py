"""LSUN's scenes and objects, from the published LMDB databases."""

import functools
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from pgan_tf.base import boundary, errors
from pgan_tf.data.sources import pictures, source
from pgan_tf.data.sources.lmdb_file import DATA_FILE, LmdbFile


class Lsun:
    """The images of a category in the order of their keys; no labels.

    See `source.Source`.

    Args:
        path: Folder of the database, such as bedroom_train_lmdb.
        resolution: Width and height of the images to make.
        num_images: Use the first so many; None for all.
        form: What to make of them; by default, as in the reference, the
            largest square in the middle, resized by a Lanczos filter.

    Raises:
        UserError: There is no such database, or it is damaged.
    """

    label_names: Sequence[str] = ()
    label_kind: str | None = None

    def __init__(
        self,
        path: str | os.PathLike[str],
        resolution: int,
        num_images: int | None = None,
        form: pictures.Form | None = None,
    ) -> None:
        self.path = pathlib.Path(path)
        self.resolution = resolution
        self.enlarged = source.Enlarged()
        self.form = form or pictures.Form(resize_filter="lanczos")
        self.num_channels = self.form.num_channels
        self._check_files()
        with boundary.reading(self.path / DATA_FILE, "LMDB database"):
            database = LmdbFile(self.path / DATA_FILE)
        # Where records begin; the largest category has three million.
        self.nodes = database.nodes[:num_images]
        if not len(self.nodes):
            raise errors.UserError(f"--source_dir={path} holds no images")

    def __len__(self) -> int:
        return len(self.nodes)

    def image(self, index: int) -> np.ndarray:
        """One image, uint8 [R,R,C]."""
        with boundary.reading(f"{self.path}, record {index}", "LMDB record"):
            key, data = self._database.record(index)
        where = f"{self.path}, key {key.decode(errors='replace')}"
        image, is_enlarged = self.form.decode(data, where, self.resolution)
        self.enlarged.note(index, is_enlarged)
        return image

    def label(self, index: int) -> np.ndarray:
        """No label: float32 [0]."""
        return np.zeros(0, np.float32)

    def options(self) -> dict[str, Any]:
        """What the manifest says of how the images were made."""
        return {"source_dir": self.path.name, **self.form.options()}

    def _check_files(self) -> None:
        if (self.path / DATA_FILE).is_file():
            return
        hint = ""
        if self.path.name == DATA_FILE:
            hint = "; leave the file's name out"
        elif self.path.is_file():
            hint = "; unpack a .zip first"
        elif found := sorted(self.path.glob(f"*/{DATA_FILE}")):
            hint = f"; try {found[0].parent}"
        raise errors.UserError(
            f"--source_dir={self.path} is not a folder with a {DATA_FILE}, as "
            f"LSUN's databases are{hint}"
        )

    @functools.cached_property
    def _database(self) -> LmdbFile:
        return LmdbFile(self.path / DATA_FILE, self.nodes)

    def __getstate__(self) -> dict[str, Any]:
        """Leaves the open database behind: every process opens its own."""
        return source.state_without(self, "_database")
