"""`verify`: whether a dataset is whole."""

import argparse

from pgan_tf.base import errors
from pgan_tf.data import verify
from pgan_tf.data.format import datasets

MAX_FAULTS = 20  # printed; the others are counted


def run(args: argparse.Namespace) -> None:
    """Prints what is wrong with a dataset, if anything is."""
    dataset = datasets.open_dataset(args.dataset)
    num_faults = 0
    for fault in verify.faults(dataset):
        num_faults += 1
        if num_faults <= MAX_FAULTS:
            print(fault)
    if num_faults:
        raise errors.UserError(
            f"dataset {args.dataset} is damaged (faults: {num_faults}, see "
            "above); make or copy it again"
        )
    print(
        f"dataset {args.dataset} is whole: {dataset.num_images} images at "
        f"{len(dataset.levels)} levels"
    )
