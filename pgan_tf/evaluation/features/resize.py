"""The resize that FID is defined with."""

import tensorflow as tf

NAME = "bilinear as in TensorFlow 1"


def bilinear(images: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """The resize of TensorFlow 1, which FID is defined with, [N,H,W,C].

    `tf.image.resize` samples at other points: up to 106 grey levels apart.
    """
    return tf.raw_ops.ResizeBilinear(
        images=images,
        size=size,
        align_corners=False,
        half_pixel_centers=False,
    )
