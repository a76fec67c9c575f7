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
            return _gate(the_one(args, upstream), y, slope)

        return y, backward

    return activate(x)


def _gate(gradients: Tensor, y: Tensor, slope: float) -> Tensor:
    """The gradients where y > 0, slope times them elsewhere."""

    @ops.custom_gradient
    def gate(gradients: Tensor) -> tuple[Tensor, Any]:
        def backward(*args: Tensor, upstream: Tensor = None) -> Tensor:
            return _gate(the_one(args, upstream), y, slope)

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
            gradients = the_one(args, upstream)
            size = math.prod(x.shape[1:-1])
            pixels = ops.reshape(gradients, (-1, size, x.shape[-1]))
            return gradients, ops.sum(ops.sum(pixels, axis=1), axis=0)

        return x + bias, backward

    # A copy, since a variable may not enter.
    return add(x, ops.copy(bias))


def the_one(args: tuple[Tensor, ...], upstream: Tensor) -> Tensor:
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
            gradients = the_one(args, upstream)
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
            gradients = the_one(args, upstream)
            return upscale2d(gradients / factor**2, factor)

        y = ops.average_pool(x, factor, strides=factor, padding="valid")
        return y, backward

    return average(x)


def pixel_norm(x: Tensor, epsilon: float = 1e-8, form: str = "mean") -> Tensor:
    """Scales each pixel's feature vector to unit mean square.

    y = x / sqrt(mean(x^2 over channels) + epsilon). Karras et al. 2018,
    section 4.2.

    Args:
        x: Activations [N,H,W,C] or latents [N,C], any range.
        epsilon: Keeps a zero vector finite.
        form: "mean" as above; of other programs, "root":
            x / (sqrt(mean(x^2)) + epsilon), and "sum":
            x / sqrt(sum(x^2) + epsilon).

    Returns:
        Same shape and dtype; root mean square over channels close to 1, of
        "sum" the length. The mean is taken in float32, where squares do not
        overflow.
    """
    if form != "mean":
        squares = ops.square(at_least_float32(x))
        if form == "root":
            mean_square = ops.mean(squares, axis=-1, keepdims=True)
            return x / ops.cast(ops.sqrt(mean_square) + epsilon, x.dtype)
        length = ops.sqrt(ops.sum(squares, axis=-1, keepdims=True) + epsilon)
        return x / ops.cast(length, x.dtype)

    @ops.custom_gradient
    def normalize(x: Tensor) -> tuple[Tensor, Any]:
        squares = ops.square(at_least_float32(x))
        mean_square = ops.mean(squares, axis=-1, keepdims=True)
        scale = ops.cast(ops.rsqrt(mean_square + epsilon), x.dtype)
        y = x * scale

        def backward(*args: Tensor, upstream: Tensor = None) -> Tensor:
            # In terms of y, which the next layer keeps anyway.
            gradients = the_one(args, upstream)
            products = at_least_float32(gradients * y)
            radial = ops.mean(products, axis=-1, keepdims=True)
            return scale * (gradients - y * ops.cast(radial, x.dtype))

        return y, backward

    return normalize(x)


def minibatch_stddev(
    x: Tensor, group_size: int = 4, form: str = "groups"
) -> Tensor:
    """Appends a channel that tells D how much its minibatch varies.

    The batch is split into groups; of each group the standard deviation over
    its members is taken per feature and pixel, averaged to one number, and
    that number fills the new, last channel of the group's members. Karras et
    al. 2018, section 3, in the grouped form of the reference code. Groups are
    strided, not consecutive: with M groups, sample n belongs to group n mod M.

    Args:
        x: Activations [N,H,W,C].
        group_size: Samples per group; min(group_size, N) must divide N.
        form: "groups" as above; of other programs, "consecutive": groups of
            neighbours, or one of all where N does not split, with the
            unbiased variance; "whole": one group of all; "map": the same, its
            means taken over channels alone, one for each pixel.

    Returns:
        [N,H,W,C+1] of the same dtype. The statistics are taken in float32.

    Raises:
        ValueError: If the batch does not split into groups of equal size.
    """
    if form != "groups":
        return _other_stddev(x, group_size, form)
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


def _other_stddev(x: Tensor, group_size: int, form: str) -> Tensor:
    """`minibatch_stddev` of other programs' forms."""
    count = ops.shape(x)[0]
    _, height, width, channels = x.shape
    is_consecutive = form == "consecutive"
    if not is_consecutive or (isinstance(count, int) and count % group_size):
        group_size = count
    y = at_least_float32(x)
    y = ops.reshape(y, (-1, group_size, height, width, channels))
    squares = ops.square(y - ops.mean(y, axis=1, keepdims=True))
    fewer = 1 if is_consecutive else 0
    # A group of one does not vary; its one degree of freedom is none.
    variance = ops.sum(squares, axis=1, keepdims=True) / ops.cast(
        ops.maximum(group_size - fewer, 1), squares.dtype
    )
    axes = -1 if form == "map" else (2, 3, 4)
    stddev = ops.sqrt(variance + 1e-8)
    if is_consecutive:
        stddev = ops.where(ops.equal(group_size, 1), 0.0, stddev)
    stddev = ops.mean(stddev, axis=axes, keepdims=True)  # [M,1,H or 1,..,1]
    stddev = ops.broadcast_to(
        stddev, (ops.shape(stddev)[0], group_size, height, width, 1)
    )
    stddev = ops.reshape(stddev, (-1, height, width, 1))
    return ops.concatenate([x, ops.cast(stddev, x.dtype)], axis=-1)


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
