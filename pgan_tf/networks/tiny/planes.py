"""Mathematics of images with few maps: planes of many images, [C,H,W,N].

Images stand side by side in memory, so that a CPU works on 8 or 16 of them at
once however few maps there are.
"""

from typing import Any

from keras import ops

from pgan_tf.networks import operations

Tensor = Any


def from_images(images: Tensor) -> Tensor:
    """[N,H,W,C] to [C,H,W,N]."""
    return ops.transpose(images, (3, 1, 2, 0))


def to_images(planes: Tensor) -> Tensor:
    """[C,H,W,N] to [N,H,W,C]."""
    return ops.transpose(planes, (3, 1, 2, 0))


def per_map(vector: Tensor, x: Tensor) -> Tensor:
    """[C] to the shape of x, [C,H,W,N], for sums and products with it."""

    @ops.custom_gradient
    def spread(vector: Tensor) -> tuple[Tensor, Any]:
        def backward(*args: Tensor, upstream: Tensor = None) -> Tensor:
            return map_sums(operations.the_one(args, upstream))

        column = ops.reshape(vector, (-1, 1, 1, 1))
        return ops.broadcast_to(column, ops.shape(x)), backward

    return spread(ops.copy(vector))


def map_sums(x: Tensor) -> Tensor:
    """The sum of each map over pixels and images, [C].

    The pixels as a product of matrices with ones: XLA would add them up number
    by number, which takes four times as long.
    """

    @ops.custom_gradient
    def add_up(x: Tensor) -> tuple[Tensor, Any]:
        def backward(*args: Tensor, upstream: Tensor = None) -> Tensor:
            return per_map(operations.the_one(args, upstream), x)

        rows = ops.reshape(x, (x.shape[0], -1, ops.shape(x)[-1]))
        ones = ops.ones((x.shape[0], 1, rows.shape[1]), dtype=x.dtype)
        return ops.sum(ops.matmul(ones, rows), axis=(1, 2)), backward

    return add_up(x)


def halve(x: Tensor) -> Tensor:
    """Each 2x2 block of pixels becomes its mean: [C,H,W,N] to [C,H/2,W/2,N]."""
    rows = x[:, ::2] + x[:, 1::2]
    return 0.25 * (rows[:, :, ::2] + rows[:, :, 1::2])


def double(x: Tensor) -> Tensor:
    """Each pixel becomes a 2x2 block: [C,H,W,N] to [C,2H,2W,N]."""
    return ops.repeat(ops.repeat(x, 2, axis=1), 2, axis=2)


def pixel_norm(x: Tensor, epsilon: float = 1e-8) -> Tensor:
    """`operations.pixel_norm` of [C,...]: unit mean square over the maps."""
    squares = ops.square(operations.at_least_float32(x))
    mean_square = ops.mean(squares, axis=0, keepdims=True)
    return x * ops.cast(ops.rsqrt(mean_square + epsilon), x.dtype)


def minibatch_stddev(x: Tensor) -> Tensor:
    """Appends a plane of how much a minibatch varies, [C+1,H,W,N].

    The standard deviation over all images, of each map and pixel, averaged to
    one number (Karras et al. 2018, section 3, without groups).
    """
    y = operations.at_least_float32(x)
    centred = y - ops.mean(y, axis=-1, keepdims=True)
    variance = ops.mean(ops.square(centred), axis=-1)
    stddev = ops.mean(ops.sqrt(variance + 1e-8))
    plane = ops.zeros_like(x[:1]) + ops.cast(stddev, x.dtype)
    return ops.concatenate([x, plane], axis=0)
