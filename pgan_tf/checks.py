"""Refuses what cannot be evaluated, with a line that says so."""

import pathlib

from pgan_tf import image_sets
from pgan_tf.base import errors
from pgan_tf.data.format import datasets
from pgan_tf.networks.progressive.generator import Generator


def check_dataset(
    dataset: datasets.Dataset, resolution: int, count: int
) -> None:
    """Refuses a dataset of too few pixels or images."""
    if resolution > dataset.resolution:
        raise errors.UserError(
            f"the dataset {dataset.path} has {dataset.resolution} pixels, the"
            f" run {resolution}; give the run's own with --data_dir"
        )
    if count > dataset.num_images:
        raise errors.UserError(
            f"--num_images={count}, or the run's --eval_num_images: the dataset"
            f" {dataset.path} has {dataset.num_images} images, and as many"
            " reals as fakes are compared; give a lower number"
        )


def check_generator(
    generator: Generator,
    path: pathlib.Path,
    level: image_sets.Level,
) -> None:
    """Refuses a snapshot of another run's kind."""
    dataset, size = level.dataset, level.resolution
    fits = (
        generator.resolution == size
        and generator.num_channels == dataset.num_channels
        and generator.label_size <= dataset.label_size
    )
    if not fits:
        raise errors.UserError(
            f"{path} draws {generator.resolution} pixels of"
            f" {generator.num_channels} channels from"
            f" {generator.label_size} labels, the reals have {size},"
            f" {dataset.num_channels} and {dataset.label_size}; give the"
            " dataset it was trained on with --data_dir"
        )
