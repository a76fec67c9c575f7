"""A dataset made image by image: what `create` is measured against.

This is how NVIDIA's tool works: Pillow decodes an image, NumPy averages boxes
of 2x2 pixels level by level, and each level goes through `tf.train.Example`
and `tf.io.TFRecordWriter`. There is no manifest, and nothing waits for the
disk. The files hold the same images as those of `create --noshuffle`.
"""

import contextlib
import pathlib
from collections.abc import Sequence

import numpy as np
import tensorflow as tf
from PIL import Image


def create(
    files: Sequence[pathlib.Path],
    out_dir: pathlib.Path,
    crop: tuple[slice, slice],
) -> None:
    """Writes the files of records of all levels.

    Args:
        files: RGB images of one size.
        out_dir: A new folder; its name begins those of the files.
        crop: The rows and columns to take, a square of 2^k pixels.
    """
    out_dir.mkdir()
    side = crop[0].stop - crop[0].start
    logs = range(side.bit_length() - 1, 1, -1)
    names = [f"{out_dir.name}-r{log2:02d}.tfrecords" for log2 in logs]
    with contextlib.ExitStack() as stack:
        writers = [
            stack.enter_context(tf.io.TFRecordWriter(str(out_dir / name)))
            for name in names
        ]
        for file in files:
            pixels = np.asarray(Image.open(file))[crop]
            _add(writers, pixels.transpose(2, 0, 1))


def _add(writers: list[tf.io.TFRecordWriter], image: np.ndarray) -> None:
    """Adds an image [C,R,R] to all levels."""
    level = image.astype(np.float32)
    for number, writer in enumerate(writers):
        if number:
            level = (
                level[:, 0::2, 0::2]
                + level[:, 0::2, 1::2]
                + level[:, 1::2, 0::2]
                + level[:, 1::2, 1::2]
            ) * np.float32(0.25)
        pixels = np.rint(level).clip(0, 255).astype(np.uint8)
        features = {
            "shape": tf.train.Feature(
                int64_list=tf.train.Int64List(value=pixels.shape)
            ),
            "data": tf.train.Feature(
                bytes_list=tf.train.BytesList(value=[pixels.tobytes()])
            ),
        }
        example = tf.train.Example(features=tf.train.Features(feature=features))
        writer.write(example.SerializeToString())
