"""Convolutions of planes with few maps, [C,H,W,N], and their gradients.

They are products of small matrices with large ones, or loops over few maps.
Compiled by XLA, a step of training takes less than half of its time on
[N,H,W,C]; without, they are merely right.

Loops are also what XLA does not look into: without them it computes each pixel
anew for all nine places of a kernel that meet it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from pgan_tf.networks import operations

Tensor = Any
# Convolutions of up to so many maps are loops over what comes out.
_FEW = 4
# From so many maps on it does not matter which of two is copied.
_MANY = 32


def convolve(x: Tensor, kernel: Tensor, margin: int) -> Tensor:
    """A convolution, as networks have it, with zeros around.

    Args:
        x: [C,H,W,N].
        kernel: [S,S,C,F].
        margin: Of zeros on each side, less than S.

    Returns:
        [F,H+2*margin-S+1,W+2*margin-S+1,N].
    """

    @ops.custom_gradient
    def compute(x: Tensor, kernel: Tensor) -> tuple[Tensor, Any]:
        size = kernel.shape[0]

        def backward(
            *args: Tensor, upstream: Tensor = None
        ) -> tuple[Tensor, Tensor]:
            gradients = operations.the_one(args, upstream)
            turned = _turned(kernel)
            return (
                convolve(gradients, turned, size - 1 - margin),
                correlate(x, gradients, size, margin),
            )

        if size > 1 and kernel.shape[2] <= _FEW:
            return _map_by_map(_framed(x, margin), kernel), backward
        return _shifted_products(x, kernel, margin), backward

    return compute(x, kernel)


def correlate(x: Tensor, gradients: Tensor, size: int, margin: int) -> Tensor:
    """The gradient of `convolve` by its kernel, [size,size,C,F].

    Args:
        x: What was convolved, [C,H,W,N].
        gradients: By what came out, [F,h,w,N].
        size: Of the kernel.
        margin: As of `convolve`.
    """

    @ops.custom_gradient
    def compute(x: Tensor, gradients: Tensor) -> tuple[Tensor, Any]:
        def backward(
            *args: Tensor, upstream: Tensor = None
        ) -> tuple[Tensor, Tensor]:
            by_kernel = operations.the_one(args, upstream)
            turned = _turned(by_kernel)
            return (
                convolve(gradients, turned, size - 1 - margin),
                convolve(x, by_kernel, margin),
            )

        if x.shape[0] < min(gradients.shape[0], _MANY):
            return _products(_framed(x, margin), gradients, size), backward
        # The same with the roles exchanged, which comes out turned.
        framed = _framed(gradients, size - 1 - margin)
        return _turned(_products(framed, x, size)), backward

    return compute(x, gradients)


def _framed(x: Tensor, margin: int) -> Tensor:
    """Zeros around the pixels of each plane."""
    frame = [margin, margin]
    return ops.pad(x, [[0, 0], frame, frame, [0, 0]]) if margin else x


def _turned(kernel: Tensor) -> Tensor:
    """By 180 degrees, inputs and outputs exchanged."""
    return ops.transpose(ops.flip(kernel, (0, 1)), (0, 1, 3, 2))


def _places(size: int) -> list[tuple[int, int]]:
    return [(i, j) for i in range(size) for j in range(size)]


def _map_by_map(x: Tensor, kernel: Tensor) -> Tensor:
    """A convolution without margin, in a loop over the maps that come out.

    XLA makes of each turn one pass over the pixels.
    """
    size, _, channels, fmaps = kernel.shape
    height, width = (n - size + 1 for n in x.shape[1:3])
    # No gradient goes through the loop: who calls has one of his own.
    x = ops.stop_gradient(x)
    kernels = ops.stop_gradient(ops.transpose(kernel, (3, 0, 1, 2)))

    def add_map(f: Tensor, maps: Tensor) -> tuple[Tensor, Tensor]:
        weights = ops.slice(kernels, (f, 0, 0, 0), (1, size, size, channels))
        total: Tensor = 0.0
        for i, j in _places(size):
            for c in range(channels):
                met = x[c : c + 1, i : i + height, j : j + width]
                total = total + weights[0, i, j, c] * met
        return f + 1, ops.slice_update(maps, (f, 0, 0, 0), total)

    maps = ops.zeros((fmaps, height, width, ops.shape(x)[-1]), dtype=x.dtype)
    return _repeated(add_map, fmaps, maps)


def _repeated(body: Callable[..., Any], turns: int, start: Tensor) -> Tensor:
    """What is left of it after turns 0, 1, ... of body(turn, it)."""
    return ops.while_loop(
        lambda turn, _: turn < turns, body, (ops.convert_to_tensor(0), start)
    )[1]


def _shifted_products(x: Tensor, kernel: Tensor, margin: int) -> Tensor:
    """A convolution as one product of matrices, and a sum of its shifts."""
    size, _, channels, fmaps = kernel.shape
    _, height, width, _ = x.shape
    taps = ops.reshape(ops.transpose(kernel, (0, 1, 3, 2)), (-1, channels))
    products = ops.matmul(taps, ops.reshape(x, (channels, -1)))
    products = ops.reshape(products, (size**2, fmaps, height, width, -1))
    height, width = (n + 2 * margin - size + 1 for n in (height, width))
    total: Tensor = 0.0
    for tap, (i, j) in enumerate(_places(size)):
        shifted = _framed(products[tap], margin)
        total = total + shifted[:, i : i + height, j : j + width]
    return total


def _products(x: Tensor, y: Tensor, size: int) -> Tensor:
    """Sums over pixels and images of shifted x times y, [size,size,C,F].

    Args:
        x: [C,h+size-1,w+size-1,N].
        y: [F,h,w,N].
        size: Shifts each way.
    """
    channels, fmaps = x.shape[0], y.shape[0]
    rows = ops.reshape(_shifts(x, size), (size**2 * channels, -1))
    columns = ops.transpose(ops.reshape(y, (fmaps, -1)))
    return ops.reshape(ops.matmul(rows, columns), (size, size, channels, fmaps))


def _shifts(x: Tensor, size: int) -> Tensor:
    """Planes without margin, of each place of a kernel: [size^2,C,h,w,N]."""
    channels, height, width, _ = x.shape
    shape = (channels, height - size + 1, width - size + 1, ops.shape(x)[-1])
    if channels > _FEW:
        return ops.stack(
            [x[:, i : i + shape[1], j : j + shape[2]] for i, j in _places(size)]
        )
    x = ops.stop_gradient(x)  # as in _map_by_map

    def add_shift(n: Tensor, shifts: Tensor) -> tuple[Tensor, Tensor]:
        one = ops.slice(x, (0, n // size, n % size, 0), shape)
        return n + 1, ops.slice_update(shifts, (n, 0, 0, 0, 0), one[None])

    start = ops.zeros((size**2, *shape), dtype=x.dtype)
    return _repeated(add_shift, size**2, start)


def double_and_convolve(x: Tensor, kernel: Tensor) -> Tensor:
    """`double` and then a 3x3 convolution with a margin, as one.

    Of each 2x2 block that comes out, every pixel sees 2x2 pixels of what goes
    in: a 2x2 convolution with four times the maps, 4 products in place of 9.

    Args:
        x: [C,H,W,N].
        kernel: [3,3,C,F].

    Returns:
        [F,2H,2W,N].
    """
    _, height, width, _ = x.shape
    *_, channels, fmaps = kernel.shape
    sums = ops.matmul(
        ops.convert_to_tensor(_SUMS, dtype=kernel.dtype),
        ops.reshape(kernel, (9, channels * fmaps)),
    )
    # Rows and columns of the 2x2 kernel, then those of the block.
    sums = ops.reshape(sums, (2, 2, 2, 2, channels, fmaps))
    sums = ops.transpose(sums, (0, 1, 4, 2, 3, 5))
    sums = ops.reshape(sums, (2, 2, channels, 4 * fmaps))
    blocks = convolve(x, sums, 1)
    blocks = ops.reshape(blocks, (2, 2, fmaps, height + 1, width + 1, -1))
    return _joined(blocks)


def _joined(blocks: Tensor) -> Tensor:
    """Pixels (a, b) of all 2x2 blocks, [2,2,F,H+1,W+1,N], to [F,2H,2W,N].

    Those of rows a begin with row a, those of columns b with column b.
    """

    @ops.custom_gradient
    def join(blocks: Tensor) -> tuple[Tensor, Any]:
        def backward(*args: Tensor, upstream: Tensor = None) -> Tensor:
            return _taken_apart(operations.the_one(args, upstream))

        height, width = (n - 1 for n in blocks.shape[3:5])
        rows = [
            ops.stack(
                [
                    blocks[a, b, :, a : a + height, b : b + width]
                    for b in (0, 1)
                ],
                axis=3,
            )
            for a in (0, 1)
        ]
        # [F,H,2,W,2,N].
        y = ops.stack(rows, axis=2)
        shape = (y.shape[0], 2 * height, 2 * width, ops.shape(y)[-1])
        return ops.reshape(y, shape), backward

    return join(blocks)


def _taken_apart(pixels: Tensor) -> Tensor:
    """The gradient of `_joined`, from [F,2H,2W,N], in a loop over (a, b)."""

    @ops.custom_gradient
    def take(pixels: Tensor) -> tuple[Tensor, Any]:
        def backward(*args: Tensor, upstream: Tensor = None) -> Tensor:
            return _joined(operations.the_one(args, upstream))

        fmaps, count = pixels.shape[0], ops.shape(pixels)[-1]
        height, width = (n // 2 for n in pixels.shape[1:3])
        split = ops.reshape(pixels, (fmaps, height, 2, width, 2, count))
        split = ops.stop_gradient(split)

        def add(n: Tensor, blocks: Tensor) -> tuple[Tensor, Tensor]:
            a, b = n // 2, n % 2
            one = ops.slice(
                split, (0, 0, a, 0, b, 0), (fmaps, height, 1, width, 1, count)
            )
            one = ops.reshape(one, (1, 1, fmaps, height, width, count))
            return n + 1, ops.slice_update(blocks, (a, b, 0, a, b, 0), one)

        shape = (2, 2, fmaps, height + 1, width + 1, count)
        return _repeated(add, 4, ops.zeros(shape, dtype=pixels.dtype)), backward

    return take(pixels)


def _sums_of_rows() -> np.ndarray:
    """Which rows of a 3x3 kernel meet the same row: [row met, of block, 3]."""
    sums = np.zeros((2, 2, 3))
    for of_block in (0, 1):
        for row in range(3):
            # The row above the block is row -1 of what is doubled.
            met = (of_block - 1 + row) // 2
            sums[met + 1 - of_block, of_block, row] = 1
    return sums


# Entry ((u,v,a,b), (i,j)): whether the 2x2 kernel of a block's pixel (a, b) has
# (i, j) of the 3x3 kernel in its entry (u, v).
_SUMS = np.einsum("uai,vbj->uvabij", _sums_of_rows(), _sums_of_rows()).reshape(
    16, 9
)
