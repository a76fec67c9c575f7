"""`info`: what is in a dataset."""

import argparse
import json

from pgan_tf.base import errors
from pgan_tf.data import inspect
from pgan_tf.data.format import datasets, file_names


def run(args: argparse.Namespace) -> None:
    """Prints a dataset's description."""
    dataset = datasets.open_dataset(args.dataset)
    if not args.json:
        print(inspect.describe(dataset))
    elif dataset.manifest is None:
        raise errors.UserError(
            f"dataset {args.dataset} has no {file_names.MANIFEST}; "
            "leave out --json"
        )
    else:
        print(json.dumps(dataset.manifest, indent=1))
