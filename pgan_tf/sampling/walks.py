"""Paths through latent space that end where they began.

A video of them can be shown over and over: its last frame is followed by its
first without a jump.
"""

import numpy as np
from scipy import ndimage


def smooth(noise: np.ndarray, sigma: float) -> np.ndarray:
    """A random walk: normal draws, smoothed over time.

    The filter is Gaussian and wraps around, so that the last frame adjoins
    the first; the result is scaled to unit variance over all of it, as in the
    reference's interpolation videos.

    Args:
        noise: Normal draws [frames,...].
        sigma: Width of the filter, in frames; 0 leaves draws alone.

    Returns:
        float32 of the same shape, of root mean square 1.
    """
    axes = [sigma] + [0.0] * (noise.ndim - 1)
    walk = ndimage.gaussian_filter(
        np.asarray(noise, np.float32), axes, mode="wrap"
    )
    # In float64, or the sum over a long video would lose digits.
    scale = np.sqrt(np.mean(np.square(walk, dtype=np.float64)))
    return walk / np.float32(scale)


def through(stations: np.ndarray, frames: int) -> np.ndarray:
    """A walk along great arcs from latent to latent, and back to the first.

    Args:
        stations: Latents [N,latent_size], N from 2.
        frames: Of the whole walk, from N; the stations are passed at equal
            distances in time, the first of them at frame 0.

    Returns:
        float32 [frames,latent_size].
    """
    count = len(stations)
    walk = np.empty((frames, stations.shape[1]), np.float32)
    for frame, time in enumerate(np.arange(frames) * count / frames):
        leg = int(time)
        walk[frame] = slerp(
            stations[leg], stations[(leg + 1) % count], time - leg
        )
    return walk


def slerp(a: np.ndarray, b: np.ndarray, t: float) -> np.ndarray:
    """Spherical interpolation: a at t = 0, b at t = 1 (Shoemake 1985).

    Vectors of normal draws all have about the same length; so have those on
    the arc between two of them, while those on the straight line are shorter.

    Args:
        a, b: Vectors [size], neither zero nor opposite to each other.
        t: 0 to 1.
    """
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    cosine = a @ b / (np.linalg.norm(a) * np.linalg.norm(b))
    angle = np.arccos(np.clip(cosine, -1, 1))
    if np.sin(angle) < 1e-6:
        return (1 - t) * a + t * b
    weights = np.sin((1 - t) * angle), np.sin(t * angle)
    return (weights[0] * a + weights[1] * b) / np.sin(angle)
