"""Which of the metrics asked for can be computed, and on what."""

import dataclasses
from collections.abc import Callable, Sequence

from pgan_tf.base import errors
from pgan_tf.metrics import features, inception, registry, suite


@dataclasses.dataclass(frozen=True)
class Choice:
    """What can be computed and what cannot.

    Attributes:
        extractor: None if no metric looks at features, or none is to be had.
        metrics: Those that can be computed; at least one.
        labels: What all metrics are called, in the order asked for.
        not_computed: Why the others cannot be, by label.
    """

    extractor: features.Extractor | None
    metrics: list[suite.Metric]
    labels: list[str]
    not_computed: dict[str, str]


def choose(
    names: Sequence[str],
    open_extractor: Callable[[], features.Extractor],
    resolution: int,
    available: int,
    count: int | None = None,
    generator: bool = True,
) -> Choice:
    """Opens the extractor, if any metric needs one, and makes the metrics.

    Args:
        names: Metrics, as `registry.parse` knows them.
        open_extractor: Called if any metric looks at features.
        resolution: Of all images.
        available: Images that there are on each side.
        count: Images on each side of metrics whose name does not tell; None:
            as many as in the papers, or as there are.
        generator: Whether the fakes come from one, that can draw others.

    Raises:
        UserError: If no metric can be computed, or the extractor is wrong.
    """
    requests = registry.parse(names)
    extractor, reason = None, ""
    if any(request.kind.needs != suite.PIXELS for request in requests):
        try:
            extractor = open_extractor()
        except inception.Unavailable as error:
            reason = str(error)
    setting = suite.Setting(resolution, extractor)
    metrics, labels, gaps = [], [], {}
    for request in requests:
        kind = request.kind
        label = kind.label_in(setting)
        labels.append(label)
        number = request.count or count
        number = number or min(kind.paper_count, available)
        gap = kind.gap(number, setting)
        if kind.needs != suite.PIXELS and extractor is None:
            gap = reason
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
