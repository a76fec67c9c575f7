"""`create`: its flags, and the source that they describe."""

import argparse
import os

from pgan_tf import errors
from pgan_tf.data import build, flag_types, inspect, records
from pgan_tf.data.sources import (
    celeba,
    celeba_download,
    faces,
    pictures,
    source,
)

DESCRIPTION = """Makes a dataset folder: every image at 4x4, 8x8, ... up to
--resolution, one TFRecord file each, and a manifest, written last."""
EXAMPLES = """examples:
  python dataset_tool.py create --source=faces --resolution=32 \\
      --out_dir=datasets/faces32
  python dataset_tool.py create --source=celeba \\
      --source_dir=img_align_celeba.zip --out_dir=datasets/celeba128
  python dataset_tool.py create --source=images --source_dir=photos \\
      --resolution=256 --out_dir=datasets/photos256
"""
SOURCE = """faces: drawn by this tool, with attributes as labels.
celeba: CelebA's aligned images (or smaller copies), 128 pixels around the
face. images: any images, the centre square of each."""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    add = parser.add_argument
    add(
        "--source",
        required=True,
        choices=["celeba", "faces", "images"],
        help=SOURCE,
    )
    add("--out_dir", required=True, help="Dataset folder to write.")
    add(
        "--source_dir",
        help="Folder or .zip of the images (celeba and images). Without it, "
        "celeba is downloaded through tensorflow-datasets.",
    )
    add(
        "--resolution",
        type=flag_types.power_of_two,
        default=128,
        help="Width and height in pixels: a power of two from 4 to 1024 "
        "(default 128).",
    )
    add(
        "--num_images",
        type=flag_types.positive,
        help="How many faces to draw (default 10000), or images to use (the "
        "first by name; default all).",
    )
    add(
        "--seed",
        type=flag_types.not_negative,
        default=0,
        help="Of the drawn faces (default 0).",
    )
    add(
        "--shuffle",
        action="store_true",
        default=True,
        help="Store the images in a fixed random order (default).",
    )
    add(
        "--noshuffle",
        action="store_false",
        dest="shuffle",
        help="Store the images by name, or number.",
    )
    add(
        "--workers",
        type=flag_types.positive,
        default=len(os.sched_getaffinity(0)),
        help="Processes (default: one per core). Never changes the result.",
    )
    add(
        "--overwrite",
        action="store_true",
        help="Replace the dataset that is in --out_dir.",
    )


def open_source(args: argparse.Namespace) -> source.Source:
    """The source that the arguments of `create` describe."""
    if args.source == "faces":
        if args.source_dir:
            raise errors.UserError("--source=faces takes no --source_dir")
        count = args.num_images or 10_000
        return faces.Faces(args.resolution, count, args.seed)
    if args.source == "celeba":
        path = args.source_dir or celeba_download.fetch()
        return celeba.CelebA(path, args.resolution)
    if not args.source_dir:
        raise errors.UserError(
            "--source=images needs --source_dir, a folder or .zip of images"
        )
    return pictures.Pictures(args.source_dir, args.resolution)


def run(args: argparse.Namespace) -> None:
    """Makes a dataset and says what it holds."""
    build.create(
        open_source(args),
        args.out_dir,
        {"source": args.source},
        num_images=args.num_images,
        shuffle=args.shuffle,
        num_workers=args.workers,
        overwrite=args.overwrite,
    )
    print(inspect.describe(records.open_dataset(args.out_dir)))
