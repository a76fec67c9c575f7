"""mmgeneration's PGGAN (open-mmlab).

A file is a dict of `meta`, `state_dict` and, of most, `optimizer`; in the
state, names begin with `generator.`, `discriminator.` or `generator_ema.`
(Gs). It is the only program of the four that states how far it has grown. Its
images are BGR.
"""

import re
from collections.abc import Collection
from typing import Any

import numpy as np

from pgan_tf.base import resolutions
from pgan_tf.base.torch_file import Tensor, TorchFile
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.pytorch import states
from pgan_tf.networks.progressive.pytorch.states import Found, StateDict

RECORDS = ()
_GAIN = np.sqrt(2)
_PREFIXES = {"G": "generator", "D": "discriminator", "Gs": "generator_ema"}


def recognizes(content: Any) -> bool:
    """Whether a file's content is of this kind."""
    if type(content) is not dict or type(content.get("state_dict")) is not dict:
        return False
    first = "generator.noise2feat.", "generator_ema.noise2feat."
    return any(str(name).startswith(first) for name in content["state_dict"])


def read(file: TorchFile, names: Collection[str]) -> dict[str, Found]:
    """Those of G, D and Gs that are there and named.

    Raises:
        ValueError: If it has other networks.
    """
    entries = file.content["state_dict"]
    stage = _stage(file, entries)
    text = _config_text(file.content)
    unfused = re.search(r"fused_upconv['\"]?[=:]False", text) is not None
    found = {}
    for name, prefix in _PREFIXES.items():
        own = {
            key[len(prefix) + 1 :]: tensor
            for key, tensor in entries.items()
            if type(key) is str and key.startswith(f"{prefix}.")
        }
        if own and name in names:
            state = StateDict(file, own)
            found[name] = (
                _discriminator(state, stage)
                if name == "D"
                else _generator(state, stage, unfused)
            )
    return found


def _stage(file: TorchFile, entries: dict[str, Any]) -> tuple[int, float]:
    """The current resolution, and the share of its own layers."""
    values = []
    for name in ("_curr_scale_int", "_curr_transition_weight"):
        tensor = entries.get(name)
        if type(tensor) is not Tensor or np.prod(tensor.shape) != 1:
            raise ValueError(f"its {name} is not one number")
        values.append(float(file.array(tensor).reshape(())))
    resolution, alpha = values
    if not (resolution.is_integer() and resolutions.is_one(int(resolution))):
        raise ValueError(f"its _curr_scale_int, {resolution:g}, is none")
    if not 0 <= alpha <= 1:
        raise ValueError("its _curr_transition_weight is not between 0 and 1")
    return int(resolution), alpha


def _config_text(content: dict[str, Any]) -> str:
    """What its meta says of its settings, without spaces."""
    meta = content.get("meta")
    config = meta.get("config") if type(meta) is dict else None
    return config.replace(" ", "") if type(config) is str else ""


def _generator(
    state: StateDict, stage: tuple[int, float], unfused: bool
) -> Found:
    dense = state.take("noise2feat.linear.weight_orig", 2)
    bias = state.take("noise2feat.bias", 4)
    rows, inputs = dense.shape
    width = rows // 16
    dense = _GAIN / 4 / np.sqrt(inputs) * dense
    count = _count(state, "torgb_layers")
    layers: dict[str, states.Weights] = {
        "4x4_dense": (
            states.to_4x4(dense.T.reshape(inputs, width, 4, 4)),
            bias.reshape(-1),
        ),
        "4x4_conv1": _conv(state, "conv_blocks.0"),
    }
    widths = [width]
    for i in range(1, count):
        name = f"{4 << i}x{4 << i}_conv1"
        layers[name] = _conv(state, f"conv_blocks.{2 * i}")
        widths.append(layers[name][0].shape[3])
    first = [
        state.shape(f"conv_blocks.{2 * i - 1}.conv.weight_orig", 4)[0]
        for i in range(1, count)
    ]
    # One key for two forms: where widths differ, they tell them apart.
    if first != widths[1:]:
        unfused = False
    elif first != widths[:-1]:
        unfused = True
    for i in range(1, count):
        read = _conv if unfused else _up
        layers[f"{4 << i}x{4 << i}_conv0"] = read(
            state, f"conv_blocks.{2 * i - 1}"
        )
    for i in range(count):
        kernel, rgb_bias = _conv(state, f"torgb_layers.{i}", gain=1.0)
        layers[f"{4 << i}x{4 << i}_to_rgb"] = (
            _swapped(kernel, axis=3),
            _swapped(rgb_bias, axis=0),
        )
    options = {
        **_options(count, stage),
        "num_channels": layers["4x4_to_rgb"][0].shape[3],
        "latent_size": inputs,
        "fmaps": states.listed([width, *widths]),
    }
    return Found(Generator, options, layers, state)


