"""Plots of results in the run folder: PNG files and TensorBoard's curves."""

import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from pgan_tf.base import files, images
from pgan_tf.evaluation import results
from pgan_tf.evaluation.metrics import by_name as metrics_by_name
from pgan_tf.evaluation.metrics.metric import Value
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs import tensorboard

# Numbers across and up, as `_numbers` calls them: variety and fidelity.
_PAIRS = (("fid", "is"), ("pr recall", "pr precision"))
# Of plots, which are four inches wide.
_DPI = 150
# Results by truncation; None: latents as they are.
Sweep = dict[float | None, list[results.Result]]


class Curves:
    """TensorBoard's curves of the metrics over the training time of a run.

    TensorBoard shows them as a run beside that of the training.
    """

    def __init__(self, run_dir: pathlib.Path) -> None:
        self._folder = run_folder.evaluation_tensorboard_path(run_dir)
        self._writer: tensorboard.Writer | None = None

    def add(self, new: Sequence[results.Result], kimg: int | None) -> None:
        """Adds a point for each number; none if the time is not known."""
        if kimg is None:
            return
        if self._writer is None:
            self._writer = tensorboard.Writer(self._folder)
        for result in new:
            kind = metrics_by_name.BY_KEY[result.key]
            about = f"{kind.about}; better: {kind.better}"
            value, points = result.value, {}
            if not value.levels or value.headline:
                points[result.label] = value.value
            for level, number in value.levels.items():
                points[f"{result.label} {level}"] = number
            for name, number in points.items():
                # Numbers of unequal n must not be on one curve.
                tag = f"metrics/{name} n={result.count}"
                self._writer.scalar(tag, number, kimg * 1000, about)
        self._writer.flush()

    def close(self) -> None:
        """Ends the file; `add` would begin another."""
        if self._writer:
            self._writer.close()
            self._writer = None


def save_sweep(folder: pathlib.Path, name: str, rows: Sweep) -> None:
    """Saves the curve of a truncation sweep as truncation-<name>.png.

    A panel for each two numbers that span a curve; nothing if there are none.
    """
    known = set.intersection(*(set(_numbers(row)) for row in rows.values()))
    pairs = [pair for pair in _PAIRS if known.issuperset(pair)]
    if pairs:
        figure = _figure(len(pairs))
        for axes, pair in zip(figure.axes, pairs, strict=True):
            _draw_curve(axes, rows, *pair)
        figure.suptitle(f"{name}: truncated latents", parse_math=False)
        _write(folder / f"truncation-{name}.png", figure)


def save_arrays(folder: pathlib.Path, name: str, value: Value) -> None:
    """Saves the pictures that go with a value, if it has any.

    Of nearest neighbours nearest-<name>.png and distances-<name>.png; of modes
    modes-<name>.png.
    """
    arrays = value.arrays
    if "modes" in arrays:
        figure = _figure(1)
        _draw_modes(figure.axes[0], arrays["modes"])
        figure.suptitle(name, parse_math=False)
        _write(folder / f"modes-{name}.png", figure)
    if "nearest" not in arrays:
        return
    images.save_png(folder / f"nearest-{name}.png", arrays["nearest"])
    figure = _figure(1)
    _draw_distances(figure.axes[0], arrays["fakes"], arrays["reals"])
    figure.suptitle(name, parse_math=False)
    _write(folder / f"distances-{name}.png", figure)


def _numbers(row: Sequence[results.Result]) -> dict[str, float]:
    """The values of a row by metric, and by metric and level."""
    numbers = {}
    for result in row:
        numbers[result.key] = result.value.value
        for level, value in result.value.levels.items():
            numbers[f"{result.key} {level}"] = value
    return numbers


def _draw_curve(axes: Any, rows: Sweep, across: str, up: str) -> None:
    """Points joined in the order of truncation, each with its number."""
    # The widest last.
    order = sorted(rows, key=lambda limit: limit or np.inf)
    points = [
        (_numbers(rows[limit])[across], _numbers(rows[limit])[up])
        for limit in order
    ]
    axes.plot(*zip(*points, strict=True), marker="o", color="tab:blue")
    for limit, point in zip(order, points, strict=True):
        text = "none" if limit is None else f"{limit:g}"
        axes.annotate(text, point, (4, 4), textcoords="offset points")
    labels = {}
    for result in rows[order[0]]:
        labels[result.key] = result.label
    for name, put in ((across, axes.set_xlabel), (up, axes.set_ylabel)):
        key, _, level = name.partition(" ")
        put(f"{labels[key]} {level}".strip())
    axes.grid(alpha=0.3)


def _draw_distances(axes: Any, fakes: np.ndarray, reals: np.ndarray) -> None:
    """Two histograms of equal area."""
    edges = np.histogram_bin_edges(np.concatenate([fakes, reals]), 50)
    for distances, label in (
        (reals, "reals to other reals"),
        (fakes, "fakes to reals"),
    ):
        axes.hist(distances, edges, density=True, alpha=0.5, label=label)
    axes.set_xlabel("distance to the nearest, grey levels")
    axes.set_yticks([])
    axes.legend()


def _draw_modes(axes: Any, counts: np.ndarray) -> None:
    """How many images each mode has, the most frequent first."""
    covered = np.count_nonzero(counts)
    axes.set_title(
        f"{covered:,} of {len(counts):,} modes in {counts.sum():,} images",
        fontsize="medium",
    )
    # With edges, for a mode is narrower than a pixel.
    axes.stairs(
        np.sort(counts)[::-1], fill=True, edgecolor="tab:blue", linewidth=1
    )
    even = counts.mean()
    axes.axhline(
        even, color="black", linewidth=0.8, label=f"if all were even: {even:g}"
    )
    axes.legend()
    axes.set_yscale("symlog", linthresh=1)
    axes.yaxis.set_major_formatter("{x:,.0f}")
    axes.set_xlabel("modes, the most frequent first")
    axes.set_ylabel("images of a mode")


def _figure(panels: int) -> Any:
    """An empty figure with so many panels, one below the other.

    Its text can be read on a phone, where it is as wide as the page.
    """
    # Takes a second to import, which few evaluations need to wait for.
    from matplotlib import figure

    drawn = figure.Figure((4, 3.2 * panels), layout="constrained")
    drawn.subplots(panels, 1)
    return drawn


def _write(path: pathlib.Path, figure: Any) -> None:
    with files.partial(path) as partial:
        figure.savefig(partial, format="png", dpi=_DPI)
