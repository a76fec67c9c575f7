"""`create`: a dataset of a source."""

import argparse
import os
import textwrap
from collections.abc import Iterator

from pgan_tf.base import errors, streams, text
from pgan_tf.commands.dataset import open_source
from pgan_tf.data import build, inspect, jobs
from pgan_tf.data.format import datasets
from pgan_tf.data.sources import pictures, source

# Fewer images than this are learnt by heart, as a rule.
FEW_IMAGES = 5_000
# Made by the tool, as many as are asked for.
DRAWN = ("faces", "mnistrgb")
_COLUMN = 12  # at which the values stand that `inspect.describe` tells
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
    for hint in _hints(images, dataset, args):
        print(
            textwrap.fill(
                f"{'hint':<{_COLUMN}}{hint}",
                streams.width(),
                subsequent_indent=" " * _COLUMN,
                break_on_hyphens=False,
            )
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


def _hints(
    images: source.Source, dataset: datasets.Dataset, args: argparse.Namespace
) -> Iterator[str]:
    """What may be worth another try."""
    if args.labels is None and _has_unused_folders(images):
        yield (
            "the images lie in several folders; with --labels=folders these "
            "are their classes"
        )
    count = dataset.num_images
    if 10 * (dataset.manifest or {}).get("num_enlarged", 0) >= count:
        yield (
            "enlarged images are blurred, and fakes will be as blurred; a "
            "lower --resolution enlarges fewer"
        )
    if count < FEW_IMAGES and args.source not in DRAWN:
        yield (
            f"{count:,} images are few: a training from nothing wants "
            f"{FEW_IMAGES:,} or more, else it draws copies of them. Add "
            "images; train with --mirror_augment, or from a trained network "
            "(--init_from); look for copies with evaluate.py --metrics=nn"
        )


def _has_unused_folders(images: source.Source) -> bool:
    """Whether sub-folders could be labels, and nothing is."""
    if not isinstance(images, pictures.ImageFiles) or images.label_kind:
        return False
    return len({os.path.dirname(name) for name in images.names}) > 1
