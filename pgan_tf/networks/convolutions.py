"""Convolutions, as a CPU does them fast.

Each is plain mathematics that `operations` could say in a line; what is here
chooses the form with the fewest or the quickest products, and gradients
likewise. Images are channels-last, [N,H,W,C].
"""

from typing import Any

import keras
from keras import ops

from pgan_tf.networks import operations

Tensor = Any


def matmul_pixels(x: Tensor, kernel: Tensor) -> Tensor:
    """Each pixel times a matrix: a 1x1 convolution.

    Args:
        x: [N,H,W,C].
        kernel: [C,F].

    Returns:
        [N,H,W,F].
    """
    *_, height, width, channels = x.shape
    products = ops.matmul(ops.reshape(x, (-1, channels)), kernel)
    return ops.reshape(products, (-1, height, width, kernel.shape[-1]))


def conv2d(x: Tensor, kernel: Tensor, stride: int = 1) -> Tensor:
    """Convolution with zero padding that keeps the image's size, or halves it.

    Args:
        x: [N,H,W,C]; H and W divisible by the stride.
        kernel: [S,S,C,F]; S less the stride is even.
        stride: 1 or more.

    Returns:
        [N,H/stride,W/stride,F].
    """
    if not is_slow_by_kernel(kernel, x.shape[1], stride):
        return ops.conv(x, kernel, strides=stride, padding="same")

    @ops.custom_gradient
    def convolve(x: Tensor, kernel: Tensor) -> tuple[Tensor, Any]:
        def backward(
            *args: Tensor, upstream: Tensor = None
        ) -> tuple[Tensor, Tensor]:
            gradients = operations.the_one(args, upstream)
            by_kernel = kernel_gradient(x, gradients, kernel.shape[0], stride)
            return conv2d_transpose(gradients, kernel, stride), by_kernel

        return ops.conv(x, kernel, strides=stride, padding="same"), backward

    return convolve(x, kernel)


def conv2d_transpose(x: Tensor, kernel: Tensor, stride: int = 1) -> Tensor:
    """What `conv2d` with the same kernel does to gradients on the way back.

    Args:
        x: [N,H,W,F].
        kernel: [S,S,C,F].
        stride: As of `conv2d`.

    Returns:
        [N,H*stride,W*stride,C].
    """
    if not is_slow_by_kernel(kernel, x.shape[1], 1):
        return ops.conv_transpose(x, kernel, strides=stride, padding="same")

    @ops.custom_gradient
    def convolve(x: Tensor, kernel: Tensor) -> tuple[Tensor, Any]:
        def backward(
            *args: Tensor, upstream: Tensor = None
        ) -> tuple[Tensor, Tensor]:
            gradients = operations.the_one(args, upstream)
            by_kernel = kernel_gradient(gradients, x, kernel.shape[0], stride)
            return conv2d(gradients, kernel, stride), by_kernel

        y = ops.conv_transpose(x, kernel, strides=stride, padding="same")
        return y, backward

    return convolve(x, kernel)


def is_slow_by_kernel(kernel: Tensor, height: int | None, stride: int) -> bool:
    """Whether `kernel_gradient` is faster for images of this height.

    It is in bfloat16, where oneDNN first rearranges all that it is given, as
    long as there are few pixels for that many maps.
    """
    dtype = keras.backend.standardize_dtype(kernel.dtype)
    if dtype != "bfloat16" or height is None:
        return False
    size = height // stride
    return size <= 4 or (size <= 8 and kernel.shape[-1] >= 128)


def kernel_gradient(
    x: Tensor, gradients: Tensor, size: int, stride: int
) -> Tensor:
    """The gradient of a `conv2d` by its kernel, as sums of matrix products.

    Blocks of stride x stride pixels are made one, so that the stride is 1
    and (size/stride)^2 places of the kernel remain. Of each, the image it has
    met, times the gradients.

    Args:
        x: What was convolved, [N,H,W,C].
        gradients: By what came out, [N,H/stride,W/stride,F].
        size: Of the kernel, divisible by the stride.
        stride: Of the convolution.

    Returns:
        [size,size,C,F].
    """
    _, height, width, fmaps = gradients.shape
    channels, places = x.shape[-1], size // stride
    margin = (size - stride) // 2
    x = ops.pad(x, [[0, 0], [margin, margin], [margin, margin], [0, 0]])
    x = _join_blocks(x, stride)
    gradients = ops.reshape(gradients, (-1, fmaps))
    products = []
    for i in range(places):
        for j in range(places):
            met = x[:, i : i + height, j : j + width]
            met = ops.reshape(met, (-1, stride**2 * channels))
            products.append(ops.matmul(ops.transpose(met), gradients))
    parts = ops.reshape(
        ops.stack(products), (places, places, stride, stride, channels * fmaps)
    )
    parts = ops.transpose(parts, (0, 2, 1, 3, 4))
    return ops.reshape(parts, (size, size, channels, fmaps))


def _join_blocks(x: Tensor, size: int) -> Tensor:
    """[N,H,W,C] to [N,H/size,W/size,size*size*C]."""
    _, height, width, channels = x.shape
    height, width = height // size, width // size
    x = ops.reshape(x, (-1, height, size, width, size, channels))
    x = ops.transpose(x, (0, 1, 3, 2, 4, 5))
    return ops.reshape(x, (-1, height, width, size**2 * channels))


def conv_downscale2d(x: Tensor, kernel: Tensor) -> Tensor:
    """A 3x3 convolution and then 2x2 means, as one convolution of stride 2.

    It meets the means of all 2x2 neighbours, in place of the 2x2 means of
    what it makes: 9 products for four pixels of a map, where one with the sum
    of four shifted kernels has 16, and one ahead of the scaling 36.

    Args:
        x: [N,H,W,C]; H and W even.
        kernel: [3,3,C,F].

    Returns:
        [N,H/2,W/2,F].
    """
    means = mean_neighbours(x, margin=1)
    return ops.conv(means, kernel, strides=2, padding="valid")


def upscale_conv2d(x: Tensor, kernel: Tensor) -> Tensor:
    """Nearest-neighbour doubling and then a 3x3 convolution, as one.

    A transposed convolution of stride 2, and then 4 times the means of all
    2x2 neighbours: as in `conv_downscale2d`, 9 products for four pixels.

    Args:
        x: [N,H,W,C].
        kernel: [3,3,C,F].

    Returns:
        [N,2H,2W,F].
    """
    # It scatters: next to a convolution its kernel is turned by 180 degrees.
    turned = ops.transpose(ops.flip(4 * kernel, (0, 1)), (0, 1, 3, 2))
    spread = ops.conv_transpose(x, turned, strides=2, padding="valid")
    return mean_neighbours(spread, margin=0)


def mean_neighbours(x: Tensor, margin: int) -> Tensor:
    """Means of all 2x2 neighbours; each pixel is in four of them.

    Args:
        x: [N,H,W,C].
        margin: Pixels of zeros to put around it first, 0 or 1. The gradient
            of the one is the other.

    Returns:
        [N,H-1,W-1,C], or [N,H+1,W+1,C] with a margin.
    """

    @ops.custom_gradient
    def average(x: Tensor) -> tuple[Tensor, Any]:
        def backward(*args: Tensor, upstream: Tensor = None) -> Tensor:
            return mean_neighbours(
                operations.the_one(args, upstream), 1 - margin
            )

        if margin:
            x = ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
        return ops.average_pool(x, 2, strides=1, padding="valid"), backward

    return average(x)
