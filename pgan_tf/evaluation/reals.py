"""Sets of images to compare fakes with: datasets, folders, classes."""

import concurrent.futures
import dataclasses
import functools
import hashlib
import os
import pathlib
import sys
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from pgan_tf.base import errors, images, text
from pgan_tf.data.format import datasets, file_names
from pgan_tf.data.sources import archive, decode

# Separate streams of draws from one seed.
_ORDER, _MIRROR = 1, 2


@dataclasses.dataclass(frozen=True, eq=False)
class ImageSet:
    """Square images of one size that can be read in any order.

    Attributes:
        name: For the results.
        where: Folder or file, for messages.
        num_images: N.
        resolution: Width and height of all images.
        labels: float32 [N,K]; K is 0 without labels.
        read: From places in the set, integers [n], to images uint8
            [n,resolution,resolution,C].
        identify: Finds out what `digest` says.
        dataset: That they come from; None: from other files.
    """

    name: str
    where: str
    num_images: int
    resolution: int
    labels: np.ndarray
    read: Callable[[np.ndarray], np.ndarray]
    identify: Callable[[], str]
    dataset: datasets.Dataset | None = None

    @functools.cached_property
    def digest(self) -> str:
        """Identifies the contents, to key what was computed from them.

        Found out when first asked for: it may take a look at every file.
        """
        return self.identify()


def of_dataset(dataset: datasets.Dataset, resolution: int) -> ImageSet:
    """The images of a dataset at one of its resolutions."""
    return ImageSet(
        name=dataset.name,
        where=text.one_line(str(dataset.path)),
        num_images=dataset.num_images,
        resolution=resolution,
        labels=dataset.labels,
        read=functools.partial(dataset.read, resolution),
        identify=lambda: dataset.digest,
        dataset=dataset,
    )


def of_class(whole: ImageSet, label: int) -> ImageSet:
    """The images of a set whose labels have a 1 in one column."""
    indices = np.flatnonzero(whole.labels[:, label] > 0.5)

    def identify() -> str:
        text = f"{whole.digest} label {label}"
        return hashlib.sha256(text.encode()).hexdigest()

    return dataclasses.replace(
        whole,
        num_images=len(indices),
        labels=whole.labels[indices],
        read=lambda chosen: whole.read(indices[chosen]),
        identify=identify,
    )


def of_folder(path: pathlib.Path) -> ImageSet:
    """All images below a folder or in a .zip, in the order of their names.

    They are decoded as `dataset_tool.py create` does it.

    Raises:
        UserError: If there are no images, or the first is not square; later,
            by `read`, if one cannot be decoded or has another size.
    """
    opened = archive.Archive(path)
    names = opened.image_names()
    if ignored := opened.ignored():
        print(f"{path}: ignored {ignored}", file=sys.stderr)
    height, width = _decode(opened, names[0]).shape[:2]
    if height != width:
        raise errors.UserError(
            f"{opened.locate(names[0])} has {width}x{height} pixels: images"
            " must be square; dataset_tool.py create crops them"
        )

    def read(indices: np.ndarray) -> np.ndarray:
        chosen = [names[i] for i in indices]
        decode_one = functools.partial(_decode, opened)
        with concurrent.futures.ThreadPoolExecutor() as pool:
            found = list(pool.map(decode_one, chosen))
        for name, pixels in zip(chosen, found, strict=True):
            _check_size(pixels, height, opened.locate(name), path)
        return np.stack(found)

    return ImageSet(
        name=text.one_line(path.resolve().name),
        where=text.one_line(str(path)),
        num_images=len(names),
        resolution=height,
        labels=np.zeros((len(names), 0), np.float32),
        read=read,
        identify=lambda: _digest_of_files(path, names),
    )


def _decode(opened: archive.Archive, name: str) -> np.ndarray:
    """uint8 [H,W,3]."""
    return np.asarray(decode.rgb(opened.read(name), opened.locate(name)))


def _check_size(
    pixels: np.ndarray, size: int, name: str, path: pathlib.Path
) -> None:
    """Refuses an image of another size than the first of its folder."""
    height, width = pixels.shape[:2]
    if (height, width) != (size, size):
        raise errors.UserError(
            f"{name} has {width}x{height} pixels, others of {path} have"
            f" {size}x{size}; dataset_tool.py create makes all of one size"
        )


