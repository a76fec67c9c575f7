"""The 2015 Inception network as a Keras model, converted from its graph.

The same function as the frozen graph, some 1e-6 apart, and faster than that
graph as it lies in the file, for batch normalisation is folded into the
convolutions. What a conversion gives is compared with the graph itself before
it is kept.

Two quirks are the network's own: `mixed_10` pools by maximum where all other
blocks average, and averages leave the padding out of the count.
"""

import dataclasses
import hashlib
import json
import pathlib
import zipfile
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pgan_tf.base import devices, errors, files
from pgan_tf.evaluation.features import inception_graph, resize
from pgan_tf.evaluation.features.extractor import Extractor
from pgan_tf.networks import keras_files

SIZE = 299
# A file inside the .keras archive; Keras leaves it alone.
ORIGIN = "pgan_tf-origin.json"
# Largest difference from the graph, relative to the largest feature.
TOLERANCE = 1e-5
Tensor = Any
# Stride and padding.
SAME = (1, "same")
HALF = (2, "valid")


@dataclasses.dataclass(frozen=True)
class Unit:
    """A convolution with its batch normalisation folded in.

    Attributes:
        kernel: float32 [h,w,in,out].
        bias: float32 [out].
    """

    kernel: np.ndarray
    bias: np.ndarray


Units = dict[str, Unit]


def read_units(graph: tf.compat.v1.GraphDef) -> tuple[Units, np.ndarray]:
    """The convolutions by name, and `softmax/weights` [D,K].

    Raises:
        KeyError: If it is another graph.
    """
    nodes = {node.name: node for node in graph.node}

    def constant(name: str) -> np.ndarray:
        return tf.make_ndarray(nodes[name].attr["value"].tensor)

    units = {}
    for name, node in nodes.items():
        if node.op != inception_graph.OLD_BATCH_NORM:
            continue
        unit = name.removesuffix("/batchnorm")
        parts = ("moving_mean", "moving_variance", "beta", "gamma")
        mean, variance, beta, gamma = (
            constant(f"{name}/{part}").astype(np.float64) for part in parts
        )
        if not node.attr["scale_after_normalization"].b:
            gamma = np.ones_like(gamma)
        epsilon = node.attr["variance_epsilon"].f
        scale = gamma / np.sqrt(variance + epsilon)
        kernel = constant(f"{unit}/conv2d_params") * scale
        bias = beta - mean * scale
        units[unit] = Unit(kernel.astype("f4"), bias.astype("f4"))
    return units, constant(inception_graph.WEIGHTS_NODE)


def build(units: Units, weights: np.ndarray) -> keras.Model:
    """The network: RGB 0..255 [N,299,299,3] to (pool_3 [N,D], logits [N,K]).

    Args:
        units: By the graph's names; their kernels tell all widths.
        weights: Of the logits, [D,K]; there is no bias, see
            `inception_graph.runner`.

    Raises:
        KeyError: If a unit is missing.
        ValueError: If the sizes do not fit.
    """
    net = _Network(units)
    images = keras.Input([SIZE, SIZE, 3])
    x = keras.layers.Rescaling(1 / 128, offset=-1)(images)
    x = net.conv(x, "conv", *HALF)
    x = net.conv(x, "conv_1", 1, "valid")
    x = net.conv(x, "conv_2")
    x = _max_pool(x)
    x = net.conv(x, "conv_3", 1, "valid")
    x = net.conv(x, "conv_4", 1, "valid")
    x = _max_pool(x)
    for name in ("mixed", "mixed_1", "mixed_2"):
        x = net.mixed(x, name, 2, 3)
    x = net.reduction(x, {"mixed_3": 1, "mixed_3/tower": 3})
    for name in ("mixed_4", "mixed_5", "mixed_6", "mixed_7"):
        x = net.mixed(x, name, 3, 5)
    x = net.reduction(x, {"mixed_8/tower": 2, "mixed_8/tower_1": 4})
    x = net.wide(x, "mixed_9", keras.layers.AveragePooling2D)
    x = net.wide(x, "mixed_10", keras.layers.MaxPooling2D)
    pooled = keras.layers.GlobalAveragePooling2D(name="pool_3")(x)
    dense = keras.layers.Dense(weights.shape[1], use_bias=False, name="logits")
    model = keras.Model(images, (pooled, dense(pooled)))
    dense.set_weights([weights])
    for layer, parts in net.layers:
        layer.set_weights(parts)
    return model


