"""Latents, and images drawn from them batch by batch."""

import contextlib
from collections.abc import Iterator, Sequence
from typing import Any, ContextManager

import keras
import numpy as np
import scipy.special

from pgan_tf.base import images, resolutions
from pgan_tf.networks.progressive.generator import Generator


def latents(
    start: int,
    count: int,
    latent_size: int,
    seed: int,
    truncation: float | None = None,
) -> np.ndarray:
    """Rows `start` to `start + count` of an endless table of normal draws.

    Row i depends on the seed, the truncation and i alone, so that batches of
    any size give the same latents.

    Args:
        start: The first row.
        count: Rows.
        latent_size: Columns.
        seed: Of the table.
        truncation: Draws beyond +-truncation are drawn again until none is
            (Brock et al. 2019, section 3.1); those within stay as they are.
            None: no limit. A generator that normalises its latents, as the
            paper's does, feels only the missing tails, not the smaller scale.

    Returns:
        float32 [count,latent_size].
    """
    if truncation is not None and not truncation > 0:
        raise ValueError(f"truncation must be above 0, not {truncation}")
    rows = np.empty((count, latent_size), np.float32)
    for i in range(count):
        # A counter-based generator: each row has 2^64 blocks of its own.
        bits = np.random.Philox(key=seed, counter=[0, start + i, 0, 0])
        random = np.random.Generator(bits)
        rows[i] = random.standard_normal(latent_size, np.float32)
        if truncation is not None:
            rows[i] = _truncate(rows[i], truncation, random)
    return rows


def _truncate(
    row: np.ndarray, truncation: float, random: np.random.Generator
) -> np.ndarray:
    """Replaces what lies outside by draws from the normal inside.

    Those are what drawing again and again ends with, in one step by the
    inverse of the normal distribution function.
    """
    low, high = scipy.special.ndtr([-truncation, truncation])
    again = scipy.special.ndtri(low + (high - low) * random.random(len(row)))
    inside = np.where(np.abs(row) > truncation, again, row)
    return np.clip(inside, -truncation, truncation)  # rounding


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
            copy = Generator.from_config(generator.get_config())
            copy.set_weights(generator.get_weights())
        replicas.append((keras.device(device), copy))
    return replicas
