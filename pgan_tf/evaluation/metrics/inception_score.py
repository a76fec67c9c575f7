"""Inception score and its relatives, from logits.

Salimans et al. 2016, section 4: exp(mean over x of KL(p(y|x) || p(y))). It
rises when single images are classified surely and all classes occur. All sums
are in float64 on logarithms: a probability that underflows would make 0 log 0.
"""

from collections.abc import Callable

import numpy as np
import scipy.special

from pgan_tf.evaluation.metrics.metric import (
    LOGITS,
    Batch,
    Collector,
    Metric,
    Value,
)

SPLITS = 10


class Splits:
    """Sums of logits that arrive batch by batch, by contiguous splits.

    The mean of KL(p || m) with m = mean p is mean(sum p log p) - sum m log m,
    so that a number and a vector per split do. As in the code of Salimans et
    al. each split has a p(y) of its own, so that images sorted by class score
    1: the order of the images matters.
    """

    def __init__(self, count: int, splits: int = SPLITS) -> None:
        """For `count` images in all, of which there must be `splits`."""
        if count < splits:
            raise ValueError(f"{count} images do not fill {splits} splits")
        self._edges = np.array([count * i // splits for i in range(splits + 1)])
        self._seen = 0
        self._negentropies = np.zeros(splits)
        self._probabilities: list[np.ndarray | float] = [0.0] * splits

    def add(self, logs: np.ndarray) -> None:
        """Takes logarithms of probabilities, float64 [n,...]."""
        stop = self._seen + len(logs)
        inner = self._edges[(self._edges > self._seen) & (self._edges < stop)]
        for part in np.split(logs, inner - self._seen):
            if len(part):
                self._add_to_split(part)
                self._seen += len(part)

    def score(self) -> tuple[float, float]:
        """Mean and population deviation over the splits.

        Of each, exp(mean of sum p log p - sum m log m).
        """
        if self._seen != self._edges[-1]:
            raise ValueError(f"{self._seen} of {self._edges[-1]} images")
        divergences = []
        for i, size in enumerate(np.diff(self._edges)):
            marginal = self._probabilities[i] / size
            # xlogy, as a class that never occurs has 0 log 0 = 0.
            cross = scipy.special.xlogy(marginal, marginal).sum()
            divergences.append(self._negentropies[i] / size - cross)
        scores = np.exp(divergences)
        return float(scores.mean()), float(scores.std())

    def _add_to_split(self, logs: np.ndarray) -> None:
        i = int(np.searchsorted(self._edges, self._seen, "right")) - 1
        probabilities = np.exp(logs)
        # The floor keeps 0 * -inf at 0.
        finite = np.maximum(logs, np.finfo(np.float64).min)
        self._negentropies[i] += (probabilities * finite).sum()
        self._probabilities[i] = self._probabilities[i] + probabilities.sum(0)


def softmax_logs(logits: np.ndarray) -> np.ndarray:
    """log p of mutually exclusive classes, [n,K] to float64 [n,K].

    The score then lies between 1 (all images alike) and K (each sure, and all
    classes equally often).
    """
    return scipy.special.log_softmax(np.asarray(logits, np.float64), axis=1)


def sigmoid_logs(logits: np.ndarray) -> np.ndarray:
    """log p of independent yes/no attributes, [n,K] to float64 [n,K,2].

    The label is taken as a product of K independent Bernoulli variables, of
    which KL is the sum of the K divergences: the score is exp(mean over x of
    sum_k KL(p_k(x) || p_k)), 1 to 2^K. One attribute at even odds and surely
    seen counts 2. With K = 1 it is the score of a softmax over [l, 0].
    """
    logits = np.asarray(logits, np.float64)
    # log sigmoid(l) = -log(1 + exp(-l)), without overflow.
    return -np.logaddexp(0.0, np.stack([-logits, logits], axis=-1))


class InceptionScore(Metric):
    """The inception score, or the same of another classifier."""

    key = "is"
    alias = "is50k"
    paper_count = 50_000
    minimum = SPLITS
    title = "IS"
    other_title = "CS"
    needs = LOGITS
    uses_reals = False
    about = "whether images are clear and varied"
    better = "higher"
    facts = {"splits": SPLITS}

    def start(self, random: np.random.RandomState) -> Collector:
        extractor = self.setting.extractor
        attributes = bool(extractor and extractor.attributes)
        return _Scored(self.count, sigmoid_logs if attributes else softmax_logs)

    def result(
        self,
        reals: None,
        fakes: tuple[float, float],
        random: np.random.RandomState,
    ) -> Value:
        return Value(*fakes)


class _Scored(Collector):
    """Sums logits up by splits, as classes or as attributes."""

    def __init__(
        self, count: int, to_logs: Callable[[np.ndarray], np.ndarray]
    ) -> None:
        super().__init__(count)
        self._splits = Splits(count)
        self._to_logs = to_logs

    def _take(self, batch: Batch) -> None:
        assert batch.logits is not None
        self._splits.add(self._to_logs(batch.logits))

    def summary(self) -> tuple[float, float]:
        return self._splits.score()
