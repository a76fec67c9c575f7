"""`display`: a contact sheet of a dataset."""

import argparse
import pathlib

from pgan_tf.base import errors, files
from pgan_tf.data import inspect
from pgan_tf.data.format import datasets


def run(args: argparse.Namespace) -> None:
    """Writes a contact sheet and says where."""
    if args.out and pathlib.Path(args.out).suffix.lower() != ".png":
        raise errors.UserError(f"--out={args.out}: name a .png file")
    dataset = datasets.open_dataset(args.dataset)
    resolution = inspect.level_of(dataset, args.resolution)
    out = pathlib.Path(args.out) if args.out else place_of(dataset)
    count = inspect.write_sheet(dataset, out, args.count, resolution)
    print(f"wrote {count} images to {out}")
    for line in inspect.sheet_labels(dataset, count):
        print(line)


def place_of(dataset: datasets.Dataset) -> pathlib.Path:
    """Where a sheet goes that was only to be seen: into the cache.

    Raises:
        UserError: If there is none.
    """
    try:
        return files.cache_folder() / "sheets" / f"{dataset.name}.png"
    except errors.UserError as error:
        raise errors.UserError(
            f"{error}, or name the sheet with --out=sheet.png"
        ) from error
