"""The flags of `create` that tell what the images are."""

import argparse

import numpy as np

from pgan_tf.base import errors, flag_kinds
from pgan_tf.base.flag_parser import Parser, Section
from pgan_tf.data import values
from pgan_tf.data.sources import pictures, resizing
from pgan_tf.data.sources.celebahq import source as celebahq

HELP = """What the images are.
faces: drawn by this tool, with attributes as labels.
celeba: CelebA's aligned images (or smaller copies), 128 pixels around the face.
celebahq: 1024x1024 images in the order of their numbers or, with --delta_dir, \
made of CelebA's photos in the wild.
images: any images, made square.
lsun: a category's LMDB folder, in the middle square.
mnist, cifar10, cifar100, svhn: the published files, at 32 pixels, with their \
classes as labels.
mnistrgb: random triples of MNIST's digits as red, green and blue.
hdf5: an .h5 archive of the Theano version of progressive GANs.
tfds: a set of images of tensorflow-datasets, with its classes as labels."""

_LABELS = {"labels", "label_attributes"}
_FORM = {"crop", "resize_filter", "channels", "pixel_range"}

# Beside the flags that any source takes.
FLAGS_OF = {
    "celeba": {"source_dir", "on_error", *_LABELS},
    "celebahq": {
        *("source_dir", "delta_dir", "on_error", "on_mismatch"),
        *_LABELS,
    },
    "cifar10": {"source_dir", "split"},
    "cifar100": {"source_dir", "split"},
    "faces": {"seed"},
    "hdf5": {"source_dir", "on_error"},
    "images": {"source_dir", "on_error", *_LABELS, *_FORM},
    "lsun": {"source_dir", "on_error", *_FORM},
    "mnist": {"source_dir", "split"},
    "mnistrgb": {"source_dir", "split", "seed"},
    "svhn": {"source_dir", "split"},
    "tfds": {
        *("tfds_name", "tfds_split", "tfds_data_dir", "tfds_download"),
        "on_error",
        *_FORM,
    },
}


def declare_source(section: Section) -> None:
    """Declares what the images are."""
    section.add(
        "source",
        HELP,
        flag_kinds.one_of(tuple(sorted(FLAGS_OF))),
        required=True,
    )
    section.add(
        "source_dir",
        "Folder or .zip of the source's files; the published .tar.gz will do "
        "for CIFAR, hdf5 takes the file. Without it, celeba is downloaded "
        "through tensorflow-datasets.",
        flag_kinds.FOLDER,
    )


def declare_choices(section: Section) -> None:
    """Declares how large, how many and which."""
    section.add(
        "resolution",
        "Width and height in pixels: a power of two from 4 to 1024 (default "
        "128; celebahq 1024, lsun 256; 32 where the source has no other; of "
        "hdf5 the largest there is).",
        flag_kinds.RESOLUTION,
    )
    section.add(
        "num_images",
        "How many faces to draw (default 10000), triples of digits to make "
        "(default 1000000), or images to use (default all): the first by "
        "name, number or key; of images with classes each class gives its "
        "share. Also as --max_images.",
        flag_kinds.POSITIVE,
        alias="max_images",
    )
    section.add(
        "seed",
        "Of the drawn faces (default 0) or the triples of digits (default "
        "123, the reference's).",
        flag_kinds.NOT_NEGATIVE,
    )


def declare_others(parser: Parser) -> None:
    """Declares what only some sources take."""
    _declare_labels(parser.section("labels"))
    _declare_form(parser.section("form, of images, lsun and tfds"))
    _declare_faults(parser.section("images that cannot be used"))
    _declare_parts(parser.section("sources of several parts"))
    _declare_tfds(parser.section("tensorflow-datasets"))


def _declare_parts(section: Section) -> None:
    section.add(
        "split",
        "Which part of MNIST, CIFAR or SVHN (default train; extra: of SVHN).",
        flag_kinds.one_of(("train", "test", "extra")),
    )
    section.add(
        "delta_dir",
        "Of celebahq: folder of deltas00000.zip, deltas01000.zip ... and "
        "image_list.txt. CelebA's list_landmarks_celeba.txt (in the wild) is "
        "looked for here and in --source_dir.",
        flag_kinds.FOLDER,
    )


