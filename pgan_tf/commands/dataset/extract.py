"""`extract`: a dataset's images as PNG files."""

import argparse

from pgan_tf.data import inspect
from pgan_tf.data.format import datasets


def run(args: argparse.Namespace) -> None:
    """Writes PNG files and says how many."""
    dataset = datasets.open_dataset(args.dataset)
    resolution = inspect.level_of(dataset, args.resolution)
    count = min(args.count or dataset.num_images, dataset.num_images)
    inspect.extract(dataset, args.out_dir, resolution, count)
    print(f"wrote {count} images to {args.out_dir}")
