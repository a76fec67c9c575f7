"""The 2015 Inception graph, the network that FID and IS are defined with.

`classify_image_graph_def.pb` is a frozen graph of TensorFlow 0.x. It cannot
run in a TensorFlow 2 function as it is: its batch normalisation is an
operation that GraphDef versions from 9 on no longer know, and its JPEG input
is fixed to one image. `rewrite` changes both and leaves the numbers alone.
"""

import hashlib
import http.client
import pathlib
import tarfile
import urllib.request

import numpy as np
import tensorflow as tf

from pgan_tf.base import boundary, devices, errors, files, graphs, memory
from pgan_tf.data.sources import arrays
from pgan_tf.evaluation.features import resize
from pgan_tf.evaluation.features.extractor import (
    Extractor,
    Run,
    Unavailable,
    of_file,
)

URL = (
    "http://download.tensorflow.org/models/image/imagenet/"
    "inception-2015-12-05.tgz"
)

ARCHIVE_NAME = "inception-2015-12-05.tgz"
ARCHIVE_BYTES = 88_931_400
GRAPH_NAME = "classify_image_graph_def.pb"
GRAPH_BYTES = 95_673_916
GRAPH_MD5 = "e6bb154e85f5d4331c22abcddb5dcf31"

GRAPH_SHA256 = (
    "009d6814d1bc560d4e7b236e170e9b2d5ca6f4b57bd8037f6db05776204415c6"
)

# float32 NHWC 0..255 of any size; the graph resizes to 299x299 itself.
INPUT_NODE = "ExpandDims"
FEATURES_NODE = "pool_3"
WEIGHTS_NODE = "softmax/weights"
# Ahead of the input, where it is cut off.
JPEG = "DecodeJpeg"
OLD_BATCH_NORM = "BatchNormWithGlobalNormalization"
TIMEOUT_SECONDS = 30
# How such a file begins.
_GZIP = b"\x1f\x8b"


def load(path: pathlib.Path | None, replicas: devices.Replicas) -> Extractor:
    """The extractor from a file, or from the cache, or from the network.

    Args:
        path: `classify_image_graph_def.pb` or a .tgz that holds it; None
            takes the cached file and downloads it first if there is none.
        replicas: That run it.

    Raises:
        UserError: If there is no such file or it holds another graph;
            `Unavailable` if none was named and none can be had.
    """
    path = path or find()
    data = read_graph(path)
    graph = parse(data, path)
    digest = hashlib.sha256(data).hexdigest()
    canonical = digest == GRAPH_SHA256
    with boundary.reading(path, "graph that can be run"):
        run = of_file(runner(graph, replicas), str(path))
        run(np.zeros([1, 32, 32, 3], np.uint8))
    return Extractor(
        name="inception" if canonical else path.name.split(".")[0],
        digest=digest,
        run=run,
        canonical=canonical,
        layer=FEATURES_NODE,
        resize=f"{resize.NAME} to 299x299",
        note="" if canonical else _doubts(data),
    )


def find() -> pathlib.Path:
    """The file in the cache folder, downloaded if it is not there."""
    try:
        folder = files.cache_folder()
    except errors.UserError as error:
        raise Unavailable(
            f"no 2015 Inception file: {error}, or pass --inception=FILE"
        ) from error
    for name in (GRAPH_NAME, ARCHIVE_NAME):
        if (folder / name).is_file():
            return folder / name
    return download(folder / ARCHIVE_NAME)


def download(path: pathlib.Path) -> pathlib.Path:
    """Downloads the archive; a file under this name is always complete.

    Raises:
        Unavailable: Offline, or if what arrives has another size.
    """
    advice = (
        f"fetch {URL} elsewhere and put it at {path}, or pass"
        " --inception=FILE, or other --features such as labels"
    )
    try:
        with urllib.request.urlopen(URL, timeout=TIMEOUT_SECONDS) as response:
            data = response.read(ARCHIVE_BYTES + 1)
    except (OSError, http.client.HTTPException) as error:
        cause = getattr(error, "reason", error)
        reason = getattr(cause, "strerror", None) or cause
        raise Unavailable(
            f"no 2015 Inception file ({reason}): {advice}"
        ) from error
    if len(data) != ARCHIVE_BYTES:
        raise Unavailable(
            f"no 2015 Inception file ({len(data)} bytes arrived, not"
            f" {ARCHIVE_BYTES}): {advice}"
        )
    try:
        with files.partial(path) as partial:
            partial.write_bytes(data)
    except OSError as error:
        raise Unavailable(
            f"no 2015 Inception file (cannot write {path}: {error.strerror}):"
            f" {advice}"
        ) from error
    return path


def read_graph(path: pathlib.Path) -> bytes:
    """The bytes of the .pb file, from itself or out of the archive."""
    if not path.is_file():
        raise errors.UserError(f"{path}: no such file")
    with boundary.reading(path, GRAPH_NAME):
        with open(path, "rb") as file:
            packed = file.read(2) == _GZIP
        if not packed and not tarfile.is_tarfile(path):
            # The bytes, what is parsed of them, and that rewritten.
            memory.require(3 * path.stat().st_size, str(path))
            return path.read_bytes()
    try:
        return arrays.read_members(path, [GRAPH_NAME])[GRAPH_NAME]
    except errors.UserError as error:
        raise errors.UserError(
            f"{path}: no whole {GRAPH_NAME} in it: {error}"
        ) from error


