"""A classifier of digits, to count the modes of stacked ones with.

A small convolutional network learns MNIST's 60,000 digits, moved about by up
to two pixels, once; its error is that of the 10,000 others.
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
EPOCHS = 8
MINIBATCH = 128
LEARNING_RATE = 2e-3
# Of the convolutions at each size of the image, halved in between.
WIDTHS = ((32,), (64,), (128, 128))
# Pixels that a digit is moved by; MNIST's have four around them.
SHIFT = 2
# Part of the name of the cached file: change it with anything above.
RECIPE = 2
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
    images = keras.Input([SIZE, SIZE, 1])
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(images)
    for widths in WIDTHS:
        for width in widths:
            x = keras.layers.Conv2D(width, 3, padding="same", use_bias=False)(x)
            x = keras.layers.BatchNormalization(momentum=0.9)(x)
            x = keras.layers.ReLU()(x)
        x = keras.layers.MaxPooling2D(2)(x)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dropout(0.4)(x)
    return keras.Model(images, keras.layers.Dense(10)(x))


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
    )
    for _ in progress.each(range(epochs), epochs, "classifier of digits"):
        model.fit(
            moved(pixels, random), classes, batch_size=MINIBATCH, verbose=0
        )
    return model


def moved(pixels: np.ndarray, random: np.random.RandomState) -> np.ndarray:
    """Each image moved by up to `SHIFT` pixels, of which the edges are free."""
    shifts = random.randint(-SHIFT, SHIFT + 1, (len(pixels), 2))
    result = np.empty_like(pixels)
    for shift in np.unique(shifts, axis=0):
        chosen = (shifts == shift).all(axis=1)
        result[chosen] = np.roll(pixels[chosen], shift, axis=(1, 2))
    return result


def error_of(model: keras.Model, examples: Examples) -> float:
    """The part of examples that the model takes for something else."""
    pixels, classes = examples
    logits = model.predict(pixels, batch_size=256, verbose=0)
    return float(np.mean(logits.argmax(axis=1) != classes))
