"""Generators in formats of other programs.

Each file is run once by the program that it is for, and compared with the
network that it comes from, before it gets its name.
"""

import pathlib
import shutil
import tempfile
import warnings
from collections.abc import Callable, Mapping

import keras
import numpy as np
import tensorflow as tf

from pgan_tf.base import errors, files, images, progress, resolutions
from pgan_tf.networks import export_formats, families
from pgan_tf.networks.family import Generator

# Images of 1024x1024, of untrained weights, differ by 1e-4.
TOLERANCE = 2e-3
NUM_CHECKED = 2  # of 1024x1024 some converted models take gigabytes each
Inputs = Mapping[str, np.ndarray]


def export(
    network: Generator,
    name: str,
    path: pathlib.Path,
    lod: float | None = None,
    uint8: bool = False,
) -> float:
    """Writes a model of its own from latents (and labels) to images.

    Args:
        network: The generator.
        name: One of `formats.FORMATS`.
        path: File or, for SavedModel, folder to make.
        lod: Where in its growth, fixed in the file; None: the network's own.
        uint8: Images as pixels 0..255 instead of floats, about -1..1.

    Returns:
        The largest difference to the network's own images that was found.

    Raises:
        UserError: If packages are missing, the network has no such lod, or
            the images differ by more than rounding explains; then there is no
            file.
    """
    export_formats.check_packages(name)
    models = families.of_network(network).models()
    try:
        model = models.stock_model(network, lod, uint8)
    except ValueError as error:
        raise errors.UserError(f"--lod={lod}: {error}") from error
    inputs = fixed_inputs(network)
    with (
        files.partial(path) as partial,
        tempfile.TemporaryDirectory(prefix="pgan_tf-") as folder,
        warnings.catch_warnings(),
        progress.bar(3, "exporting", delay=1) as bar,
        keras.device("cpu:0"),  # GPUs round the factors of a product more.
    ):
        warnings.simplefilter("ignore")  # Of converters, about themselves.
        expected = source_images(network, inputs, lod, uint8)
        bar.update()
        # Not all of these programs take all names that a file may have.
        suffix = export_formats.FORMATS[name].suffix
        made = pathlib.Path(folder) / f"model{suffix}"
        _write(model, inputs, name, made)
        bar.update()
        found = RUNNERS[name](made, inputs)
        worst = float(np.abs(found.astype(np.float32) - expected).max())
        limit = 1 if uint8 else TOLERANCE * max(1.0, np.abs(expected).max())
        if found.shape != expected.shape or not worst <= limit:
            raise errors.UserError(
                f"{path}: not written: its images differ from the network's "
                f"by {worst:.3g}; a fault of the converter, so try another "
                "--format"
            )
        shutil.move(made, partial)
    return worst


def fixed_inputs(network: Generator) -> dict[str, np.ndarray]:
    """Latents, and labels one after the other, that never change."""
    random = np.random.Generator(np.random.Philox(key=0))
    size = (NUM_CHECKED, network.latent_size)
    inputs = {"latents": random.standard_normal(size, np.float32)}
    if network.label_size:
        classes = np.arange(NUM_CHECKED) % network.label_size
        inputs["labels"] = np.eye(network.label_size, dtype=np.float32)[classes]
    return inputs


def source_images(
    network: Generator,
    inputs: Inputs,
    lod: float | None,
    uint8: bool,
) -> np.ndarray:
    """What the network itself draws, as float32 even if uint8.

    Raises:
        UserError: If that is not finite.
    """
    config = {**network.get_config(), "dtype": "float32"}
    models = families.of_network(network).models()
    exact = models.generator_from_config(config)
    exact.set_weights(network.get_weights())
    resolution, alpha = resolutions.split(
        network.lod if lod is None else lod, network.resolution
    )
    drawn = exact(
        inputs["latents"],
        inputs.get("labels"),
        resolution=resolution,
        alpha=alpha,
    )
    if not np.isfinite(drawn).all():
        # Pixels would hide it.
        raise errors.UserError(
            "the network draws values that are no numbers: its training has"
            " failed; take an earlier snapshot"
        )
    drawn = images.upscale(np.asarray(drawn), network.resolution // resolution)
    return images.to_uint8(drawn).astype(np.float32) if uint8 else drawn


def _write(
    model: keras.Model, inputs: Inputs, name: str, path: pathlib.Path
) -> None:
    if name == "keras":
        model.save(path)
    else:
        model(dict(inputs))  # Some exporters want a model that was called.
        model.export(
            path, export_formats.FORMATS[name].keras_name, verbose=False
        )


def _run_keras(path: pathlib.Path, inputs: Inputs) -> np.ndarray:
    model = keras.saving.load_model(path, compile=False, safe_mode=True)
    return np.asarray(model(dict(inputs))["images"])


def _run_savedmodel(path: pathlib.Path, inputs: Inputs) -> np.ndarray:
    loaded = tf.saved_model.load(path)
    draw = loaded.signatures["serving_default"]
    tensors = {name: tf.constant(value) for name, value in inputs.items()}
    return draw(**tensors)["images"].numpy()


def _run_onnx(path: pathlib.Path, inputs: Inputs) -> np.ndarray:
    import onnxruntime

    session = onnxruntime.InferenceSession(
        path, providers=["CPUExecutionProvider"]
    )
    return session.run(["images"], dict(inputs))[0]


def _run_tflite(path: pathlib.Path, inputs: Inputs) -> np.ndarray:
    from ai_edge_litert import interpreter

    runner = interpreter.Interpreter(str(path)).get_signature_runner()
    return runner(**inputs)["images"]


RUNNERS: dict[str, Callable[[pathlib.Path, Inputs], np.ndarray]] = {
    "keras": _run_keras,
    "savedmodel": _run_savedmodel,
    "onnx": _run_onnx,
    "tflite": _run_tflite,
}
