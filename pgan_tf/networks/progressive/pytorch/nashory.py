"""nashory/pggan-pytorch's networks.

G and D have a file each, `gen_R4_T50.pth.tar` and `dis_...`: a dict of `resl`
(log2 of the resolution, and how far its time has passed), `state_dict` and
`optimizer`. Names of layers nest deeper as a network grows. Layers that have
been replaced are gone.

The factors of its layers are in no file. They were measured on weights as first
drawn, so that they lie around 1 / sqrt(fan-in): taken as that here.
"""

import re
from collections.abc import Collection
from typing import Any

import numpy as np

from pgan_tf.base import resolutions
from pgan_tf.base.torch_file import TorchFile
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.pytorch import states
from pgan_tf.networks.progressive.pytorch.states import Found, StateDict

RECORDS = ()
APPROXIMATE = (
    "the factors of its layers are in no file: 1 / sqrt(fan-in) is taken, from "
    "which those of its training differ by some percent"
)
# Parts of a resolution's time: G fades, G settles, D fades, D settles.
_FADE = 1 / 3
_D_BEGINS = 1 / 2


def recognizes(content: Any) -> bool:
    """Whether a file's content is of this kind."""
    return type(content) is dict and {"resl", "state_dict"} <= content.keys()


def read(file: TorchFile, names: Collection[str]) -> dict[str, Found]:
    """G or D, whichever it is, if it is named.

    Raises:
        ValueError: If it has another network.
    """
    state = StateDict(file, file.content["state_dict"])
    passed = states.number(file.content, "resl", 0, 2, 12) % 1.0
    is_g = any(name.startswith("model.first_block.") for name in state.names())
    if ("G" if is_g else "D") not in names:
        return {}
    if is_g:
        return {"G": _generator(state, min(passed / _FADE, 1.0))}
    alpha = min(max((passed - _D_BEGINS) / _FADE, 0.0), 1.0)
    return {"D": _discriminator(state, alpha)}


def _generator(state: StateDict, alpha: float) -> Found:
    """G; its alpha counts while it is growing."""
    pattern = r"model\.first_block\.(\d+)\.conv\.weight"
    found = (re.fullmatch(pattern, name) for name in state.names())
    first, second = sorted(int(match[1]) for match in found if match)
    dense, bias = _weights(state, f"model.first_block.{first}", 4)
    # A convolution of one padded pixel: position (y,x) meets (3-y,3-x).
    turned = dense[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)
    levels = _Levels(state, "to_rgb", 0)
    layers = levels.layers | {
        "4x4_dense": (states.to_4x4(turned), bias),
        "4x4_conv1": _conv(state, f"model.first_block.{second}"),
    }
    width, latent_size = dense.shape[:2]
    options = {
        **levels.options(alpha),
        "num_channels": levels.top.shape[3],
        "latent_size": latent_size,
        # With it the first layer stands second.
        "normalize_latents": first > 0,
        "fmaps": states.listed([width, width, *levels.widths]),
    }
    return Found(Generator, options, layers, state, levels.missing, APPROXIMATE)


def _discriminator(state: StateDict, alpha: float) -> Found:
    """D; its alpha counts while it is growing."""
    dense, dense_bias = _weights(state, "model.last_block.5", 4)
    output, output_bias = _weights(state, "model.last_block.8", 2, "linear")
    levels = _Levels(state, "from_rgb", 1)
    layers = levels.layers | {
        "4x4_conv0": _conv(state, "model.last_block.2"),
        "4x4_dense0": (states.from_4x4(dense), dense_bias),
        "4x4_dense1": (output.T, output_bias),
    }
    dense_width, width = dense.shape[:2]
    inputs = layers["4x4_conv0"][0].shape[2]
    options = {
        **levels.options(alpha),
        "num_channels": levels.top.shape[2],
        "mbstd_group_size": 4 if inputs > width else 0,
        "fmaps": states.listed([dense_width, width, *levels.widths]),
    }
    return Found(
        Discriminator, options, layers, state, levels.missing, APPROXIMATE
    )


class _Levels:
    """The layers from 8x8 up, and those from and to colours.

    Args:
        state: Of G or D.
        end: Its layers at colours: to_rgb or from_rgb,
        index: and their place among what surrounds them.
    """

    def __init__(self, state: StateDict, end: str, index: int) -> None:
        blocks = {}
        for name in state.names():
            if match := re.match(_BLOCK, name):
                size = max(int(match[2]), int(match[3]))
                blocks[size] = match[1]
        growing = "model.concat_block.layer2"
        self.is_growing = f"{growing}.high_resl_block.1.conv.weight" in state
        if self.is_growing:
            blocks[max(blocks, default=4) * 2] = growing
        if sorted(blocks) != [8 << i for i in range(len(blocks))]:
            raise ValueError("its resolutions are not one after the other")
        self.resolution = 4 << len(blocks)
        ends = {self.resolution: rf"model\.{end}_block\.(?:\w+\.)*{index}"}
        if self.is_growing:
            ends = {
                self.resolution // 2: r"model\.concat_block\.layer1"
                rf"\.low_resl_{end}\.(?:\w+\.)*{index}",
                self.resolution: rf"model\.concat_block\.layer2"
                rf"\.high_resl_{end}\.{index}",
            }
        self.layers: dict[str, states.Weights] = {}
        self.widths = []
        for r, block in sorted(blocks.items()):
            conv0 = _conv(state, f"{block}.high_resl_block.1")
            conv1 = _conv(state, f"{block}.high_resl_block.4")
            self.layers |= {f"{r}x{r}_conv0": conv0, f"{r}x{r}_conv1": conv1}
            self.widths.append(conv0[0].shape[2 if end == "from_rgb" else 3])
        for r, pattern in ends.items():
            name = _the_one(state, pattern)
            self.layers[f"{r}x{r}_{end}"] = _conv(state, name)
        self.top = self.layers[f"{self.resolution}x{self.resolution}_{end}"][0]
        # What has been replaced is gone, and used no more.
        self.missing = [
            f"{r}x{r}_{end}"
            for r in resolutions.up_to(self.resolution)
            if r not in ends
        ]

    def options(self, alpha: float) -> dict[str, Any]:
        """What G and D have in common."""
        if not self.is_growing:
            alpha = 1.0
        return {
            "resolution": self.resolution,
            "fused_scale": False,
            "layout": "nashory",
            "lod": states.lod_of(self.resolution, self.resolution, alpha),
        }


_BLOCK = r"(model\.intermediate_(\d+)x\d+_(\d+)x\d+)\."


def _the_one(state: StateDict, pattern: str) -> str:
    """The name of the layer that matches.

    Raises:
        ValueError: If none does, or several.
    """
    suffix = ".conv.weight"
    found = {
        name.removesuffix(suffix)
        for name in state.names()
        if re.fullmatch(pattern + re.escape(suffix), name)
    }
    if len(found) != 1:
        raise ValueError("not one layer of colours where one belongs")
    return found.pop()


def _conv(state: StateDict, name: str) -> states.Weights:
    kernel, bias = _weights(state, name, 4)
    return states.conv(kernel), bias


def _weights(
    state: StateDict, name: str, axes: int, kind: str = "conv"
) -> tuple[np.ndarray, np.ndarray]:
    """Kernel with the layer's nominal factor, and bias without."""
    kernel = state.take(f"{name}.{kind}.weight", axes)
    factor = 1 / np.sqrt(kernel[0].size)
    return factor * kernel, state.take(f"{name}.bias", 1)
