"""Opens the extractor that `--features` names."""

import pathlib

import numpy as np

from pgan_tf import cache, errors, images
from pgan_tf.data import records
from pgan_tf.metrics import classifier, features, inception

INCEPTION = "inception"
LABELS = "labels"
# Enough to learn the labels from, in memory and in time.
MOST_EXAMPLES = 20_000


def open_extractor(
    wanted: str,
    inception_path: pathlib.Path | None,
    dataset: records.Dataset,
    resolution: int,
) -> features.Extractor:
    """The extractor of a name.

    Args:
        wanted: "inception", "labels" or a `.keras` file.
        inception_path: The 2015 Inception file, if it is not in the cache.
        dataset: Whose labels "labels" learns.
        resolution: Of the images that will be evaluated.

    Raises:
        UserError: If there is no such thing; `inception.Unavailable` if the
            Inception file cannot be had.
    """
    if wanted == INCEPTION:
        return inception.load(inception_path)
    if wanted == LABELS:
        return from_labels(dataset, resolution)
    if wanted.endswith(".keras"):
        return features.from_keras(pathlib.Path(wanted), resolution)
    raise errors.UserError(
        f"--features={wanted}: give inception, labels or a .keras file"
    )


def from_labels(
    dataset: records.Dataset, resolution: int
) -> features.Extractor:
    """A classifier of the dataset's labels, trained once and then cached."""
    if not dataset.label_size:
        raise errors.UserError(
            f"--features=labels: the dataset {dataset.path} has no labels;"
            " give inception or a .keras file"
        )
    size = min(resolution, classifier.LARGEST_INPUT)

    def read() -> classifier.Examples:
        count = min(dataset.num_images, MOST_EXAMPLES)
        order = np.random.RandomState(0).permutation(dataset.num_images)
        chosen = np.sort(order[:count])
        pixels = images.to_rgb(dataset.read(size, chosen))
        return pixels, dataset.labels[chosen]

    return classifier.load_or_train(
        cache.folder(),
        f"{dataset.digest[:32]}-{size}",
        has_attributes(dataset),
        read,
    )


def has_attributes(dataset: records.Dataset) -> bool:
    """Whether labels are independent attributes, not one class out of K.

    The manifest says so; without one, rows that are not one-hot do.
    """
    kind = ((dataset.manifest or {}).get("labels") or {}).get("kind")
    if kind:
        return kind == "multihot"
    ones = (dataset.labels == 1).sum(axis=1)
    zeros = (dataset.labels == 0).sum(axis=1)
    return not ((ones == 1) & (ones + zeros == dataset.label_size)).all()
