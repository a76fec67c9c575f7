"""What happens to reals before D sees them: range, mirroring, fading."""

from typing import Any

from keras import ops

from pgan_tf.networks import operations

Tensor = Any


def scale_pixels(pixels: Tensor) -> Tensor:
    """uint8 0..255 to float32 [-1, 1]."""
    return ops.cast(pixels, "float32") * (2.0 / 255.0) - 1.0


def mirror(images: Tensor, coins: Tensor) -> Tensor:
    """Flips image n left to right where coins[n] >= 0.5.

    Args:
        images: [N,H,W,C].
        coins: Uniform draws in [0, 1), shape [N].
    """
    heads = ops.reshape(coins, (-1, 1, 1, 1)) >= 0.5
    return ops.where(heads, ops.flip(images, axis=2), images)


def fade_reals(reals: Tensor, alpha: Tensor) -> Tensor:
    """Crossfades images with their half-resolution selves.

    While a resolution fades in, reals must look like what G can make at that
    moment: alpha of the full detail, the rest blocks of 2 x 2 means.

    Args:
        reals: [N,R,R,C].
        alpha: Weight of the full detail, scalar in [0, 1].
    """
    blurred = operations.upscale2d(operations.downscale2d(reals))
    return operations.lerp(blurred, reals, alpha)
