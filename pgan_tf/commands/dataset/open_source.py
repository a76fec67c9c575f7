"""From the flags of `create` to the source that they describe."""

import argparse

from pgan_tf.base import errors
from pgan_tf.data.sources import (
    arrays,
    celeba,
    cifar,
    hdf5,
    lsun,
    mnist,
    pictures,
    source,
    svhn,
    tfds_download,
    tfds_images,
)
from pgan_tf.data.sources.celebahq import source as celebahq
from pgan_tf.data.sources.drawn_faces import faces

NUM_FACES = 10_000
RESOLUTION = 128  # if nothing else is said
RESOLUTIONS = {"celebahq": 1024, "lsun": 256}


def open_source(args: argparse.Namespace) -> source.Source:
    """The source that the arguments of `create` describe."""
    images = _open(args)
    if args.resolution not in (None, images.resolution):
        raise errors.UserError(
            f"--source={args.source} has images of {images.resolution} pixels, "
            f"not of --resolution={args.resolution}; leave that out"
        )
    return images


def _open(args: argparse.Namespace) -> source.Source:
    if args.source == "faces":
        count = args.num_images or NUM_FACES
        return faces.Faces(_resolution(args), count, args.seed or 0)
    if args.source == "mnistrgb":
        seed = mnist.TRIPLES_SEED if args.seed is None else args.seed
        count = args.num_images or mnist.NUM_TRIPLES
        return mnist.MnistRgb(_open_arrays(args), count, seed)
    if args.source == "hdf5":
        return hdf5.Hdf5(args.source_dir, args.resolution, args.num_images)
    if args.source == "lsun":
        return lsun.Lsun(
            args.source_dir,
            _resolution(args),
            args.num_images,
            _form(args, args.resize_filter or "lanczos"),
        )
    if args.source == "tfds":
        return _open_tfds(args)
    if args.source in ("celeba", "celebahq", "images"):
        return _open_files(args)
    return _open_arrays(args).choose(args.num_images)


def _open_files(args: argparse.Namespace) -> source.Source:
    common = (
        _resolution(args),
        args.num_images,
        args.labels,
        args.label_attributes,
    )
    if args.source == "celeba":
        return celeba.CelebA(args.source_dir or tfds_download.fetch(), *common)
    if args.source == "images":
        form = _form(args, args.resize_filter)
        return pictures.Pictures(args.source_dir, *common, form)
    if args.delta_dir:
        keep = args.on_mismatch in (None, "keep")
        return celebahq.FromDeltas(
            args.source_dir, args.delta_dir, *common, keep
        )
    return celebahq.ReadyMade(args.source_dir, *common)


def _open_tfds(args: argparse.Namespace) -> source.Source:
    return tfds_images.TfdsImages(
        args.tfds_name,
        args.tfds_split or "train",
        args.tfds_data_dir,
        _resolution(args),
        args.num_images,
        _form(args, args.resize_filter),
        bool(args.tfds_download),
    )


def _open_arrays(args: argparse.Namespace) -> arrays.Arrays:
    split = args.split or "train"
    if args.source == "svhn":
        return svhn.read(args.source_dir, split)
    if args.source.startswith("cifar"):
        return cifar.read(args.source_dir, args.source, split)
    return mnist.read(args.source_dir, split)


def _resolution(args: argparse.Namespace) -> int:
    return args.resolution or RESOLUTIONS.get(args.source, RESOLUTION)


def _form(args: argparse.Namespace, resize_filter: str | None) -> pictures.Form:
    return pictures.Form(
        args.crop or "center",
        args.channels or "rgb",
        resize_filter,
        args.pixel_range,
    )
