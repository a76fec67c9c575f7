"""Directions in latent space that change something one can name or see."""

import dataclasses

import numpy as np
from scipy import linalg


@dataclasses.dataclass(frozen=True)
class Directions:
    """Directions, the strongest first.

    Attributes:
        vectors: Of length 1, [K,latent_size].
        strengths: How strong each is, 0 to 1, [K].
    """

    vectors: np.ndarray
    strengths: np.ndarray


def principal(
    latents: np.ndarray, activations: np.ndarray, count: int
) -> Directions:
    """What changes a layer's activations most.

    The principal components of the activations, and the latent directions
    that a least-squares fit from components to latents gives. Harkonen et al.
    2020 (GANSpace), section 3.2.

    Args:
        latents: Normal draws [N,latent_size].
        activations: What the layer makes of each, [N,...].
        count: Directions, fewer than N and than the activations.

    Returns:
        `count` directions, each with its largest entry positive; strengths
        are the parts of the activations' variance.
    """
    rows = np.asarray(activations, np.float64).reshape(len(latents), -1)
    rows = rows - rows.mean(axis=0)
    # Either matrix has the same variances; the smaller one is quicker.
    wide = rows.shape[1] > rows.shape[0]
    square = rows @ rows.T if wide else rows.T @ rows
    last = len(square) - 1
    variances, vectors = linalg.eigh(
        square, subset_by_index=(last - count + 1, last)
    )
    # The components' coordinates: orthogonal columns of mean 0, so that the
    # fit is a product.
    coordinates = vectors if wide else rows @ vectors
    fitted = (coordinates.T @ latents)[::-1]
    strengths = variances[::-1] / np.sum(rows**2)
    return Directions(_unit(_signed(fitted)), strengths)


def linear(latents: np.ndarray, scores: np.ndarray) -> Directions:
    """What changes scores most, one direction for each column of them.

    Args:
        latents: Normal draws [N,latent_size], N above latent_size.
        scores: Such as a classifier's logits, [N,K].

    Returns:
        K directions in the order of the columns, towards higher scores, of
        linear regressions; strengths are their R^2, corrected for the number
        of latent_size + 1 coefficients, and 0 for a constant score.
    """
    count, size = latents.shape
    if count <= size + 1:
        raise ValueError(f"{count} latents are too few for {size} coefficients")
    z = np.asarray(latents - latents.mean(axis=0), np.float64)
    y = np.asarray(scores - scores.mean(axis=0), np.float64)
    weights = np.linalg.lstsq(z, y, rcond=None)[0].T  # [K,latent_size]
    left = np.sum((y - z @ weights.T) ** 2, axis=0) / (count - size - 1)
    whole = np.sum(y**2, axis=0) / (count - 1)
    explained = 1 - left / np.maximum(whole, 1e-12)
    return Directions(
        _unit(weights), np.where(whole > 1e-12, explained.clip(0, 1), 0)
    )


def along(
    latents: np.ndarray, direction: np.ndarray, places: np.ndarray
) -> np.ndarray:
    """Moves latents along a direction, to absolute places on it.

    Args:
        latents: [N,latent_size].
        direction: Of length 1, [latent_size].
        places: Where to be on it, [S]; normal draws have about 0 to +-2.

    Returns:
        float32 [N,S,latent_size].
    """
    rest = latents - np.outer(latents @ direction, direction)
    moved = rest[:, None] + places[:, None] * direction
    return moved.astype(np.float32)


def _signed(vectors: np.ndarray) -> np.ndarray:
    """An eigenvector's sign is arbitrary: the largest entry is positive."""
    largest = np.abs(vectors).argmax(axis=1)
    signs = np.sign(vectors[np.arange(len(vectors)), largest])
    return vectors * signs[:, None]


def _unit(vectors: np.ndarray) -> np.ndarray:
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors / np.maximum(length, 1e-12)
