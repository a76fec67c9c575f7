"""Feature extractors: images in, features and logits out.

A number computed on features is named by the network they come from: FID and
IS are those of the 2015 Inception file and of nothing else. `inception` and
`classifier` make the other two kinds of `Extractor`.
"""

import dataclasses
import hashlib
import pathlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pgan_tf import errors

# float32 [N,D] and, where the network classifies, logits float32 [N,K].
Outputs = tuple[np.ndarray, np.ndarray | None]


@dataclasses.dataclass(frozen=True)
class Extractor:
    """A network that turns images into features.

    Attributes:
        name: Short, such as "inception", "labels" or a file's stem.
        digest: sha256 in hex of the weights or of their file.
        run: From uint8 [N,H,W,3] to `Outputs`.
        canonical: Whether this is the 2015 Inception file.
        classifies: Whether there are logits.
        attributes: Whether the logits are of independent sigmoids.
        note: What is worth saying beside its numbers, such as an accuracy.
    """

    name: str
    digest: str
    run: Callable[[np.ndarray], Outputs]
    canonical: bool = False
    classifies: bool = True
    attributes: bool = False
    note: str = ""

    def __call__(self, images: np.ndarray) -> Outputs:
        """Features float32 [N,D] and logits float32 [N,K] or None.

        Args:
            images: uint8 [N,H,W,3], RGB.

        Raises:
            UserError: If a feature or logit is not finite.
        """
        features, logits = self.run(images)
        for values in (features, logits):
            if values is not None and not np.isfinite(values).all():
                raise errors.UserError(
                    f"the extractor {self.label} gives values that are not"
                    " finite; choose another with --features"
                )
        return features, logits

    @property
    def label(self) -> str:
        """Such as "labels:1a2b3c4d"."""
        return f"{self.name}:{self.digest[:8]}"

    def titled(self, canonical: str, other: str) -> str:
        """What a number of these features is called.

        Such as `canonical` "FID" for the 2015 Inception file, and with
        `other` "FD" then "FD[labels:1a2b3c4d]" for anything else.
        """
        return canonical if self.canonical else f"{other}[{self.label}]"

    @property
    def facts(self) -> dict[str, str]:
        """What is saved beside its numbers."""
        facts = {"name": self.name, "sha256": self.digest}
        return {**facts, "note": self.note} if self.note else facts


def from_keras(path: pathlib.Path, resolution: int) -> Extractor:
    """The user's own extractor: a Keras model in a `.keras` file.

    The model receives float32 RGB images [N,H,W,3] in 0..255. If its input
    has a fixed size, images are resized to it as the 2015 Inception graph
    does (bilinear, corners not aligned, not antialiased). It returns features
    [N,D], or a pair of features and logits [N,K] of a softmax.

    Args:
        path: The `.keras` file; it is loaded in Keras' safe mode.
        resolution: Of the images it will be given.

    Raises:
        UserError: If there is no such file or it holds another kind of model.
    """
    model = _load_keras(path)
    size = _input_size(model, path)

    @tf.function(reduce_retracing=True)
    def call(images: tf.Tensor) -> list[tf.Tensor]:
        images = tf.cast(images, tf.float32)
        if size:
            images = resize(images, size)
        return tf.nest.flatten(model(images, training=False))

    def run(images: np.ndarray) -> Outputs:
        outputs = [output.numpy() for output in call(tf.constant(images))]
        outputs = [np.asarray(output, np.float32) for output in outputs]
        return outputs[0], outputs[1] if len(outputs) == 2 else None

    outputs = _try(call, resolution, path)
    return Extractor(
        name=path.stem,
        digest=file_digest(path),
        run=run,
        classifies=len(outputs) == 2,
    )


def resize(images: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """The resize of TensorFlow 1, which FID is defined with, [N,H,W,C].

    `tf.image.resize` samples at other points: up to 106 grey levels apart.
    """
    return tf.raw_ops.ResizeBilinear(
        images=images,
        size=size,
        align_corners=False,
        half_pixel_centers=False,
    )


def file_digest(path: pathlib.Path) -> str:
    """The sha256 of a file in hex."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _load_keras(path: pathlib.Path) -> keras.Model:
    if not path.is_file():
        raise errors.UserError(
            f"--features={path}: no such file; give a .keras file, labels or"
            " inception"
        )
    try:
        return keras.saving.load_model(path, compile=False, safe_mode=True)
    except Exception as error:
        reason = str(error).strip().split("\n")[0]
        raise errors.UserError(
            f"--features={path}: not a Keras model that loads: {reason}"
        ) from error


def _try(
    call: Callable[[tf.Tensor], list[tf.Tensor]],
    resolution: int,
    path: pathlib.Path,
) -> list[tf.Tensor]:
    """Outputs for two black images; UserError if they are no features."""
    blank = tf.zeros([2, resolution, resolution, 3], tf.uint8)
    try:
        outputs = call(blank)
    except (ValueError, tf.errors.OpError) as error:
        reason = str(error).strip().split("\n")[0]
        raise errors.UserError(
            f"--features={path}: the model does not take images of"
            f" {resolution}x{resolution} pixels: {reason}"
        ) from error
    shapes = [tuple(output.shape) for output in outputs]
    if len(shapes) not in (1, 2) or any(len(s) != 2 for s in shapes):
        raise errors.UserError(
            f"--features={path}: the model must return features [N,D] or"
            f" (features, logits), got the shapes {shapes}"
        )
    return outputs


def _input_size(
    model: keras.Model, path: pathlib.Path
) -> tuple[int, int] | None:
    """Height and width that the model insists on, or None for any."""
    shape: Any = getattr(model, "input_shape", None)
    # Several inputs give a list or dictionary of shapes.
    if not isinstance(shape, tuple) or shape[3:] not in ((3,), (None,)):
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