def _declare_tfds(section: Section) -> None:
    section.add(
        "tfds_name",
        "Which data set of tensorflow-datasets, such as tf_flowers or "
        "imagenet_resized/64x64.",
    )
    section.add(
        "tfds_split",
        "Which part of it, such as test, train+test or train[:1000] (default "
        "train).",
    )
    section.add(
        "tfds_data_dir",
        "Where tensorflow-datasets keeps prepared data sets (default: its own "
        "default, ~/tensorflow_datasets).",
        flag_kinds.FOLDER,
    )
    section.switch(
        "tfds_download",
        "Let tensorflow-datasets download the data set from where its authors "
        "keep it, and prepare it in --tfds_data_dir, if it is not there; the "
        "prepared files take about as much again. Without this flag nothing "
        "is downloaded, and the message tells the size.",
        default=None,
    )


def _declare_labels(section: Section) -> None:
    section.add(
        "labels",
        "Of celeba, celebahq and images: none, folders (each sub-folder a "
        "class), or a file: .csv (file,class or file,name,name,...), .json (as "
        "StyleGAN's dataset.json), .txt (as list_attr_celeba.txt). By default "
        "a list_attr_celeba.txt, labels.csv or dataset.json that lies with the "
        "images.",
        flag_kinds.WORD_OR_PATH,
    )
    section.add(
        "label_attributes",
        "Which attributes of such a file: all (default), or names such as "
        "Smiling,Male.",
    )


def _declare_form(section: Section) -> None:
    section.add(
        "crop",
        "Where images are not square: center, the largest square in the middle "
        "(default); none, all of it, stretched; pad, all of it between black "
        "bars.",
        flag_kinds.one_of(tuple(pictures.CROPS)),
    )
    section.add(
        "resize_filter",
        "By default, whole factors average boxes of pixels and others take "
        "lanczos; lsun always takes lanczos.",
        flag_kinds.one_of(tuple(resizing.FILTERS)),
    )
    section.add(
        "channels",
        "Colours, or grey levels (default rgb).",
        flag_kinds.one_of(tuple(pictures.CHANNELS)),
    )
    section.add(
        "pixel_range",
        "Which numbers are black and white in images whose samples are not of "
        "8 bits, such as 0,4095 for 12 bits in 16 (default: what each file "
        "says; fractions from 0 to 1 and full 16 bits need not say it).",
        flag_kinds.Kind(_pixel_range, "LOW,HIGH"),
    )


def _pixel_range(text: str) -> values.Range:
    numbers = [flag_kinds.number(each) for each in text.split(",")]
    if len(numbers) != 2 or not numbers[0] < numbers[1] < np.inf:
        raise ValueError("must be two numbers, such as 0,4095")
    return values.Range(*numbers)


def _declare_faults(section: Section) -> None:
    section.add(
        "on_error",
        "At an image that cannot be used: fail (default), or skip it, which "
        "takes a look at all of them first.",
        flag_kinds.one_of(("fail", "skip")),
    )
    section.add(
        "on_mismatch",
        "At an image made of a delta that is not bit for bit the published "
        "one: keep it (default; with today's decoders many differ by a unit "
        "here and there), skip or fail.",
        flag_kinds.one_of(tuple(celebahq.ON_MISMATCH)),
    )


def check(args: argparse.Namespace) -> None:
    """Refuses a flag without effect, and the lack of a needed one.

    Raises:
        UserError: Names the flag.
    """
    taken = FLAGS_OF[args.source]
    for flag in sorted(set().union(*FLAGS_OF.values()) - taken):
        if getattr(args, flag) is not None:
            raise errors.UserError(f"--source={args.source} takes no --{flag}")
    needs_source_dir = "source_dir" in taken and args.source != "celeba"
    if needs_source_dir and not args.source_dir:
        raise errors.UsageError(
            f"--source={args.source} needs --source_dir, a folder or .zip of "
            "its files"
        )
    if args.source == "tfds" and not args.tfds_name:
        raise errors.UsageError("--source=tfds needs --tfds_name")
    if args.split == "extra" and args.source != "svhn":
        raise errors.UserError(f"--source={args.source} has no --split=extra")
    if args.on_mismatch and not args.delta_dir:
        raise errors.UsageError(
            f"--on_mismatch={args.on_mismatch} needs --delta_dir; ready-made "
            "images are not compared with anything"
        )
    if args.on_mismatch == "fail" and args.on_error == "skip":
        raise errors.UserError(
            "--on_mismatch=fail stops where --on_error=skip goes on; leave out "
            "one of them"
        )
