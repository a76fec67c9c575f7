"""`report.html`: a run as one page that opens in any browser, offline.

Pictures over time, curves, the schedule with the present position, metrics and
the command. Pictures are inside the file, which loads nothing and sends
nothing.
"""

import contextlib
import json
import math
import pathlib
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from pgan_tf.base import derived, files, text, web_page
from pgan_tf.runs import flags as run_flags
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs import option_tree
from pgan_tf.runs.options import RunOptions
from pgan_tf.runs.schedule import Schedule

_TEMPLATE = pathlib.Path(__file__).with_name("report_page.html")
# Bounds of the page's size: pictures, their width, points of a curve.
_MAX_PICTURES = 48
_MAX_WIDTH = 1100
_MAX_POINTS = 800
# JavaScript and formats take no larger numbers, and nobody needs them.
_LARGEST = 1e300

# What is drawn together, under a title; other numbers get their own curve.
_CHARTS = {
    "Losses": ("G_loss", "D_loss"),
    "Scores of D": ("D_real_scores", "D_fake_scores"),
    "Gradient norm": ("D_mixed_norms",),
    "Images per second": ("images_per_sec",),
    "Learning rates": ("G_lrate", "D_lrate"),
    "Minibatch": ("minibatch",),
    "Level of detail": ("lod",),
    "Peak memory, MiB": ("peak_memory_mb",),
}

_NOT_DRAWN = (
    "tick",
    "nimg",
    "seconds",
    "resolution",
    "sec_per_tick",
    "sec_per_kimg",
    "data_sec",
    "maintenance_sec",
)

# These are of interest when they are not zero, or not what they always were.
_DRAWN_IF_NOT_CONSTANT = ("G_lrate", "D_lrate", "minibatch")
Point = tuple[float, float]


# What is damaged, by its name, and why.
LeftOut = dict[str, str]


def write(run_dir: pathlib.Path, options: RunOptions | None = None) -> LeftOut:
    """Writes `report.html` into a run folder, from what lies there.

    Args:
        run_dir: The run folder.
        options: Of the run, where they are known; None: as it began with.

    Returns:
        Pictures and results that are damaged; the page is without them, and
        says so too.

    Raises:
        UserError: If it is not a run folder.
    """
    options = options or run_folder.read_config(run_dir)
    ticks: list[dict[str, Any]] = []
    left_out: LeftOut = {}
    with _whole("stats.jsonl", left_out):
        ticks = run_folder.read_ticks(run_dir)
        if damage := run_folder.damage_of_stats(run_dir):
            left_out["lines of stats.jsonl"] = damage
    data = {
        **_position(run_dir, options, ticks),
        "command": run_flags.command(options),
        "options": _options(options),
        "phases": _phases(options),
        "failures": _failures(run_dir, left_out),
        "pictures": _pictures(run_dir, left_out),
        "reals": _reals(run_dir, left_out),
        "charts": _charts(ticks),
        "metrics": _metrics(run_dir, left_out),
        "left_out": [f"{name}: {why}" for name, why in left_out.items()],
    }
    inert = web_page.inert_json(data)
    page = _TEMPLATE.read_text(encoding="utf-8").replace("{{data}}", inert)
    path = run_folder.report_path(run_dir)
    # It is made of other files, anew with every tick.
    with files.partial(path, durable=False) as partial:
        partial.write_text(page, encoding="utf-8", errors="backslashreplace")
    return left_out


@contextlib.contextmanager
def _whole(name: str, left_out: LeftOut) -> Iterator[None]:
    """Around the reading of one thing, which may be damaged in any way."""
    try:
        yield
    except Exception as error:
        left_out[name] = derived.reason(error)


