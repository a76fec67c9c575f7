"""One setting for all rows of a table: the reals, the metrics, the draws.

All metrics share one pass over the images of a set and their features. What
is known of the reals is cached under everything that it depends on; patches
are not, they are too large.
"""

import dataclasses
import hashlib
import json
import pathlib
import zipfile
from collections.abc import Sequence
from typing import Any

import numpy as np
import tqdm

from pgan_tf import cache, files, image_sets, networks
from pgan_tf.data import records
from pgan_tf.metrics import features, suite

# Separate streams of draws from one seed.
_DIRECTIONS, _REALS, _SECOND, _FAKES = 11, 12, 13, 14
# Part of the key of what is cached: change it when the numbers change.
_CACHE_VERSION = 1

# By the key of a metric.
Summaries = dict[str, Any]
Values = dict[str, suite.Value]


@dataclasses.dataclass(frozen=True)
class Comparison:
    """What all rows have in common.

    Attributes:
        metrics: At least one.
        extractor: None if no metric looks at features.
        dataset: Of the reals.
        resolution: Of all images.
        mirror_augment: Whether half of the reals are flipped.
        seed: Of all draws.
        minibatch: Images at a time; of no influence on the numbers.
    """

    metrics: Sequence[suite.Metric]
    extractor: features.Extractor | None
    dataset: records.Dataset
    resolution: int
    mirror_augment: bool
    seed: int
    minibatch: int

    @property
    def count(self) -> int:
        """The images of a set: those of the metric that takes most."""
        return max(metric.count for metric in self.metrics)

    def reals(self) -> Summaries:
        """Sums up the reals, for the metrics that compare with them."""
        known, missing = {}, []
        for metric in self.metrics:
            path = self._cached("reals", metric, ".npz")
            gaussian = _read_gaussian(path)
            if gaussian:
                known[metric.key] = gaussian
            elif metric.uses_reals:
                missing.append(metric)
        found = self._sum_up(self._drawn(0), missing, _REALS, "reals")
        for metric in missing:
            summary = found[metric.key]
            if isinstance(summary, suite.Gaussian):
                path = self._cached("reals", metric, ".npz")
                with files.partial(path) as partial:
                    np.savez(partial, **summary._asdict())
        return known | found

    def noise_floor(self, reals: Summaries) -> Values | None:
        """The values of a second set of reals: those of perfect fakes.

        Returns:
            None if the dataset is too small for two disjoint sets.
        """
        if 2 * self.count > self.dataset.num_images:
            return None
        known, missing = {}, []
        for metric in self.metrics:
            value = _read_value(self._cached("floor", metric, ".json"))
            if value:
                known[metric.key] = value
            else:
                missing.append(metric)
        drawn = self._drawn(self.count)
        second = self._sum_up(drawn, missing, _SECOND, "second reals")
        found = self._values(missing, reals, second, "second reals")
        for metric in missing:
            path = self._cached("floor", metric, ".json")
            text = json.dumps(dataclasses.asdict(found[metric.key]))
            with files.partial(path) as partial:
                partial.write_text(text)
        return known | found

    def fakes(
        self, generator: networks.Generator, reals: Summaries, title: str
    ) -> Values:
        """The values of a generator's images."""
        labels = None
        if generator.label_size:
            # As the reference does: the labels that the reals have.
            labels = self.dataset.labels[self._drawn(0).indices]
            labels = labels[:, : generator.label_size]
        drawn = image_sets.Fakes(generator, self.count, self.seed, labels)
        fakes = self._sum_up(drawn, self.metrics, _FAKES, title)
        return self._values(self.metrics, reals, fakes, title)

    def _drawn(self, skip: int) -> image_sets.Reals:
        return image_sets.draw_reals(
            self.dataset,
            self.resolution,
            self.count,
            self.mirror_augment,
            self.seed,
            skip,
        )

    def _sum_up(
        self,
        images: image_sets.Reals | image_sets.Fakes,
        metrics: Sequence[suite.Metric],
        stream: int,
        title: str,
    ) -> Summaries:
        """One pass over a set for some of the metrics."""
        if not metrics:
            return {}
        seed = [self.seed, stream]
        collectors = {
            metric.key: metric.start(np.random.RandomState(seed))
            for metric in metrics
        }
        extractor = self.extractor
        if not any(metric.uses_features for metric in metrics):
            extractor = None
        batches = images.batches(self.minibatch)
        total = -(-self.count // self.minibatch)
        for pixels in tqdm.tqdm(batches, title, total, leave=False):
            outputs = extractor(pixels) if extractor else (None, None)
            batch = suite.Batch(pixels, *outputs)
            for collector in collectors.values():
                collector.add(batch)
        return {key: each.summary() for key, each in collectors.items()}

    def _values(
        self,
        metrics: Sequence[suite.Metric],
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

    def _cached(
        self, what: str, metric: suite.Metric, suffix: str
    ) -> pathlib.Path:
        """The file of something that depends on all that is in its name."""
        extractor = self.extractor if metric.uses_features else None
        key = [
            _CACHE_VERSION,
            metric.key,
            metric.count,
            self.count,
            metric.facts,
            extractor.digest if extractor else None,
            self.dataset.digest,
            self.resolution,
            self.mirror_augment,
            self.seed,
        ]
        digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()
        name = f"{what}-{metric.key}-{digest[:32]}{suffix}"
        return cache.folder() / name


def _read_gaussian(path: pathlib.Path) -> suite.Gaussian | None:
    """None if there is no such file or it is torn."""
    try:
        with np.load(path) as file:
            return suite.Gaussian(**file)
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile):
        return None


def _read_value(path: pathlib.Path) -> suite.Value | None:
    """None if there is no such file or it is torn."""
    try:
        return suite.Value(**json.loads(path.read_text()))
    except (OSError, ValueError, TypeError):
        return None
