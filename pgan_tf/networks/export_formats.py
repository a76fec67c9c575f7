"""The formats of `export`; here, as --help must not wait for TensorFlow."""

import dataclasses

from pgan_tf.base import extras


@dataclasses.dataclass(frozen=True)
class Format:
    """A format of models.

    Attributes:
        keras_name: What Keras' exporter calls it.
        suffix: Of the file's name; empty for folders.
        modules: That write it, and run it once; of the extra `export`.
    """

    keras_name: str
    suffix: str
    modules: tuple[str, ...] = ()


FORMATS = {
    "savedmodel": Format("tf_saved_model", ""),
    "onnx": Format("onnx", ".onnx", ("onnx", "tf2onnx", "onnxruntime")),
    "tflite": Format("litert", ".tflite", ("ai_edge_litert",)),
    "keras": Format("", ".keras"),
}


def check_packages(name: str) -> None:
    """Raises UserError if a format's packages are not installed."""
    extras.check(FORMATS[name].modules, "export", f"--format={name}")
