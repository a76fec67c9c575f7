"""Kernel distance between two sets of features (KID, with Inception's).

Binkowski et al. 2018, section 4: the squared maximum mean discrepancy with
the kernel k(x, y) = (x.y / D + 1)^3, by its unbiased estimate

    mean of k(x, x') + mean of k(y, y') - 2 mean of k(x, y),

the first two over pairs of different rows. Unlike the Frechet distance it
does not depend on the number of images but for its noise, and it is as often
below as above 0 for two sets of one kind.
"""

import numpy as np

from pgan_tf.evaluation.metrics.metric import (
    FEATURES,
    Metric,
    StoredFeatures,
    Value,
)

SUBSETS = 100
SUBSET_SIZE = 1000
DEGREE = 3


def discrepancy(features1: np.ndarray, features2: np.ndarray) -> float:
    """The unbiased squared discrepancy of two sets, [N,D] and [M,D].

        sum of k(x_i, x_j) over i != j / (N (N - 1))
        + sum of k(y_i, y_j) over i != j / (M (M - 1))
        - 2 sum of k(x_i, y_j) over all i, j / (N M),

    in float64; N and M of at least 2, equal or not. Leaving out i = j is what
    makes it unbiased.
    """
    x = np.asarray(features1, np.float64)
    y = np.asarray(features2, np.float64)
    return float(
        _mean_off_diagonal(kernel(x, x))
        + _mean_off_diagonal(kernel(y, y))
        - 2 * kernel(x, y).mean()
    )


def kernel(x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """k(x, y) = (x.y / D + 1)^3 of all pairs, [N,D] and [M,D] to [N,M]."""
    return (x @ y.T / x.shape[1] + 1) ** DEGREE


def distance(
    features1: np.ndarray,
    features2: np.ndarray,
    random: np.random.RandomState,
    subsets: int = SUBSETS,
    subset_size: int = SUBSET_SIZE,
) -> tuple[float, float | None]:
    """Mean and deviation of the discrepancy over random subsets.

    Args:
        features1, features2: [N,D] and [M,D], in memory or on disk.
        random: Draws each subset, without repetition: of the first set, then
            of the second.
        subsets: Their number,
        subset_size: and rows of each set in one; fewer if there are fewer.

    Returns:
        Mean and population standard deviation over the subsets. The latter
        is no error of the mean: subsets share images. It is None if subsets
        are whole sets, of which there is but one.
    """
    size = min(subset_size, len(features1), len(features2))
    if size == len(features1) == len(features2):
        subsets = 1  # all would be the same
    found = [
        discrepancy(
            _draw(features1, size, random), _draw(features2, size, random)
        )
        for _ in range(subsets)
    ]
    spread = float(np.std(found)) if subsets > 1 else None
    return float(np.mean(found)), spread


def _draw(
    features: np.ndarray, size: int, random: np.random.RandomState
) -> np.ndarray:
    rows = random.choice(len(features), size, replace=False)
    return features[np.sort(rows)]  # in the order of the file


def _mean_off_diagonal(matrix: np.ndarray) -> float:
    size = len(matrix)
    return (matrix.sum() - np.trace(matrix)) / (size * (size - 1))


class KernelDistance(Metric):
    """KID times 1000, or the same distance on other features."""

    key = "kid"
    alias = "kid50k"
    paper_count = 50_000
    minimum = 2
    title = "KIDx1e3"
    other_title = "KDx1e3"
    needs = FEATURES
    about = "as fid, but fair with few images"
    better = "lower"
    facts = {
        "subsets": SUBSETS,
        "subset_size": SUBSET_SIZE,
        "estimator": "unbiased",
    }
    collector = StoredFeatures

    def result(
        self,
        reals: np.ndarray,
        fakes: np.ndarray,
        random: np.random.RandomState,
    ) -> Value:
        mean, spread = distance(reals, fakes, random)
        # There may be no spread; times 1000, as the number itself.
        return Value(1000 * mean, spread and 1000 * spread)
