"""LSUN's scenes and objects, from the published LMDB databases."""

import functools
import os
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from pgan_tf.base import errors, extras
from pgan_tf.data.sources import decode, pictures, source

DATA_FILE = "data.mdb"
# One key of so many is kept in memory: the largest category has three million.
_STRIDE = 64


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
        self.form = form or pictures.Form(resize_filter="lanczos")
        self.num_channels = self.form.num_channels
        self._check_files()
        try:
            self._check_size()
            with self._database.begin() as transaction:
                count = transaction.stat()["entries"]
                self.num_images = min(count, num_images or count)
                self.keys = _every(transaction, _STRIDE, self.num_images)
        except _lmdb().Error as error:
            raise self._damaged(error) from error
        if not self.num_images:
            raise errors.UserError(f"--source_dir={path} holds no images")

    def __len__(self) -> int:
        return self.num_images

    def image(self, index: int) -> np.ndarray:
        """One image, uint8 [R,R,C]."""
        try:
            key, data = self._entry(index)
        except _lmdb().Error as error:
            raise self._damaged(error) from error
        where = f"{self.path}, key {key.decode(errors='replace')}"
        return self.form.apply(decode.rgb(data, where), self.resolution)

    def label(self, index: int) -> np.ndarray:
        """No label: float32 [0]."""
        return np.zeros(0, np.float32)

    def options(self) -> dict[str, Any]:
        """What the manifest says of how the images were made."""
        return {"source_dir": self.path.name, **self.form.options()}

    def _entry(self, index: int) -> tuple[bytes, bytes]:
        with self._database.begin() as transaction:
            cursor = transaction.cursor()
            cursor.set_key(self.keys[index // _STRIDE])
            for _ in range(index % _STRIDE):
                cursor.next()
            return cursor.item()

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

    def _check_size(self) -> None:
        """Reading beyond the end of a mapped file would kill the process."""
        with self._database.begin() as transaction:
            page_size = transaction.stat()["psize"]
        needed = page_size * (self._database.info()["last_pgno"] + 1)
        size = (self.path / DATA_FILE).stat().st_size
        if size < needed:
            raise errors.UserError(
                f"{self.path / DATA_FILE} is truncated: it has {size} bytes "
                f"instead of {needed}"
            )

    def _damaged(self, error: Exception) -> errors.UserError:
        return errors.UserError(
            f"{self.path / DATA_FILE} is damaged or no LMDB database: {error}"
        )

    @functools.cached_property
    def _database(self) -> Any:
        # Without a lock, as that would be a file to write.
        return _lmdb().open(
            str(self.path), readonly=True, lock=False, readahead=False
        )

    def __getstate__(self) -> dict[str, Any]:
        """Leaves the open database behind: every process opens its own."""
        return source.state_without(self, "_database")


def _every(transaction: Any, stride: int, count: int) -> list[bytes]:
    """The keys number 0, stride, 2 * stride ... of the first `count`."""
    keys = []
    cursor = transaction.cursor().iternext(values=False)
    for number, key in zip(range(count), cursor, strict=False):
        if number % stride == 0:
            keys.append(bytes(key))
    return keys


def _lmdb() -> Any:
    return extras.require("lmdb", "lsun", "--source=lsun")
