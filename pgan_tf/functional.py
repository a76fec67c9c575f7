"""Stateless tensor functions of the progressive networks.

Images and activations are channels-last, [N,H,W,C]. All runs on each of Keras'
backends; TensorFlow has one operation of its own in place of three.
"""

import math
from typing import Any

import keras
from keras import ops

Tensor = Any


def lerp(a: Tensor, b: Tensor, t: Tensor) -> Tensor:
    """Linear interpolation: a at t = 0, b at t = 1; t is not clipped."""
    return a + (b - a) * t


def leaky_relu(x: Tensor, slope: float = 0.2) -> Tensor:
    """max(x, slope x), with the paper's slope (appendix A).

    Its gradient looks at what comes out, of the same sign as what goes in. So
    nothing but a bias and a convolution before needs what goes in: TensorFlow
    makes one operation of the three, and does not keep it.
    """

    @ops.custom_gradient
    def activate(x: Tensor) -> tuple[Tensor, Any]:
        y = ops.leaky_relu(x, negative_slope=slope)

        def backward(*args: Tensor, upstream: Tensor = None) -> Tensor:
            return _gate(_the_one(args, upstream), y, slope)

        return y, backward

    return activate(x)


def _gate(gradients: Tensor, y: Tensor, slope: float) -> Tensor:
    """The gradients where y > 0, slope times them elsewhere."""

    @ops.custom_gradient
    def gate(gradients: Tensor) -> tuple[Tensor, Any]:
        def backward(*args: Tensor, upstream: Tensor = None) -> Tensor:
            return _gate(_the_one(args, upstream), y, slope)

        if keras.backend.backend() != "tensorflow":
            return ops.where(y > 0, gradients, slope * gradients), backward
        # One operation in place of three.
        import tensorflow as tf

        gated = tf.raw_ops.LeakyReluGrad(
            gradients=gradients, features=y, alpha=slope
        )
        return gated, backward

    return gate(gradients)


def add_bias(x: Tensor, bias: Tensor) -> Tensor:
    """x + bias, of which the gradient is summed in two steps.

    First over the pixels of each image, then over the images: twice as fast
    as at once.

    Args:
        x: [N,H,W,C] or [N,C].
        bias: [C].
    """

    @ops.custom_gradient
    def add(x: Tensor, bias: Tensor) -> tuple[Tensor, Any]:
        def backward(
            *args: Tensor, upstream: Tensor = None
        ) -> tuple[Tensor, Tensor]:
            gradients = _the_one(args, upstream)
            size = math.prod(x.shape[1:-1])
            pixels = ops.reshape(gradients, (-1, size, x.shape[-1]))
            return gradients, ops.sum(ops.sum(pixels, axis=1), axis=0)

        return x + bias, backward

    # A copy, since a variable may not enter.
    return add(x, ops.copy(bias))


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
    if not _is_slow_by_kernel(kernel, x.shape[1], stride):
        return ops.conv(x, kernel, strides=stride, padding="same")

    @ops.custom_gradient
    def convolve(x: Tensor, kernel: Tensor) -> tuple[Tensor, Any]:
        def backward(
            *args: Tensor, upstream: Tensor = None
        ) -> tuple[Tensor, Tensor]:
            gradients = _the_one(args, upstream)
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
    if not _is_slow_by_kernel(kernel, x.shape[1], 1):
        return ops.conv_transpose(x, kernel, strides=stride, padding="same")

    @ops.custom_gradient
    def convolve(x: Tensor, kernel: Tensor) -> tuple[Tensor, Any]:
        def backward(
            *args: Tensor, upstream: Tensor = None
        ) -> tuple[Tensor, Tensor]:
            gradients = _the_one(args, upstream)
            by_kernel = kernel_gradient(gradients, x, kernel.shape[0], stride)
            return conv2d(gradients, kernel, stride), by_kernel

        y = ops.conv_transpose(x, kernel, strides=stride, padding="same")
        return y, backward

    return convolve(x, kernel)


def _is_slow_by_kernel(kernel: Tensor, height: int | None, stride: int) -> bool:
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
            return mean_neighbours(_the_one(args, upstream), 1 - margin)

        if margin:
            x = ops.pad(x, [[0, 0], [1, 1], [1, 1], [0, 0]])
        return ops.average_pool(x, 2, strides=1, padding="valid"), backward

    return average(x)


def _the_one(args: tuple[Tensor, ...], upstream: Tensor) -> Tensor:
    """The gradient that Keras hands over, by position or by this name."""
    return args[0] if upstream is None else upstream


def at_least_float32(x: Tensor) -> Tensor:
    """Lifts float16 and bfloat16 to float32; leaves other types alone."""
    half = keras.backend.standardize_dtype(x.dtype) in ("float16", "bfloat16")
    return ops.cast(x, "float32") if half else x


