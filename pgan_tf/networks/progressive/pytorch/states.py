"""What a file of PyTorch's states of a network, and the network it becomes.

Weights pass through here as what a layer multiplies with, each program's own
factor already in them: from there our raw values follow by our own factor. In
this form kernels are [kh,kw,in,out] and dense ones [in,out], feature maps of
4x4 flattened as [y,x,fmap].
"""

import dataclasses
import re
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from pgan_tf.base import errors, memory, resolutions
from pgan_tf.base.torch_file import Tensor, TorchFile
from pgan_tf.networks import keras_files
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator

_BYTES = 4
# A network's variables, and what they are made of on the way.
_COPIES = 4


class StateDict:
    """The tensors of a network by their names, each to be taken once.

    Args:
        file: Where they are.
        entries: Names to tensors, as the file has them. What wrappers add to
            names, `module.` anywhere, is left out.

    Raises:
        ValueError: If these are no tensors with names.
    """

    def __init__(self, file: TorchFile, entries: Any) -> None:
        if type(entries) is not dict:
            raise ValueError("no state of a network where one belongs")
        self._file = file
        self._tensors: dict[str, Tensor] = {}
        for name, tensor in entries.items():
            if type(name) is not str or type(tensor) is not Tensor:
                raise ValueError(f"{name!a:.80} is no tensor with a name")
            self._tensors[re.sub(r"(^|\.)module\.", r"\1", name)] = tensor
        self._left = set(self._tensors)

    def __contains__(self, name: str) -> bool:
        return name in self._tensors

    def names(self) -> Iterable[str]:
        """All of them, also those taken."""
        return self._tensors.keys()

    def shape(self, name: str, axes: int) -> tuple[int, ...]:
        """Of a tensor.

        Raises:
            ValueError: If there is none, or none of that many axes.
        """
        if name not in self._tensors:
            raise ValueError(f"no tensor {name}")
        found = self._tensors[name].shape
        if len(found) != axes or 0 in found:
            raise ValueError(f"tensor {name} has the shape {found}")
        return found

    def take(self, name: str, axes: int) -> np.ndarray:
        """Its numbers as float64; see `shape`."""
        self.shape(name, axes)
        self._left.discard(name)
        tensor = self._tensors[name]
        memory.require(8 * int(np.prod(tensor.shape)), self._file.where)
        return self._file.array(tensor).astype(np.float64)

    def pass_over(self, pattern: str) -> None:
        """Leaves out those whose whole names match."""
        self._left = {n for n in self._left if not re.fullmatch(pattern, n)}

    def check_all_taken(self) -> None:
        """Raises ValueError if something is left."""
        if self._left:
            raise ValueError(
                f"no network of ours has a tensor {sorted(self._left)[0]!a:.80}"
            )


Weights = tuple[np.ndarray, np.ndarray | None]


@dataclasses.dataclass
class Found:
    """A network as a file has it.

    Attributes:
        kind: The class of ours that it becomes.
        options: Arguments for that class.
        layers: Kernel and bias by the name of our layer.
        state: Where they come from, to see that nothing was left.
        missing: Layers that the file has no more, or not yet. None of them is
            in use at the network's lod.
        note: What is lost of it, if something is; the network has it too.
    """

    kind: type[Generator] | type[Discriminator]
    options: dict[str, Any]
    layers: dict[str, Weights]
    state: StateDict
    missing: list[str] = dataclasses.field(default_factory=list)
    note: str = ""


def conv(kernel: np.ndarray) -> np.ndarray:
    """[out,in,kh,kw] to [kh,kw,in,out]."""
    return kernel.transpose(2, 3, 1, 0)


def to_4x4(kernel: np.ndarray) -> np.ndarray:
    """[in,fmap,y,x], of a first layer, to [in,(y,x,fmap)]."""
    return kernel.transpose(0, 2, 3, 1).reshape(len(kernel), -1)


def from_4x4(kernel: np.ndarray) -> np.ndarray:
    """[out,fmap,y,x], of a layer that ends the images, to [(y,x,fmap),out]."""
    return kernel.transpose(2, 3, 1, 0).reshape(-1, len(kernel))


def listed(widths: Iterable[int]) -> str:
    """The option `fmaps` of widths at 2x2, 4x4 and so on."""
    return ",".join(map(str, widths))


def build(found: Found, name: str, where: str) -> Any:
    """The network.

    Args:
        found: What the file has.
        name: G, D or Gs.
        where: The file, for messages.

    Raises:
        UserError: If something is missing, left, or of another shape.
    """
    try:
        found.state.check_all_taken()

        def make() -> Any:
            return found.kind(**found.options, name=name)

        # Options may claim any size: first only shapes, which take no memory.
        skeleton = keras_files.skeleton(make)
        memory.require(_COPIES * _BYTES * skeleton.count_params(), where)
        _check(skeleton, found)
        network = make()
        for layer in _layers(network):
            _fill(layer, *found.layers.get(layer.name, (None, None)))
        network.note = found.note
    except ValueError as error:
        reason = str(error).strip().splitlines()[0]
        raise errors.UserError(f"{where}: {name}: {reason}") from error
    return network


def _layers(network: Any) -> list[Any]:
    """All that have weights, each with its own name."""
    ends = network.to_rgb if network.name != "D" else network.from_rgb
    found = [*network.conv0, *network.conv1, *ends]
    if network.name == "D":
        found += [network.output_dense, *network.embedding]
    return found


def _check(network: Any, found: Found) -> None:
    """Raises ValueError unless weights and layers are each other's."""
    ours = {layer.name: layer for layer in _layers(network)}
    for name in ours.keys() - found.layers.keys() - set(found.missing):
        raise ValueError(f"no layer {name}")
    for name, (kernel, bias) in found.layers.items():
        if name not in ours:
            raise ValueError(f"a layer {name} too many")
        _check_shape(name, kernel, ours[name].kernel)
        if bias is not None:
            _check_shape(name, bias, ours[name].bias)


def _check_shape(name: str, found: np.ndarray, ours: Any) -> None:
    if found.shape != tuple(ours.shape):
        raise ValueError(
            f"layer {name} has weights of the shape {found.shape}, not "
            f"{tuple(ours.shape)}"
        )


def _fill(
    layer: Any, kernel: np.ndarray | None, bias: np.ndarray | None
) -> None:
    """Gives a layer these weights; zeros where the file has none."""
    factor = getattr(layer, "wscale", 1.0)
    zeros = np.zeros(layer.kernel.shape)
    layer.kernel.assign(zeros if kernel is None else kernel / factor)
    if bias is not None:
        layer.bias.assign(bias)


def lod_of(resolution: int, final: int, alpha: float = 1.0) -> float:
    """The lod of a stage, alpha being the share of its own layers."""
    highest = resolutions.highest_lod(final)
    lod = highest - resolutions.highest_lod(resolution) + 1.0 - alpha
    return min(lod, float(highest))


def number(
    config: Mapping[str, Any],
    name: str,
    default: float,
    low: float,
    high: float,
) -> float:
    """A number of a file's options.

    Raises:
        ValueError: If it is none, or outside of its limits.
    """
    value = config.get(name, default)
    if type(value) not in (int, float) or not low <= value <= high:
        raise ValueError(f"its {name} is not between {low:g} and {high:g}")
    return float(value)
