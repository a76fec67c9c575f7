"""A classifier of digits, to count the modes of stacked ones with.

A small convolutional network learns MNIST's 60,000 digits once, turned,
stretched and moved about less and less; its error is that of the 10,000 others.
"""

import hashlib
import pathlib

import keras
import numpy as np

from pgan_tf.base import devices, files, progress
from pgan_tf.data.sources import arrays, mnist
from pgan_tf.evaluation.features import kept_model
from pgan_tf.evaluation.features.digit_classifier import DigitClassifier
from pgan_tf.evaluation.features.extractor import Unavailable

SIZE = mnist.RESOLUTION
EPOCHS = 9
MINIBATCH = 64
LEARNING_RATE = 2e-3
# Of the convolutions, from 16x16 pixels to 2x2.
WIDTHS = (24, 48, 96, 128)
# At most, at first: degrees, logarithms of height and width, rows per column,
# and pixels, of which MNIST's digits have four around them.
TURN, STRETCH, SHEAR, SHIFT = 12.0, 0.1, 0.15, 2.0
# Different ones in an epoch.
DISTORTIONS = 128
# Part of the name of the cached file: change it with anything above.
RECIPE = 3
# uint8 [N,32,32,1] and classes, [N].
Examples = tuple[np.ndarray, np.ndarray]


def open_classifier(
    source: pathlib.Path | None, replicas: devices.Replicas
) -> DigitClassifier:
    """The classifier from the cache folder, or newly trained.

    Args:
        source: Folder of MNIST's four idx files; None if it is cached.
        replicas: That run it.

    Raises:
        Unavailable: If it is not cached, and there is no `source`.
        UserError: If a file of MNIST is missing or damaged.
    """
    folder = files.cached()
    if source is None:
        kept = sorted(
            folder.glob(f"digits-*-v{RECIPE}.keras") if folder else []
        )
        found = kept_model.load(kept[-1], replicas) if kept else None
        if found is None:
            raise Unavailable(
                "give the folder of MNIST's four files with --mnist once: a "
                "classifier learns them"
            )
        return _wrapped(*found, replicas)
    digits = mnist.read(source, "train")
    pixels, classes = _examples(digits)
    key = hashlib.sha256(pixels.tobytes() + classes.tobytes()).hexdigest()

    def make() -> tuple[keras.Model, kept_model.Facts]:
        test = _examples(mnist.read(source, "test"))
        model = train((pixels, classes))
        return model, {"error": error_of(model, test)}

    path = folder and folder / f"digits-{key[:16]}-v{RECIPE}.keras"
    return _wrapped(*kept_model.load_or_make(path, make, replicas), replicas)


def _wrapped(
    model: keras.Model, facts: kept_model.Facts, replicas: devices.Replicas
) -> DigitClassifier:
    run = replicas.spread(lambda x: model(x, training=False))
    return DigitClassifier(run, facts["digest"], facts["error"])


def _examples(digits: arrays.Arrays) -> Examples:
    return digits.images, np.asarray(digits.classes, np.int64)


def build() -> keras.Model:
    """The network: uint8 digits [N,32,32,1] to logits [N,10]."""
    first, second, third, last = WIDTHS
    images = keras.Input([SIZE, SIZE, 1])
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(images)
    x = _convolved(x, first, kernel_size=5, strides=2)
    x = _convolved(x, second)
    x = keras.layers.MaxPooling2D(2)(x)
    x = _convolved(x, third)
    x = keras.layers.MaxPooling2D(2)(x)
    x = _convolved(x, last, padding="valid")
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dropout(0.3)(x)
    return keras.Model(images, keras.layers.Dense(10)(x))


def _convolved(
    x: keras.KerasTensor,
    width: int,
    kernel_size: int = 3,
    strides: int = 1,
    padding: str = "same",
) -> keras.KerasTensor:
    x = keras.layers.Conv2D(
        width, kernel_size, strides, padding, use_bias=False
    )(x)
    x = keras.layers.BatchNormalization()(x)
    return keras.layers.ReLU()(x)


def train(examples: Examples, epochs: int = EPOCHS) -> keras.Model:
    """Trains on all of the examples; two calls give equal weights."""
    keras.utils.set_random_seed(0)
    random = np.random.RandomState(0)
    pixels, classes = examples
    model = build()
    steps = epochs * -(-len(pixels) // MINIBATCH)
    decay = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    model.compile(
        keras.optimizers.Adam(decay),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        jit_compile=False,
    )
    for epoch in progress.each(range(epochs), epochs, "classifier of digits"):
        # The last ones are as they will be seen.
        strength = 1 - epoch / max(1, epochs - 1)
        model.fit(
            distorted(pixels, random, strength),
            classes,
            batch_size=MINIBATCH,
            verbose=0,
        )
    return model


def distorted(
    pixels: np.ndarray, random: np.random.RandomState, strength: float
) -> np.ndarray:
    """Each image turned, stretched, sheared and moved a little.

    Args:
        pixels: uint8 [N,32,32,1].
        random: Says how, alike for one of `DISTORTIONS` parts of the images.
        strength: 0 leaves them as they are, 1 is the most.
    """
    result = np.empty_like(pixels)
    order = random.permutation(len(pixels))
    for part in np.array_split(order, DISTORTIONS):
        turn, height, width, shear, *shift = strength * random.uniform(-1, 1, 6)
        angle = np.deg2rad(TURN * turn)
        sine, cosine = np.sin(angle), np.cos(angle)
        matrix = (
            np.array([[cosine, -sine], [sine, cosine]])
            @ np.array([[1, SHEAR * shear], [0, 1]])
            @ np.diag(np.exp(STRETCH * np.array([height, width])))
        )
        result[part] = _mapped(pixels[part], matrix, SHIFT * np.array(shift))
    return result


def _mapped(
    pixels: np.ndarray, matrix: np.ndarray, shift: np.ndarray
) -> np.ndarray:
    """Images whose pixel at p is that at matrix p + shift, p from the centre.

    In between pixels it is interpolated; beyond the edge there is the edge.
    """
    middle = (SIZE - 1) / 2
    places = np.mgrid[:SIZE, :SIZE].reshape(2, -1) - middle
    places = matrix @ places + shift[:, np.newaxis] + middle
    places = np.clip(places, 0, SIZE - 1.001)
    corner = places.astype(int)
    below, right = (places - corner).astype(np.float32)
    flat = pixels.reshape(len(pixels), -1)
    at = corner[0] * SIZE + corner[1]
    found = (
        flat[:, at] * ((1 - below) * (1 - right))
        + flat[:, at + 1] * ((1 - below) * right)
        + flat[:, at + SIZE] * (below * (1 - right))
        + flat[:, at + SIZE + 1] * (below * right)
    )
    return np.rint(found).astype(np.uint8).reshape(pixels.shape)


def error_of(model: keras.Model, examples: Examples) -> float:
    """The part of examples that the model takes for something else."""
    pixels, classes = examples
    logits = model.predict(pixels, batch_size=256, verbose=0)
    return float(np.mean(logits.argmax(axis=1) != classes))
