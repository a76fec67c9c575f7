"""The progressive networks as a family: what needs Keras."""

import dataclasses
import inspect
from collections.abc import Mapping
from typing import Any

import numpy as np

from pgan_tf.networks.family import ImageShape
from pgan_tf.networks.progressive import stock_model as stock
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.nvidia import snapshots as nvidia
from pgan_tf.networks.progressive.options import ProgressiveOptions

# Options that make the same weights another function.
_MUST_AGREE = (
    "use_wscale",
    "use_leakyrelu",
    "use_pixelnorm",
    "normalize_latents",
)
# And those that other programs' networks are made with.
_OF_A_LAYOUT = ("layout", "fmaps", "latent_size", "fused_scale")


def make_generator(
    options: ProgressiveOptions,
    shape: ImageShape,
    lod: float,
    name: str,
    dtype: str,
) -> Generator:
    """A fresh G (or Gs) of these options."""
    arguments = _arguments_of(Generator, options, shape)
    return Generator(**arguments, lod=lod, name=name, dtype=dtype)


def make_discriminator(
    options: ProgressiveOptions, shape: ImageShape, dtype: str
) -> Discriminator:
    """A fresh D of these options."""
    arguments = _arguments_of(Discriminator, options, shape)
    return Discriminator(**arguments, dtype=dtype)


def _arguments_of(
    kind: type, options: ProgressiveOptions, shape: ImageShape
) -> dict[str, Any]:
    """What options and shape say of a network's arguments, by their names."""
    known = inspect.signature(kind).parameters
    given = dataclasses.asdict(options) | dataclasses.asdict(shape)
    # 0 stands for the default, the width at 2x2.
    given["latent_size"] = options.latent_size or None
    return {name: value for name, value in given.items() if name in known}


def generator_from_config(config: Mapping[str, Any]) -> Generator:
    """The generator that a snapshot describes, its weights fresh."""
    return Generator.from_config(dict(config))


def named_variables(
    network: Generator | Discriminator,
) -> dict[str, np.ndarray]:
    """All weights by the reference's names, He's constant not multiplied in."""
    return nvidia.variables(network)


def stock_model(network: Generator, lod: float | None, uint8: bool) -> Any:
    """The same function in Keras' own layers."""
    return stock.build(network, lod, uint8)


def check_transfer(source: Any, network: Any) -> None:
    """Raises ValueError if weights of one mean another in the other."""
    options = list(_MUST_AGREE)
    if source.layout != network.layout:
        options += _OF_A_LAYOUT
    found = {
        option: getattr(source, option)
        for option in options
        if getattr(source, option, None) != getattr(network, option, None)
    }
    if found:
        stated = ", ".join(f"{name}={value}" for name, value in found.items())
        flags = " ".join(_flag(name, value) for name, value in found.items())
        raise ValueError(f"its {network.name} has {stated}: give {flags}")


def _flag(option: str, value: Any) -> str:
    if isinstance(value, bool):
        return f"--{'' if value else 'no'}{option}"
    return f"--{option}={value}"


def may_differ(layer: str, source: Any, network: Any) -> bool:
    """Whether other images or labels explain another shape of a layer."""
    if layer.endswith("_rgb"):
        return source.num_channels != network.num_channels
    if layer in ("4x4_dense", "4x4_dense1"):
        return source.label_size != network.label_size
    return False
