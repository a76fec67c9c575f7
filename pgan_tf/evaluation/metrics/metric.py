"""The metrics under one interface, so that they share one pass over images.

A metric starts a collector per set of images; the collector sees the set in
batches and sums it up; the summaries of reals and fakes give the value.
"""

import dataclasses
import math
import tempfile
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pgan_tf.evaluation.features.digit_classifier import DigitClassifier
from pgan_tf.evaluation.features.extractor import Extractor

# What a metric looks at; a classifier of digits is its own affair.
PIXELS, FEATURES, LOGITS = "pixels", "features", "logits"
DIGITS = "digits"
# Ends the name of a level that is the standard deviation of another.
SPREAD = " +-"


@dataclasses.dataclass(frozen=True)
class Setting:
    """What a metric depends on beside its number of images.

    Attributes:
        resolution: S, of all images.
        extractor: None if there is none.
        digits: A classifier of the digits that images are stacks of; None if
            there is none.
    """

    resolution: int
    extractor: Extractor | None = None
    digits: DigitClassifier | None = None


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
        levels: SWD by resolution; of other metrics their several numbers.
        headline: What `value` is called where there are levels; None if it
            is one of them.
        note: What to warn of.
        arrays: Pictures and curves that go with it.
    """

    value: float
    spread: float | None = None
    levels: dict[str, float] = dataclasses.field(default_factory=dict)
    headline: str | None = "average"
    note: str = ""
    arrays: dict[str, np.ndarray] = dataclasses.field(
        default_factory=dict, repr=False, compare=False
    )

    def numbers(self) -> dict[str, Any]:
        """All but the arrays, for a line of JSON."""
        fields = dataclasses.asdict(dataclasses.replace(self, arrays={}))
        del fields["arrays"]
        return fields

    @classmethod
    def of(cls, line: Mapping[str, Any]) -> "Value":
        """From such a line, which may hold more; null is not a number.

        Raises:
            TypeError: If it does not even hold a value.
        """
        names = {field.name for field in dataclasses.fields(cls)}
        given = {name: line[name] for name in names & set(line)}
        if given.get("value", 0.0) is None:
            given["value"] = math.nan
        levels = given.get("levels", {}).items()
        given["levels"] = {k: math.nan if v is None else v for k, v in levels}
        return cls(**given)


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


class StoredFeatures(Collector):
    """Keeps features on disk, in a temporary file."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self._file = tempfile.TemporaryFile()
        self._shape = (0, 0)

    def _take(self, batch: Batch) -> None:
        assert batch.features is not None
        features = np.ascontiguousarray(batch.features, np.float32)
        self._file.write(features.tobytes())
        self._shape = (self._shape[0] + len(features), features.shape[1])

    def summary(self) -> np.ndarray:
        """float32 [count,D], read where it is looked at."""
        self._file.flush()
        return np.memmap(self._file, np.float32, "r", shape=self._shape)


class Metric:
    """A metric of a set of images, by itself or compared with reals.

    Subclasses say with class attributes what they are and need:

    Attributes:
        key: Its name on the command line and in file names.
        alias: Its name with the paper's number of images, such as fid50k.
        paper_count: Images on each side that the paper took.
        minimum: Images on each side that it takes at least.
        title: What its numbers are called; on features other than those of
        other_title: the 2015 Inception file, this with the extractor's name.
        needs: PIXELS, FEATURES, LOGITS or DIGITS.
        uses_reals: Whether it compares with reals.
        walks: Whether it looks at pairs of images along a walk through latent
            space, and `count` is that of pairs.
        about: What it measures, in a few words for --help.
        better: Which way, in a word or two: "lower", "higher" or like what.
        legend: What its columns are, where their names do not tell.
        facts: Choices that decide comparability, saved with every number.
        collector: What it sums a set up with, if the count is all that needs
            to know; metrics share one. Else `start` makes it.
        label: What its numbers are called in this setting.
    """

    key: str
    alias: str
    paper_count: int
    minimum = 1
    title: str
    other_title = ""
    needs = PIXELS
    uses_reals = True
    walks = False
    about: str
    better: str
    legend = ""
    facts: Mapping[str, Any] = {}
    collector: type[Collector] | None = None

    def __init__(self, count: int, setting: Setting) -> None:
        self.count = count
        self.setting = setting
        self.label = self.label_in(setting)

    @property
    def uses_features(self) -> bool:
        """Whether it looks at an extractor's output rather than at pixels."""
        return self.needs in (FEATURES, LOGITS)

    @classmethod
    def label_in(cls, setting: Setting) -> str:
        """What its numbers are called in a setting."""
        if cls.needs in (PIXELS, DIGITS) or not setting.extractor:
            return cls.title
        return setting.extractor.titled(cls.title, cls.other_title)

    @classmethod
    def gap(cls, count: int, setting: Setting) -> str:
        """Why it cannot be computed of so many images, or ""."""
        if count < cls.minimum:
            return f"needs {cls.minimum} images or more, not {count}"
        extractor = setting.extractor
        if cls.needs == LOGITS and extractor and not extractor.classifies:
            return "the extractor gives no logits"
        return ""

    def start(self, random: np.random.RandomState) -> Collector:
        """A collector for a set of `count` images."""
        if self.collector is None:
            raise NotImplementedError
        return self.collector(self.count)

    def result(
        self, reals: Any, fakes: Any, random: np.random.RandomState
    ) -> Value:
        """The value of the fakes, from two summaries."""
        raise NotImplementedError


class Gaussian(NamedTuple):
    """The summary of a set's features: float64 [D] and [D,D]."""

    mean: np.ndarray
    covariance: np.ndarray


def start_collectors(
    metrics: Sequence[Metric], seed: Sequence[int]
) -> dict[str, Collector]:
    """The collectors of one pass over a set, by the metrics' keys.

    Args:
        metrics: Those that share the pass.
        seed: Each collector draws from a generator of its own.
    """
    shared: dict[tuple[type[Collector], int], Collector] = {}
    started = {}
    for metric in metrics:
        collector = metric.start(np.random.RandomState(list(seed)))
        if metric.collector:
            same = (metric.collector, metric.count)
            collector = shared.setdefault(same, collector)
        started[metric.key] = collector
    return started
