"""`display`: a contact sheet of a dataset."""

import argparse
import pathlib

from pgan_tf.data import inspect
from pgan_tf.data.format import datasets


def run(args: argparse.Namespace) -> None:
    """Writes a contact sheet and says where."""
    dataset = datasets.open_dataset(args.dataset)
    resolution = inspect.level_of(dataset, args.resolution)
    out = pathlib.Path(args.out or f"{dataset.name}.png")
    count = inspect.write_sheet(dataset, out, args.count, resolution)
    print(f"wrote {count} images to {out}")
    for line in inspect.sheet_labels(dataset, count):
        print(line)
