"""A generator for `browser.js`: what a page needs to draw with it.

Goes through the model of Keras' own layers that every family makes of its
generator (`stock_model`), so that one small interpreter serves all families.
"""

import base64
import pathlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from pgan_tf.base import errors
from pgan_tf.networks import families
from pgan_tf.networks.family import Generator

Entry = Mapping[str, Any]
Step = dict[str, Any]
Shape = tuple[int, ...]
Made = tuple[Step, Shape]
Kind = Callable[["_Packer", "_Layer"], Made]


class Drawer(NamedTuple):
    """A network as data.

    Attributes:
        steps: What to compute, one step after the other. Each has an "op",
            the "inputs" it takes, by their places in this list, and sizes;
            step 0 is the latents. Some have a "kernel" and a "bias": where
            these begin among the weights.
        weights: float16, base64: kernels as [out,in,height,width], or
            [in,out] of dense layers.
        macs: Multiplications per picture.
    """

    steps: list[Step]
    weights: str
    macs: int


def script() -> str:
    """The interpreter, `browser.js`."""
    return pathlib.Path(__file__).with_name("browser.js").read_text("utf-8")


def pack(network: Generator, label: np.ndarray | None) -> Drawer:
    """Makes a page's network.

    Args:
        network: The generator, at its own lod.
        label: What it is told beside the latents, [label_size]; None for
            networks that take no labels.

    Raises:
        UserError: If a layer is of a kind that `browser.js` does not know.
    """
    models = families.of_network(network).models()
    model = models.stock_model(network, None, False)
    packer = _Packer(label)
    for layer in model.get_config()["layers"]:
        name = layer["name"]
        packer.add(layer, [np.asarray(w) for w in _weights_of(model, name)])
    values = np.concatenate([each.ravel() for each in packer.weights])
    if not np.abs(values).max() <= np.finfo(np.float16).max:
        raise errors.UserError("weights of this network are beyond float16")
    encoded = base64.b64encode(values.astype("<f2").tobytes())
    return Drawer(packer.steps, encoded.decode("ascii"), packer.macs)


def _weights_of(model: Any, name: str) -> list[Any]:
    """Weights of a layer; operations such as a sum have none."""
    layers = [each for each in model.layers if each.name == name]
    return layers[0].get_weights() if layers else []


class _Layer(NamedTuple):
    """A layer of the model.

    Attributes:
        config: As Keras has it.
        shapes: Of what it takes: [height,width,channels] or [channels] each.
        weights: Kernel and bias, if it has any.
    """

    config: Entry
    shapes: list[Shape]
    weights: list[np.ndarray]


class _Packer:
    """Turns layers into steps, in their order.

    Args:
        label: See `pack`.
    """

    def __init__(self, label: np.ndarray | None) -> None:
        self.label = label
        self.steps: list[Step] = []
        self.weights: list[np.ndarray] = []
        self.macs = 0
        self._places: dict[str, int] = {}
        self._shapes: list[Shape] = []
        self._size = 0

    def add(self, entry: Entry, weights: list[np.ndarray]) -> None:
        """Adds a layer, as the model's config has it."""
        kind = entry["class_name"]
        if kind not in _KINDS:
            raise errors.UserError(
                f"pages cannot draw with layers of the kind {kind}"
            )
        inputs, numbers = _arguments(entry)
        places = [self._places[name] for name in inputs]
        shapes = [self._shapes[place] for place in places]
        step, shape = _KINDS[kind](
            self, _Layer(entry["config"], shapes, weights)
        )
        self._places[entry["name"]] = len(self.steps)
        self.steps.append({**step, "inputs": places, **numbers})
        self._shapes.append(shape)

    def keep(self, kernel: np.ndarray, bias: np.ndarray, uses: int) -> Step:
        """Puts weights behind the others; says where they begin.

        Args:
            kernel, bias: In the order that the page reads them.
            uses: How often the kernel is applied.
        """
        begins = {"kernel": self._size, "bias": self._size + kernel.size}
        self.weights += [kernel, bias]
        self._size += kernel.size + bias.size
        self.macs += kernel.size * uses
        return {**begins, "outputs": len(bias)}


def _input(packer: _Packer, layer: _Layer) -> Made:
    """The latents, or the label, which the page does not change."""
    shape = (layer.config["batch_shape"][-1],)
    if not packer.steps:
        return {"op": "latents"}, shape
    assert packer.label is not None
    return {"op": "label", "values": packer.label.tolist()}, shape