def _digest_of_files(path: pathlib.Path, names: Sequence[str]) -> str:
    """The sha256 of names, sizes and dates; of a .zip, of the file's."""
    files = [path / name for name in names] if path.is_dir() else [path]
    parts = [str(path.resolve())]
    for file in files:
        stat = file.stat()
        name = file.relative_to(path) if file != path else ""
        parts.append(f"{name} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.sha256(os.fsencode("\n".join(parts))).hexdigest()


def open_dataset(path: pathlib.Path) -> datasets.Dataset:
    """The dataset of a run or the one given instead.

    Raises:
        UserError: If it is not there, or no dataset.
    """
    if not path.is_dir():
        raise errors.UserError(
            f"the dataset {path} is not there; say where it is with --data_dir"
        )
    return datasets.open_dataset(path)


def check_dataset(
    dataset: datasets.Dataset,
    resolution: int,
    asked: int | None,
    usual: int,
) -> None:
    """Refuses a dataset of too few pixels or images for a run.

    Args:
        dataset: Of the reals.
        resolution: Of the run.
        asked: Images, by --num_images; None if it was not given.
        usual: Images, by the run's --eval_num_images; 0 for no number.
    """
    if resolution > dataset.resolution:
        raise errors.UserError(
            f"the dataset {dataset.path} has {dataset.resolution} pixels, the"
            f" run {resolution}; give the run's own with --data_dir"
        )
    count, there = asked or usual, dataset.num_images
    if count > there:
        flag = "--num_images" if asked else "the run's --eval_num_images"
        raise errors.UserError(
            f"{flag}={count}: the dataset {dataset.path} has {there} images,"
            " and as many reals as fakes are compared; give"
            f" --num_images={there} or less"
        )


def is_dataset(path: pathlib.Path) -> bool:
    """Whether a folder is one of `dataset_tool.py create`."""
    return path.is_dir() and any(
        not file_names.is_twin(file.name) for file in path.glob("*.tfrecords")
    )


def open_pair(
    reals: pathlib.Path, fakes: pathlib.Path
) -> tuple[ImageSet, ImageSet]:
    """Opens two folders, .zip files or datasets of images of one size.

    A dataset has many sizes: it takes the other's, if it has that.

    Raises:
        UserError: If one cannot be opened or the sizes differ.
    """
    opened = [
        datasets.open_dataset(path) if is_dataset(path) else of_folder(path)
        for path in (reals, fakes)
    ]
    smallest = min(each.resolution for each in opened)
    first, second = (_at(each, smallest) for each in opened)
    if first.resolution != second.resolution:
        raise errors.UserError(
            f"--reals={reals} has images of {first.resolution} pixels, --fakes="
            f"{fakes} of {second.resolution}: give sets of one size"
        )
    return first, second


def check_counts(reals: ImageSet, fakes: ImageSet, count: int | None) -> None:
    """Refuses to take more images of each than the smaller set has."""
    if count and count > min(reals.num_images, fakes.num_images):
        raise errors.UserError(
            f"--num_images={count}: {reals.where} has {reals.num_images}"
            f" images, {fakes.where} {fakes.num_images}; give"
            f" {min(reals.num_images, fakes.num_images)} or less"
        )


def _at(opened: ImageSet | datasets.Dataset, wanted: int) -> ImageSet:
    """A dataset at the wanted resolution, if it has that, or at its own."""
    if isinstance(opened, ImageSet):
        return opened
    has_it = wanted in opened.levels
    return of_dataset(opened, wanted if has_it else opened.resolution)


@dataclasses.dataclass(frozen=True)
class DrawnReals:
    """Images of a set, some of them mirrored.

    Attributes:
        whole: Where they come from.
        indices: Which and in which order, [N].
        mirrored: Which are flipped left to right, bool [N].
    """

    whole: ImageSet
    indices: np.ndarray
    mirrored: np.ndarray

    @property
    def labels(self) -> np.ndarray:
        """float32 [N,K]."""
        return self.whole.labels[self.indices]

    def batches(self, minibatch: int) -> Iterator[np.ndarray]:
        """uint8 [n,H,W,3], `minibatch` at a time, of the last maybe fewer."""
        for part in parts_of(len(self.indices), minibatch):
            pixels = self.whole.read(self.indices[part])
            flips = self.mirrored[part, np.newaxis, np.newaxis, np.newaxis]
            pixels = np.where(flips, pixels[:, :, ::-1], pixels)
            yield images.to_rgb(pixels)


def draw(
    whole: ImageSet,
    count: int,
    mirror_augment: bool = False,
    seed: int = 0,
    skip: int = 0,
) -> DrawnReals:
    """Draws `count` different images, `skip` places into a random order.

    The order matters where images are sorted by class: a score of parts of
    the set would see one class each.
    """
    everything = np.random.RandomState([seed, _ORDER])
    order = everything.permutation(whole.num_images)
    coins = np.random.RandomState([seed, _MIRROR]).rand(whole.num_images)
    part = slice(skip, skip + count)
    mirrored = (coins >= 0.5) & mirror_augment
    return DrawnReals(whole, order[part], mirrored[part])


def parts_of(count: int, minibatch: int) -> Iterator[slice]:
    """Splits `count` places into minibatches; the last may be smaller."""
    for start in range(0, count, minibatch):
        yield slice(start, min(start + minibatch, count))
