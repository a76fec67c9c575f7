"""Finds the latent of a picture by gradient descent.

After Lipton and Tripathi 2017 (Precise recovery of latent vectors), with Adam,
from the best of many random latents, and kept at the length that normal draws
have.
"""

from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops

from pgan_tf.networks import operations
from pgan_tf.networks.family import Generator
from pgan_tf.sampling import drawing, latent_table

Tensor = Any
# From images [N,R,R,C] in [-1, 1] to how far each is from the target, [N].
Distance = Callable[[Tensor], Tensor]
COARSEST = 4


def pyramid_distance(target: np.ndarray) -> Distance:
    """Mean squared differences, averaged over the levels of a pyramid.

    Each level halves the one before by means of 2 x 2 pixels, down to 4x4:
    the coarse levels lead where pixels alone are too far off to compare.

    Args:
        target: float32 [R,R,C] in [-1, 1].
    """
    levels = [target[None]]
    while levels[-1].shape[1] > COARSEST:
        levels.append(np.asarray(operations.downscale2d(levels[-1])))

    def distance(images: Tensor) -> Tensor:
        total = 0.0
        for i, level in enumerate(levels):
            if i:
                images = operations.downscale2d(images)
            total += ops.mean(ops.square(images - level), axis=(1, 2, 3))
        return total / len(levels)

    return distance


def feature_distance(
    target: np.ndarray, features: Callable[[Tensor], Tensor]
) -> Distance:
    """The pyramid's distance, and as much again of the features.

    The features' mean squared difference is divided by the mean square of the
    target's features, so that their unit does not matter.

    Args:
        target: float32 [R,R,C] in [-1, 1].
        features: From RGB images [N,R,R,3] in 0..255 to [N,D].
    """
    pixels = pyramid_distance(target)
    wanted = features(_to_rgb(target[None]))
    scale = ops.mean(ops.square(wanted)) + 1e-8

    def distance(images: Tensor) -> Tensor:
        found = features(_to_rgb(images))
        return pixels(images) + (
            ops.mean(ops.square(found - wanted), axis=1) / scale
        )

    return distance


def has_gradient(
    features: Callable[[Tensor], Tensor], target: np.ndarray
) -> bool:
    """Whether gradients of the features reach the images."""
    images = tf.constant(_to_rgb(target[None]))
    with tf.GradientTape() as tape:
        tape.watch(images)
        total = ops.sum(features(images))
    return tape.gradient(total, images) is not None


def starts(
    generator: Generator,
    label: np.ndarray | None,
    distance: Distance,
    restarts: int,
    candidates: int,
    seed: int,
) -> np.ndarray:
    """The nearest of many random latents: float32 [restarts,latent_size]."""
    latents = latent_table.latents(0, candidates, generator.latent_size, seed)
    labels = None if label is None else np.tile(label, [candidates, 1])
    parts = [
        np.asarray(distance(part))
        for part in drawing.draw(generator, latents, labels)
    ]
    return latents[np.argsort(np.concatenate(parts))[:restarts]]


def descend(
    generator: Generator,
    label: np.ndarray | None,
    distance: Distance,
    latents: np.ndarray,
    steps: int,
    lrate: float = 0.2,
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Moves latents towards the target, each on its own.

    Args:
        generator: Draws at its own lod, shown at its final resolution.
        label: [label_size], for networks that take labels; stays as it is.
        distance: To the target.
        latents: Where to start, [N,latent_size].
        steps: Of Adam.
        lrate: Its learning rate, which falls to 0 in a half cosine.

    Yields:
        steps + 1 times, the first of them where the search starts: latents
        [N,latent_size], images [N,R,R,C] and distances [N] of them.
    """
    z = keras.Variable(_unit(latents))
    labels = None if label is None else np.tile(label, [len(latents), 1])
    adam = keras.optimizers.Adam(
        keras.optimizers.schedules.CosineDecay(lrate, steps), beta_2=0.99
    )
    adam.build([z])

    @tf.function
    def look() -> tuple[Tensor, Tensor, Tensor]:
        with tf.GradientTape() as tape:
            images = generator(z.value, labels)
            factor = generator.resolution // images.shape[1]
            images = operations.upscale2d(images, factor)
            distances = distance(images)
            # Each latent has an influence on its own distance alone.
            total = ops.sum(distances)
        return images, distances, tape.gradient(total, z.value)

    for step in range(steps + 1):
        images, distances, gradient = look()
        yield np.array(z), np.asarray(images), np.asarray(distances)
        if step < steps:
            adam.apply([gradient], [z])
            z.assign(_unit(np.asarray(z)))


def _unit(latents: np.ndarray) -> np.ndarray:
    """Scales latents to a mean square of 1, that of normal draws."""
    return latents / np.sqrt(np.mean(latents**2, axis=1, keepdims=True))


def _to_rgb(images: Tensor) -> Tensor:
    """[-1, 1] to 0..255, gray to three channels."""
    pixels = ops.clip(images * 127.5 + 127.5, 0, 255)
    return pixels if pixels.shape[-1] == 3 else ops.repeat(pixels, 3, axis=-1)
