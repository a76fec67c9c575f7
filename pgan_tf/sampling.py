"""Latents, and images drawn from them batch by batch."""

from typing import Any

import numpy as np

from pgan_tf import images, networks


def latents(start: int, count: int, latent_size: int, seed: int) -> np.ndarray:
    """Rows `start` to `start + count` of an endless table of normal draws.

    Row i depends on the seed and i alone, so that batches of any size give
    the same latents.

    Returns:
        float32 [count,latent_size].
    """
    rows = np.empty((count, latent_size), np.float32)
    for i in range(count):
        # A counter-based generator: each row has 2^64 blocks of its own.
        bits = np.random.Philox(key=seed, counter=[0, start + i, 0, 0])
        rows[i] = np.random.Generator(bits).standard_normal(
            latent_size, np.float32
        )
    return rows


def generate(
    generator: networks.Generator,
    latents: np.ndarray,
    labels: np.ndarray | None = None,
    minibatch: int = 64,
) -> np.ndarray:
    """Draws images at the network's own lod, shown at its final resolution.

    Args:
        generator: Usually Gs. Mid-growth, what it draws is upscaled to the
            final resolution by repeating pixels.
        latents: [N,latent_size].
        labels: [N,label_size], for networks that take labels.
        minibatch: Images computed at a time; does not change them.

    Returns:
        float32 [N,resolution,resolution,num_channels], about [-1, 1].
    """
    parts = []
    for i in range(0, len(latents), minibatch):
        rows = slice(i, i + minibatch)
        part: Any = generator(
            latents[rows], None if labels is None else labels[rows]
        )
        parts.append(np.asarray(part))
    drawn = np.concatenate(parts)
    return images.upscale(drawn, generator.resolution // drawn.shape[1])
