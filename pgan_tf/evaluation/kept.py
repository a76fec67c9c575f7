"""What is known of the reals, kept from one evaluation to the next.

Each thing has a file in the cache folder, whose name ends in a digest of all
that decides it. Of summaries, Gaussians are kept; patches, features and
thumbnails are too large.
"""

import hashlib
import json
import pathlib
import zipfile
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

import numpy as np

from pgan_tf.base import files, strict_json
from pgan_tf.evaluation.metrics.metric import Gaussian, Metric, Value

Content = TypeVar("Content")


def name_of(metric: Metric, count: int, facts: Mapping[str, Any]) -> str:
    """What files of a metric are called: its key and a digest.

    Args:
        metric: The metric.
        count: Images of the whole set, which decides those of a second one.
        facts: All else that decides the numbers.
    """
    key = [metric.key, count, facts]
    digest = hashlib.sha256(json.dumps(key).encode()).hexdigest()
    return f"{metric.key}-{digest[:32]}"


def summaries(
    names: Mapping[Metric, str],
    compute: Callable[[Sequence[Metric]], Mapping[str, Any]],
) -> dict[str, Any]:
    """What metrics need to know of the reals, by their keys.

    Args:
        names: Of the metrics, by `name_of`.
        compute: Gives the summaries that are not kept.
    """
    paths = {
        metric: files.cached(f"reals-{name}.npz")
        for metric, name in names.items()
    }
    known = {m: _read(path, _parse_gaussian) for m, path in paths.items()}
    missing = [metric for metric, found in known.items() if found is None]
    found: dict[str, Any] = {m.key: each for m, each in known.items() if each}
    if missing:
        found |= compute(missing)
    for metric in missing:
        summary, path = found[metric.key], paths[metric]
        if path and isinstance(summary, Gaussian):
            with files.keeping(path) as partial:
                np.savez(partial, **summary._asdict())
    return found


def values(
    what: str,
    names: Mapping[Metric, str],
    compute: Callable[[Sequence[Metric]], Mapping[str, Value]],
) -> dict[str, Value]:
    """Values of metrics by their keys; those kept come first.

    Args:
        what: The values are of; begins the names of the files.
        names: Of the metrics, by `name_of`.
        compute: Gives the values that are not kept.
    """
    paths = {
        metric: files.cached(f"{what}-{name}.json")
        for metric, name in names.items()
    }
    known = {m: _read(path, _parse_value) for m, path in paths.items()}
    missing = [metric for metric, found in known.items() if found is None]
    new = compute(missing) if missing else {}
    for metric in missing:
        if path := paths[metric]:
            numbers = new[metric.key].numbers()
            with files.keeping(path) as partial:
                partial.write_text(strict_json.dumps(numbers))
    return {m.key: found for m, found in known.items() if found} | dict(new)


def _read(
    path: pathlib.Path | None, parse: Callable[[pathlib.Path], Content]
) -> Content | None:
    """The content of a file; None if there is none or it is torn."""
    if path is None:
        return None
    try:
        return parse(path)
    except FileNotFoundError:
        return None
    except (OSError, ValueError, TypeError, EOFError, zipfile.BadZipFile):
        files.say_torn(path)
        return None


def _parse_gaussian(path: pathlib.Path) -> Gaussian:
    with np.load(path, allow_pickle=False) as file:
        found = Gaussian(**file)
    if found.covariance.shape != 2 * found.mean.shape:
        raise ValueError("mean and covariance of different sizes")
    return found


def _parse_value(path: pathlib.Path) -> Value:
    return Value.of(json.loads(path.read_text()))
