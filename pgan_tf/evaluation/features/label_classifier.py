"""An extractor from the dataset's own labels, for want of Inception.

A small convolutional classifier is trained on the labels of the reals. Its
score and distance tell whether fakes show what the labels tell apart, in the
same proportions; they are blind to all else and comparable only between runs
on the same dataset. They are named CS[labels:...] and FD[labels:...].
"""

import pathlib
from collections.abc import Callable
from typing import Any

import keras
import numpy as np

from pgan_tf.base import devices, files, images, progress
from pgan_tf.evaluation.features import kept_model
from pgan_tf.evaluation.features.extractor import Extractor

# Larger images are averaged down: labels show at this size.
LARGEST_INPUT = 64
FEATURES = 128
EPOCHS = 6
MINIBATCH = 64
LEARNING_RATE = 2e-3
# One image in ten is kept from training to measure the accuracy.
HELD_OUT = 0.1
# Part of the name of the cached file: change it with anything above.
RECIPE = 1
# uint8 [N,s,s,3] and float32 [N,K].
Examples = tuple[np.ndarray, np.ndarray]


def load_or_train(
    folder: pathlib.Path | None,
    key: str,
    attributes: bool,
    read: Callable[[], Examples],
    replicas: devices.Replicas,
    seed: int = 0,
) -> Extractor:
    """The classifier of a dataset, from the cache folder or newly trained.

    Args:
        folder: Where `labels-<key>.keras` is kept; None: nowhere.
        key: Identifies the dataset and the size of the images.
        attributes: Labels are independent yes/no attributes (a sigmoid each)
            rather than one class out of K (softmax).
        read: Reads the images, no larger than `LARGEST_INPUT`, and labels.
        replicas: That run the classifier once it is trained.
        seed: Of the initial weights and of all drawing.
    """
    path = folder and folder / f"labels-{key}-v{RECIPE}-{seed}.keras"

    def make() -> tuple[keras.Model, kept_model.Facts]:
        model, accuracy = train(*read(), attributes, seed)
        return model, {"accuracy": accuracy}

    model, facts = kept_model.load_or_make(path, make, replicas)
    return extractor(model, attributes, facts["accuracy"], replicas)


def build(size: int, label_size: int) -> keras.Model:
    """The classifier: RGB 0..255 [N,size,size,3] to (features, logits)."""
    images = keras.Input([size, size, 3])
    x = keras.layers.Rescaling(1 / 127.5, offset=-1)(images)
    fmaps = 32
    while size > 4:
        x = keras.layers.Conv2D(fmaps, 3, strides=2, padding="same")(x)
        x = keras.layers.LeakyReLU(0.2)(x)
        size //= 2
        fmaps = min(2 * fmaps, 128)
    x = keras.layers.Flatten()(x)
    x = keras.layers.Dense(FEATURES, activation="relu")(x)
    return keras.Model(images, (x, keras.layers.Dense(label_size)(x)))


def train(
    images: np.ndarray, labels: np.ndarray, attributes: bool, seed: int
) -> tuple[keras.Model, float]:
    """Trains on nine tenths of the images.

    Args:
        images: uint8 [N,s,s,3].
        labels: float32 [N,K].
        attributes: See `load_or_train`.
        seed: Two calls with equal arguments give equal weights.

    Returns:
        The model and its accuracy on the rest, see `accuracy`.
    """
    keras.utils.set_random_seed(seed)
    order = np.random.RandomState(seed).permutation(len(images))
    kept = order[: max(1, int(len(order) * HELD_OUT))]
    used = order[len(kept) :]
    model = build(images.shape[1], labels.shape[1])
    _fit(model, images[used], labels[used], attributes)
    _, logits = model.predict(images[kept], batch_size=256, verbose=0)
    return model, accuracy(logits, labels[kept], attributes)


def accuracy(logits: np.ndarray, labels: np.ndarray, attributes: bool) -> float:
    """The part of the classes, or of all single attributes, that is right."""
    if attributes:
        return float(np.mean((logits > 0) == (labels > 0.5)))
    return float(np.mean(logits.argmax(axis=1) == labels.argmax(axis=1)))


def extractor(
    model: keras.Model,
    attributes: bool,
    held_out_accuracy: float,
    replicas: devices.Replicas,
) -> Extractor:
    """Wraps a trained classifier."""
    size = model.input_shape[1]
    spread = replicas.spread(lambda x: model(x, training=False))

    def run(pixels: np.ndarray) -> list[np.ndarray]:
        return spread(images.shrink(pixels, pixels.shape[1] // size))

    def differentiable(pixels: Any) -> Any:
        factor = pixels.shape[1] // size
        shrunk = keras.ops.average_pool(pixels, factor, factor)
        return model(shrunk, training=False)[0]

    return Extractor(
        name="labels",
        digest=files.sha256_of_weights(model),
        run=run,
        differentiable=differentiable,
        attributes=attributes,
        resize=f"averaged over boxes to {size}x{size}",
        # Rounding, which machines do differently, leads the learning elsewhere.
        note=f"learned on this machine, held-out accuracy "
        f"{held_out_accuracy:.3f}: compare only equal digits",
    )


def _fit(
    model: keras.Model,
    images: np.ndarray,
    labels: np.ndarray,
    attributes: bool,
) -> None:
    kind = keras.losses.BinaryCrossentropy
    if not attributes:
        kind = keras.losses.CategoricalCrossentropy
    steps = EPOCHS * -(-len(images) // MINIBATCH)
    decay = keras.optimizers.schedules.CosineDecay(LEARNING_RATE, steps)
    # The features have no loss of their own.
    model.compile(
        keras.optimizers.Adam(decay), loss=[None, kind(from_logits=True)]
    )
    for _ in progress.each(range(EPOCHS), EPOCHS, "classifier of the labels"):
        model.fit(
            images, (None, labels), batch_size=MINIBATCH, epochs=1, verbose=0
        )
