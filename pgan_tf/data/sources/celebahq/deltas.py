"""CelebA-HQ's deltas: what makes of CelebA's photos the published images.

Karras et al. published no images, but for each of the 30,000 the difference,
modulo 256, between it and the aligned photo that `face_square` makes. They come
in 30 archives `deltas00000.zip`, `deltas01000.zip` ... of 1000 files each,
`delta00000.dat` and so on, with a table, image_list.txt:

    idx  orig_idx  orig_file   proc_md5      final_md5
    0    119613    119614.jpg  (32 digits)   (32 digits)

`orig_file` is the photo; the sums are those of the aligned photo and of the
final image, both uint8 [3,1024,1024]. A delta of that shape is packed by bzip2
and encrypted by Fernet, so that only those can read it who have the photo: the
key is PBKDF2 (HMAC-SHA256, 100,000 rounds) of the JPEG file's bytes, with its
name as the salt.
"""

import base64
import bz2
import dataclasses
import hashlib
import os
import pathlib
from typing import Any

import numpy as np

from pgan_tf.base import boundary, errors, extras, files
from pgan_tf.data.sources import archive
from pgan_tf.data.sources.celebahq import face_square

LIST = "image_list.txt"
_COLUMNS = ("idx", "orig_file", "proc_md5", "final_md5")  # those in use
_SHAPE = (3, face_square.SIDE, face_square.SIDE)
_SIZE = 3 * face_square.SIDE**2
_PER_ZIP = 1000
_ROUNDS = 100_000


@dataclasses.dataclass(frozen=True)
class Entry:
    """A line of image_list.txt.

    Attributes:
        number: Of the image.
        photo: File name of the photo.
        proc_md5: Sum of the aligned photo.
        final_md5: Sum of the image.
    """

    number: int
    photo: str
    proc_md5: str
    final_md5: str


class Deltas:
    """The folder with the archives of deltas and the table.

    Args:
        folder: Where they are.
        count: How many images to make; None for all.

    Attributes:
        entries: The table's first `count` lines, in order.

    Raises:
        UserError: The table or an archive that it needs is missing or damaged.
    """

    def __init__(
        self, folder: str | os.PathLike[str], count: int | None = None
    ) -> None:
        _cipher()  # now, not at the first image
        self.folder = pathlib.Path(folder)
        path = self.folder / LIST
        hint = f"{LIST} is published with the deltas"
        with boundary.reading(path, "list of CelebA-HQ's images", hint):
            listed = files.read_bytes(path).decode()
            self.entries = _parse(listed, str(path))[:count]
        self._archives: dict[str, archive.Archive] = {}
        names = sorted({self._zip_name(each) for each in self.entries})
        for name in names:
            if not (self.folder / name).is_file():
                raise errors.UserError(
                    f"--delta_dir={folder} lacks {name}; it needs all "
                    f"{len(names)} archives of deltas"
                )
            self._archive(name)  # now, not hours later, if it is none

    def apply(
        self, entry: Entry, photo: bytes, aligned: np.ndarray
    ) -> tuple[np.ndarray, bool]:
        """The published image.

        Args:
            entry: Which one.
            photo: The JPEG file.
            aligned: What `face_square` makes of it, uint8 [1024,1024,3].

        Returns:
            uint8 [1024,1024,3], and whether it is the published one bit for
            bit.
        """
        delta = self._read(entry, photo)
        base = np.ascontiguousarray(aligned.transpose(2, 0, 1))
        if _md5(base) == entry.proc_md5:
            image = base + delta
        else:
            image = add_nearly(base, delta)
        return image.transpose(1, 2, 0), _md5(image) == entry.final_md5

    def __getstate__(self) -> dict[str, object]:
        """Leaves the open archives behind: every process opens its own."""
        return {**vars(self), "_archives": {}}

    def _read(self, entry: Entry, photo: bytes) -> np.ndarray:
        """A delta, uint8 [3,1024,1024]."""
        pack = self._archive(self._zip_name(entry))
        name = f"delta{entry.number:05d}.dat"
        where = pack.locate(name)
        if name not in pack.names:
            raise errors.UserError(f"{where} is missing")
        secret = pack.read(name)
        with boundary.reading(where, "delta of CelebA-HQ"):
            try:
                packed = _fernet(photo, entry.photo).decrypt(secret)
            except _cipher().InvalidToken as error:
                raise errors.UserError(
                    f"{where} cannot be decrypted: it is damaged, or "
                    f"{entry.photo} is not the published file byte for byte"
                ) from error
            data = bz2.BZ2Decompressor().decompress(packed, _SIZE + 1)
            return np.frombuffer(data, np.uint8).reshape(_SHAPE)

    def _archive(self, name: str) -> archive.Archive:
        if name not in self._archives:
            self._archives[name] = archive.Archive(self.folder / name)
        return self._archives[name]

    def _zip_name(self, entry: Entry) -> str:
        return f"deltas{entry.number // _PER_ZIP * _PER_ZIP:05d}.zip"


def add_nearly(base: np.ndarray, delta: np.ndarray) -> np.ndarray:
    """Adds a delta to an image that is off by a little, without wrapping.

    Of a base of 255 instead of 254 and a delta of 1, addition modulo 256 would
    make black. So deltas from 128 on count as negative, and the sum is clipped.

    Args:
        base: uint8, any shape.
        delta: uint8, same shape.
    """
    total = base.astype(np.int16) + delta.view(np.int8)
    return total.clip(0, 255).astype(np.uint8)


def _cipher() -> Any:
    return extras.require("cryptography.fernet", "celebahq", "--delta_dir")


def _fernet(photo: bytes, name: str) -> Any:
    key = hashlib.pbkdf2_hmac("sha256", photo, name.encode(), _ROUNDS)
    return _cipher().Fernet(base64.urlsafe_b64encode(key))


def _md5(image: np.ndarray) -> str:
    return hashlib.md5(image.tobytes(), usedforsecurity=False).hexdigest()


def _parse(text: str, where: str) -> list[Entry]:
    head, *lines = text.splitlines() or [""]
    columns = head.split()
    if missing := [name for name in _COLUMNS if name not in columns]:
        raise errors.UserError(
            f"{where} has no column {missing[0]}: it is not the table that is "
            "published with CelebA-HQ's deltas"
        )
    entries = []
    for number, line in enumerate(lines, start=2):
        row = dict(zip(columns, line.split(), strict=False))
        try:
            rest = [row[each] for each in _COLUMNS[1:]]
            entries.append(Entry(int(row["idx"]), *rest))
        except (KeyError, ValueError) as error:
            raise errors.UserError(
                f"{where}, line {number} is damaged: {line[:80]!r}"
            ) from error
    if not entries:
        raise errors.UserError(f"{where} lists no images")
    return entries
