"""Opens the extractor that `--features` names."""

import pathlib

import numpy as np

from pgan_tf.base import devices, errors, files, images
from pgan_tf.data import values
from pgan_tf.data.format import datasets
from pgan_tf.evaluation.features import (
    inception_graph,
    inception_keras,
    label_classifier,
    own_model,
    untrained,
)
from pgan_tf.evaluation.features.extractor import (
    INCEPTION,
    LABELS,
    RANDOM,
    Extractor,
    check_labels,
)

# Enough to learn the labels from, in memory and in time.
MOST_EXAMPLES = 20_000


def open_extractor(
    wanted: str,
    inception_path: pathlib.Path | None,
    dataset: datasets.Dataset | None,
    resolution: int,
    replicas: devices.Replicas,
) -> Extractor:
    """The extractor of a name.

    Args:
        wanted: "inception", "labels", "random", a `.keras` file or the folder
            of a SavedModel.
        inception_path: The 2015 Inception file, if it is not in the cache.
        dataset: Whose labels "labels" learns, if there is one.
        resolution: Of the images that will be evaluated.
        replicas: That run it.

    Raises:
        UserError: If there is no such thing; `extractor.Unavailable` if the
            Inception file cannot be had.
    """
    if wanted == INCEPTION:
        return from_inception(inception_path, replicas)
    if wanted == LABELS:
        return from_labels(dataset, resolution, replicas)
    if wanted == RANDOM:
        return untrained.make(replicas)
    if wanted.endswith(".keras") or pathlib.Path(wanted).is_dir():
        return own_model.load(pathlib.Path(wanted), resolution, replicas)
    raise errors.UserError(
        f"--features={wanted}: give inception, labels, random, a .keras file or"
        " a SavedModel folder"
    )


def from_inception(
    path: pathlib.Path | None, replicas: devices.Replicas
) -> Extractor:
    """The 2015 network: its graph, or what it was converted into.

    Without a file a converted one in the cache comes first.
    """
    converted = inception_keras.file_name(inception_graph.GRAPH_SHA256)
    kept = None if path else files.cached(converted)
    if kept and kept.is_file():
        path = kept
    if path is not None and path.suffix == ".keras":
        return inception_keras.load(path, replicas)
    return inception_graph.load(path, replicas)


def from_labels(
    dataset: datasets.Dataset | None,
    resolution: int,
    replicas: devices.Replicas,
) -> Extractor:
    """A classifier of the dataset's labels, trained once and then cached."""
    check_labels(dataset)
    assert dataset
    size = min(resolution, label_classifier.LARGEST_INPUT)

    def read() -> label_classifier.Examples:
        count = min(dataset.num_images, MOST_EXAMPLES)
        order = np.random.RandomState(0).permutation(dataset.num_images)
        chosen = np.sort(order[:count])
        pixels = images.to_rgb(dataset.read(size, chosen))
        return pixels, dataset.labels[chosen]

    return label_classifier.load_or_train(
        files.cached(),
        f"{dataset.digest[:32]}-{size}",
        dataset.label_kind == values.MULTIHOT,
        read,
        replicas,
    )
