"""The tiny networks as a family: what needs Keras."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from pgan_tf.networks.family import ImageShape
from pgan_tf.networks.tiny import stock_model as stock
from pgan_tf.networks.tiny.discriminator import TinyDiscriminator
from pgan_tf.networks.tiny.generator import TinyGenerator
from pgan_tf.networks.tiny.options import TinyOptions


def make_generator(
    options: TinyOptions, shape: ImageShape, lod: float, name: str, dtype: str
) -> TinyGenerator:
    """A fresh G (or Gs) of these options."""
    return TinyGenerator(
        resolution=shape.resolution,
        num_channels=shape.num_channels,
        latent_size=options.latent_size,
        batch_norm=options.batch_norm,
        growing=options.growing,
        lod=lod,
        name=name,
        dtype=dtype,
    )


def make_discriminator(
    options: TinyOptions, shape: ImageShape, dtype: str
) -> TinyDiscriminator:
    """A fresh D of these options."""
    return TinyDiscriminator(
        resolution=shape.resolution,
        num_channels=shape.num_channels,
        divisor=options.d_divisor,
        batch_norm=options.batch_norm,
        minibatch_stddev=options.minibatch_stddev,
        growing=options.growing,
        dtype=dtype,
    )


def generator_from_config(config: Mapping[str, Any]) -> TinyGenerator:
    """The generator that a snapshot describes, its weights fresh."""
    return TinyGenerator.from_config(dict(config))


def named_variables(
    network: TinyGenerator | TinyDiscriminator,
) -> dict[str, np.ndarray]:
    """All weights by layer and name, such as 16x16_conv/kernel."""
    return {
        "/".join(variable.path.split("/")[-2:]): np.asarray(variable)
        for variable in network.weights
    }


def stock_model(network: TinyGenerator, lod: float | None, uint8: bool) -> Any:
    """The same function in Keras' own layers."""
    return stock.build(network, lod, uint8)


def check_transfer(source: Any, network: Any) -> None:
    """Raises ValueError if weights of one mean another in the other."""
    if source.batch_norm != network.batch_norm:
        raise ValueError(
            f"its {network.name} has batch_norm={source.batch_norm}: give "
            f"--{'' if source.batch_norm else 'no'}batch_norm"
        )


def may_differ(layer: str, source: Any, network: Any) -> bool:
    """Whether other images or labels explain another shape of a layer."""
    if "_rgb" in layer or layer.startswith(f"{network.resolution}x"):
        return source.num_channels != network.num_channels
    return False
