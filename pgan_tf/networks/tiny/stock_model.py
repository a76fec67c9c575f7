"""A tiny generator as a functional model of Keras' own layers.

As of the progressive networks: it needs nothing of this package. What batch
normalisation has gathered is multiplied into the weights.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from pgan_tf.base import resolutions
from pgan_tf.networks.tiny.generator import SLOPE, TinyGenerator

Tensor = Any


def build(
    network: TinyGenerator, lod: float | None = None, uint8: bool = False
) -> keras.Model:
    """Makes the model.

    Args:
        network: Whose function it becomes.
        lod: Where in its growth; None: the network's own.
        uint8: Images as pixels 0..255 instead of floats.

    Returns:
        A model from {"latents": [N,latent_size]} to {"images": [N,R,R,C]}, R
        being the final resolution.

    Raises:
        ValueError: If the network has no such lod.
    """
    resolution, alpha = resolutions.split(
        network.lod if lod is None else lod, network.resolution
    )
    latents = keras.Input((network.latent_size,), name="latents")
    x = keras.layers.RMSNormalization(epsilon=1e-8)(latents)
    images = _images(network, x, resolution, alpha)
    if resolution < network.resolution:
        factor = network.resolution // resolution
        images = keras.layers.UpSampling2D(factor)(images)
    if uint8:
        # Before rounding, as converters clip whole numbers badly.
        images = ops.clip(images * 127.5 + 127.5, 0, 255)
        images = ops.cast(ops.round(images), "uint8")
    return keras.Model(
        {"latents": latents}, {"images": images}, name="generator"
    )


def _images(
    network: TinyGenerator, x: Tensor, resolution: int, alpha: float | None
) -> Tensor:
    """Images [N,resolution,resolution,C] of latents [N,C]."""
    top = network.index_of(resolution, alpha is not None)
    lower = None
    for i in range(top + 1):
        if i == top and alpha is not None and top:
            lower = _to_rgb(network, resolution // 2, x)
        x = _block(network, i, x)
    image = _to_rgb(network, resolution, x)
    if lower is not None:
        lower = keras.layers.UpSampling2D(2)(lower)
        image = lower + (image - lower) * float(alpha or 0)
    return keras.layers.Activation("tanh")(image)


def _block(network: TinyGenerator, i: int, x: Tensor) -> Tensor:
    """A resolution's convolution with what follows it."""
    layer = network.convolutions[i]
    kernel = np.asarray(layer.scaled_kernel())
    bias = np.zeros(layer.filters) if network.batch_norm else layer.bias
    if network.batch_norm:
        factor, bias = map(np.asarray, network.norms[i].factor_and_shift())
        kernel = kernel * factor
    if i == 0:
        x = keras.layers.Reshape((1, 1, -1))(x)
        x = keras.layers.ZeroPadding2D(3)(x)
        x = _convolution(x, kernel, bias, "valid", layer.name)
    else:
        x = keras.layers.UpSampling2D(2)(x)
        x = _convolution(x, kernel, bias, "same", layer.name)
    x = keras.layers.LeakyReLU(SLOPE, name=f"{layer.name}_relu")(x)
    if network.batch_norm:
        return x
    return keras.layers.RMSNormalization(
        epsilon=1e-8, name=f"{layer.name}_norm"
    )(x)


def _to_rgb(network: TinyGenerator, resolution: int, x: Tensor) -> Tensor:
    layer = network.to_rgb[str(resolution)]
    kernel = layer.scaled_kernel()
    return _convolution(x, kernel, layer.bias, "same", layer.name)


def _convolution(
    x: Tensor, kernel: Any, bias: Any, padding: str, name: str
) -> Tensor:
    """A layer of Keras' with these weights."""
    size, _, _, filters = kernel.shape
    stock = keras.layers.Conv2D(filters, size, padding=padding, name=name)
    x = stock(x)
    stock.set_weights([np.asarray(kernel), np.asarray(bias)])
    return x
