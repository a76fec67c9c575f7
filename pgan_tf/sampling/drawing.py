"""Images drawn from latents batch by batch, over all devices."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, ContextManager

import keras
import numpy as np
import tqdm

from pgan_tf.base import images, resolutions
from pgan_tf.networks import families
from pgan_tf.networks.family import Generator


def default_minibatch(resolution: int) -> int:
    """As the reference: 256 images at 32x32, fewer of larger ones."""
    return min(max(8192 // resolution, 4), 256)


def generate(
    network: Generator,
    latents: np.ndarray,
    labels: np.ndarray | None = None,
    lod: float | None = None,
    minibatch: int | None = None,
    devices: Sequence[str] | None = None,
) -> np.ndarray:
    """Draws images, shown at the network's final resolution.

    Args:
        network: Usually Gs. Mid-growth, what it draws is upscaled to the
            final resolution by repeating pixels.
        latents: [N,latent_size].
        labels: [N,label_size], for networks that take labels.
        lod: Level of detail, 0 to log2(resolution / 4); None: the network's
            own.
        minibatch: Images computed at a time on each device; None: by
            resolution. Does not change them.
        devices: Which share the work, such as "gpu:0"; None: all visible
            ones; empty: only the one that the network is on.

    Returns:
        float32 [N,resolution,resolution,num_channels], about [-1, 1].
    """
    return np.concatenate(
        list(draw(network, latents, labels, minibatch, lod, devices))
    )


def draw(
    generator: Generator,
    latents: np.ndarray,
    labels: np.ndarray | None = None,
    minibatch: int | None = None,
    lod: float | None = None,
    devices: Sequence[str] | None = None,
) -> Iterator[np.ndarray]:
    """As `generate`, but yields each minibatch as soon as it is there."""
    size = generator.resolution
    minibatch = minibatch or default_minibatch(size)
    resolution, alpha = resolutions.split(
        generator.lod if lod is None else lod, size
    )
    if devices is None:
        devices = visible_devices()
    # No more than there are minibatches.
    devices = devices[: -(-len(latents) // minibatch)]
    replicas = _replicas(generator, devices)
    for start in range(0, len(latents), minibatch * len(replicas)):
        running: list[Any] = []
        for i, (device, replica) in enumerate(replicas):
            first = start + i * minibatch
            rows = slice(first, first + minibatch)
            if first >= len(latents):
                break
            part = None if labels is None else labels[rows]
            # A GPU returns at once and computes on: all of them at a time.
            with device:
                running.append(
                    replica(
                        latents[rows], part, resolution=resolution, alpha=alpha
                    )
                )
        for drawn in map(np.asarray, running):
            yield images.upscale(drawn, size // drawn.shape[1])


def visible_devices() -> list[str]:
    """All GPUs, such as "gpu:0", or else the CPU."""
    gpus = keras.distribution.list_devices("gpu")
    return gpus or keras.distribution.list_devices("cpu")


def _replicas(
    generator: Generator, devices: Sequence[str]
) -> list[tuple[ContextManager[Any], Generator]]:
    """A scope for each device, and a copy of the network there."""
    if len(devices) < 2:
        return [(contextlib.nullcontext(), generator)]
    replicas = []
    for device in devices:
        with keras.device(device):
            models = families.of_network(generator).models()
            copy = models.generator_from_config(generator.get_config())
            copy.set_weights(generator.get_weights())
        replicas.append((keras.device(device), copy))
    return replicas


def pixels(
    network: Generator,
    latents: np.ndarray,
    labels: np.ndarray | None,
    shrink: int = 1,
    minibatch: int | None = None,
) -> Iterator[np.ndarray]:
    """Draws pictures one after the other, with a progress bar.

    Args:
        network: Draws at its own lod, shown at its final resolution.
        latents: [N,latent_size].
        labels: [N,label_size], for networks that take labels.
        shrink: Factor; boxes of pixels are averaged before rounding.
        minibatch: As for `sampling.draw`.

    Yields:
        uint8 [R/shrink,R/shrink,C], N times.
    """
    # Shown from the second on: short work needs no bar.
    with tqdm.tqdm(total=len(latents), unit="img", delay=1, leave=False) as bar:
        for part in draw(network, latents, labels, minibatch):
            yield from images.to_uint8(images.shrink(part, shrink))
            bar.update(len(part))
