"""Keras layers of the tiny networks, on planes [C,H,W,N].

The last axis is the images, unlike in most of Keras: see `planes`.
"""

from typing import Any

import keras
from keras import ops

from pgan_tf.networks import layers, operations
from pgan_tf.networks.tiny import convolutions, planes

Tensor = Any
# Lasagne's, with which the published numbers were made.
_EPSILON = 1e-4
_MOMENTUM = 0.9


class Convolution(layers.Equalized):
    """A convolution that keeps the size of the planes.

    Args:
        filters: Output feature maps.
        kernel_size: 1 or 3.
        gain, use_wscale: As of `Equalized`.
        use_bias: False ahead of a batch normalisation.
        kwargs: Name and dtype.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        gain: float = layers.HE_GAIN,
        use_wscale: bool = True,
        use_bias: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(gain, use_wscale, **kwargs)
        self.filters = filters
        self.kernel_size = kernel_size
        self.use_bias = use_bias

    def build(self, channels: int) -> None:
        """Makes the weights, for so many input maps."""
        size = self.kernel_size
        shape = (size, size, channels, self.filters)
        self._add_weights(shape, self.filters if self.use_bias else 0)
        self.built = True

    def call(self, x: Tensor) -> Tensor:
        """[C,H,W,N] to [filters,H,W,N]."""
        return self._shifted(self._convolve(x, self.scaled_kernel()))

    def _convolve(self, x: Tensor, kernel: Tensor) -> Tensor:
        return convolutions.convolve(x, kernel, self.kernel_size // 2)

    def _shifted(self, x: Tensor) -> Tensor:
        return x + planes.per_map(self.bias, x) if self.use_bias else x


class DoublingConvolution(Convolution):
    """Nearest-neighbour doubling, and then the convolution."""

    def _convolve(self, x: Tensor, kernel: Tensor) -> Tensor:
        return convolutions.double_and_convolve(x, kernel)


class FromLatents(Convolution):
    """A 4x4 convolution of a 1x1 image with a margin of 3 zeros: 4x4 pixels.

    Each pixel has a matrix of its own. As in any 4x4 convolution He's constant
    is that of 16 inputs per map.
    """

    def call(self, x: Tensor) -> Tensor:
        """[C,N] to [filters,4,4,N]."""
        y = ops.matmul(self.matrix(), x)
        return self._shifted(ops.reshape(y, (self.filters, 4, 4, -1)))

    def matrix(self) -> Tensor:
        """[filters*16,C]: what a latent is multiplied with."""
        # A convolution meets the one pixel with its kernel turned around.
        kernel = ops.flip(self.scaled_kernel(), (0, 1))
        kernel = ops.transpose(kernel, (3, 0, 1, 2))
        return ops.reshape(kernel, (self.filters * 16, -1))


class Score(layers.Equalized):
    """A dense layer from planes to one number for each image.

    Args:
        use_wscale: As of `Equalized`.
        kwargs: Name and dtype.
    """

    def __init__(self, use_wscale: bool = True, **kwargs: Any) -> None:
        super().__init__(1.0, use_wscale, **kwargs)

    def build(self, size: int) -> None:
        """Makes the weights, for so many numbers per image."""
        self._add_weights((size, 1), 1)
        self.built = True

    def call(self, x: Tensor) -> Tensor:
        """[C,H,W,N] to [N,1]."""
        size = self.kernel.shape[0]
        numbers = ops.transpose(ops.reshape(x, (size, -1)))
        return ops.matmul(numbers, self.scaled_kernel()) + self.bias


class BatchNorm(keras.layers.Layer):
    """Batch normalisation of planes (Ioffe & Szegedy 2015), as Lasagne has it.

    Args:
        moving: Whether it gathers moving averages, for calls that are not of
            training. Without, it always takes the statistics of the images
            at hand.
        kwargs: Name and dtype.
    """

    def __init__(self, moving: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.moving = moving

    def build(self, channels: int) -> None:
        """Makes the weights, for so many maps."""
        shape = (channels,)
        self.gamma = self.add_weight(
            name="gamma", shape=shape, initializer="ones"
        )
        self.beta = self.add_weight(
            name="beta", shape=shape, initializer="zeros"
        )
        if self.moving:
            self.moving_mean = self.add_weight(
                name="moving_mean",
                shape=shape,
                initializer="zeros",
                trainable=False,
            )
            self.moving_variance = self.add_weight(
                name="moving_variance",
                shape=shape,
                initializer="ones",
                trainable=False,
            )
        self.built = True

    def call(self, x: Tensor, training: bool = False) -> Tensor:
        """[C,H,W,N] of the same shape, mean beta and deviation gamma."""
        y = operations.at_least_float32(x)
        if training or not self.moving:
            count = ops.cast(ops.size(y[0]), y.dtype)
            mean = planes.map_sums(y) / count
            centred = y - planes.per_map(mean, y)
            variance = planes.map_sums(ops.square(centred)) / count
            if self.moving:
                self._gather(mean, variance)
        else:
            mean, variance = self.moving_mean, self.moving_variance
            centred = y - planes.per_map(mean, y)
        scale = self.gamma * ops.rsqrt(variance + _EPSILON)
        y = centred * planes.per_map(scale, y) + planes.per_map(self.beta, y)
        return ops.cast(y, x.dtype)

    def _gather(self, mean: Tensor, variance: Tensor) -> None:
        for average, new in (
            (self.moving_mean, mean),
            (self.moving_variance, variance),
        ):
            average.assign(_MOMENTUM * average + (1.0 - _MOMENTUM) * new)

    def factor_and_shift(self) -> tuple[Tensor, Tensor]:
        """[C] each: with moving averages it is x * factor + shift."""
        factor = self.gamma * ops.rsqrt(self.moving_variance + _EPSILON)
        return factor, self.beta - self.moving_mean * factor