class _Network:
    """Makes layers, and remembers what weights they shall have."""

    def __init__(self, units: Units) -> None:
        self._units = units
        self.layers: list[tuple[keras.layers.Layer, list[np.ndarray]]] = []

    def conv(
        self, x: Tensor, name: str, stride: int = 1, padding: str = "same"
    ) -> Tensor:
        """Convolution, bias, ReLU."""
        unit = self._units[name]
        height, width, inputs, outputs = unit.kernel.shape
        if inputs != x.shape[-1]:
            raise ValueError(f"{name} takes {inputs} maps, not {x.shape[-1]}")
        layer = keras.layers.Conv2D(
            outputs,
            (height, width),
            stride,
            padding,
            activation="relu",
            name=name.replace("/", "-"),
        )
        self.layers.append((layer, [unit.kernel, unit.bias]))
        return layer(x)

    def tower(
        self, x: Tensor, name: str, count: int, last: tuple[int, str] = SAME
    ) -> Tensor:
        """`conv`, `conv_1`, ...; the last has its own stride and padding."""
        for i in range(count):
            unit = f"{name}/conv_{i}" if i else f"{name}/conv"
            x = self.conv(x, unit, *(last if i == count - 1 else SAME))
        return x

    def mixed(self, x: Tensor, name: str, first: int, second: int) -> Tensor:
        """A block with two towers of so many convolutions, at stride 1."""
        pooled = keras.layers.AveragePooling2D(3, 1, "same")(x)
        return _join(
            self.tower(x, name, 1),
            self.tower(x, f"{name}/tower", first),
            self.tower(x, f"{name}/tower_1", second),
            self.tower(pooled, f"{name}/tower_2", 1),
        )

    def reduction(self, x: Tensor, towers: dict[str, int]) -> Tensor:
        """Towers of so many convolutions and a maximum, all at stride 2."""
        branches = [self.tower(x, *each, HALF) for each in towers.items()]
        return _join(*branches, _max_pool(x))

    def wide(self, x: Tensor, name: str, pool: type) -> Tensor:
        """A block of the last two, whose towers fork at their ends."""
        first = self.tower(x, f"{name}/tower", 1)
        second = self.tower(x, f"{name}/tower_1", 2)
        return _join(
            self.tower(x, name, 1),
            self.conv(first, f"{name}/tower/mixed/conv"),
            self.conv(first, f"{name}/tower/mixed/conv_1"),
            self.conv(second, f"{name}/tower_1/mixed/conv"),
            self.conv(second, f"{name}/tower_1/mixed/conv_1"),
            self.tower(pool(3, 1, "same")(x), f"{name}/tower_2", 1),
        )


def _join(*parts: Tensor) -> Tensor:
    return keras.layers.Concatenate()(parts)


def _max_pool(x: Tensor) -> Tensor:
    return keras.layers.MaxPooling2D(3, *HALF)(x)


def convert(source: pathlib.Path) -> tuple[pathlib.Path, str]:
    """Converts the graph in a file and keeps the model in the cache folder.

    Args:
        source: As `inception_graph.load` takes it.

    Returns:
        The model's file and a line about it.

    Raises:
        UserError: If the file holds another graph, or what comes out differs
            from it by more than TOLERANCE.
    """
    data = inception_graph.read_graph(source)
    graph = inception_graph.parse(data, source)
    try:
        model = build(*read_units(graph))
    except (KeyError, ValueError) as error:
        raise errors.UserError(
            f"--convert_inception={source}: not the 2015 Inception graph:"
            f" {error}"
        ) from error
    difference = compare(graph, model)
    if not difference <= TOLERANCE:
        raise errors.UserError(
            f"--convert_inception={source}: what comes out differs from the"
            f" graph by {difference:.1e} of its largest feature: not the 2015"
            " Inception graph"
        )
    digest = hashlib.sha256(data).hexdigest()
    path = files.cache_folder() / file_name(digest)
    origin = {
        "graph_sha256": digest,
        "weights_sha256": files.sha256_of_weights(model),
        "difference": f"{difference:.1e}",
    }
    with files.partial(path) as partial:
        model.save(partial)
        with zipfile.ZipFile(partial, "a") as archive:
            archive.writestr(ORIGIN, json.dumps(origin))
    return path, (
        f"{path}: converted, within {difference:.1e} of the graph's largest"
        " feature"
    )


def file_name(graph_digest: str) -> str:
    """What the model converted from a graph of that sha256 is called."""
    return f"inception-{graph_digest[:8]}.keras"


def compare(graph: tf.compat.v1.GraphDef, model: keras.Model) -> float:
    """The largest difference of features or logits, over the largest."""
    random = np.random.RandomState(0)
    replicas = devices.Replicas()
    run = inception_graph.runner(graph, replicas)
    port = replicas.spread(_at_size(model))
    worst = 0.0
    for size in (75, SIZE):
        noise = random.randint(0, 256, (2, size // 25, size // 25, 3))
        images = noise.repeat(25, axis=1).repeat(25, axis=2).astype(np.uint8)
        for expected, found in zip(run(images), port(images), strict=True):
            scale = np.abs(expected).max()
            worst = max(worst, float(np.abs(found - expected).max() / scale))
    return worst


def load(path: pathlib.Path, replicas: devices.Replicas) -> Extractor:
    """The extractor of a file that `convert` wrote.

    Raises:
        UserError: If it is another file, or its weights were changed.
    """
    try:
        with replicas.scope():
            model = keras_files.load(path)
        with zipfile.ZipFile(path) as archive:
            origin = json.loads(archive.read(ORIGIN))
        if files.sha256_of_weights(model) != origin["weights_sha256"]:
            raise ValueError("its weights are others")
        digest = origin["graph_sha256"]
        difference = origin["difference"]
    except Exception as error:
        # Keras raises many kinds for a file that is torn.
        reason = str(error).strip().split("\n")[0]
        raise errors.UserError(
            f"--inception={path}: not what --convert_inception writes, or torn"
            f" ({reason}); convert again"
        ) from error
    canonical = digest == inception_graph.GRAPH_SHA256
    call = _at_size(model)
    return Extractor(
        name="inception-keras" if canonical else f"{path.stem}-keras",
        digest=digest,
        run=replicas.spread(call),
        differentiable=lambda x: call(x)[0],
        canonical=canonical,
        ported=True,
        layer=inception_graph.FEATURES_NODE,
        resize=f"{resize.NAME} to {SIZE}x{SIZE}",
        note=f"Keras port of the 2015 graph, within {difference} of it"
        if canonical
        else f"converted from a graph of the sha256 {digest[:8]}",
    )


Call = Callable[[tf.Tensor], tuple[tf.Tensor, tf.Tensor]]


def _at_size(model: keras.Model) -> Call:
    """The model on images of any type and size."""

    def call(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        images = tf.cast(images, tf.float32)
        resized = resize.bilinear(images, (SIZE, SIZE))
        return model(resized, training=False)

    return call
