"""`create`: its flags, and the source that they describe."""

import argparse
import os

from pgan_tf import errors
from pgan_tf.data import build, flag_types, inspect, records
from pgan_tf.data.sources import (
    arrays,
    celeba,
    celeba_download,
    cifar,
    decode,
    faces,
    image_files,
    mnist,
    pictures,
    source,
    svhn,
)

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
"""
SOURCE = """faces: drawn by this tool, with attributes as labels.
celeba: CelebA's aligned images (or smaller copies), 128 pixels around the
face. images: any images, made square. mnist, cifar10, cifar100,
svhn: the published files, at 32 pixels, with their classes as labels.
mnistrgb: random triples of MNIST's digits as red, green and blue."""

NUM_FACES = 10_000
RESOLUTION = 128
MAX_SKIPPED = 20  # printed; the manifest lists all

# Beside the flags that any source takes.
FLAGS_OF = {
    "celeba": {"source_dir", "labels", "label_attributes", "on_error"},
    "cifar10": {"source_dir", "split"},
    "cifar100": {"source_dir", "split"},
    "faces": {"seed"},
    "images": {
        "source_dir",
        "labels",
        "label_attributes",
        "on_error",
        "crop",
        "resize_filter",
        "channels",
    },
    "mnist": {"source_dir", "split"},
    "mnistrgb": {"source_dir", "split", "seed"},
    "svhn": {"source_dir", "split"},
}


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    add = parser.add_argument
    add(
        "--source",
        required=True,
        choices=sorted(FLAGS_OF),
        help=SOURCE,
    )
    add("--out_dir", required=True, help="Dataset folder to write.")
    add(
        "--source_dir",
        help="Folder or .zip of the source's files; the published .tar.gz "
        "will do for CIFAR. Without it, celeba is downloaded through "
        "tensorflow-datasets.",
    )
    add(
        "--split",
        choices=["train", "test", "extra"],
        help="Which part of MNIST, CIFAR or SVHN (default train; extra: of "
        "SVHN).",
    )
    add(
        "--labels",
        help="Of celeba and images: none, folders (each sub-folder a class), "
        "or a file: .csv (file,class or file,name,name,...), .json (as "
        "StyleGAN's dataset.json), .txt (as list_attr_celeba.txt). By default "
        "a list_attr_celeba.txt, labels.csv or dataset.json that lies with "
        "the images.",
    )
    add(
        "--label_attributes",
        help="Which attributes of such a file: all (default), or names such "
        "as Smiling,Male.",
    )
    add(
        "--crop",
        choices=pictures.CROPS,
        help="Of images that are not square: center, the largest square in "
        "the middle (default); none, all of it, stretched; pad, all of it "
        "between black bars.",
    )
    add(
        "--resize_filter",
        choices=list(decode.FILTERS),
        help="Of images. By default, whole factors average boxes of pixels "
        "and others take lanczos.",
    )
    add(
        "--channels",
        choices=list(pictures.CHANNELS),
        help="Of images (default rgb).",
    )
    add(
        "--on_error",
        choices=["fail", "skip"],
        help="At an image file that cannot be used: fail (default), or skip "
        "it, which takes a look at all of them first.",
    )
    add(
        "--resolution",
        type=flag_types.power_of_two,
        help="Width and height in pixels: a power of two from 4 to 1024 "
        "(default 128; 32 where the source has no other).",
    )
    add(
        "--num_images",
        "--max_images",
        type=flag_types.positive,
        help="How many faces to draw (default 10000), triples of digits to "
        "make (default 1000000), or images to use (the first by name; default "
        "all).",
    )
    add(
        "--seed",
        type=flag_types.not_negative,
        help="Of the drawn faces (default 0) or the triples of digits "
        "(default 123, the reference's).",
    )
    add(
        "--shuffle",
        action="store_true",
        default=None,
        help="Store the images in a fixed random order (default, save for "
        "mnistrgb).",
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
    _check_flags(args)
    images = _open(args)
    if args.resolution not in (None, images.resolution):
        raise errors.UserError(
            f"--source={args.source} has images of {images.resolution} pixels, "
            f"not of --resolution={args.resolution}; leave that out"
        )
    return images


def _check_flags(args: argparse.Namespace) -> None:
    """Refuses a flag without effect, and the lack of a needed one."""
    taken = FLAGS_OF[args.source]
    for flag in sorted(set().union(*FLAGS_OF.values()) - taken):
        if getattr(args, flag) is not None:
            raise errors.UserError(f"--source={args.source} takes no --{flag}")
    if args.source == "celeba":
        return
    if "source_dir" in taken and not args.source_dir:
        raise errors.UserError(
            f"--source={args.source} needs --source_dir, a folder or .zip of "
            "its files"
        )
    if args.split == "extra" and args.source != "svhn":
        raise errors.UserError(f"--source={args.source} has no --split=extra")


def _open(args: argparse.Namespace) -> source.Source:
    resolution = args.resolution or RESOLUTION
    if args.source == "faces":
        count = args.num_images or NUM_FACES
        return faces.Faces(resolution, count, args.seed or 0)
    if args.source == "celeba":
        return celeba.CelebA(
            args.source_dir or celeba_download.fetch(),
            resolution,
            args.num_images,
            args.labels,
            args.label_attributes,
        )
    if args.source == "images":
        return pictures.Pictures(
            args.source_dir,
            resolution,
            args.num_images,
            args.labels,
            args.label_attributes,
            pictures.Form(
                args.crop or "center",
                args.channels or "rgb",
                args.resize_filter,
            ),
        )
    if args.source == "mnistrgb":
        seed = mnist.TRIPLES_SEED if args.seed is None else args.seed
        count = args.num_images or mnist.NUM_TRIPLES
        return mnist.MnistRgb(_open_arrays(args), count, seed)
    return _open_arrays(args)


def _open_arrays(args: argparse.Namespace) -> arrays.Arrays:
    split = args.split or "train"
    if args.source == "svhn":
        return svhn.read(args.source_dir, split)
    if args.source.startswith("cifar"):
        return cifar.read(args.source_dir, args.source, split)
    return mnist.read(args.source_dir, split)


def run(args: argparse.Namespace) -> None:
    """Makes a dataset and says what it holds."""
    shuffle = args.shuffle
    if shuffle is None:
        # Triples are random already; the reference leaves them so.
        shuffle = args.source != "mnistrgb"
    images = open_source(args)
    build.create(
        images,
        args.out_dir,
        {"source": args.source},
        num_images=args.num_images,
        shuffle=shuffle,
        num_workers=args.workers,
        overwrite=args.overwrite,
        skip_bad=args.on_error == "skip",
    )
    dataset = records.open_dataset(args.out_dir)
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
    if not isinstance(images, image_files.ImageFiles) or images.label_kind:
        return False
    return len({os.path.dirname(name) for name in images.names}) > 1
