"""What evaluate.py has found of a run, as a table and curves for its page."""

import pathlib
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from pgan_tf.base import files
from pgan_tf.runs import curves
from pgan_tf.runs import folder as run_folder

# Around the reading of one thing, by its name: what is damaged is noted.
Whole = Callable[[str], AbstractContextManager[None]]
# Value by row, by title.
_Columns = dict[str, dict[str, float | None]]

# A number of images that has been tried this much more often counts; a
# try-out with a few images shall not stay as a column for ever.
_TRIED_OUT = 8
_HASH = re.compile(r":([0-9a-f]{8})(?=[:\]])")


def of_run(run_dir: pathlib.Path, whole: Whole) -> dict[str, Any]:
    """The newest number of each metric and snapshot.

    Args:
        run_dir: The run folder.
        whole: See `Whole`.

    Returns:
        `labels`, `rows` of texts, `charts` as in `curves`, and `notes`.
    """
    columns = _without_try_outs(
        _columns(run_folder.list_metrics(run_dir), whole)
    )
    names = {row for by_row in columns.values() for row in by_row}
    rows = [
        [
            run_folder.title_of(row),
            *(_cell(by_row, row) for by_row in columns.values()),
        ]
        for row in sorted(names, key=_by_kimg)
    ]
    charts = [
        chart
        for title, by_row in columns.items()
        if (chart := _chart(title, by_row))
    ]
    notes = []
    for title in columns:
        for digest in _HASH.findall(title):
            note = f"{_short(title).split(' n=')[0]}: of features {digest}"
            if note not in notes:
                notes.append(note)
    labels = [_short(title) for title in columns]
    return {"labels": labels, "rows": rows, "charts": charts, "notes": notes}


def of_truncation(run_dir: pathlib.Path, whole: Whole) -> dict[str, Any]:
    """The rows of truncation sweeps, as `of_run` has them, without charts."""
    columns = _columns(sorted(run_dir.glob("truncation-*.jsonl")), whole)
    names = dict.fromkeys(row for by_row in columns.values() for row in by_row)
    rows = [
        [
            run_folder.title_of(row),
            *(_cell(by_row, row) for by_row in columns.values()),
        ]
        for row in names
    ]
    return {"labels": [_short(title) for title in columns], "rows": rows}


def _columns(paths: list[pathlib.Path], whole: Whole) -> _Columns:
    """The newest numbers in files of results."""
    newest: _Columns = {}
    for path in paths:
        lines: list[dict[str, Any]] = []
        with whole(path.name):
            lines = files.read_json_lines(path)
        for line in lines:
            with whole(f"a line of {path.name}"):
                # Numbers of unequal n must not stand in one column.
                row, count = _row(line), line["num_fakes"]
                for name, value in _named(line):
                    title = f"{name} n={count}"
                    newest.setdefault(title, {})[row] = _result(value)
    return newest


def _row(line: dict[str, Any]) -> str:
    """The row of a result; a truncated snapshot has one of its own."""
    row, truncation = str(line["row"]), line.get("truncation")
    if truncation is None:
        return row
    return f"{run_folder.title_of(row)}, truncation {truncation:g}"


def _without_try_outs(columns: _Columns) -> _Columns:
    """Without what few images gave, where many gave the same for all of it."""
    kept: _Columns = {}
    for title, by_row in columns.items():
        name, count = _split(title)
        better = [
            other
            for other in columns
            if _split(other)[0] == name
            and _split(other)[1] >= _TRIED_OUT * count
            and set(by_row) <= set(columns[other])
        ]
        if not better:
            kept[title] = by_row
    return kept


def _split(title: str) -> tuple[str, int]:
    """Name and number of images."""
    name, _, count = title.rpartition(" n=")
    return name, int(count) if count.isdecimal() else 0


def _short(title: str) -> str:
    """Without hashes, which stand in the notes."""
    return _HASH.sub("", title)


def _result(value: Any) -> float | None:
    """A number of a metric; None if it is not finite."""
    if value is not None and not isinstance(value, int | float):
        raise ValueError("the value is no number")
    return curves.finite(value)


def _named(line: dict[str, Any]) -> list[tuple[str, float]]:
    """The numbers of a line of results that are worth a column."""
    label, headline = line["label"], line.get("headline", "average")
    if headline is None:  # several numbers, of which none sums up the others
        levels = line["levels"].items()
        return [(f"{label} {level}", value) for level, value in levels]
    name = label if headline == "average" else f"{label} {headline}"
    return [(name, line["value"])]


def _chart(title: str, by_row: dict[str, float | None]) -> curves.Chart | None:
    """A metric by kimg, and level lines for what are not snapshots."""
    points = sorted(
        (kimg, value)
        for row, value in by_row.items()
        if (kimg := run_folder.kimg_of(row)) is not None and value is not None
    )
    if len(points) < 2:
        return None
    name = _short(title)
    series: list[dict[str, Any]] = [
        {"name": name, "raw": title, "points": points}
    ]
    for row, value in by_row.items():
        if run_folder.kimg_of(row) is None and value is not None:
            ends = [(points[0][0], value), (points[-1][0], value)]
            dashed = {"name": row, "raw": row, "points": ends, "dashed": True}
            series.append(dashed)
    return {"title": name, "unit": name.split(" n=")[0], "series": series}


def _by_kimg(row: str) -> tuple[bool, int, str]:
    """Snapshots first, in the order of training; then what is none."""
    kimg = run_folder.kimg_of(row)
    return kimg is None, kimg or 0, row


def _cell(by_row: dict[str, float | None], row: str) -> str:
    if row not in by_row:
        return "-"
    value = by_row[row]
    return "not finite" if value is None else f"{value:.4g}"
