"""The metrics by the names that they have on the command line."""

import dataclasses
from collections.abc import Callable, Sequence

from pgan_tf.base import errors, text
from pgan_tf.evaluation.features.digit_classifier import DigitClassifier
from pgan_tf.evaluation.features.extractor import Extractor, Unavailable
from pgan_tf.evaluation.metrics import (
    frechet,
    inception_score,
    kernel_distance,
    mode_count,
    ms_ssim,
    neighbours,
    path_length,
    precision_recall,
    sliced_wasserstein,
)
from pgan_tf.evaluation.metrics.metric import (
    DIGITS,
    FEATURES,
    LOGITS,
    PIXELS,
    Metric,
    Setting,
)

KINDS: tuple[type[Metric], ...] = (
    frechet.FrechetDistance,
    inception_score.InceptionScore,
    sliced_wasserstein.SlicedWasserstein,
    ms_ssim.MultiScaleSimilarity,
    kernel_distance.KernelDistance,
    precision_recall.PrecisionRecall,
    neighbours.NearestNeighbours,
    path_length.PathLength,
    mode_count.ModeCount,
)
BY_KEY = {kind.key: kind for kind in KINDS}
NOT_DIGITS = (
    "needs stacked digits, such as a dataset of dataset_tool.py create "
    "--source=mnistrgb"
)
# What metrics look at, for people.
_NEEDS = {
    PIXELS: "images",
    FEATURES: "features",
    LOGITS: "features",
    DIGITS: "MNIST",
}

DEFAULT = ("fid", "is", "swd")
# Metrics asked for, in order, each with the number of images if its name says
# it.
Asked = dict[type[Metric], int | None]


def parse(names: Sequence[str]) -> Asked:
    """The metrics of names such as "fid" or "fid50k".

    Raises:
        UserError: On an unknown name, none at all, or two numbers of images
            for one metric.
    """
    known: dict[str, tuple[type[Metric], int | None]] = {}
    for kind in KINDS:
        known[kind.key] = kind, None
        known[kind.alias] = kind, kind.paper_count
    unknown = [name for name in names if name not in known]
    given = f"--metrics={','.join(names)}"
    if unknown or not names:
        hint = ""
        if unknown:
            hint = text.did_you_mean(unknown[0].lower(), known)
        raise errors.UsageError(
            f"{given}{hint or ':'} the known metrics are"
            f" {', '.join(kind.key for kind in KINDS)}, each also with its"
            f" paper's number of images, such as {KINDS[0].alias}"
        )
    named = {known[name] for name in names}
    if len({kind for kind, _ in named}) < len(named):
        raise errors.UserError(
            f"{given}: names a metric twice, with and without a number of"
            " images; give one of the two"
        )
    return dict(known[name] for name in names)


def check_per_class(names: Sequence[str]) -> None:
    """Refuses metrics that are not computed of single classes."""
    if set(names) - {"fid", "fid50k"}:
        raise errors.UserError(
            f"--per_class computes fid, not {','.join(names)}; give"
            " --metrics=fid"
        )


def described() -> str:
    """A line per metric, for --help: its name, what, better, needs."""
    rows = [("", "what it measures", "better", "needs")]
    for kind in KINDS:
        needs = _NEEDS[kind.needs] + (", a run" if kind.walks else "")
        rows.append((kind.key, kind.about, kind.better, needs))
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(map(str.ljust, row, widths)).rstrip() for row in rows
    )


def aliases() -> str:
    """The names of metrics of as many images as in their papers."""
    return ", ".join(kind.alias for kind in KINDS)


@dataclasses.dataclass(frozen=True)
class Choice:
    """What can be computed and what cannot.

    Attributes:
        extractor: None if no metric looks at features, or none is to be had.
        metrics: Those that can be computed; at least one.
        labels: What all metrics are called, in the order asked for.
        not_computed: Why the others cannot be, by label.
    """

    extractor: Extractor | None
    metrics: list[Metric]
    labels: list[str]
    not_computed: dict[str, str]


def choose(
    asked: Asked,
    open_extractor: Callable[[], Extractor],
    resolution: int,
    available: int,
    count: int | None = None,
    generator: bool = True,
    open_digits: Callable[[], DigitClassifier] | None = None,
) -> Choice:
    """Opens the extractor, if any metric needs one, and makes the metrics.

    Args:
        asked: The metrics, as `parse` gives them.
        open_extractor: Called if any metric looks at features.
        resolution: Of all images.
        available: Images that there are on each side.
        count: Images on each side of metrics whose name does not tell; None:
            as many as in the papers, or as there are.
        generator: Whether the fakes come from one, that can draw others.
        open_digits: Called if any metric classifies digits; None if the images
            are no stacked digits.

    Raises:
        UserError: If no metric can be computed, or the extractor is wrong.
    """
    extractor, reason, digits, no_digits = None, "", None, NOT_DIGITS
    if any(kind.needs in (FEATURES, LOGITS) for kind in asked):
        try:
            extractor = open_extractor()
        except Unavailable as error:
            reason = str(error)
    if open_digits and any(kind.needs == DIGITS for kind in asked):
        try:
            digits = open_digits()
        except Unavailable as error:
            no_digits = str(error)
    setting = Setting(resolution, extractor, digits)
    metrics, labels, gaps = [], [], {}
    for kind, said in asked.items():
        label = kind.label_in(setting)
        labels.append(label)
        number = said or count or min(kind.paper_count, available)
        gap = kind.gap(number, setting)
        if kind.needs in (FEATURES, LOGITS) and extractor is None:
            gap = reason
        elif kind.needs == DIGITS and digits is None:
            gap = no_digits
        elif kind.walks and not generator:
            gap = "needs a generator, not images"
        elif number > available and not kind.walks:
            gap = f"needs {number} images, there are {available}"
        if gap:
            gaps[label] = gap
        else:
            metrics.append(kind(number, setting))
    if not metrics:
        reasons = "; ".join(dict.fromkeys(gaps.values()))
        raise errors.UserError(f"{', '.join(gaps)}: not computed: {reasons}")
    return Choice(extractor, metrics, labels, gaps)