def upscale2d(x: Tensor, factor: int = 2) -> Tensor:
    """Nearest-neighbour upscaling: each pixel becomes factor x factor."""
    if factor == 1:
        return x
    _, height, width, channels = x.shape

    @ops.custom_gradient
    def repeat(x: Tensor) -> tuple[Tensor, Any]:
        def backward(*args: Tensor, upstream: Tensor = None) -> Tensor:
            gradients = _the_one(args, upstream)
            return factor**2 * downscale2d(gradients, factor)

        # Side by side in memory are first a pixel's copies, then a row's.
        pixels = ops.concatenate([x] * factor, axis=-1)
        rows = ops.reshape(pixels, (-1, height, width * factor * channels))
        rows = ops.concatenate([rows] * factor, axis=-1)
        shape = (-1, height * factor, width * factor, channels)
        return ops.reshape(rows, shape), backward

    return repeat(x)


def downscale2d(x: Tensor, factor: int = 2) -> Tensor:
    """Box downscaling: each factor x factor block becomes its mean."""
    if factor == 1:
        return x

    @ops.custom_gradient
    def average(x: Tensor) -> tuple[Tensor, Any]:
        def backward(*args: Tensor, upstream: Tensor = None) -> Tensor:
            gradients = _the_one(args, upstream)
            return upscale2d(gradients / factor**2, factor)

        y = ops.average_pool(x, factor, strides=factor, padding="valid")
        return y, backward

    return average(x)


def pixel_norm(x: Tensor, epsilon: float = 1e-8) -> Tensor:
    """Scales each pixel's feature vector to unit mean square.

    y = x / sqrt(mean(x^2 over channels) + epsilon). Karras et al. 2018,
    section 4.2.

    Args:
        x: Activations [N,H,W,C] or latents [N,C], any range.
        epsilon: Keeps a zero vector finite.

    Returns:
        Same shape and dtype; root mean square over channels close to 1. The
        mean is taken in float32, where squares do not overflow.
    """

    @ops.custom_gradient
    def normalize(x: Tensor) -> tuple[Tensor, Any]:
        squares = ops.square(at_least_float32(x))
        mean_square = ops.mean(squares, axis=-1, keepdims=True)
        scale = ops.cast(ops.rsqrt(mean_square + epsilon), x.dtype)
        y = x * scale

        def backward(*args: Tensor, upstream: Tensor = None) -> Tensor:
            # In terms of y, which the next layer keeps anyway.
            gradients = _the_one(args, upstream)
            products = at_least_float32(gradients * y)
            radial = ops.mean(products, axis=-1, keepdims=True)
            return scale * (gradients - y * ops.cast(radial, x.dtype))

        return y, backward

    return normalize(x)


def minibatch_stddev(x: Tensor, group_size: int = 4) -> Tensor:
    """Appends a channel that tells D how much its minibatch varies.

    The batch is split into groups; of each group the standard deviation over
    its members is taken per feature and pixel, averaged to one number, and
    that number fills the new, last channel of the group's members. Karras et
    al. 2018, section 3, in the grouped form of the reference code. Groups are
    strided, not consecutive: with M groups, sample n belongs to group n mod M.

    Args:
        x: Activations [N,H,W,C].
        group_size: Samples per group; min(group_size, N) must divide N.

    Returns:
        [N,H,W,C+1] of the same dtype. The statistics are taken in float32.

    Raises:
        ValueError: If the batch does not split into groups of equal size.
    """
    count = ops.shape(x)[0]
    _, height, width, channels = x.shape
    if isinstance(count, int):
        group_size = min(group_size, count)
        if count % group_size:
            raise ValueError(
                f"minibatch of {count} does not split into groups of "
                f"{group_size} (mbstd_group_size)"
            )
    else:
        group_size = ops.minimum(group_size, count)
    y = ops.reshape(x, (group_size, -1, height, width, channels))
    y = at_least_float32(y)  # [G,M,H,W,C]
    variance = ops.mean(
        ops.square(y - ops.mean(y, axis=0, keepdims=True)), axis=0
    )
    stddev = ops.mean(ops.sqrt(variance + 1e-8), axis=(1, 2, 3))  # [M]
    stddev = ops.tile(ops.cast(stddev, x.dtype), (group_size,))  # [N]
    stddev = ops.broadcast_to(
        ops.reshape(stddev, (-1, 1, 1, 1)), (count, height, width, 1)
    )
    return ops.concatenate([x, stddev], axis=-1)


def split_groups(x: Tensor, group_size: int, parts: int) -> Tensor:
    """Splits a batch so that groups of `minibatch_stddev` stay together.

    Args:
        x: [N,...]. N is a multiple of parts, and N / parts one of the size of
            groups, min(group_size, N).
        group_size: As in `minibatch_stddev`.
        parts: How many.

    Returns:
        [parts,N/parts,...].
    """
    count, *shape = x.shape
    group_size = min(group_size, count)
    members = count // parts // group_size
    x = ops.reshape(x, (group_size, parts, members, *shape))
    x = ops.moveaxis(x, 1, 0)
    return ops.reshape(x, (parts, group_size * members, *shape))


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
    blurred = upscale2d(downscale2d(reals))
    return lerp(blurred, reals, alpha)