def _join(_: _Packer, layer: _Layer) -> Made:
    """Vectors behind one another."""
    return {"op": "join"}, (sum(size for (size,) in layer.shapes),)


def _rms(_: _Packer, layer: _Layer) -> Made:
    """Channels divided by their root mean square."""
    if any((each != 1).any() for each in layer.weights):
        raise errors.UserError("pages cannot draw with scaled norms")
    step = {"op": "rms", "epsilon": layer.config["epsilon"]}
    return step, layer.shapes[0]


def _dense(packer: _Packer, layer: _Layer) -> Made:
    kernel, bias = layer.weights
    return {"op": "dense", **packer.keep(kernel, bias, 1)}, bias.shape


def _reshape(_: _Packer, layer: _Layer) -> Made:
    """Vectors to images, channels last."""
    height, width, _channels = layer.config["target_shape"]
    channels = layer.shapes[0][0] // (height * width)
    step = {"op": "reshape", "height": height, "width": width}
    return step, (height, width, channels)


def _leaky(_: _Packer, layer: _Layer) -> Made:
    slope = float(layer.config["negative_slope"])
    return {"op": "leaky", "slope": slope}, layer.shapes[0]


def _activation(_: _Packer, layer: _Layer) -> Made:
    if layer.config["activation"] != "tanh":
        raise errors.UserError(
            f"pages cannot draw with {layer.config['activation']}"
        )
    return {"op": "tanh"}, layer.shapes[0]


def _convolution(packer: _Packer, layer: _Layer) -> Made:
    """Of stride 1."""
    kernel, bias = layer.weights
    size = kernel.shape[0]
    height, width, _ = layer.shapes[0]
    pad = size // 2 if layer.config["padding"] == "same" else 0
    height, width = (side + 2 * pad - size + 1 for side in (height, width))
    kept = packer.keep(kernel.transpose(3, 2, 0, 1), bias, height * width)
    step = {"op": "conv", "size": size, "pad": pad, **kept}
    return step, (height, width, len(bias))


def _doubling(packer: _Packer, layer: _Layer) -> Made:
    """Transposed convolution, 4x4, of stride 2."""
    kernel, bias = layer.weights
    if kernel.shape[:2] != (4, 4):
        raise errors.UserError("pages know transposed kernels of 4x4 only")
    height, width, _ = layer.shapes[0]
    kept = packer.keep(kernel.transpose(2, 3, 0, 1), bias, height * width)
    return {"op": "doubling", **kept}, (2 * height, 2 * width, len(bias))


def _repeat(_: _Packer, layer: _Layer) -> Made:
    """Pixels repeated both ways."""
    factor = int(np.max(layer.config["size"]))
    height, width, channels = layer.shapes[0]
    shape = (factor * height, factor * width, channels)
    return {"op": "repeat", "factor": factor}, shape


def _pad(_: _Packer, layer: _Layer) -> Made:
    """Zeros around an image."""
    border = int(np.max(layer.config["padding"]))
    height, width, channels = layer.shapes[0]
    shape = (height + 2 * border, width + 2 * border, channels)
    return {"op": "pad", "border": border}, shape


def _number_by_number(op: str) -> Kind:
    return lambda _, layer: ({"op": op}, layer.shapes[0])


_KINDS: dict[str, Kind] = {
    "InputLayer": _input,
    "Concatenate": _join,
    "RMSNormalization": _rms,
    "Dense": _dense,
    "Reshape": _reshape,
    "LeakyReLU": _leaky,
    "Activation": _activation,
    "Conv2D": _convolution,
    "Conv2DTranspose": _doubling,
    "UpSampling2D": _repeat,
    "ZeroPadding2D": _pad,
    "Subtract": _number_by_number("subtract"),
    "Multiply": _number_by_number("multiply"),
    "Add": _number_by_number("add"),
}


def _arguments(entry: Entry) -> tuple[list[str], dict[str, float]]:
    """Names of the layers that a layer takes, and a number that it takes."""
    names: list[str] = []
    numbers: dict[str, float] = {}
    nodes = entry["inbound_nodes"]
    for given in nodes[0]["args"] if nodes else ():
        for each in given if isinstance(given, list) else [given]:
            if isinstance(each, int | float):
                numbers["number"] = float(each)
            else:
                names.append(each["config"]["keras_history"][0])
    return names, numbers