def parse(data: bytes, path: pathlib.Path) -> tf.compat.v1.GraphDef:
    """Parses the graph and checks that it is one of the known shape.

    Raises:
        UserError: If it is not, or could do more than compute.
    """
    graph = tf.compat.v1.GraphDef()
    try:
        graph.ParseFromString(data)
    except Exception as error:  # protobuf has several
        raise errors.UserError(
            f"{path}: not a TensorFlow graph; --inception takes {GRAPH_NAME}"
            f" or {ARCHIVE_NAME}"
        ) from error
    names = {node.name for node in graph.node}
    missing = {INPUT_NODE, FEATURES_NODE, WEIGHTS_NODE} - names
    if missing:
        raise errors.UserError(
            f"{path}: not the 2015 Inception graph, it has no node"
            f" {', '.join(sorted(missing))}; --inception takes {GRAPH_NAME}"
        )
    graphs.check(graph, str(path), also=[JPEG])
    with boundary.reading(path, "graph that can be run"):
        graphs.check(rewrite(graph), str(path))
    return graph


def rewrite(graph: tf.compat.v1.GraphDef) -> tf.compat.v1.GraphDef:
    """The same function as a graph that runs in TensorFlow 2.

    The JPEG decoder gives way to a placeholder, batch normalisation becomes
    FusedBatchNormV3, checks and control edges go. The outputs differ by some
    1e-7 relative.
    """
    result = tf.compat.v1.GraphDef()
    for node in graph.node:
        inputs = [name for name in node.input if not name.startswith("^")]
        if node.name == INPUT_NODE:
            placeholder = result.node.add(name=INPUT_NODE, op="Placeholder")
            placeholder.attr["dtype"].type = tf.float32.as_datatype_enum
        elif node.op == OLD_BATCH_NORM:
            _add_batch_norm(result, node, inputs)
        else:
            copy = result.node.add()
            copy.CopyFrom(node)
            copy.input[:] = inputs
    with tf.Graph().as_default() as empty:
        result.versions.CopyFrom(empty.as_graph_def().versions)
    return tf.compat.v1.graph_util.extract_sub_graph(
        result, [FEATURES_NODE, WEIGHTS_NODE]
    )


def runner(graph: tf.compat.v1.GraphDef, replicas: devices.Replicas) -> Run:
    """From a parsed graph to a function from uint8 [N,H,W,3] to two outputs.

    Logits are features times `softmax/weights` without the biases: the graph
    cannot classify more than one image at a time, so the first inception
    score code redid this product and left the biases out, which made it the
    definition.
    """
    rewritten = rewrite(graph)

    def call(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        pooled, weights = tf.import_graph_def(
            rewritten,
            input_map={f"{INPUT_NODE}:0": images},
            return_elements=[f"{FEATURES_NODE}:0", f"{WEIGHTS_NODE}:0"],
        )
        pooled = tf.reshape(pooled, [-1, tf.shape(weights)[0]])
        return pooled, tf.matmul(pooled, weights)

    spec = tf.TensorSpec([None, None, None, 3], tf.float32)
    function = tf.compat.v1.wrap_function(call, [spec])
    graphs.check_sizes(function.graph, "the Inception graph")
    return replicas.spread(lambda x: function(tf.cast(x, tf.float32)))


def _doubts(data: bytes) -> str:
    """Why a file of the right nodes is not taken for the 2015 one."""
    if len(data) != GRAPH_BYTES:
        return f"not the 2015 file: {len(data)} bytes instead of {GRAPH_BYTES}"
    md5 = hashlib.md5(data, usedforsecurity=False).hexdigest()
    agrees = "agrees" if md5 == GRAPH_MD5 else "differs too"
    return f"not the 2015 file: its sha256 differs (its md5 {agrees})"


def _add_batch_norm(
    graph: tf.compat.v1.GraphDef,
    old: tf.compat.v1.NodeDef,
    inputs: list[str],
) -> None:
    """Appends the modern equivalent of an old batch normalisation."""
    images, mean, variance, beta, gamma = inputs
    float32 = tf.float32.as_datatype_enum
    if not old.attr["scale_after_normalization"].b:
        gamma = f"{old.name}/ones"
        ones = graph.node.add(name=gamma, op="OnesLike", input=[beta])
        ones.attr["T"].type = float32
    new = graph.node.add(name=old.name, op="FusedBatchNormV3")
    new.input[:] = [images, gamma, beta, mean, variance]
    new.attr["T"].type = float32
    new.attr["U"].type = float32
    new.attr["epsilon"].f = old.attr["variance_epsilon"].f
    new.attr["data_format"].s = b"NHWC"
    new.attr["is_training"].b = False
