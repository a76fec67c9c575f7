"""`report.html`: a run as one page that opens in any browser, offline.

Pictures over time, curves, the schedule with the present position, metrics and
the command. Pictures are inside the file, which loads nothing and sends
nothing.
"""

import pathlib
from collections.abc import Iterable, Sequence
from typing import Any

from pgan_tf.base import files, text, web_page
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


def write(run_dir: pathlib.Path, options: RunOptions | None = None) -> None:
    """Writes `report.html` into a run folder, from what lies there.

    Args:
        run_dir: The run folder.
        options: Of the run, where they are known; None: as it began with.

    Raises:
        UserError: If it is not a run folder.
    """
    options = options or run_folder.read_config(run_dir)
    ticks = run_folder.read_ticks(run_dir)
    data = {
        **_position(run_dir, options, ticks),
        "command": run_flags.command(options),
        "options": _options(options),
        "phases": _phases(options),
        "pictures": _pictures(run_dir),
        "reals": _reals(run_dir),
        "charts": _charts(ticks),
        "metrics": _metrics(run_dir),
    }
    inert = web_page.inert_json(data)
    page = _TEMPLATE.read_text(encoding="utf-8").replace("{{data}}", inert)
    with files.partial(run_folder.report_path(run_dir)) as partial:
        partial.write_text(page, encoding="utf-8")


def _position(
    run_dir: pathlib.Path,
    options: RunOptions,
    ticks: Sequence[dict[str, Any]],
) -> dict[str, Any]:
    """Title and present state."""
    total = Schedule.of_run(options).total_kimg
    last = ticks[-1] if ticks else {"nimg": 0}
    kimg = last["nimg"] / 1000
    state = f"{kimg:.1f} of {total:g} kimg"
    if ticks:
        state += (
            f", {last['resolution']}x{last['resolution']}, "
            f"lod {last['lod']:.2f}, {last['images_per_sec']:.1f} images/s, "
            f"{text.duration(last['seconds'])} of training"
        )
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


def _pictures(run_dir: pathlib.Path) -> list[dict[str, Any]]:
    """The grids of fakes, evenly thinned, as data URIs."""
    found = run_folder.list_fakes(run_dir)
    return [
        {"kimg": kimg, "src": web_page.file_uri(path, _MAX_WIDTH)}
        for kimg, path in _thinned(found, _MAX_PICTURES)
    ]


def _reals(run_dir: pathlib.Path) -> str | None:
    path = run_folder.reals_path(run_dir)
    return web_page.file_uri(path, _MAX_WIDTH) if path.exists() else None


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
        (tick["nimg"] / 1000, tick[name])
        for tick in ticks
        if isinstance(tick.get(name), int | float)
    ]


def _is_worth_a_curve(
    name: str, is_grouped: bool, points: Sequence[Point]
) -> bool:
    """Not what is always zero, or a setting that never changes."""
    values = {value for _, value in points}
    if name in _DRAWN_IF_NOT_CONSTANT:
        return len(values) > 1
    return is_grouped or values != {0}


def _metrics(run_dir: pathlib.Path) -> dict[str, Any]:
    """What evaluate.py found: a table of the newest numbers, and curves."""
    newest: dict[str, dict[str, float]] = {}
    for path in run_folder.list_metrics(run_dir):
        for line in files.read_json_lines(path):
            # Numbers of unequal n must not stand in one column.
            for name, value in _named(line):
                title = f"{name} n={line['num_fakes']}"
                newest.setdefault(title, {})[line["row"]] = value
    rows = sorted(
        {row for by_row in newest.values() for row in by_row},
        key=_by_kimg,
    )
    cells = [
        [
            _row_title(row),
            *(_number(by_row.get(row)) for by_row in newest.values()),
        ]
        for row in rows
    ]
    charts = [
        chart
        for title, by_row in newest.items()
        if (chart := _metric_chart(title, by_row))
    ]
    return {"labels": list(newest), "rows": cells, "charts": charts}


def _named(line: dict[str, Any]) -> list[tuple[str, float]]:
    """The numbers of a line of results that are worth a column."""
    label, headline = line["label"], line.get("headline", "average")
    if headline is None:  # several numbers, of which none sums up the others
        levels = line["levels"].items()
        return [(f"{label} {level}", value) for level, value in levels]
    name = label if headline == "average" else f"{label} {headline}"
    return [(name, line["value"])]


def _metric_chart(
    title: str, by_row: dict[str, float]
) -> dict[str, Any] | None:
    """A metric by kimg, and level lines for what are not snapshots."""
    points = sorted(
        (kimg, value)
        for row, value in by_row.items()
        if (kimg := run_folder.kimg_of(row)) is not None
    )
    if len(points) < 2:
        return None
    series: list[dict[str, Any]] = [{"name": title, "points": points}]
    for row, value in by_row.items():
        if run_folder.kimg_of(row) is None:
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


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def _thinned(items: Iterable[Any], count: int) -> list[Any]:
    """At most `count` items, evenly spread, the first and last among them."""
    items = list(items)
    if len(items) <= count:
        return items
    step = (len(items) - 1) / (count - 1)
    return [items[round(i * step)] for i in range(count)]
