"""Perceptual path length: how smoothly images follow their latents (PPL).

Karras et al. 2019, section 4.1, in z: two latents and a place t between them
are drawn; the images at t and t + epsilon on the great arc are compared,

    mean of d(G(slerp(a, b; t)), G(slerp(a, b; t + epsilon))) / epsilon^2,

over all but the 1% smallest and 1% largest. There d is a trained distance on
VGG16; here it is the squared distance of an extractor's features, whose name
is part of the number's: it cannot be compared with published ones. The images
are not rounded to 8 bits, which would hide so small a step.
"""

import numpy as np

from pgan_tf.evaluation.metrics.metric import (
    FEATURES,
    Batch,
    Collector,
    Metric,
    Value,
)

EPSILON = 1e-4
TRIMMED = 0.01


def mean_length(squares: np.ndarray, epsilon: float = EPSILON) -> float:
    """The trimmed mean of squared feature distances [N] over epsilon^2.

    Over epsilon^2, because a squared distance is of second order in the step
    (Karras et al. 2019, section 4.1).

    The limits are those of the paper's code: the values at the 1st
    percentile, or the next below, and the 99th, or the next above.
    """
    lengths = np.asarray(squares, np.float64) / epsilon**2
    low = np.percentile(lengths, 100 * TRIMMED, method="lower")
    high = np.percentile(lengths, 100 * (1 - TRIMMED), method="higher")
    return float(lengths[(lengths >= low) & (lengths <= high)].mean())


class PathLength(Metric):
    """PPL in z on an extractor's features."""

    key = "ppl"
    alias = "ppl100k"  # pairs
    paper_count = 100_000
    title = "PPL[inception]"
    other_title = "PPL"
    needs = FEATURES
    uses_reals = False
    walks = True
    about = "how smoothly images follow latents"
    better = "lower"
    facts = {"epsilon": EPSILON, "trimmed": TRIMMED, "space": "z"}

    def start(self, random: np.random.RandomState) -> Collector:
        return _Squares(self.count)

    def result(
        self, reals: None, fakes: np.ndarray, random: np.random.RandomState
    ) -> Value:
        return Value(mean_length(fakes))


class _Squares(Collector):
    """Takes images in pairs, 0 with 1, 2 with 3, .., all in whole batches."""

    def __init__(self, count: int) -> None:
        super().__init__(2 * count)
        self._parts: list[np.ndarray] = []

    def _take(self, batch: Batch) -> None:
        assert batch.features is not None
        features = batch.features.astype(np.float64)
        steps = features[1::2] - features[::2]
        self._parts.append(np.square(steps).sum(axis=1))

    def summary(self) -> np.ndarray:
        return np.concatenate(self._parts)
