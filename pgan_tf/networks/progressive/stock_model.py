"""A generator as a functional model of Keras' own layers.

It needs nothing of this package, so that it loads wherever Keras does, and
every converter understands it. He's constants are multiplied into its
weights, its stage of growth is fixed, and it computes in float32.
"""

from typing import Any

import keras
import numpy as np
from keras import ops

from pgan_tf.base import resolutions
from pgan_tf.networks.progressive import layout as layouts
from pgan_tf.networks.progressive.generator import Generator

Tensor = Any


def build(
    network: Generator, lod: float | None = None, uint8: bool = False
) -> keras.Model:
    """Makes the model.

    Args:
        network: Whose function it becomes.
        lod: Where in its growth; None: the network's own.
        uint8: Images as pixels 0..255 instead of floats.

    Returns:
        A model from {"latents": [N,latent_size]} and, if the network takes
        labels, "labels": [N,label_size] beside them, to {"images":
        [N,R,R,C]}, R being the final resolution.

    Raises:
        ValueError: If the network has no such lod.
    """
    resolution, alpha = resolutions.split(
        network.lod if lod is None else lod, network.resolution
    )
    latents = keras.Input((network.latent_size,), name="latents")
    inputs = {"latents": latents}
    x = latents
    if network.label_size:
        labels = keras.Input((network.label_size,), name="labels")
        inputs["labels"] = labels
        x = keras.layers.Concatenate()([latents, labels])
    if network.normalize_latents:
        x = _normed(network.latent_norm, x)
    images = _images(network, x, resolution, alpha)
    if resolution < network.resolution:
        images = keras.layers.UpSampling2D(network.resolution // resolution)(
            images
        )
    if uint8:
        # Before rounding, as converters clip whole numbers badly.
        images = ops.clip(images * 127.5 + 127.5, 0, 255)
        images = ops.cast(ops.round(images), "uint8")
    return keras.Model(inputs, {"images": images}, name="generator")


def _images(
    network: Generator, x: Tensor, resolution: int, alpha: float | None
) -> Tensor:
    """Images [N,resolution,resolution,C] of latents [N,C]."""
    top = network.resolutions.index(resolution)
    lower = None
    for i in range(top + 1):
        if i == top and alpha is not None:
            lower = _convolution(network.to_rgb[i - 1], x)
        x = _first_layer(network, i, x)
        x = _after(network, i, "conv0", x)
        x = _convolution(network.conv1[i], x)
        x = _after(network, i, "conv1", x)
    tanh = layouts.BY_NAME[network.layout].tanh
    image = _convolution(network.to_rgb[top], x)
    if lower is not None:
        lower = keras.layers.UpSampling2D(2)(lower)
        if tanh == "each":
            lower, image = ops.tanh(lower), ops.tanh(image)
            tanh = ""
        image = lower + (image - lower) * float(alpha or 0)
    return ops.tanh(image) if tanh else image


def _first_layer(network: Generator, i: int, x: Tensor) -> Tensor:
    """The layer from latents to 4x4, or from one resolution to the next."""
    layer = network.conv0[i]
    if i == 0:
        return _dense(layer, x)
    if not network.fused_scale:
        return _convolution(layer, keras.layers.UpSampling2D(2)(x))
    stock = keras.layers.Conv2DTranspose(
        layer.filters, 4, strides=2, padding="same", name=layer.name
    )
    return _filled(stock, x, layer.transposed(layer.kernel), layer.bias)


def _dense(layer: Any, x: Tensor) -> Tensor:
    kernel = layer.scaled_kernel()
    stock = keras.layers.Dense(kernel.shape[1], name=layer.name)
    # One bias per feature map, which is the last axis, or one for each.
    bias = layer.bias if layer.position_bias else np.tile(layer.bias, 16)
    x = _filled(stock, x, kernel, bias)
    return keras.layers.Reshape((4, 4, -1))(x)


def _convolution(layer: Any, x: Tensor) -> Tensor:
    stock = keras.layers.Conv2D(
        layer.filters, layer.kernel_size, padding="same", name=layer.name
    )
    return _filled(stock, x, layer.scaled_kernel(), layer.bias)


def _filled(stock: Any, x: Tensor, kernel: Any, bias: Any) -> Tensor:
    """Applies a layer of Keras' with these weights."""
    x = stock(x)
    stock.set_weights([np.asarray(kernel), np.asarray(bias)])
    return x


def _after(network: Generator, i: int, name: str, x: Tensor) -> Tensor:
    """What follows every layer: activation and pixel norm."""
    prefix = f"{network.resolutions[i]}x{network.resolutions[i]}_{name}"
    slope = 0.2 if network.use_leakyrelu else 0.0
    x = keras.layers.LeakyReLU(slope, name=f"{prefix}_relu")(x)
    is_dense = i == 0 and name == "conv0"
    layout = layouts.BY_NAME[network.layout]
    if not network.use_pixelnorm or (is_dense and not layout.norm_after_dense):
        return x
    return _normed(network.pixel_norm, x, f"{prefix}_norm")


def _normed(layer: Any, x: Tensor, name: str | None = None) -> Tensor:
    """Pixel norm, in whichever form the network has it."""
    if layer.form == "mean":
        # With its scale left at one this is the paper's pixel norm.
        return keras.layers.RMSNormalization(epsilon=layer.epsilon, name=name)(
            x
        )
    if layer.form == "root":
        mean = ops.mean(ops.square(x), axis=-1, keepdims=True)
        return x / (ops.sqrt(mean) + layer.epsilon)
    length = ops.sum(ops.square(x), axis=-1, keepdims=True) + layer.epsilon
    return x / ops.sqrt(length)