def _position(
    run_dir: pathlib.Path,
    options: RunOptions,
    ticks: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """Title and present state."""
    total = Schedule.of_run(options).total_kimg
    last = ticks[-1] if ticks else {"nimg": 0}
    kimg = last["nimg"] / 1000
    said = [f"{kimg:.1f} of {total:g} kimg"]
    if (size := _finite(last.get("resolution"))) is not None:
        said.append(f"{size:g}x{size:g}")
    if (lod := _finite(last.get("lod"))) is not None:
        said.append(f"lod {lod:.2f}")
    if (speed := _finite(last.get("images_per_sec"))) is not None:
        said.append(f"{text.number(speed, 1)} images/s")
    if (seconds := _finite(last.get("seconds"))) is not None:
        said.append(f"{text.duration(seconds)} of training")
    state = ", ".join(said)
    title = run_dir.resolve().name
    return {"title": title, "state": state, "kimg": kimg, "total_kimg": total}


def _options(options: RunOptions) -> list[tuple[str, str, bool]]:
    """(name, value, differs from the default) of every option."""
    default = option_tree.values(
        run_flags.from_given({"family": options.family})
    )
    return [
        (name, str(value), value != default[name])
        for name, value in option_tree.values(options).items()
    ]


def _phases(options: RunOptions) -> list[dict[str, Any]]:
    """The stretches of the schedule, up to where training ends."""
    schedule = Schedule.of_run(options)
    return [
        {
            "from": phase.start_kimg,
            "to": min(phase.end_kimg, schedule.total_kimg),
            "resolution": phase.resolution(schedule.resolution),
            "fading": phase.fading,
        }
        for phase in schedule.phases
        if phase.start_kimg < schedule.total_kimg
    ]


def _failures(run_dir: pathlib.Path, left_out: LeftOut) -> list[dict[str, Any]]:
    """When the training had failed and why, the first failure first."""
    found = []
    for path in run_folder.list_diagnostics(run_dir):
        with _whole(f"{path.parent.name}/{path.name}", left_out):
            state = json.loads((path / "state.json").read_bytes())
            kimg, why = state["nimg"] / 1000, str(state["why"])
            found.append({"kimg": kimg, "why": why, "folder": path.name})
    return sorted(found, key=lambda failure: failure["kimg"])


def _pictures(run_dir: pathlib.Path, left_out: LeftOut) -> list[dict[str, Any]]:
    """The grids of fakes, thinned, as data URIs."""
    pictures = []
    for kimg, path in _sparse(run_folder.list_fakes(run_dir), _MAX_PICTURES):
        with _whole(path.name, left_out):
            src = web_page.file_uri(path, _MAX_WIDTH)
            pictures.append({"kimg": kimg, "src": src})
    return pictures


def _reals(run_dir: pathlib.Path, left_out: LeftOut) -> str | None:
    path = run_folder.reals_path(run_dir)
    if path.exists():
        with _whole(path.name, left_out):
            return web_page.file_uri(path, _MAX_WIDTH)
    return None


def _charts(ticks: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The curves of stats.jsonl, in `_CHARTS`' order, then the others."""
    names = list(dict.fromkeys(name for tick in ticks for name in tick))
    grouped = {name for group in _CHARTS.values() for name in group}
    groups = dict(_CHARTS)
    groups.update(
        (name.replace("_", " "), (name,))
        for name in names
        if name not in grouped and name not in _NOT_DRAWN
    )
    charts = []
    for title, group in groups.items():
        series = [
            {"name": name, "points": _thinned(points, _MAX_POINTS)}
            for name in group
            if (points := _points(ticks, name))
            and _is_worth_a_curve(name, name in grouped, points)
        ]
        if series:
            charts.append({"title": title, "series": series})
    return charts


def _points(ticks: Sequence[dict[str, Any]], name: str) -> list[Point]:
    """(kimg, value) of one number, where it is one."""
    return [
        (tick["nimg"] / 1000, value)
        for tick in ticks
        if (value := _finite(tick.get(name))) is not None
    ]


def _finite(value: Any) -> float | None:
    """A number that can be drawn; None for anything else."""
    if not isinstance(value, int | float) or abs(value) > _LARGEST:
        return None
    return value if math.isfinite(value) else None


def _is_worth_a_curve(
    name: str, is_grouped: bool, points: Sequence[Point]
) -> bool:
    """Not what is always zero, or a setting that never changes."""
    values = {value for _, value in points}
    if name in _DRAWN_IF_NOT_CONSTANT:
        return len(values) > 1
    return is_grouped or values != {0}


def _metrics(run_dir: pathlib.Path, left_out: LeftOut) -> dict[str, Any]:
    """What evaluate.py found: a table of the newest numbers, and curves."""
    newest: dict[str, dict[str, float | None]] = {}
    for path in run_folder.list_metrics(run_dir):
        lines: list[dict[str, Any]] = []
        with _whole(path.name, left_out):
            lines = files.read_json_lines(path)
        for line in lines:
            with _whole(f"a line of {path.name}", left_out):
                # Numbers of unequal n must not stand in one column.
                row, count = str(line["row"]), line["num_fakes"]
                for name, value in _named(line):
                    title = f"{name} n={count}"
                    newest.setdefault(title, {})[row] = _result(value)
    rows = sorted(
        {row for by_row in newest.values() for row in by_row},
        key=_by_kimg,
    )
    cells = [
        [
            _row_title(row),
            *(_cell(by_row, row) for by_row in newest.values()),
        ]
        for row in rows
    ]
    charts = [
        chart
        for title, by_row in newest.items()
        if (chart := _metric_chart(title, by_row))
    ]
    return {"labels": list(newest), "rows": cells, "charts": charts}


def _result(value: Any) -> float | None:
    """A number of a metric; None if it is not finite."""
    if value is not None and not isinstance(value, int | float):
        raise ValueError("the value is no number")
    return _finite(value)


def _named(line: dict[str, Any]) -> list[tuple[str, float]]:
    """The numbers of a line of results that are worth a column."""
    label, headline = line["label"], line.get("headline", "average")
    if headline is None:  # several numbers, of which none sums up the others
        levels = line["levels"].items()
        return [(f"{label} {level}", value) for level, value in levels]
    name = label if headline == "average" else f"{label} {headline}"
    return [(name, line["value"])]


def _metric_chart(
    title: str, by_row: dict[str, float | None]
) -> dict[str, Any] | None:
    """A metric by kimg, and level lines for what are not snapshots."""
    points = sorted(
        (kimg, value)
        for row, value in by_row.items()
        if (kimg := run_folder.kimg_of(row)) is not None and value is not None
    )
    if len(points) < 2:
        return None
    series: list[dict[str, Any]] = [{"name": title, "points": points}]
    for row, value in by_row.items():
        if run_folder.kimg_of(row) is None and value is not None:
            ends = [(points[0][0], value), (points[-1][0], value)]
            series.append({"name": row, "points": ends, "dashed": True})
    return {"title": title, "series": series}


def _by_kimg(row: str) -> tuple[bool, int, str]:
    """Snapshots first, in the order of training; then what is none."""
    kimg = run_folder.kimg_of(row)
    return kimg is None, kimg or 0, row


def _row_title(row: str) -> str:
    kimg = run_folder.kimg_of(row)
    return row if kimg is None else f"{kimg} kimg"


def _cell(by_row: dict[str, float | None], row: str) -> str:
    if row not in by_row:
        return "-"
    value = by_row[row]
    return "not finite" if value is None else f"{value:.4g}"


def _thinned(items: Iterable[Any], count: int) -> list[Any]:
    """At most `count` items, evenly spread, the first and last among them."""
    items = list(items)
    if len(items) <= count:
        return items
    step = (len(items) - 1) / (count - 1)
    return [items[round(i * step)] for i in range(count)]


def _sparse(items: Sequence[Any], count: int) -> list[Any]:
    """At most `count` items, evenly spread, the first and last among them.

    As more items come, those that were left out stay so: what is kept, and
    was costly to make, need not be made again.
    """
    step = 1
    while -(-len(items) // step) >= count:
        step *= 2
    kept = list(items[::step])
    return kept if (len(items) - 1) % step == 0 else [*kept, items[-1]]
