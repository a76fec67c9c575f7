"""akanimax/pro_gan_pytorch's networks, of versions 3, 2 and 1.

Version 3 has one file, `depth_4_epoch_1.bin`, with `generator`,
`discriminator` and often `shadow_generator` (Gs), each of `conf` and
`state_dict`; its depth is log2 of the resolution. Before, each network has a
file that is its state alone: `GAN_GEN_2.pth`, `GAN_DIS_2.pth`,
`GAN_GEN_SHADOW_2.pth`; its depth counts from 0, which is 4x4.

A file holds the layers of all depths. How far it has grown, only its name
says, and alpha nothing.
"""

import dataclasses
import pathlib
import re
from collections.abc import Collection
from typing import Any

import numpy as np

from pgan_tf.base.torch_file import Tensor, TorchFile
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.pytorch import states
from pgan_tf.networks.progressive.pytorch.states import Found, StateDict

RECORDS = ()
APPROXIMATE = (
    "the factors of version 1's layers are in no file: 1 / sqrt(fan-in) is "
    "taken, from which those of its training differ by some percent"
)
_IN_VERSION_3 = {
    "G": "generator",
    "D": "discriminator",
    "Gs": "shadow_generator",
}


def recognizes(content: Any) -> bool:
    """Whether a file's content is of this kind."""
    if type(content) is not dict:
        return False
    return (
        _is_version_3(content)
        or any(re.search(r"\binitial_block\.", str(name)) for name in content)
        or any(re.search(r"\bfinal_block\.", str(name)) for name in content)
    )


def _is_version_3(content: dict[Any, Any]) -> bool:
    generator = content.get("generator")
    return type(generator) is dict and "state_dict" in generator


def read(file: TorchFile, names: Collection[str]) -> dict[str, Found]:
    """The networks that are named, of version 3; or the one of another file.

    A shadow of version 1 or 2 looks like its G, and comes as that.

    Raises:
        ValueError: If it has other networks.
    """
    content = file.content
    if not _is_version_3(content):
        reader = _Reader(StateDict(file, content), file.where)
        name = "D" if reader.is_discriminator else "G"
        return {name: reader.network()} if name in names else {}
    readers = {}
    for name, key in _IN_VERSION_3.items():
        if key in content:
            if type(content[key]) is not dict:
                raise ValueError(f"its {key} is no network")
            state = StateDict(file, content[key].get("state_dict"))
            readers[name] = _Reader(state, file.where, name == "D")
    # Only D tells which version 3 it is.
    layout = readers["D"].layout if "D" in readers else "akanimax_3"
    found = {}
    for name in readers.keys() & set(names):
        found[name] = readers[name].network()
        found[name].options["layout"] = layout
    return found


def label_size(content: Any) -> int:
    """Of a file of a discriminator of version 2, without its numbers."""
    for name, tensor in content.items() if type(content) is dict else ():
        if str(name).endswith("final_block.label_embedder.weight"):
            return tensor.shape[0] if type(tensor) is Tensor else 0
    return 0


def with_labels(found: Found, count: int) -> Found:
    """A generator whose first inputs are labels.

    Its own file does not say how many there are. Here they come last.
    """
    kernel, bias = found.layers["4x4_dense"]
    if found.options["layout"] != "akanimax_2" or not 0 < count < len(kernel):
        return found
    layers = {**found.layers, "4x4_dense": (np.roll(kernel, -count, 0), bias)}
    options = {
        **found.options,
        "label_size": count,
        "latent_size": len(kernel) - count,
    }
    return dataclasses.replace(found, layers=layers, options=options)