def _discriminator(state: StateDict, stage: tuple[int, float]) -> Found:
    hidden = state.take("decision.linear0.weight_orig", 2)
    output = state.take("decision.linear1.weight_orig", 2)
    inputs = hidden.shape[1] // 16
    hidden = _GAIN / np.sqrt(hidden.shape[1]) * hidden
    output = output / np.sqrt(output.shape[1])
    count = _count(state, "fromrgb_layers")
    layers: dict[str, states.Weights] = {
        "4x4_dense0": (
            states.from_4x4(hidden.reshape(len(hidden), inputs, 4, 4)),
            state.take("decision.linear0.bias", 1),
        ),
        "4x4_dense1": (output.T, state.take("decision.linear1.bias", 1)),
    }
    # Made, but never called.
    state.pass_over(r"conv_blocks\.0\..*")
    widths = []
    for i in range(count):
        name = f"{4 << i}x{4 << i}"
        kernel, bias = _conv(state, f"fromrgb_layers.{i}")
        layers[f"{name}_from_rgb"] = (_swapped(kernel, axis=2), bias)
        widths.append(kernel.shape[3])
        if i:
            layers[f"{name}_conv0"] = _conv(state, f"conv_blocks.{2 * i - 1}")
            layers[f"{name}_conv1"] = _conv(state, f"conv_blocks.{2 * i}")
    options = {
        **_options(count, stage),
        "num_channels": layers["4x4_from_rgb"][0].shape[2],
        "mbstd_group_size": 4 if inputs > widths[0] else 0,
        "fmaps": states.listed([len(hidden), *widths]),
    }
    return Found(Discriminator, options, layers, state, ["4x4_conv0"])


def _options(count: int, stage: tuple[int, float]) -> dict[str, Any]:
    """What G and D have in common."""
    final = 2 << count
    resolution, alpha = stage
    if resolution > final:
        raise ValueError(
            f"it stands at {resolution}x{resolution}, above its end"
        )
    return {
        "resolution": final,
        "layout": "mmgeneration",
        "lod": states.lod_of(resolution, final, alpha),
    }


def _count(state: StateDict, ends: str) -> int:
    """How many resolutions there are."""
    count = 0
    while f"{ends}.{count}.conv.weight_orig" in state:
        count += 1
    if not count:
        raise ValueError(f"no {ends}")
    return count


def _conv(
    state: StateDict, name: str, gain: float = float(_GAIN)
) -> tuple[np.ndarray, np.ndarray]:
    kernel = state.take(f"{name}.conv.weight_orig", 4)
    kernel = gain / np.sqrt(kernel[0].size) * kernel
    return states.conv(kernel), state.take(f"{name}.conv.bias", 1)


def _up(state: StateDict, name: str) -> tuple[np.ndarray, np.ndarray]:
    """A transposed convolution, [in,out,kh,kw].

    Next to a convolution after upscaling its kernel is turned by 180 degrees.
    Its factor takes for what goes in what comes out.
    """
    kernel = state.take(f"{name}.conv.weight_orig", 4)
    kernel = _GAIN / np.sqrt(kernel[0].size) * kernel
    kernel = kernel[:, :, ::-1, ::-1].transpose(2, 3, 0, 1)
    return kernel, state.take(f"{name}.conv.bias", 1)


def _swapped(values: np.ndarray, axis: int) -> np.ndarray:
    """Blue, green and red as red, green and blue."""
    if values.shape[axis] != 3:
        return values
    return np.flip(values, axis)
