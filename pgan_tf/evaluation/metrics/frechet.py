"""Frechet distance between two sets of features (FID, with Inception's).

Heusel et al. 2017, equation 6: both sets are taken as Gaussians,

    d = |m1 - m2|^2 + Tr(S1) + Tr(S2) - 2 Tr((S1 S2)^(1/2)),

with S the covariance of `np.cov` (divided by N - 1). The distance is biased
upwards by about 1/N: only values of equal N are comparable.
"""

import numpy as np
import scipy.linalg

from pgan_tf.evaluation.metrics.metric import (
    FEATURES,
    Batch,
    Collector,
    Gaussian,
    Metric,
    Value,
)

# A covariance whose pivots differ by more is treated as singular.
REGULAR = 1e-10


class Moments:
    """Mean and scatter of features that arrive batch by batch, in float64.

    Batches are merged by the update of Chan, Golub and LeVeque (1979), which
    keeps the rounding error near 1e-15 for any split into batches; running
    sums of x x^T lose three more digits, in float32 all that matters.

    Attributes:
        count: Rows seen, N.
        mean: float64 [D].
        scatter: float64 [D,D], the sum of (x - mean)(x - mean)^T.
    """

    def __init__(self, size: int) -> None:
        self.count = 0
        self.mean = np.zeros(size, np.float64)
        self.scatter = np.zeros((size, size), np.float64)

    def add(self, features: np.ndarray) -> None:
        """Merges a batch of features [n,D]; any n, also 0."""
        if not len(features):
            return
        batch = np.asarray(features, np.float64)
        batch_mean = batch.mean(axis=0)
        centred = batch - batch_mean
        shift = batch_mean - self.mean
        total = self.count + len(batch)
        # M = M_a + M_b + (m_b - m_a)(m_b - m_a)^T n_a n_b / (n_a + n_b).
        self.scatter += centred.T @ centred
        self.scatter += np.outer(shift, shift) * (
            self.count * len(batch) / total
        )
        self.mean += shift * (len(batch) / total)
        self.count = total

    def covariance(self) -> np.ndarray:
        """The unbiased covariance, float64 [D,D]; needs at least two rows."""
        if self.count < 2:
            raise ValueError(f"covariance of {self.count} rows")
        return self.scatter / (self.count - 1)


def distance(
    mean1: np.ndarray,
    covariance1: np.ndarray,
    mean2: np.ndarray,
    covariance2: np.ndarray,
) -> float:
    """The Frechet distance between two Gaussians, equation 6.

    |m1 - m2|^2 + Tr(S1 + S2 - 2 (S1 S2)^(1/2)); the paper calls it d^2.

    Args:
        mean1, mean2: [D].
        covariance1, covariance2: [D,D], symmetric; may be singular (N < D).

    Returns:
        The squared distance, in squared units of the features. Of a
        distribution to itself: 0 up to rounding, which may be negative.
    """
    shift = np.asarray(mean1, np.float64) - np.asarray(mean2, np.float64)
    traces = np.trace(covariance1) + np.trace(covariance2)
    root = trace_of_root(covariance1, covariance2)
    return float(shift @ shift + traces - 2 * root)


def trace_of_root(covariance1: np.ndarray, covariance2: np.ndarray) -> float:
    """Tr((S1 S2)^(1/2)) for symmetric positive semi-definite S1, S2.

    With F F^T = S1, S1 S2 has the eigenvalues of the symmetric F^T S2 F, so
    that one symmetric eigenproblem does; `scipy.linalg.sqrtm` takes fifteen
    times longer at D = 2048 and is 1e-6 off where a covariance is singular.
    """
    factor = _factor(np.asarray(covariance1, np.float64))
    values = scipy.linalg.eigvalsh(factor.T @ covariance2 @ factor)
    return float(np.sqrt(_cut(values)).sum())


def _factor(covariance: np.ndarray) -> np.ndarray:
    """F with F F^T = S: Cholesky's, or by eigenvalues if S is singular."""
    try:
        factor = np.linalg.cholesky(covariance)
        # A pivot near 0 is mostly rounding error, and so is its column.
        pivots = np.square(factor.diagonal())
        if pivots.min() > REGULAR * pivots.max():
            return factor
    except np.linalg.LinAlgError:
        pass
    values, vectors = scipy.linalg.eigh(covariance)
    return vectors * np.sqrt(_cut(values))


def _cut(eigenvalues: np.ndarray) -> np.ndarray:
    """Zeroes what is rounding noise beside the largest eigenvalue.

    The root would turn noise of 1e-16 into 1e-8, once per missing rank.
    """
    noise = eigenvalues.max() * len(eigenvalues) * np.finfo(np.float64).eps
    return np.where(eigenvalues > max(noise, 0.0), eigenvalues, 0.0)


class _FeatureMoments(Collector):
    """Sums features up; their number D is known from the first batch on."""

    moments: Moments | None = None

    def _take(self, batch: Batch) -> None:
        assert batch.features is not None
        if self.moments is None:
            self.moments = Moments(batch.features.shape[1])
        self.moments.add(batch.features)

    def summary(self) -> Gaussian:
        assert self.moments is not None
        return Gaussian(self.moments.mean, self.moments.covariance())


class FrechetDistance(Metric):
    """FID, or the same distance on other features."""

    key = "fid"
    alias = "fid50k"
    paper_count = 50_000
    minimum = 2
    title = "FID"
    other_title = "FD"
    needs = FEATURES
    about = "distance of features: realism, variety"
    better = "lower"
    facts = {"ddof": 1}
    collector = _FeatureMoments

    def result(
        self,
        reals: Gaussian,
        fakes: Gaussian,
        random: np.random.RandomState,
    ) -> Value:
        return Value(distance(*reals, *fakes))
