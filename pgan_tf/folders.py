"""Image files in a folder or .zip, as a collection to evaluate."""

import concurrent.futures
import functools
import hashlib
import pathlib

import numpy as np

from pgan_tf import image_sets
from pgan_tf.base import errors
from pgan_tf.data.format import datasets
from pgan_tf.data.sources import archive, decode


class Folder:
    """All images below a folder or in a .zip, of one square size.

    They are decoded as `dataset_tool.py create` does it. See
    `image_sets.Collection`.

    Args:
        path: The folder or .zip.

    Raises:
        UserError: If there are no images, or the first is not square.
    """

    def __init__(self, path: pathlib.Path) -> None:
        self._archive = archive.Archive(path)
        self._names = self._archive.image_names()
        self.name = path.name
        self.where = str(path)
        first = self._decode(0)
        self.height, self.width = first.shape[:2]
        if self.height != self.width:
            raise errors.UserError(
                f"{self._archive.locate(self._names[0])} has {self.width}x"
                f"{self.height} pixels: images must be square; dataset_tool.py"
                " create crops them"
            )

    @property
    def num_images(self) -> int:
        """N."""
        return len(self._names)

    @property
    def labels(self) -> np.ndarray:
        """None: [N,0]."""
        return np.zeros((self.num_images, 0), np.float32)

    @functools.cached_property
    def digest(self) -> str:
        """The sha256 of names, sizes and dates; of a .zip, of the file's."""
        path = pathlib.Path(self.where)
        files = [path]
        if path.is_dir():
            files = [path / name for name in self._names]
        parts = [str(path.resolve())]
        for file in files:
            stat = file.stat()
            name = file.relative_to(path) if file != path else ""
            parts.append(f"{name} {stat.st_size} {stat.st_mtime_ns}")
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    def read(self, indices: np.ndarray) -> np.ndarray:
        """Images uint8 [n,H,W,3] by their places in the order of names.

        Raises:
            UserError: If one cannot be decoded or has another size.
        """
        with concurrent.futures.ThreadPoolExecutor() as pool:
            found = list(pool.map(self._decode, indices.tolist()))
        for index, pixels in zip(indices.tolist(), found, strict=True):
            height, width = pixels.shape[:2]
            if (height, width) != (self.height, self.width):
                raise errors.UserError(
                    f"{self._archive.locate(self._names[index])} has {width}x"
                    f"{height} pixels, others of {self.where} have"
                    f" {self.width}x{self.height}; dataset_tool.py create"
                    " makes all of one size"
                )
        return np.stack(found)

    def _decode(self, index: int) -> np.ndarray:
        name = self._names[index]
        data = self._archive.read(name)
        return np.asarray(decode.rgb(data, self._archive.locate(name)))


def is_dataset(path: pathlib.Path) -> bool:
    """Whether a folder is one of `dataset_tool.py create`."""
    return path.is_dir() and any(path.glob("*.tfrecords"))


def open_pair(
    reals: pathlib.Path, fakes: pathlib.Path
) -> tuple[image_sets.Collection, image_sets.Collection]:
    """Opens two folders, .zip files or datasets of images of one size.

    A dataset has many sizes: it takes the other's, if it has that.

    Raises:
        UserError: If one cannot be opened or the sizes differ.
    """
    sets = [
        datasets.open_dataset(each) if is_dataset(each) else Folder(each)
        for each in (reals, fakes)
    ]
    sizes = [
        each.height if isinstance(each, Folder) else each.resolution
        for each in sets
    ]
    opened: list[image_sets.Collection] = []
    for each in sets:
        if isinstance(each, Folder):
            opened.append(each)
        elif min(sizes) in each.levels:
            opened.append(image_sets.Level(each, min(sizes)))
        else:
            opened.append(image_sets.Level(each, each.resolution))
    if opened[0].height != opened[1].height:
        raise errors.UserError(
            f"--reals={reals} has images of {opened[0].height} pixels, --fakes="
            f"{fakes} of {opened[1].height}: give sets of one size"
        )
    return opened[0], opened[1]