class _Reader:
    """Reads one network, whichever the version.

    Args:
        state: Of it.
        where: The file, whose name says how far it has grown.
        is_discriminator: Whether it is D; None: its names tell.
    """

    def __init__(
        self,
        state: StateDict,
        where: str,
        is_discriminator: bool | None = None,
    ) -> None:
        self._state = state
        self._name = pathlib.Path(where).name
        self._is_3 = "layers.0.conv_1.weight" in state and not (
            "initial_block.conv_2.weight" in state
            or "final_block.conv_2.weight" in state
        )
        # Convolutions of version 1 are wrapped, each with a bias of its own.
        self._is_1 = any(".conv.weight" in name for name in state.names())
        self._note = APPROXIMATE if self._is_1 else ""
        if is_discriminator is None:
            is_discriminator = any(
                name.startswith("final_block.") for name in state.names()
            )
        self.is_discriminator = is_discriminator
        if not self._is_3:
            self.layout = "akanimax_1" if self._is_1 else "akanimax_2"
        elif "from_rgb.0.weight" in state:
            self.layout = "akanimax_3.0"
        else:
            self.layout = "akanimax_3"

    def network(self) -> Found:
        """G or D."""
        return (
            self._discriminator()
            if self.is_discriminator
            else self._generator()
        )

    def _generator(self) -> Found:
        first = "layers.0" if self._is_3 else "initial_block"
        name = f"{first}.conv_1"
        kernel_name = (
            f"{name}.deconv.weight" if self._is_1 else f"{name}.weight"
        )
        dense = self._state.take(kernel_name, 4)
        inputs, width = dense.shape[:2]
        # A transposed convolution's factor counts what PyTorch thinks is in.
        fan_in = width * 16 if self._is_1 else inputs
        dense = self._factor(fan_in) * dense
        layers: dict[str, states.Weights] = {
            "4x4_dense": (
                states.to_4x4(dense),
                self._state.take(f"{name}.bias", 1),
            ),
            "4x4_conv1": self._conv(f"{first}.conv_2"),
            "4x4_to_rgb": self._conv("rgb_converters.0"),
        }
        widths = [width]
        for i in range(1, self._count("rgb_converters")):
            r = 4 << i
            block = f"layers.{i if self._is_3 else i - 1}"
            layers |= self._block(r, block)
            layers[f"{r}x{r}_to_rgb"] = self._conv(f"rgb_converters.{i}")
            widths.append(layers[f"{r}x{r}_conv0"][0].shape[3])
        options = {
            **self._options(len(widths)),
            "num_channels": layers["4x4_to_rgb"][0].shape[3],
            "latent_size": inputs,
            # Only version 3 does it itself.
            "normalize_latents": self._is_3,
            "fmaps": states.listed([width, *widths]),
        }
        return Found(Generator, options, layers, self._state, note=self._note)

    def _discriminator(self) -> Found:
        ends = "from_rgb" if self._is_3 else "rgb_to_features"
        count = self._count(ends)
        # Version 3 lists blocks and ends from the highest resolution down.
        last = f"layers.{count - 1}" if self._is_3 else "final_block"
        dense, dense_bias = self._weights(f"{last}.conv_2")
        output, output_bias = self._weights(f"{last}.conv_3")
        layers: dict[str, states.Weights] = {
            "4x4_conv0": self._conv(f"{last}.conv_1"),
            "4x4_dense0": (states.from_4x4(dense), dense_bias),
            "4x4_dense1": (output[:, :, 0, 0].T, output_bias),
        }
        label_size = 0
        if f"{last}.label_embedder.weight" in self._state:
            table = self._state.take(f"{last}.label_embedder.weight", 2)
            label_size = len(table)
            layers["labels"] = (table, None)
        widths = []
        for i in range(count):
            r, down = 4 << i, count - 1 - i
            name = f"{ends}.{down if self._is_3 else i}"
            name += ".0" if f"{name}.0.weight" in self._state else ""
            layers[f"{r}x{r}_from_rgb"] = self._conv(name)
            widths.append(layers[f"{r}x{r}_from_rgb"][0].shape[3])
            if i:
                block = f"layers.{down if self._is_3 else i - 1}"
                layers |= self._block(r, block)
        options = {
            **self._options(count),
            "num_channels": layers["4x4_from_rgb"][0].shape[2],
            "label_size": label_size,
            "fmaps": states.listed([len(dense), *widths]),
        }
        return Found(
            Discriminator, options, layers, self._state, note=self._note
        )

    def _options(self, count: int) -> dict[str, Any]:
        """What G and D have in common."""
        if self._is_3:
            depth = re.match(r"depth_(\d+)_", self._name)
            grown = int(depth[1]) - 1 if depth else count
        else:
            depth = re.fullmatch(r"GAN_[A-Z_]+_(\d+)\.pth", self._name)
            grown = int(depth[1]) + 1 if depth else count
        grown = min(max(grown, 1), count)
        resolution = 2 << count
        return {
            "resolution": resolution,
            "fused_scale": False,
            "layout": self.layout,
            "lod": states.lod_of(2 << grown, resolution),
        }

    def _count(self, ends: str) -> int:
        """How many resolutions there are."""
        pattern = rf"{ends}\.(\d+)\."
        found = {
            int(match[1])
            for name in self._state.names()
            if (match := re.match(pattern, name))
        }
        if found != set(range(len(found))) or not 0 < len(found) < 20:
            raise ValueError("its resolutions are not one after the other")
        return len(found)

    def _block(self, r: int, name: str) -> dict[str, states.Weights]:
        return {
            f"{r}x{r}_conv0": self._conv(f"{name}.conv_1"),
            f"{r}x{r}_conv1": self._conv(f"{name}.conv_2"),
        }

    def _conv(self, name: str) -> states.Weights:
        kernel, bias = self._weights(name)
        return states.conv(kernel), bias

    def _weights(self, name: str) -> tuple[np.ndarray, np.ndarray]:
        """Kernel with the layer's factor, and the sum of its biases."""
        bias = self._state.take(f"{name}.bias", 1)
        if not self._is_1:
            kernel = self._state.take(f"{name}.weight", 4)
            return self._factor(kernel[0].size) * kernel, bias
        kernel = self._state.take(f"{name}.conv.weight", 4)
        bias = bias + self._state.take(f"{name}.conv.bias", 1)
        return self._factor(kernel[0].size) * kernel, bias

    def _factor(self, fan_in: int) -> float:
        return float(np.sqrt((1 if self._is_1 else 2) / fan_in))
