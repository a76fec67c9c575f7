"""`compare`: whether two datasets hold the same images and labels."""

from collections.abc import Iterator

import numpy as np

from pgan_tf.data import blocks, records


def differences(
    first: records.Dataset, second: records.Dataset
) -> Iterator[str]:
    """Yields what differs; nothing for datasets a training cannot tell apart.

    Names, manifests and the order of features within records do not count,
    the pixels of all levels, the labels and the order of images do.
    """
    forms = [
        f"{each.num_images} images of {each.resolution}x{each.resolution}x"
        f"{each.num_channels}"
        for each in (first, second)
    ]
    if forms[0] != forms[1]:
        yield " against ".join(forms)
        return
    if first.label_size != second.label_size:
        yield f"labels of {first.label_size} against {second.label_size}"
    else:
        differ = (first.labels != second.labels).any(axis=1)
        yield from _summary("labels", np.flatnonzero(differ))
    yield from _summary("images", _different_images(first, second))


def _summary(what: str, indices: np.ndarray) -> Iterator[str]:
    if indices.size:
        yield f"{what} that differ: {indices.size}, first {indices[0]}"


def _different_images(
    first: records.Dataset, second: records.Dataset
) -> np.ndarray:
    """Positions of images that differ at any level, integers [n]."""
    differ = np.zeros(first.num_images, bool)
    image_bytes = first.resolution**2 * first.num_channels
    with blocks.progress(first.num_images, first.name) as bar:
        for block in blocks.split(first.num_images, image_bytes):
            indices = np.asarray(block)
            for resolution in first.levels:
                one = first.read(resolution, indices)
                other = second.read(resolution, indices)
                differ[indices] |= (one != other).any(axis=(1, 2, 3))
            bar.update(len(block))
    return np.flatnonzero(differ)
