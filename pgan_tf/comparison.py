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
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import tqdm

from pgan_tf import image_sets
from pgan_tf.base import devices, files
from pgan_tf.metrics import features, path_length, suite
from pgan_tf.networks.progressive.generator import Generator

# Separate streams of draws from one seed.
_DIRECTIONS, _REALS, _SECOND, _FAKES = 11, 12, 13, 14
# Part of the key of whatever is kept: change it when the numbers change.
VERSION = 2

# By the key of a metric.
Summaries = dict[str, Any]
Values = dict[str, suite.Value]


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
        replicas: Devices of the generators; of no influence either.
    """

    metrics: Sequence[suite.Metric]
    extractor: features.Extractor | None
    collection: image_sets.Collection
    mirror_augment: bool
    seed: int
    minibatch: int
    replicas: devices.Replicas = dataclasses.field(
        default_factory=devices.Replicas
    )
    _summaries: Summaries = dataclasses.field(default_factory=dict, repr=False)

    @property
    def count(self) -> int:
        """The images of a set: those of the metric that takes most."""
        return max((metric.count for metric in self._of_sets()), default=0)

    def _of_sets(
        self, metrics: Sequence[suite.Metric] | None = None
    ) -> list[suite.Metric]:
        """The metrics that do not look at walks."""
        metrics = self.metrics if metrics is None else metrics
        return [metric for metric in metrics if not metric.walks]

    def facts(self, metric: suite.Metric) -> dict[str, Any]:
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

        def compute(missing: Sequence[suite.Metric]) -> Values:
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

        def compute(missing: Sequence[suite.Metric]) -> Values:
            reals = self._summaries_of(missing)
            drawn = self._drawn(self.count)
            second = self._sum_up(drawn, missing, _SECOND, "second reals")
            return self._values(missing, reals, second, "second reals")

        return self._kept("floor", self._of_sets(), compute)

    def fakes(
        self,
        generator: Generator,
        title: str,
        metrics: Sequence[suite.Metric] | None = None,
        truncation: float | None = None,
    ) -> Values:
        """The values of a generator's images, of all metrics or of some.

        Generators with labels get, as in the reference, those of the reals.
        Latents are truncated as `sampling.latents` says.
        """
        metrics = self.metrics if metrics is None else metrics
        labels = None
        if generator.label_size:
            drawn = self._drawn(0) if self.count else self._all()
            labels = drawn.labels[:, : generator.label_size]
        fakes = image_sets.Fakes(
            generator, self.count, self.seed, labels, self.replicas, truncation
        )
        values = self.compare(fakes, title, self._of_sets(metrics))
        for metric in metrics:
            if metric.walks:
                pairs = dataclasses.replace(fakes, count=metric.count)
                steps = image_sets.Steps(pairs, path_length.EPSILON)
                found = self._sum_up(steps, [metric], _FAKES, title)
                values |= self._values([metric], {}, found, title)
        return values

    def compare(
        self,
        images: image_sets.Images,
        title: str,
        metrics: Sequence[suite.Metric] | None = None,
    ) -> Values:
        """The values of a set of at least `count` images."""
        metrics = self.metrics if metrics is None else metrics
        reals = self._summaries_of(metrics)
        found = self._sum_up(images, metrics, _FAKES, title)
        return self._values(metrics, reals, found, title)

    def _summaries_of(self, metrics: Sequence[suite.Metric]) -> Summaries:
        """What the metrics need to know of the reals, found out once."""
        missing = []
        for metric in metrics:
            if not metric.uses_reals or metric.key in self._summaries:
                continue
            gaussian = _read_gaussian(self._path("reals", metric, ".npz"))
            if gaussian:
                self._summaries[metric.key] = gaussian
            else:
                missing.append(metric)
        found = self._sum_up(self._drawn(0), missing, _REALS, "reals")
        for metric in missing:
            summary = found[metric.key]
            if isinstance(summary, suite.Gaussian):
                path = self._path("reals", metric, ".npz")
                with files.partial(path) as partial:
                    np.savez(partial, **summary._asdict())
        self._summaries.update(found)
        return self._summaries

    def _kept(
        self,
        what: str,
        metrics: Sequence[suite.Metric],
        compute: Callable[[Sequence[suite.Metric]], Values],
    ) -> Values:
        """Values from the cache; those it does not have are computed."""
        paths = {
            metric.key: self._path(what, metric, ".json") for metric in metrics
        }
        known = {key: _read_value(path) for key, path in paths.items()}
        missing = [metric for metric in metrics if not known[metric.key]]
        found = compute(missing) if missing else {}
        for key, value in found.items():
            with files.partial(paths[key]) as partial:
                partial.write_text(json.dumps(value.numbers()))
        return {key: value for key, value in known.items() if value} | found

    def _all(self) -> image_sets.Drawn:
        return image_sets.draw(
            self.collection, self.collection.num_images, seed=self.seed
        )

    def _drawn(self, skip: int) -> image_sets.Drawn:
        return image_sets.draw(
            self.collection, self.count, self.mirror_augment, self.seed, skip
        )

    def _sum_up(
        self,
        images: image_sets.Images,
        metrics: Sequence[suite.Metric],
        stream: int,
        title: str,
    ) -> Summaries:
        """One pass over a set for some of the metrics."""
        if not metrics:
            return {}
        collectors = suite.start(metrics, [self.seed, stream])
        extractor = self.extractor
        if not any(metric.uses_features for metric in metrics):
            extractor = None
        batches = images.batches(self.minibatch)
        count = max(each.remaining for each in collectors.values())
        total = -(-count // self.minibatch)
        for pixels in tqdm.tqdm(batches, title, total, leave=False):
            outputs = extractor(pixels) if extractor else (None, None)
            batch = suite.Batch(pixels, *outputs)
            for collector in set(collectors.values()):
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

    def _path(
        self, what: str, metric: suite.Metric, suffix: str
    ) -> pathlib.Path:
        """The file of something that depends on all that is in its name."""
        key = [metric.key, self.count, self.facts(metric)]
        digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()
        name = f"{what}-{metric.key}-{digest[:32]}{suffix}"
        return files.cache_folder() / name


def _read_gaussian(path: pathlib.Path) -> suite.Gaussian | None:
    """None if there is no such file or it is torn."""
    try:
        with np.load(path, allow_pickle=False) as file:
            found = suite.Gaussian(**file)
        if found.covariance.shape != 2 * found.mean.shape:
            raise ValueError("mean and covariance of different sizes")
        return found
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile):
        files.say_torn(path)
        return None


def _read_value(path: pathlib.Path) -> suite.Value | None:
    """None if there is no such file or it is torn."""
    try:
        return suite.Value.of(json.loads(path.read_text()))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError):
        files.say_torn(path)
        return None
