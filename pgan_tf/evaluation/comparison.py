"""One setting for all rows of a table: the reals, the metrics, the draws.

All metrics share one pass over the images of a set and their features. What
is known of the reals is cached under everything that it depends on; patches
are not, they are too large.
"""

import dataclasses
import hashlib
import json
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tqdm

from pgan_tf.base import files
from pgan_tf.evaluation import kept
from pgan_tf.evaluation.fakes import Fakes, Images, Steps
from pgan_tf.evaluation.features.extractor import Extractor
from pgan_tf.evaluation.metrics import path_length
from pgan_tf.evaluation.metrics.metric import (
    Batch,
    Gaussian,
    Metric,
    Value,
    start_collectors,
)
from pgan_tf.evaluation.reals import Collection, Drawn, draw_reals
from pgan_tf.sampling import drawing

# Separate streams of draws from one seed.
_DIRECTIONS, _REALS, _SECOND, _FAKES = 11, 12, 13, 14


# Part of the key of whatever is kept: change it when the numbers change.
VERSION = 2


# By the key of a metric.
Summaries = dict[str, Any]


Values = dict[str, Value]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What all rows have in common.

    Attributes:
        metrics: At least one.
        extractor: None if no metric looks at features.
        collection: Of the reals.
        mirror_augment: Whether half of the reals are flipped.
        seed: Of all draws.
        minibatch: Images at a time; of no influence on the numbers.
    """

    metrics: Sequence[Metric]
    extractor: Extractor | None
    collection: Collection
    mirror_augment: bool
    seed: int
    minibatch: int
    _summaries: Summaries = dataclasses.field(default_factory=dict, repr=False)

    @property
    def count(self) -> int:
        """The images of a set: those of the metric that takes most."""
        return max((metric.count for metric in self._of_sets()), default=0)

    def _of_sets(self, metrics: Sequence[Metric] | None = None) -> list[Metric]:
        """The metrics that do not look at walks."""
        metrics = self.metrics if metrics is None else metrics
        return [metric for metric in metrics if not metric.walks]

    def facts(self, metric: Metric) -> dict[str, Any]:
        """All that decides a number but the fakes themselves."""
        collection, extractor = self.collection, self.extractor
        facts = {
            "protocol": VERSION,
            "num_reals": metric.count if metric.uses_reals else 0,
            "num_fakes": metric.count,
            "dataset_digest": collection.digest,
            "resolution": collection.height,
            "mirror_augment": self.mirror_augment,
            "quantised": "uint8",
            "seed": self.seed,
            **metric.facts,
        }
        if collection.width != collection.height:
            facts["width"] = collection.width
        if metric.uses_features and extractor:
            facts["extractor"] = extractor.facts
        return facts

    def reals(self) -> Values:
        """The values of the reals, of metrics that look at one set alone."""
        alone = [each for each in self._of_sets() if not each.uses_reals]

        def compute(missing: Sequence[Metric]) -> Values:
            drawn = self._drawn(0)
            found = self._sum_up(drawn, missing, _REALS, "reals")
            return self._values(missing, {}, found, "reals")

        return self._kept("value", alone, compute)

    def noise_floor(self) -> Values | None:
        """The values of a second set of reals: those of perfect fakes.

        Returns:
            None if the dataset is too small for two disjoint sets.
        """
        if 2 * self.count > self.collection.num_images:
            return None

        def compute(missing: Sequence[Metric]) -> Values:
            reals = self._summaries_of(missing)
            drawn = self._drawn(self.count)
            second = self._sum_up(drawn, missing, _SECOND, "second reals")
            return self._values(missing, reals, second, "second reals")

        return self._kept("floor", self._of_sets(), compute)

    def fakes(
        self,
        drawer: drawing.Drawer,
        title: str,
        metrics: Sequence[Metric] | None = None,
        truncation: float | None = None,
    ) -> Values:
        """The values of a generator's images, of all metrics or of some.

        Generators with labels get, as in the reference, those of the reals.
        Latents are truncated as `latent_table.latents` says.
        """
        metrics = self.metrics if metrics is None else metrics
        labels, label_size = None, drawer.generator.label_size
        if label_size:
            drawn = self._drawn(0) if self.count else self._all()
            labels = drawn.labels[:, :label_size]
        fakes = Fakes(drawer, self.count, self.seed, labels, truncation)
        values = self.compare(fakes, title, self._of_sets(metrics))
        for metric in metrics:
            if metric.walks:
                pairs = dataclasses.replace(fakes, count=metric.count)
                steps = Steps(pairs, path_length.EPSILON)
                found = self._sum_up(steps, [metric], _FAKES, title)
                values |= self._values([metric], {}, found, title)
        return values

    def compare(
        self,
        images: Images,
        title: str,
        metrics: Sequence[Metric] | None = None,
    ) -> Values:
        """The values of a set of at least `count` images."""
        metrics = self.metrics if metrics is None else metrics
        reals = self._summaries_of(metrics)
        found = self._sum_up(images, metrics, _FAKES, title)
        return self._values(metrics, reals, found, title)

    def _summaries_of(self, metrics: Sequence[Metric]) -> Summaries:
        """What the metrics need to know of the reals, found out once."""
        missing = []
        for metric in metrics:
            if not metric.uses_reals or metric.key in self._summaries:
                continue
            gaussian = kept.read_gaussian(self._path("reals", metric, ".npz"))
            if gaussian:
                self._summaries[metric.key] = gaussian
            else:
                missing.append(metric)
        found = self._sum_up(self._drawn(0), missing, _REALS, "reals")
        for metric in missing:
            summary = found[metric.key]
            if isinstance(summary, Gaussian):
                path = self._path("reals", metric, ".npz")
                with files.partial(path) as partial:
                    np.savez(partial, **summary._asdict())
        self._summaries.update(found)
        return self._summaries

    def _kept(
        self,
        what: str,
        metrics: Sequence[Metric],
        compute: Callable[[Sequence[Metric]], Values],
    ) -> Values:
        """Values from the cache; those it does not have are computed."""
        paths = {
            metric.key: self._path(what, metric, ".json") for metric in metrics
        }
        known = {key: kept.read_value(path) for key, path in paths.items()}
        missing = [metric for metric in metrics if not known[metric.key]]
        found = compute(missing) if missing else {}
        for key, value in found.items():
            with files.partial(paths[key]) as partial:
                partial.write_text(json.dumps(value.numbers()))
        return {key: value for key, value in known.items() if value} | found

    def _all(self) -> Drawn:
        return draw_reals(
            self.collection, self.collection.num_images, seed=self.seed
        )

    def _drawn(self, skip: int) -> Drawn:
        return draw_reals(
            self.collection, self.count, self.mirror_augment, self.seed, skip
        )

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
        extractor = self.extractor
        if not any(metric.uses_features for metric in metrics):
            extractor = None
        batches = images.batches(self.minibatch)
        count = max(each.remaining for each in collectors.values())
        total = -(-count // self.minibatch)
        for pixels in tqdm.tqdm(batches, title, total, leave=False):
            outputs = extractor(pixels) if extractor else (None, None)
            batch = Batch(pixels, *outputs)
            for collector in set(collectors.values()):
                collector.add(batch)
        return {key: each.summary() for key, each in collectors.items()}

    def _values(
        self,
        metrics: Sequence[Metric],
        reals: Summaries,
        others: Summaries,
        title: str,
    ) -> Values:
        """From two sets' summaries; `title` is shown meanwhile."""
        values = {}
        for metric in tqdm.tqdm(
            metrics, f"{title}: metrics", leave=False, disable=not metrics
        ):
            # The same directions for every row: differences are the images'.
            random = np.random.RandomState([self.seed, _DIRECTIONS])
            values[metric.key] = metric.result(
                reals.get(metric.key), others[metric.key], random
            )
        return values

    def _path(self, what: str, metric: Metric, suffix: str) -> pathlib.Path:
        """The file of something that depends on all that is in its name."""
        key = [metric.key, self.count, self.facts(metric)]
        digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()
        name = f"{what}-{metric.key}-{digest[:32]}{suffix}"
        return files.cache_folder() / name
