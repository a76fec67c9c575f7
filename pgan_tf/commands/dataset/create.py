"""`create`: its flags, and what it prints."""

import argparse
import os

from pgan_tf.base import command_line, errors
from pgan_tf.commands.dataset import open_source, source_flags
from pgan_tf.data import build, inspect
from pgan_tf.data.format import datasets
from pgan_tf.data.sources import pictures, source

DESCRIPTION = """Makes a dataset folder: every image at 4x4, 8x8, ... up to
--resolution, one TFRecord file each, and a manifest, written last."""


EXAMPLES = """examples:
  python dataset_tool.py create --source=faces --resolution=32 \\
      --out_dir=datasets/faces32
  python dataset_tool.py create --source=celeba \\
      --source_dir=img_align_celeba.zip --out_dir=datasets/celeba128
  python dataset_tool.py create --source=images --source_dir=photos \\
      --labels=folders --resolution=256 --out_dir=datasets/photos256
  python dataset_tool.py create --source=cifar10 \\
      --source_dir=cifar-10-python.tar.gz --out_dir=datasets/cifar10
  python dataset_tool.py create --source=celebahq \\
      --source_dir=img_celeba --delta_dir=deltas --out_dir=datasets/celebahq
  python dataset_tool.py create --source=tfds --tfds_name=tf_flowers \\
      --tfds_download --resolution=256 --out_dir=datasets/flowers256
"""


MAX_SKIPPED = 20  # printed; the manifest lists all


# In a random order already; the reference leaves them so.
UNSHUFFLED = ("lsun", "mnistrgb")


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    source_flags.add(parser)
    add = parser.add_argument
    add("--out_dir", required=True, help="Dataset folder to write.")
    add(
        "--shuffle",
        action="store_true",
        default=None,
        help="Store the images in a fixed random order (default, save for "
        "lsun and mnistrgb).",
    )
    add(
        "--noshuffle",
        action="store_false",
        dest="shuffle",
        help="Store the images by name, or number.",
    )
    add(
        "--workers",
        type=command_line.positive,
        default=len(os.sched_getaffinity(0)),
        help="Processes (default: one per core). Never changes the result.",
    )
    add(
        "--num_shards",
        type=command_line.positive,
        default=1,
        help="Files per level (default 1, as the reference's tool writes "
        "them). Never changes the images nor the order a training sees.",
    )
    add(
        "--overwrite",
        action="store_true",
        help="Replace the dataset that is in --out_dir.",
    )


def run(args: argparse.Namespace) -> None:
    """Makes a dataset and says what it holds."""
    shuffle = args.shuffle
    if shuffle is None:
        shuffle = args.source not in UNSHUFFLED
    images = open_source.open_source(args)
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
    except build.BadImage as error:
        flag = "on_mismatch" if args.on_mismatch == "fail" else "on_error"
        raise errors.UserError(
            f"{error}; mend it, or do without such images by --{flag}=skip"
        ) from error
    dataset = datasets.open_dataset(args.out_dir)
    skipped = (dataset.manifest or {}).get("skipped", [])
    for reason in skipped[:MAX_SKIPPED]:
        print(f"skipped     {reason}")
    print(inspect.describe(dataset))
    if args.labels is None and _has_unused_folders(images):
        print(
            "hint        the images lie in several folders; with "
            "--labels=folders these are their classes"
        )


def _has_unused_folders(images: source.Source) -> bool:
    """Whether sub-folders could be labels, and nothing is."""
    if not isinstance(images, pictures.ImageFiles) or images.label_kind:
        return False
    return len({os.path.dirname(name) for name in images.names}) > 1
