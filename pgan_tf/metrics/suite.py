"""The metrics under one interface, so that they share one pass over images.

A metric starts a collector per set of images; the collector sees the set in
batches and sums it up; the summaries of reals and fakes give the value.
"""

import dataclasses
from typing import Any, NamedTuple, Protocol

import numpy as np

from pgan_tf.metrics import frechet, inception_score, sliced_wasserstein

KNOWN = ("fid", "is", "swd")


@dataclasses.dataclass(frozen=True)
class Batch:
    """Images with what an extractor makes of them.

    Attributes:
        images: uint8 [n,S,S,3].
        features: float32 [n,D], if any metric looks at features.
        logits: float32 [n,K], if the extractor classifies.
    """

    images: np.ndarray
    features: np.ndarray | None = None
    logits: np.ndarray | None = None

    def head(self, count: int) -> "Batch":
        """The first `count` images or, if there are fewer, all of them."""
        return Batch(
            self.images[:count],
            None if self.features is None else self.features[:count],
            None if self.logits is None else self.logits[:count],
        )


@dataclasses.dataclass(frozen=True)
class Value:
    """What a metric says of a set of images.

    Attributes:
        value: The number itself; of SWD the average of the bands.
        spread: Standard deviation, where the metric defines one.
        levels: SWD by resolution.
    """

    value: float
    spread: float | None = None
    levels: dict[str, float] = dataclasses.field(default_factory=dict)


class Collector:
    """Takes the first `count` images of a set and leaves the rest."""

    def __init__(self, count: int) -> None:
        self.remaining = count

    def add(self, batch: Batch) -> None:
        part = batch.head(self.remaining)
        if len(part.images):
            self._take(part)
            self.remaining -= len(part.images)

    def _take(self, batch: Batch) -> None:
        raise NotImplementedError

    def summary(self) -> Any:
        """What the metric needs to know of the set."""
        raise NotImplementedError


class Metric(Protocol):
    """What an evaluation knows of a metric.

    Attributes:
        key: Its name on the command line and in file names.
        label: What its numbers are called.
        count: Images on each side.
        uses_features: Whether it looks at features rather than at pixels.
        uses_reals: Whether it compares with reals.
        facts: Choices that decide comparability, saved with every number.
    """

    key: str
    label: str
    count: int
    uses_features: bool
    uses_reals: bool
    facts: dict[str, Any]

    def start(self, random: np.random.RandomState) -> Collector:
        """A collector for a set of `count` images."""

    def result(
        self, reals: Any, fakes: Any, random: np.random.RandomState
    ) -> Value:
        """The value of the fakes, from two summaries."""


class Gaussian(NamedTuple):
    """The summary of a set's features: float64 [D] and [D,D]."""

    mean: np.ndarray
    covariance: np.ndarray


class FrechetDistance:
    """FID, or the same distance on other features."""

    key = "fid"
    paper_count = 50_000
    minimum = 2
    uses_features = True
    uses_reals = True
    facts = {"ddof": 1}

    def __init__(self, count: int, label: str) -> None:
        self.count = count
        self.label = label

    def start(self, random: np.random.RandomState) -> Collector:
        return _FeatureMoments(self.count)

    def result(
        self,
        reals: Gaussian,
        fakes: Gaussian,
        random: np.random.RandomState,
    ) -> Value:
        return Value(frechet.distance(*reals, *fakes))


class _FeatureMoments(Collector):
    moments: frechet.Moments | None = None

    def _take(self, batch: Batch) -> None:
        assert batch.features is not None
        if self.moments is None:
            self.moments = frechet.Moments(batch.features.shape[1])
        self.moments.add(batch.features)

    def summary(self) -> Gaussian:
        assert self.moments is not None
        return Gaussian(self.moments.mean, self.moments.covariance())


class InceptionScore:
    """The inception score, or the same of another classifier."""

    key = "is"
    paper_count = 50_000
    minimum = inception_score.SPLITS
    uses_features = True
    uses_reals = False
    facts = {"splits": inception_score.SPLITS}

    def __init__(self, count: int, label: str, attributes: bool) -> None:
        self.count = count
        self.label = label
        self._attributes = attributes

    def start(self, random: np.random.RandomState) -> Collector:
        return _Logits(self.count)

    def result(
        self, reals: None, fakes: np.ndarray, random: np.random.RandomState
    ) -> Value:
        if self._attributes:
            return Value(*inception_score.attribute_score(fakes))
        return Value(*inception_score.score(fakes))


class _Logits(Collector):
    def __init__(self, count: int) -> None:
        super().__init__(count)
        self._parts: list[np.ndarray] = []

    def _take(self, batch: Batch) -> None:
        assert batch.logits is not None
        self._parts.append(batch.logits)

    def summary(self) -> np.ndarray:
        return np.concatenate(self._parts)


class SlicedWasserstein:
    """SWD times 1000."""

    key = "swd"
    label = "SWDx1e3"
    paper_count = 16_384
    minimum = 1
    uses_features = False
    uses_reals = True
    facts = {
        "patches_per_image": sliced_wasserstein.PATCHES_PER_IMAGE,
        "directions": sliced_wasserstein.DIRECTION_SETS
        * sliced_wasserstein.DIRECTIONS_PER_SET,
    }

    def __init__(self, count: int, resolution: int) -> None:
        self.count = count
        self._resolution = resolution

    def start(self, random: np.random.RandomState) -> Collector:
        return _CutPatches(self.count, self._resolution, random)

    def result(
        self,
        reals: sliced_wasserstein.Patches,
        fakes: sliced_wasserstein.Patches,
        random: np.random.RandomState,
    ) -> Value:
        distances = sliced_wasserstein.compare(reals, fakes, random)
        names = [str(size) for size in reals.resolutions]
        levels = dict(zip(names, distances, strict=True))
        return Value(float(np.mean(distances)), levels=levels)


class _CutPatches(Collector):
    """Draws all places ahead, so that batches are of no influence."""

    def __init__(
        self, count: int, resolution: int, random: np.random.RandomState
    ) -> None:
        super().__init__(count)
        self._patches = sliced_wasserstein.Patches(resolution)
        self._positions = sliced_wasserstein.draw_positions(
            random, count, resolution
        )
        self._count = count

    def _take(self, batch: Batch) -> None:
        start = self._count - self.remaining
        part = slice(start, start + len(batch.images))
        positions = [(x[part], y[part]) for x, y in self._positions]
        self._patches.add(batch.images, positions)

    def summary(self) -> sliced_wasserstein.Patches:
        return self._patches
