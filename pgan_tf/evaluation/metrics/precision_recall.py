"""Precision, recall, density and coverage of fakes in the space of features.

A set covers the union of the balls around its members that reach to their
k-th nearest neighbour. Precision (Kynkaanniemi et al. 2019, equations 1-3) is
the part of the fakes inside the reals' balls: quality. Recall is the part of
the reals inside the fakes' balls: variety. Density and coverage (Naeem et al.
2020, equations 3-4) both use the reals' balls alone, so that single odd fakes
do not count much: how many balls a fake lies in, over k; and the part of the
balls with a fake in them.

Distances are computed in blocks of rows: memory is 8 kB per image, N^2
distances would be 10 GB.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from pgan_tf.evaluation.metrics.metric import (
    FEATURES,
    Metric,
    StoredFeatures,
    Value,
)

K_PRECISION = 3
K_DENSITY = 5
ROWS_AT_ONCE = 1000


class Scores(NamedTuple):
    """Each 0 to 1, but density may exceed 1."""

    precision: float
    recall: float
    density: float
    coverage: float


def scores(
    reals: np.ndarray,
    fakes: np.ndarray,
    k_precision: int = K_PRECISION,
    k_density: int = K_DENSITY,
) -> Scores:
    """All four numbers.

    With B_k(z, Z) the ball around z that reaches to its k-th nearest neighbour
    in Z, over N reals x in X and M fakes y in Y:

        precision  the part of all y in any B_k(x, X)
        recall     the part of all x in any B_k(y, Y)
        density    the number of pairs with y in B_k(x, X), over k M
        coverage   the part of all B_k(x, X) with any y in them

    Args:
        reals, fakes: Features [N,D] and [M,D], in memory or on disk; N and M
            above either k.
        k_precision: Of precision and recall.
        k_density: Of density and coverage.
    """
    centre: np.ndarray = reals.mean(axis=0, dtype=np.float64)
    radii1, radii2 = radii(reals, centre, (k_precision, k_density))
    (fake_radii,) = radii(fakes, centre, (k_precision,))
    inside = np.zeros(len(fakes), bool)
    balls, covered, recalled = 0, 0, 0
    for rows, distances in blocks(reals, fakes, centre):
        inside |= (distances <= radii1[rows, np.newaxis]).any(axis=0)
        recalled += int((distances <= fake_radii).any(axis=1).sum())
        within = distances <= radii2[rows, np.newaxis]
        balls += int(within.sum())
        covered += int(within.any(axis=1).sum())
    return Scores(
        precision=float(inside.mean()),
        recall=recalled / len(reals),
        density=balls / (k_density * len(fakes)),
        coverage=covered / len(reals),
    )


def radii(
    features: np.ndarray, centre: np.ndarray, ks: tuple[int, ...]
) -> np.ndarray:
    """Squared distance of each row to its k-th nearest other row.

    Returns:
        float32 [len(ks),N].
    """
    found = np.empty((len(ks), len(features)), np.float32)
    for rows, distances in blocks(features, features, centre):
        # The distance to itself is 0 but for rounding, which may be as large
        # as distances of near neighbours.
        distances[np.arange(len(distances)), np.arange(len(features))[rows]] = 0
        # Place 0 of the sorted row is the row itself, so that place k is its
        # k-th neighbour.
        nearest = np.partition(distances, ks, axis=1)
        found[:, rows] = nearest[:, ks].T
    return found


def blocks(
    first: np.ndarray, second: np.ndarray, centre: np.ndarray
) -> Iterator[tuple[slice, np.ndarray]]:
    """Squared distances of all pairs, some rows of `first` at a time.

    |a|^2 + |b|^2 - 2 a.b loses the digits that large common values take, so
    `centre` [D] is subtracted first.

    Yields:
        Rows of `first` and float32 [rows,len(second)], at least 0.
    """
    for start in range(0, len(first), ROWS_AT_ONCE):
        rows = slice(start, min(start + ROWS_AT_ONCE, len(first)))
        left = _centred(first[rows], centre)
        squares = np.square(left).sum(axis=1, keepdims=True)
        distances = np.empty((len(left), len(second)), np.float32)
        for other in range(0, len(second), ROWS_AT_ONCE):
            columns = slice(other, other + ROWS_AT_ONCE)
            right = _centred(second[columns], centre)
            part = squares + np.square(right).sum(axis=1)
            # In place: a block is 4 MB, and there are N^2 / 10^6 of them.
            part -= 2 * (left @ right.T)
            distances[:, columns] = part
        yield rows, np.maximum(distances, 0, out=distances)


def _centred(features: np.ndarray, centre: np.ndarray) -> np.ndarray:
    return (features - centre).astype(np.float32)


class PrecisionRecall(Metric):
    """Precision and recall with k = 3, density and coverage with k = 5."""

    key = "pr"
    alias = "pr50k"
    paper_count = 50_000
    minimum = K_DENSITY + 1
    title = "PR[inception]"
    other_title = "PR"
    needs = FEATURES
    about = "realism (precision), variety (recall)"
    better = "higher"
    facts = {"k": K_PRECISION, "k_density": K_DENSITY}
    collector = StoredFeatures

    def result(
        self,
        reals: np.ndarray,
        fakes: np.ndarray,
        random: np.random.RandomState,
    ) -> Value:
        found = scores(reals, fakes)
        return Value(found.precision, levels=found._asdict(), headline=None)
