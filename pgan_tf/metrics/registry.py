"""The metrics by the names that they have on the command line."""

import dataclasses
from collections.abc import Sequence

from pgan_tf.base import errors
from pgan_tf.metrics import (
    frechet,
    inception_score,
    kernel_distance,
    ms_ssim,
    neighbours,
    path_length,
    precision_recall,
    sliced_wasserstein,
    suite,
)

KINDS: tuple[type[suite.Metric], ...] = (
    frechet.FrechetDistance,
    inception_score.InceptionScore,
    sliced_wasserstein.SlicedWasserstein,
    ms_ssim.MultiScaleSimilarity,
    kernel_distance.KernelDistance,
    precision_recall.PrecisionRecall,
    neighbours.NearestNeighbours,
    path_length.PathLength,
)
DEFAULT = ("fid", "is", "swd")


@dataclasses.dataclass(frozen=True)
class Request:
    """A metric asked for, and the number of images if its name says it."""

    kind: type[suite.Metric]
    count: int | None


def parse(names: Sequence[str]) -> list[Request]:
    """The metrics of names such as "fid" or "fid50k", each once.

    Raises:
        UserError: On an unknown name, none at all, or two numbers of images
            for one metric.
    """
    known = {kind.key: Request(kind, None) for kind in KINDS}
    known |= {kind.alias: Request(kind, kind.paper_count) for kind in KINDS}
    unknown = [name for name in names if name not in known]
    given = f"--metrics={','.join(names)}"
    if unknown or not names:
        raise errors.UserError(
            f"{given}: the known metrics are"
            f" {', '.join(kind.key for kind in KINDS)}, and with the papers'"
            f" numbers of images {', '.join(kind.alias for kind in KINDS)}"
        )
    requests = list(dict.fromkeys(known[name] for name in names))
    if len({request.kind for request in requests}) < len(requests):
        raise errors.UserError(
            f"{given}: names a metric twice, with and without a number of"
            " images; give one of the two"
        )
    return requests


def described() -> str:
    """A line per metric, for --help."""
    return "\n".join(
        f"{kind.key} ({kind.alias}): {kind.about}; grows with the number of"
        f" images: {kind.memory}."
        for kind in KINDS
    )
