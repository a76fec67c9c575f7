"""Latents: rows of an endless table of normal draws, of seeds, from files."""

from collections.abc import Sequence

import numpy as np
import scipy.special

from pgan_tf.base import errors, number_file
from pgan_tf.networks.family import Generator


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


def latents_of_seeds(
    seeds: Sequence[int],
    network: Generator,
    truncation: float | None = None,
) -> np.ndarray:
    """A latent for each seed, which nothing else has an influence on.

    Args:
        seeds: At least one.
        network: Whose latents.
        truncation: As for `latents`.

    Returns:
        float32 [N,latent_size].
    """
    size = network.latent_size
    rows = [latents(0, 1, size, s, truncation) for s in seeds]
    return np.concatenate(rows)


def read_latents(path: str, network: Generator) -> np.ndarray:
    """Latents from the .npy file of --latents.

    Returns:
        float32 [N,latent_size].

    Raises:
        UserError: If it is no such file, or has others than the network's.
    """
    flag = f"--latents={path}"
    array = number_file.read(path, flag)
    size = network.latent_size
    if array.ndim == 1:
        array = array[None]
    if array.ndim != 2 or array.shape[1] != size or not len(array):
        raise errors.UserError(
            f"{flag}: the shape is {list(array.shape)}, the network takes "
            f"latents [N,{size}]"
        )
    latents = np.asarray(array, np.float32)
    if not np.isfinite(latents).all():
        raise errors.UserError(f"{flag}: holds values that are not finite")
    return latents
