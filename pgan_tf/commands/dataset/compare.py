"""`compare`: whether two datasets are the same."""

import argparse

from pgan_tf.base import errors
from pgan_tf.data import inspect
from pgan_tf.data.format import datasets


def run(args: argparse.Namespace) -> None:
    """Says whether two datasets are the same."""
    first, second = map(datasets.open_dataset, (args.dataset, args.other))
    differences = list(inspect.differences(first, second))
    if differences:
        raise errors.UserError(
            f"datasets {args.dataset} and {args.other} differ: "
            + "; ".join(differences)
        )
    print(
        f"identical: {first.num_images} images at {len(first.levels)} levels, "
        f"labels of {first.label_size}"
    )
