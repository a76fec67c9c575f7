"""The formats of `export`; here, as --help must not wait for TensorFlow."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Format:
    """A format of models.

    Attributes:
        keras_name: What Keras' exporter calls it.
        suffix: Of the file's name; empty for folders.
        packages: That write it, and run it once.
    """

    keras_name: str
    suffix: str
    packages: tuple[str, ...] = ()


FORMATS = {
    "savedmodel": Format("tf_saved_model", ""),
    "onnx": Format("onnx", ".onnx", ("onnx", "tf2onnx", "onnxruntime")),
    "tflite": Format("litert", ".tflite", ("ai-edge-litert",)),
    "keras": Format("", ".keras"),
}
