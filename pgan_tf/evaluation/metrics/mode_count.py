"""The discrete mode test: which of 1000 stacked triples of digits occur.

Metz et al. 2017, section 3.3.1, as Karras et al. 2018 measured it in table 4
(appendix D): each colour channel is classified by itself, three digits make
one of 1000 modes, and a mode is covered by a single image. KL is the divergence
of the modes' frequencies from uniform ones, over modes that occur, in nats.
Both are means over sets of 25,600 images: of fewer, fewer modes occur.
"""

from typing import Any

import numpy as np

from pgan_tf.evaluation.features.digit_classifier import DigitClassifier
from pgan_tf.evaluation.metrics.metric import (
    DIGITS,
    Batch,
    Collector,
    Metric,
    Setting,
    Value,
)

MODES = 1000
SETS = 10


def modes_of(images: np.ndarray, classifier: DigitClassifier) -> np.ndarray:
    """Red + 10 green + 100 blue digit of images uint8 [N,H,W,3]: [N].

    Smaller ones are framed in black, as the dataset's digits are.
    """
    margin = 32 - images.shape[1]
    before, after = margin // 2, margin - margin // 2
    images = np.pad(images, [(0, 0), (before, after), (before, after), (0, 0)])
    channels = np.concatenate([images[..., c : c + 1] for c in range(3)])
    digits = classifier(channels).reshape(3, -1)
    return digits[0] + 10 * digits[1] + 100 * digits[2]


def divergence(counts: np.ndarray) -> float:
    """KL of frequencies from uniform ones: sum of p ln(p M) where p > 0."""
    p = counts[counts > 0] / counts.sum()
    return float(np.sum(p * np.log(p * len(counts))))


class ModeCount(Metric):
    """How many modes of stacked digits are covered, and how evenly."""

    key = "modes"
    alias = "modes256k"
    paper_count = SETS * 25_600
    minimum = SETS
    title = "modes"
    needs = DIGITS
    uses_reals = False
    about = "stacked digits that occur, of 1000"
    better = "1000"
    legend = (
        "modes: how many of 1000 are covered, and how unevenly (KL in nats, 0"
        " is even): means over ten sets, each of a tenth of n."
    )

    def __init__(self, count: int, setting: Setting) -> None:
        super().__init__(count, setting)
        assert setting.digits is not None
        self.classifier = setting.digits
        self.facts = {
            "sets": SETS,
            "classifier_sha256": self.classifier.digest,
            "classifier_error": self.classifier.error,
        }

    @classmethod
    def gap(cls, count: int, setting: Setting) -> str:
        """Why it cannot be computed."""
        if setting.resolution not in (28, 32):
            return f"needs images of 32x32 or 28x28, not {setting.resolution}"
        return super().gap(count, setting)

    def start(self, random: np.random.RandomState) -> Collector:
        return _Counted(self.count, self.classifier)

    def result(
        self, reals: None, fakes: np.ndarray, random: np.random.RandomState
    ) -> Value:
        covered = [int(np.count_nonzero(counts)) for counts in fakes]
        divergences = [divergence(counts) for counts in fakes]
        return Value(
            value=float(np.mean(covered)),
            spread=float(np.std(covered)),
            levels={
                "KL": float(np.mean(divergences)),
                "KL +-": float(np.std(divergences)),
            },
            headline="covered",
            note=self.classifier.note,
            arrays={"modes": fakes.sum(axis=0)},
        )


class _Counted(Collector):
    """Counts the modes of each set, [10,1000]; sets follow each other."""

    def __init__(self, count: int, classifier: DigitClassifier) -> None:
        super().__init__(count // SETS * SETS)
        self._size = count // SETS
        self._classifier = classifier
        self._counts = np.zeros((SETS, MODES), np.int64)
        self._seen = 0

    def _take(self, batch: Batch) -> None:
        modes = modes_of(batch.images, self._classifier)
        sets = (self._seen + np.arange(len(modes))) // self._size
        np.add.at(self._counts, (sets, modes), 1)
        self._seen += len(modes)

    def summary(self) -> Any:
        return self._counts
