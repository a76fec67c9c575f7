"""Latents, and images drawn from them batch by batch."""

from typing import Any

import numpy as np
import scipy.special

from pgan_tf import images, networks


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
