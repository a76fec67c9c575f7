"""What all rows of a table have in common: the reals, the metrics, the draws.

All metrics share one pass over the images of a set and their features.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from pgan_tf.base import progress
from pgan_tf.evaluation import kept, reals
from pgan_tf.evaluation.fakes import ArcPairs, DrawnFakes, Images
from pgan_tf.evaluation.metrics import by_name as metrics_by_name
from pgan_tf.evaluation.metrics import path_length
from pgan_tf.evaluation.metrics.metric import (
    Batch,
    Metric,
    Value,
    start_collectors,
)
from pgan_tf.sampling import drawing

# Separate streams of draws from one seed.
_DIRECTIONS, _REALS, _SECOND, _FAKES = 11, 12, 13, 14
# Part of the key of whatever is kept: change it when the numbers change.
VERSION = 2
# By the key of a metric.
Summaries = Mapping[str, Any]
Values = dict[str, Value]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """Compares sets of images with the same reals, by the same metrics.

    Attributes:
        chosen: The metrics, with the extractor that they look through.
        whole: The reals that are drawn from.
        mirror_augment: Whether half of the reals are flipped.
        seed: Of all draws.
        minibatch: Images at a time; of no influence on the numbers.
    """

    chosen: metrics_by_name.Choice
    whole: reals.ImageSet
    mirror_augment: bool
    seed: int
    minibatch: int
    _summaries: dict[str, Any] = dataclasses.field(
        default_factory=dict, repr=False
    )

    @property
    def count(self) -> int:
        """The images of a set: those of the metric that takes most."""
        counts = (each.count for each in _of_sets(self.chosen.metrics))
        return max(counts, default=0)

    def facts(self, metric: Metric) -> dict[str, Any]:
        """All that decides a number but the fakes themselves."""
        facts = {
            "protocol": VERSION,
            "num_reals": metric.count if metric.uses_reals else 0,
            "num_fakes": metric.count,
            "dataset_digest": self.whole.digest,
            "resolution": self.whole.resolution,
            "mirror_augment": self.mirror_augment,
            "quantised": "uint8",
            "seed": self.seed,
            **metric.facts,
        }
        if metric.uses_features and self.chosen.extractor:
            facts["extractor"] = self.chosen.extractor.facts
        return facts

    def of_reals(self) -> Values:
        """The values of the reals, of metrics that look at one set alone."""
        alone = [
            each
            for each in _of_sets(self.chosen.metrics)
            if not each.uses_reals
        ]

        def compute(missing: Sequence[Metric]) -> Values:
            found = self._sum_up(self._drawn(0), missing, _REALS, "reals")
            return self.values_of(missing, {}, found, "reals")

        return kept.values("value", self._names(alone), compute)

    def of_second_reals(self) -> Values | None:
        """The values of a second set of reals: those of perfect fakes.

        Returns:
            None if the dataset is too small for two disjoint sets.
        """
        if self.too_few():
            return None

        def compute(missing: Sequence[Metric]) -> Values:
            first = self.summaries_of(missing)
            drawn = self._drawn(self.count)
            second = self._sum_up(drawn, missing, _SECOND, "second reals")
            return self.values_of(missing, first, second, "second reals")

        names = self._names(_of_sets(self.chosen.metrics))
        return kept.values("floor", names, compute)

    def too_few(self) -> list[str]:
        """A line if there are too few images for a second set of reals."""
        needed, there = 2 * self.count, self.whole.num_images
        if needed <= there:
            return []
        return [
            f"Reals2: left out, as it takes {needed:,} real images and there"
            f" are {there:,}; --num_images={there // 2} leaves enough"
        ]

    def of_generator(
        self,
        drawer: drawing.Drawer,
        title: str,
        metrics: Sequence[Metric],
        truncation: float | None = None,
    ) -> Values:
        """The values of a generator's images, of some of the metrics.

        Generators with labels get, as in the reference, those of the reals.
        Latents are truncated as `latent_table.latents` says.
        """
        labels, label_size = None, drawer.generator.label_size
        if label_size:
            labels = self._labels()[:, :label_size]
        fakes = DrawnFakes(drawer, self.count, self.seed, labels, truncation)
        values = self.of_images(fakes, title, _of_sets(metrics))
        for metric in metrics:
            if metric.walks:
                starts = dataclasses.replace(fakes, count=metric.count)
                pairs = ArcPairs(starts, path_length.EPSILON)
                found = self._sum_up(pairs, [metric], _FAKES, title)
                values |= self.values_of([metric], {}, found, title)
        return values

    def of_images(
        self,
        images: Images,
        title: str,
        metrics: Sequence[Metric],
    ) -> Values:
        """The values of a set of at least `count` images."""
        first = self.summaries_of(metrics)
        found = self._sum_up(images, metrics, _FAKES, title)
        return self.values_of(metrics, first, found, title)

    def _drawn(self, skip: int) -> reals.DrawnReals:
        return reals.draw(
            self.whole, self.count, self.mirror_augment, self.seed, skip
        )

    def _labels(self) -> np.ndarray:
        """Labels of the drawn reals; of all if only walks are looked at."""
        count = self.count or self.whole.num_images
        return reals.draw(self.whole, count, seed=self.seed).labels

    def _names(self, metrics: Sequence[Metric]) -> dict[Metric, str]:
        """What the files of each metric are called in the cache."""
        return {
            metric: kept.name_of(metric, self.count, self.facts(metric))
            for metric in metrics
        }

    def summaries_of(self, metrics: Sequence[Metric]) -> Summaries:
        """What the metrics need to know of the reals, found out once."""
        missing = [
            metric
            for metric in metrics
            if metric.uses_reals and metric.key not in self._summaries
        ]

        def compute(unknown: Sequence[Metric]) -> Summaries:
            return self._sum_up(self._drawn(0), unknown, _REALS, "reals")

        self._summaries.update(kept.summaries(self._names(missing), compute))
        return self._summaries

    def _sum_up(
        self,
        images: Images,
        metrics: Sequence[Metric],
        stream: int,
        title: str,
    ) -> Summaries:
        """One pass over a set for some of the metrics."""
        if not metrics:
            return {}
        collectors = start_collectors(metrics, [self.seed, stream])
        extractor = self.chosen.extractor
        if not any(metric.uses_features for metric in metrics):
            extractor = None
        batches = images.batches(self.minibatch)
        count = max(each.remaining for each in collectors.values())
        total = -(-count // self.minibatch)
        for pixels in progress.each(batches, total, title):
            outputs = extractor(pixels) if extractor else (None, None)
            batch = Batch(pixels, *outputs)
            # Metrics that sum a set up alike share a collector.
            for collector in set(collectors.values()):
                collector.add(batch)
        return {key: each.summary() for key, each in collectors.items()}

    def values_of(
        self,
        metrics: Sequence[Metric],
        first: Summaries,
        second: Summaries,
        title: str,
    ) -> Values:
        """From summaries of reals and of a set; `title` is shown meanwhile."""
        values = {}
        for metric in progress.each(metrics, len(metrics), f"{title}: metrics"):
            # The same directions for every row: differences are the images'.
            random = np.random.RandomState([self.seed, _DIRECTIONS])
            values[metric.key] = metric.result(
                first.get(metric.key), second[metric.key], random
            )
        return values


def _of_sets(metrics: Sequence[Metric]) -> list[Metric]:
    """The metrics that do not look at walks."""
    return [metric for metric in metrics if not metric.walks]
