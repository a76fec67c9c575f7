"""Which of the metrics asked for can be computed, and on what."""

import dataclasses
import pathlib
from collections.abc import Sequence

from pgan_tf import errors, extractors
from pgan_tf.data import records
from pgan_tf.metrics import features, inception, sliced_wasserstein, suite


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


@dataclasses.dataclass(frozen=True)
class _Gap:
    """A metric that cannot be computed."""

    label: str
    reason: str


def choose(
    keys: Sequence[str],
    wanted: str,
    inception_path: pathlib.Path | None,
    dataset: records.Dataset,
    resolution: int,
    available: int,
) -> Choice:
    """Opens the extractor, if any metric needs one, and makes the metrics.

    Args:
        keys: Metrics, out of `suite.KNOWN`.
        wanted: The extractor, see `extractors.open_extractor`,
        inception_path: and this.
        dataset: Of the reals.
        resolution: Of all images.
        available: Images that there are at most on each side.

    Raises:
        UserError: If no metric can be computed, or the extractor is wrong.
    """
    extractor, reason = None, ""
    if set(keys) != {"swd"}:
        try:
            extractor = extractors.open_extractor(
                wanted, inception_path, dataset, resolution
            )
        except inception.Unavailable as error:
            reason = str(error)
    made: list[suite.Metric | _Gap] = []
    for key in dict.fromkeys(keys):
        if key == "swd":
            made.append(_make_swd(available, resolution))
        elif extractor is None:
            made.append(_Gap(key.upper(), reason))
        else:
            made.append(_make_on_features(key, available, extractor))
    metrics = [each for each in made if not isinstance(each, _Gap)]
    gaps = {each.label: each.reason for each in made if isinstance(each, _Gap)}
    if not metrics:
        reasons = "; ".join(dict.fromkeys(gaps.values()))
        raise errors.UserError(f"{', '.join(gaps)}: not computed: {reasons}")
    return Choice(extractor, metrics, [each.label for each in made], gaps)


def _make_swd(available: int, resolution: int) -> suite.Metric | _Gap:
    """SWD of as many images as published, or as there are."""
    kind = suite.SlicedWasserstein
    if resolution < sliced_wasserstein.COARSEST:
        return _Gap(kind.label, "needs images of 16x16 pixels or more")
    return kind(min(kind.paper_count, available), resolution)


def _make_on_features(
    key: str, available: int, extractor: features.Extractor
) -> suite.Metric | _Gap:
    """FID or IS of as many images as published, or as there are."""
    fid, score = suite.FrechetDistance, suite.InceptionScore
    kind = fid if key == fid.key else score
    count = min(kind.paper_count, available)
    label = extractor.frechet_label if kind is fid else extractor.score_label
    if count < kind.minimum:
        return _Gap(label, f"needs {kind.minimum} images or more, not {count}")
    if kind is fid:
        return fid(count, label)
    if not extractor.classifies:
        return _Gap(label, "the extractor gives no logits")
    return score(count, label, extractor.attributes)
