"""Inception score and its relatives, from logits.

Salimans et al. 2016: exp(mean over x of KL(p(y|x) || p(y))). It rises when
single images are classified surely and all classes occur. All sums are in
float64 on logarithms: a probability that underflows would make 0 log 0.
"""

import numpy as np
import scipy.special

from pgan_tf.metrics import suite

SPLITS = 10


def score(logits: np.ndarray, splits: int = SPLITS) -> tuple[float, float]:
    """The score of mutually exclusive classes (softmax).

    Args:
        logits: [N,K]. The order matters: each split has its own p(y), so
            images sorted by class give 1.
        splits: Contiguous parts of N that are scored on their own; N >= splits.

    Returns:
        Mean and population standard deviation over the splits; 1 (all images
        alike) to K (sure, and all classes equally often).
    """
    logs = scipy.special.log_softmax(np.asarray(logits, np.float64), axis=1)
    return _over_splits([_divergence(part) for part in _split(logs, splits)])


def attribute_score(
    logits: np.ndarray, splits: int = 10
) -> tuple[float, float]:
    """The score of independent yes/no attributes (sigmoids).

    The label is taken as a product of K independent Bernoulli variables, of
    which KL is the sum of the K divergences: exp(mean over x of
    sum_k KL(p_k(x) || p_k)). One attribute at even odds and surely seen
    counts 2, K of them 2^K. With softmax over two classes [l, 0] and K = 1
    it is the same number as `score`.

    Args:
        logits: [N,K], of sigmoids.
        splits: As in `score`.

    Returns:
        Mean and population standard deviation over the splits; 1 to 2^K.
    """
    logits = np.asarray(logits, np.float64)
    # [N,K,2]
    logs = -np.logaddexp(0.0, np.stack([-logits, logits], axis=-1))
    return _over_splits([_divergence(part) for part in _split(logs, splits)])


def _split(logs: np.ndarray, splits: int) -> list[np.ndarray]:
    count = len(logs)
    if count < splits:
        raise ValueError(f"{count} images do not fill {splits} splits")
    edges = [count * i // splits for i in range(splits + 1)]
    return [logs[a:b] for a, b in zip(edges[:-1], edges[1:], strict=True)]


def _divergence(logs: np.ndarray) -> float:
    """Mean over axis 0 of KL(p || mean p), summed over all other axes."""
    probabilities = np.exp(logs)
    log_marginal = scipy.special.logsumexp(logs, axis=0) - np.log(len(logs))
    # The floor keeps 0 * (-inf - -inf) of a class that never occurs at 0.
    floor = np.finfo(np.float64).min
    gaps = np.maximum(logs, floor) - np.maximum(log_marginal, floor)
    return float((probabilities * gaps).sum() / len(logs))


def _over_splits(divergences: list[float]) -> tuple[float, float]:
    scores = np.exp(divergences)
    return float(scores.mean()), float(scores.std())


class InceptionScore(suite.Metric):
    """The inception score, or the same of another classifier."""

    key = "is"
    alias = "is50k"
    paper_count = 50_000
    minimum = SPLITS
    title = "IS"
    other_title = "CS"
    needs = suite.LOGITS
    uses_reals = False
    about = "inception score (Salimans et al. 2016)"
    memory = "the logits"
    facts = {"splits": SPLITS}

    def start(self, random: np.random.RandomState) -> suite.Collector:
        return _Logits(self.count)

    def result(
        self, reals: None, fakes: np.ndarray, random: np.random.RandomState
    ) -> suite.Value:
        extractor = self.setting.extractor
        if extractor and extractor.attributes:
            return suite.Value(*attribute_score(fakes))
        return suite.Value(*score(fakes))


class _Logits(suite.Collector):
    def __init__(self, count: int) -> None:
        super().__init__(count)
        self._parts: list[np.ndarray] = []

    def _take(self, batch: suite.Batch) -> None:
        assert batch.logits is not None
        self._parts.append(batch.logits)

    def summary(self) -> np.ndarray:
        return np.concatenate(self._parts)
