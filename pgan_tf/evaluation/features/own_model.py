"""The user's own extractor: a Keras model or a SavedModel."""

import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

# TensorFlow's own parser of the file, which `tf.saved_model.load` is over.
from tensorflow.core.protobuf import saved_model_pb2

from pgan_tf.base import boundary, devices, errors, files, graphs, memory
from pgan_tf.evaluation.features import resize
from pgan_tf.evaluation.features.extractor import Extractor, Run, of_file
from pgan_tf.networks import keras_files

Size = tuple[int, int]

SIGNATURE = "serving_default"


def load(
    path: pathlib.Path, resolution: int, replicas: devices.Replicas
) -> Extractor:
    """The extractor of a `.keras` file or a SavedModel folder.

    The model receives float32 RGB images [N,H,W,3] in 0..255. If its input
    has a fixed size, images are resized to it as the 2015 Inception graph
    does (bilinear, corners not aligned, not antialiased). It returns features
    [N,D], or a pair of features and logits [N,K] of a softmax.

    Args:
        path: The file, see `networks.keras_files`; or the folder,
            whose signature `serving_default` is used, with its outputs in
            the order of their names unless these are features and logits.
            Its operations must be among those of `base.graphs`.
        resolution: Of the images it will be given.
        replicas: That run it.

    Raises:
        UserError: If there is no such thing or it is another kind of model.
    """
    with replicas.scope():
        is_folder = path.is_dir()
        opened = _open_folder(path) if is_folder else _open_keras(path)
    model, size, layer = opened

    call = _at_size(model, size)
    spread = replicas.spread(call)
    outputs = _try(call, spread, resolution, path)
    digest = files.sha256_of_folder if is_folder else files.sha256_of_file
    how = "none"
    if size:
        how = f"{resize.NAME} to {size[0]}x{size[1]}"
    return Extractor(
        name=path.stem,
        digest=digest(path),
        run=of_file(spread, f"--features={path}"),
        differentiable=lambda x: call(x)[0],
        classifies=len(outputs) == 2,
        layer=layer,
        resize=how,
    )


Model = Callable[[tf.Tensor], list[tf.Tensor]]


def _at_size(model: Model, size: Size | None) -> Model:
    """The model on images of any type and size."""

    def call(images: tf.Tensor) -> list[tf.Tensor]:
        images = tf.cast(images, tf.float32)
        if size:
            images = resize.bilinear(images, size)
        return [tf.cast(output, tf.float32) for output in model(images)]

    return call


def _open_keras(path: pathlib.Path) -> tuple[Model, Size | None, str]:
    """The model, the size that it insists on, where features come from."""
    if not path.is_file():
        raise errors.UserError(
            f"--features={path}: no such file; give a .keras file, a"
            " SavedModel folder, labels, random or inception"
        )
    try:
        model = keras_files.load(path)
    except errors.UserError as error:
        raise errors.UserError(f"--features: {error}") from error
    shape: Any = getattr(model, "input_shape", None)
    # Several inputs give a list or dictionary of shapes.
    if not isinstance(shape, tuple):
        shape = ()
    names = getattr(model, "output_names", None) or [""]

    def call(images: tf.Tensor) -> list[tf.Tensor]:
        return tf.nest.flatten(model(images, training=False))

    return call, _input_size(shape, path), names[0]


def _open_folder(path: pathlib.Path) -> tuple[Model, Size | None, str]:
    """What `_open_keras` returns, of a SavedModel folder."""
    _check_operations(path)
    what = f"SavedModel with the signature {SIGNATURE}"
    with (
        boundary.reading(f"--features={path}", what),
        files.plain_name(path) as name,
    ):
        loaded = tf.saved_model.load(name)
        signature = loaded.signatures[SIGNATURE]
    inputs = signature.structured_input_signature[1]
    specs = list(inputs.values())
    if len(specs) != 1 or specs[0].dtype != tf.float32:
        raise errors.UserError(
            f"--features={path}: the model must take one batch of float32"
            f" images [N,H,W,3], its signature takes {specs}"
        )
    (name,) = inputs
    outputs = _ordered(list(signature.structured_outputs))

    def call(images: tf.Tensor) -> list[tf.Tensor]:
        # The functions of a SavedModel are those of the object that is kept.
        found = loaded.signatures[SIGNATURE](**{name: images})
        return [found[each] for each in outputs]

    shape = tuple(specs[0].shape) if specs[0].shape.rank else ()
    return call, _input_size(shape, path), outputs[0]


def _ordered(names: Sequence[str]) -> list[str]:
    """Features before logits, by name."""
    return sorted(names, key=lambda name: (name == "logits", name))


def _check_operations(path: pathlib.Path) -> None:
    """Refuses a graph that could do more than compute."""
    saved = saved_model_pb2.SavedModel()
    file = path / "saved_model.pb"
    if not file.is_file():
        raise errors.UserError(
            f"--features={path}: not a SavedModel: no saved_model.pb in it"
        )
    with boundary.reading(f"--features={file}", "SavedModel"):
        memory.require(3 * file.stat().st_size, f"--features={file}")
        saved.ParseFromString(file.read_bytes())
    graphs.check_saved_model(saved, f"--features={path}")


def _try(
    call: Model,
    run: Run,
    resolution: int,
    path: pathlib.Path,
) -> Sequence[Any]:
    """Outputs for two black images; UserError if they are no features."""
    blank = np.zeros([2, resolution, resolution, 3], np.uint8)
    what = f"model that takes images of {resolution}x{resolution} pixels"
    with boundary.reading(f"--features={path}", what):
        spec = tf.TensorSpec([None, *blank.shape[1:]], tf.uint8)
        traced = tf.function(call).get_concrete_function(spec)
        graphs.check_sizes(traced.graph, f"--features={path}")
        outputs = run(blank)
    shapes = [tuple(output.shape) for output in outputs]
    if len(shapes) not in (1, 2) or any(len(s) != 2 for s in shapes):
        raise errors.UserError(
            f"--features={path}: the model must return features [N,D] or"
            f" (features, logits), got the shapes {shapes}"
        )
    return outputs


def _input_size(shape: tuple[Any, ...], path: pathlib.Path) -> Size | None:
    """Height and width that the model insists on, or None for any."""
    if len(shape) != 4 or shape[0] is not None or shape[3] not in (3, None):
        raise errors.UserError(
            f"--features={path}: the model must take one batch of RGB images"
            f" [N,H,W,3], its input is {shape}"
        )
    height, width = shape[1:3]
    if height is None and width is None:
        return None
    if height is None or width is None:
        raise errors.UserError(
            f"--features={path}: height and width of the input must both be"
            f" fixed or both be free, not {height}x{width}"
        )
    return height, width
