"""pytorch_GAN_zoo's progressive networks (facebookresearch, the PyTorch hub's).

A file is a dict of `config` (an object of options), `netG`, `netD` and, of
most, `avgG`. Scale 0 is 4x4. Each layer's factor sqrt(2 / fan-in) multiplies
what comes out of it, so its bias too. `alpha` is the share of the lower
resolution.
"""

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from pgan_tf.base.pickle_globals import Record
from pgan_tf.base.torch_file import TorchFile
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.pytorch import states
from pgan_tf.networks.progressive.pytorch.states import Found, StateDict

RECORDS = ("models.utils.config.BaseConfig",)
_LEAK = 0.2
# With these losses its G ends in a tanh.
_WITH_TANH = ("DCGAN", "MSE")


def recognizes(content: Any) -> bool:
    """Whether a file's content is of this kind."""
    return type(content) is dict and {"config", "netG"} <= content.keys()


def read(file: TorchFile, names: Collection[str]) -> dict[str, Found]:
    """Those of G, D and Gs that are there and named.

    Raises:
        ValueError: If it has other networks.
    """
    content = file.content
    if type(content["config"]) is not Record:
        raise ValueError("its config is no object of options")
    config = content["config"].state
    if states.number(config, "leakyReluLeak", _LEAK, 0, 1) != _LEAK:
        raise ValueError(f"its leakyReluLeak is not {_LEAK}")
    D = StateDict(file, content.get("netD"))
    shared = _options(config, len(_scales(D)))
    label_size = D.shape("decisionLayer.weight", 2)[0] - 1
    shared["label_size"] = label_size
    found = {"D": _discriminator(D, shared)} if "D" in names else {}
    for name, key in (("G", "netG"), ("Gs", "avgG")):
        if key in content and name in names:
            state = StateDict(file, content[key])
            found[name] = _generator(state, shared, config)
            of_labels = _label_names(config)
            if len(of_labels) == label_size:
                found[name].options["label_names"] = of_labels
    return found


def _label_names(config: Mapping[str, Any]) -> list[str]:
    """Such as "Gender=F", in the order of the labels' numbers."""
    attributes = config.get("attribKeysOrder")
    if type(attributes) is not dict:
        return []
    try:
        ordered = sorted(attributes.items(), key=lambda item: item[1]["order"])
        return [f"{n}={v}" for n, each in ordered for v in each["values"]]
    except (TypeError, KeyError):
        return []  # Names are worth no refusal.


def _options(config: Mapping[str, Any], scales: int) -> dict[str, Any]:
    """What G and D share, the widths left out."""
    tanh = config.get("lossCriterion") in _WITH_TANH
    alpha = states.number(config, "alpha", 0, 0, 1) if scales else 0.0
    resolution = 4 << scales
    return {
        "resolution": resolution,
        "use_wscale": config.get("equalizedlR", True) is not False,
        "fused_scale": False,
        "layout": "gan_zoo_tanh" if tanh else "gan_zoo",
        "lod": states.lod_of(resolution, resolution, 1.0 - alpha),
    }


def _scales(state: StateDict) -> list[int]:
    """[0, 1, ...], of the resolutions above 4x4."""
    count = 0
    while f"scaleLayers.{count}.0.weight" in state:
        count += 1
    return list(range(count))


def _generator(
    state: StateDict, shared: Mapping[str, Any], config: Mapping[str, Any]
) -> Found:
    scales = _scales(state)
    rows, inputs = state.shape("formatLayer.weight", 2)
    width = rows // 16
    wscale = shared["use_wscale"]
    kernel, bias = _weights(state, "formatLayer", 2, wscale)
    layers: dict[str, states.Weights] = {
        "4x4_dense": (
            states.to_4x4(kernel.T.reshape(inputs, width, 4, 4)),
            states.to_4x4(bias.reshape(1, width, 4, 4))[0],
        ),
        "4x4_conv1": _conv(state, "groupScale0.0", wscale),
        "4x4_to_rgb": _conv(state, "toRGBLayers.0", wscale),
    }
    widths = [width]
    for i in scales:
        r = 8 << i
        widths.append(state.shape(f"scaleLayers.{i}.0.weight", 4)[0])
        layers |= {
            f"{r}x{r}_conv0": _conv(state, f"scaleLayers.{i}.0", wscale),
            f"{r}x{r}_conv1": _conv(state, f"scaleLayers.{i}.1", wscale),
            f"{r}x{r}_to_rgb": _conv(state, f"toRGBLayers.{i + 1}", wscale),
        }
    options = {
        **shared,
        "num_channels": layers["4x4_to_rgb"][0].shape[-1],
        "latent_size": inputs - shared["label_size"],
        "use_pixelnorm": config.get("perChannelNormalization") is not False,
        "fmaps": states.listed([width, *widths]),
    }
    return Found(Generator, options, layers, state)


def _discriminator(state: StateDict, shared: Mapping[str, Any]) -> Found:
    wscale = shared["use_wscale"]
    width = state.shape("groupScaleZero.0.weight", 4)[0]
    inputs = state.shape("groupScaleZero.0.weight", 4)[1]
    dense, bias = _weights(state, "groupScaleZero.1", 2, wscale)
    output, output_bias = _weights(state, "decisionLayer", 2, wscale)
    layers: dict[str, states.Weights] = {
        "4x4_from_rgb": _conv(state, "fromRGBLayers.0", wscale),
        "4x4_conv0": _conv(state, "groupScaleZero.0", wscale),
        "4x4_dense0": (
            states.from_4x4(dense.reshape(len(dense), width, 4, 4)),
            bias,
        ),
        "4x4_dense1": (output.T, output_bias),
    }
    widths = [width]
    for i in _scales(state):
        r = 8 << i
        widths.append(state.shape(f"scaleLayers.{i}.0.weight", 4)[0])
        layers |= {
            f"{r}x{r}_from_rgb": _conv(state, f"fromRGBLayers.{i + 1}", wscale),
            f"{r}x{r}_conv0": _conv(state, f"scaleLayers.{i}.0", wscale),
            f"{r}x{r}_conv1": _conv(state, f"scaleLayers.{i}.1", wscale),
        }
    options = {
        **shared,
        "num_channels": layers["4x4_from_rgb"][0].shape[-2],
        "mbstd_group_size": 4 if inputs > width else 0,
        "fmaps": states.listed([len(dense), *widths]),
    }
    return Found(Discriminator, options, layers, state)


def _conv(state: StateDict, name: str, use_wscale: bool) -> states.Weights:
    kernel, bias = _weights(state, name, 4, use_wscale)
    return states.conv(kernel), bias


def _weights(
    state: StateDict, name: str, axes: int, use_wscale: bool
) -> tuple[np.ndarray, np.ndarray]:
    """Kernel and bias with the layer's factor, which multiplies both."""
    kernel = state.take(f"{name}.weight", axes)
    factor = np.sqrt(2 / kernel[0].size) if use_wscale else 1.0
    return factor * kernel, factor * state.take(f"{name}.bias", 1)
