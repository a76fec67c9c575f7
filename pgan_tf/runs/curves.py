"""The curves of a run: which numbers of its ticks are drawn, under what names.

A chart is a dict for the page: `title`, `unit` (what its upright axis says)
and `series`, each with a `name` for people, the `raw` name that files have,
and `told`, what it is, where that is known, and `points` of (kimg, value).
"""

import math
from collections.abc import Iterable, Sequence
from typing import Any

from pgan_tf.runs import tick_numbers

Point = tuple[float, float]
Chart = dict[str, Any]

_MAX_POINTS = 800
# JavaScript and formats take no larger numbers, and nobody needs them.
_LARGEST = 1e300

# What is drawn together: title, unit, and names by the raw ones.
_GROUPS: tuple[tuple[str, str, dict[str, str]], ...] = (
    ("Losses", "loss", {"G_loss": "G", "D_loss": "D"}),
    (
        "Scores of D",
        "mean score",
        {"D_real_scores": "reals", "D_fake_scores": "fakes"},
    ),
    (
        "Gradient norm of D",
        "mean norm",
        {"D_mixed_norms": "where the penalty looks"},
    ),
    (
        "Gradient penalty of D",
        "mean, before its weight",
        {"D_gradient_penalty": "penalty"},
    ),
    (
        "Label penalties",
        "cross-entropy, before its weight",
        {"D_label_penalty": "D", "G_label_penalty": "G"},
    ),
    (
        "Orthogonal regularization of G",
        "sum, before its weight",
        {"G_ortho_penalty": "penalty"},
    ),
    (
        "Drift of D's scores",
        "mean square, before its weight",
        {"D_drift_penalty": "drift"},
    ),
    ("Speed", "images per second", {"images_per_sec": "images/s"}),
    ("Learning rates", "rate", {"G_lrate": "G", "D_lrate": "D"}),
    ("Minibatch", "images per step", {"minibatch": "minibatch"}),
    ("Level of detail", "lod, 0: final size", {"lod": "lod"}),
    ("Memory", "highest use so far, MiB", {"peak_memory_mb": "memory"}),
    (
        "Skipped steps (float16)",
        "share of steps",
        {"D_skipped_steps": "D", "G_skipped_steps": "G"},
    ),
)

_NOT_DRAWN = (
    "tick",
    "nimg",
    "seconds",
    "resolution",
    "sec_per_tick",
    "sec_per_kimg",
    "data_sec",
    "setup_sec",
    "maintenance_sec",
)

# Settings are of interest where they are not what they always were.
_DRAWN_IF_NOT_CONSTANT = ("G_lrate", "D_lrate", "minibatch")
_DRAWN_IF_ZERO = ("G_loss", "D_loss", "D_real_scores", "D_fake_scores", "lod")


def of_ticks(ticks: Sequence[dict[str, Any]]) -> list[Chart]:
    """The charts of stats.jsonl: the known groups, then other numbers.

    Args:
        ticks: What the run has reported, a dict for each tick.
    """
    names = dict.fromkeys(name for tick in ticks for name in tick)
    grouped = {raw for _, _, series in _GROUPS for raw in series}
    others = [
        (name.replace("_", " "), "value", {name: name.replace("_", " ")})
        for name in names
        if name not in grouped and name not in _NOT_DRAWN
    ]
    charts = []
    for title, unit, series in (*_GROUPS, *others):
        drawn = [
            {
                "name": name,
                "raw": raw,
                "told": tick_numbers.of(raw).told,
                "points": thinned(points, _MAX_POINTS),
            }
            for raw, name in series.items()
            if (points := _points(ticks, raw))
            and _is_worth_a_curve(raw, points)
        ]
        if drawn:
            charts.append({"title": title, "unit": unit, "series": drawn})
    return charts


def finite(value: Any) -> float | None:
    """A number that can be drawn; None for anything else."""
    if not isinstance(value, int | float) or abs(value) > _LARGEST:
        return None
    return value if math.isfinite(value) else None


def thinned(items: Iterable[Any], count: int) -> list[Any]:
    """At most `count` items, evenly spread, the first and last among them."""
    items = list(items)
    if len(items) <= count:
        return items
    step = (len(items) - 1) / (count - 1)
    return [items[round(i * step)] for i in range(count)]


def _points(ticks: Sequence[dict[str, Any]], raw: str) -> list[Point]:
    """(kimg, value) of one number, where it is one."""
    return [
        (tick["nimg"] / 1000, value)
        for tick in ticks
        if (value := finite(tick.get(raw))) is not None
    ]


def _is_worth_a_curve(raw: str, points: Sequence[Point]) -> bool:
    """Not what is always zero, or a setting that never changes."""
    values = {value for _, value in points}
    if raw in _DRAWN_IF_NOT_CONSTANT:
        return len(values) > 1
    return raw in _DRAWN_IF_ZERO or values != {0}
