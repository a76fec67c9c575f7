"""CelebA-HQ: 30,000 faces of 1024x1024 pixels.

Either the images themselves, which others have published, or the original
route: CelebA's photos "in the wild", cropped by `face_square`, plus `deltas`.
"""

import os
import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from PIL import Image

from pgan_tf.base import errors
from pgan_tf.data.sources import archive, decode, pictures, resizing
from pgan_tf.data.sources.celebahq import deltas, face_square

LANDMARKS = "list_landmarks_celeba.txt"
ON_MISMATCH = ("keep", "skip", "fail")


class ReadyMade(pictures.ImageFiles):
    """Images in a folder or .zip, in the order of their numbers."""

    def image(self, index: int) -> np.ndarray:
        """One face, uint8 [R,R,3]."""
        name = self.names[index]
        where = self.archive.locate(name)
        image = decode.rgb(self.archive.read(name), where)
        height, width, _ = image.shape
        if width != height or width < self.resolution:
            raise errors.UserError(
                f"{where} has {width}x{height} pixels, not "
                f"{face_square.SIDE}x{face_square.SIDE} as CelebA-HQ, or at "
                f"least --resolution={self.resolution}; CelebA's own photos "
                "need --delta_dir, other images --source=images"
            )
        return resizing.resized(image, self.resolution)

    def choose(self, names: list[str]) -> list[str]:
        """Orders by the last number in a name: 2.jpg comes before 10.jpg."""
        return sorted(names, key=_number)


def _number(name: str) -> tuple[int, str]:
    stem = os.path.splitext(name.rpartition("/")[2])[0]
    numbers = re.findall(r"\d+", stem)
    return (int(numbers[-1]) if numbers else -1, name)


class FromDeltas(pictures.ImageFiles):
    """The original images, made of photos and deltas.

    Args:
        path: Folder or .zip of CelebA's photos "in the wild".
        delta_dir: Folder of the deltas and their table.
        keep_mismatches: Use images that are not bit for bit the published
            ones, too; otherwise they are errors.

    The others are those of `pictures.ImageFiles`; the order is that of the
    table.

    Raises:
        UserError: A file is missing or damaged.
    """

    image_seconds = 1.0  # most of them in the transform
    beside = (LANDMARKS,)

    def __init__(
        self,
        path: str | os.PathLike[str],
        delta_dir: str | os.PathLike[str],
        resolution: int,
        num_images: int | None = None,
        label_choice: str | None = None,
        label_attributes: str | None = None,
        keep_mismatches: bool = True,
    ) -> None:
        self.deltas = deltas.Deltas(delta_dir, num_images)
        self.keep_mismatches = keep_mismatches
        super().__init__(
            path, resolution, num_images, label_choice, label_attributes
        )
        self.landmarks = self._read_landmarks()
        self._exact: set[int] = set()  # indices

    def choose(self, names: list[str]) -> list[str]:
        """The photos that the table lists."""
        found = {name.rpartition("/")[2]: name for name in names}
        photos = [entry.photo for entry in self.deltas.entries]
        missing = [photo for photo in photos if photo not in found]
        if missing:
            raise errors.UserError(
                f"--source_dir={self.archive.path} lacks {len(missing)} of "
                f"the {len(photos)} photos that {deltas.LIST} lists, such as "
                f"{missing[0]}; CelebA-HQ is made of CelebA's images in the "
                "wild"
            )
        return [found[photo] for photo in photos]

    def image(self, index: int) -> np.ndarray:
        """One face, uint8 [R,R,3]."""
        pixels, is_exact = self.original(index)
        if is_exact:
            self._exact.add(index)
        elif not self.keep_mismatches:
            entry = self.deltas.entries[index]
            raise errors.UserError(
                f"image {entry.number} of {entry.photo} is not bit for bit "
                f"the published one ({deltas.LIST}, final_md5)"
            )
        return resizing.resized(pixels, self.resolution)

    def original(self, index: int) -> tuple[np.ndarray, bool]:
        """One face, uint8 [1024,1024,3], and whether it is bit-exact."""
        name = self.names[index]
        data = self.archive.read(name)
        # The landmarks are of the pixels as stored.
        photo = decode.rgb(data, self.archive.locate(name), upright=False)
        image = Image.fromarray(photo)
        aligned = face_square.aligned(image, self.landmarks[index])
        return self.deltas.apply(
            self.deltas.entries[index], data, np.asarray(aligned)
        )

    def num_exact(self, indices: Sequence[int]) -> int:
        """How many of the images at these indices were bit-exact."""
        return len(self._exact.intersection(indices))

    def __getstate__(self) -> dict[str, Any]:
        """Leaves behind what was found, as it decides on nothing."""
        return {**super().__getstate__(), "_exact": set()}

    def options(self) -> dict[str, Any]:
        """What the manifest says of how the images were made."""
        return {**super().options(), "delta_dir": self.deltas.folder.name}

    def _read_landmarks(self) -> np.ndarray:
        """The landmarks of all photos, float32 [N,5,2]."""
        for files in (self.archive, archive.Archive(self.deltas.folder)):
            if name := files.find(LANDMARKS):
                break
        else:
            raise errors.UserError(
                f"no {LANDMARKS} in --source_dir={self.archive.path} nor in "
                f"--delta_dir={self.deltas.folder}"
            )
        where = files.locate(name)
        rows = _parse_landmarks(files.read(name), where)
        try:
            return np.stack([rows[each.photo] for each in self.deltas.entries])
        except KeyError as error:
            raise errors.UserError(f"{where} has no row of {error}") from error


def _parse_landmarks(data: bytes, where: str) -> dict[str, np.ndarray]:
    """Landmarks by photo: a count, the columns' names, then a row for each."""
    rows = {}
    for number, line in enumerate(data.decode(errors="replace").splitlines()):
        if number < 2:
            continue
        name, *values = line.split() or [""]
        try:
            rows[name] = np.array(values, np.float32).reshape(5, 2)
        except ValueError as error:
            raise errors.UserError(
                f"{where}, line {number + 1} is no file with ten numbers: "
                f"{line[:80]!r}"
            ) from error
    return rows
