"""`create`: a dataset of a source."""

import argparse
import os

from pgan_tf.base import errors, text
from pgan_tf.commands.dataset import open_source
from pgan_tf.data import build, inspect, jobs
from pgan_tf.data.format import datasets
from pgan_tf.data.sources import pictures, source

MAX_SKIPPED = 20  # printed; the manifest lists all
# In a random order already; the reference leaves them so.
UNSHUFFLED = ("lsun", "mnistrgb")


def run(args: argparse.Namespace) -> None:
    """Makes a dataset and says what it holds."""
    images = open_source.open_source(args)
    dataset = make(images, args)
    skipped = (dataset.manifest or {}).get("skipped", [])
    for reason in skipped[:MAX_SKIPPED]:
        print(f"skipped     {text.one_line(reason)}")
    print(inspect.describe(dataset))
    if args.labels is None and _has_unused_folders(images):
        print(
            "hint        the images lie in several folders; with "
            "--labels=folders these are their classes"
        )


def make(images: source.Source, args: argparse.Namespace) -> datasets.Dataset:
    """Makes a dataset of a source, as the flags of `create` say.

    Raises:
        UserError: If an image cannot be used, or nothing can be written.
    """
    shuffle = args.shuffle
    if shuffle is None:
        shuffle = args.source not in UNSHUFFLED
    try:
        build.create(
            images,
            args.out_dir,
            {"source": args.source},
            num_images=args.num_images,
            shuffle=shuffle,
            num_workers=args.workers,
            overwrite=args.overwrite,
            skip_bad="skip" in (args.on_error, args.on_mismatch),
            num_shards=args.num_shards,
        )
    except jobs.BadImage as error:
        flag = "on_mismatch" if args.on_mismatch == "fail" else "on_error"
        raise errors.UserError(
            f"{error}; mend it, or do without such images by --{flag}=skip"
        ) from error
    return datasets.open_dataset(args.out_dir)


def _has_unused_folders(images: source.Source) -> bool:
    """Whether sub-folders could be labels, and nothing is."""
    if not isinstance(images, pictures.ImageFiles) or images.label_kind:
        return False
    return len({os.path.dirname(name) for name in images.names}) > 1
