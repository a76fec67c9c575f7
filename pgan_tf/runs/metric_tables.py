"""What evaluate.py has found of a run, as a table and curves for its page."""

import math
import pathlib
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from pgan_tf.base import files
from pgan_tf.runs import curves, page_parts
from pgan_tf.runs import folder as run_folder

# Around the reading of one thing, by its name: what is damaged is noted.
Whole = Callable[[str], AbstractContextManager[None]]
# Value by row, by title.
_Columns = dict[str, dict[str, float | None]]

# Many images are so many times as many as those of a try-out, which shall not
# stay as a column for ever.
_TRIED_OUT = 8
_HASH = re.compile(r":([0-9a-f]{8})(?=[:\]])")
_SUPERSCRIPTS = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")
# Between a snapshot and how its latents are truncated, in the name of a row.
_TRUNCATED = "\0truncation "
# What rows that are no snapshots are, for people.
ROWS_OF_REALS = {
    "Reals": "Reals: real images by themselves: what perfect fakes would get.",
    "Reals2": "Reals2: other real images in place of fakes: expect no "
    "fakes to do better.",
}


def of_run(run_dir: pathlib.Path, whole: Whole) -> dict[str, Any]:
    """The newest number of each metric and snapshot.

    Args:
        run_dir: The run folder.
        whole: See `Whole`.

    Returns:
        `labels`, `rows` of texts, `charts` as in `curves`, and `notes`.
    """
    every, better = _columns(run_folder.list_metrics(run_dir), whole)
    columns = _without_try_outs(every)
    names = {row for by_row in columns.values() for row in by_row}
    rows = [
        [
            _row_title(row),
            *(_cell(by_row, row) for by_row in columns.values()),
        ]
        for row in sorted(names, key=_by_kimg)
    ]
    labels, notes = _footnoted(columns)
    notes += [told for row, told in ROWS_OF_REALS.items() if row in names]
    left = [title for title in every if title not in columns]
    if left:
        told = ", ".join(_HASH.sub("", title) for title in left)
        notes.append(
            f"Tried out with few images, and not shown: {told}. "
            "The metric-*.jsonl files have them."
        )
    charts = [
        chart
        for label, (title, by_row) in zip(labels, columns.items(), strict=True)
        if (chart := _chart(label, title, by_row, better.get(title, "")))
    ]
    return {"labels": labels, "rows": rows, "charts": charts, "notes": notes}


def of_truncation(run_dir: pathlib.Path, whole: Whole) -> dict[str, Any]:
    """The rows of truncation sweeps, as `of_run` has them, without charts.

    Each snapshot's row without truncation comes last.
    """
    columns, _ = _columns(sorted(run_dir.glob("truncation-*.jsonl")), whole)
    names = {row for by_row in columns.values() for row in by_row}
    swept = {_snapshot_of(row) for row in names}
    known = run_folder.list_metrics(run_dir) if columns else []
    plain, _ = _columns(known, whole)
    for title in columns:
        for row in swept & set(plain.get(title, {})):
            columns[title][row] = plain[title][row]
            names.add(row)
    rows = [
        [_row_title(row), *(_cell(by_row, row) for by_row in columns.values())]
        for row in sorted(names, key=_by_truncation)
    ]
    labels, notes = _footnoted(columns)
    return {"labels": labels, "rows": rows, "charts": [], "notes": notes}


def _columns(
    paths: list[pathlib.Path], whole: Whole
) -> tuple[_Columns, dict[str, str]]:
    """The newest numbers in files of results; which way each is better."""
    newest: _Columns = {}
    better: dict[str, str] = {}
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
                    better[title] = str(line.get("better", ""))
    return newest, better


def _row(line: dict[str, Any]) -> str:
    """The row of a result; a truncated snapshot has one of its own."""
    row, limit = str(line["row"]), line.get("truncation")
    if limit is None:
        return row
    return f"{row.removesuffix(f' truncation {limit:g}')}{_TRUNCATED}{limit:g}"


def _snapshot_of(row: str) -> str:
    return row.partition(_TRUNCATED)[0]


def _by_truncation(row: str) -> tuple[bool, int, str, float]:
    """By snapshot, from the strongest truncation to none."""
    snapshot, _, limit = row.partition(_TRUNCATED)
    return *_by_kimg(snapshot), float(limit) if limit else math.inf


def _without_try_outs(columns: _Columns) -> _Columns:
    """Without what few images gave, where many gave as much of the same."""
    kept: _Columns = {}
    for title, by_row in columns.items():
        name, count = _split(title)
        better = [
            other
            for other in columns
            if _split(other)[0] == name
            and _split(other)[1] >= _TRIED_OUT * count
            and len(by_row) <= len(columns[other])
        ]
        if not better:
            kept[title] = by_row
    return kept


def _split(title: str) -> tuple[str, int]:
    """Name and number of images."""
    name, _, count = title.rpartition(" n=")
    return name, int(count) if count.isdecimal() else 0


def _footnoted(columns: _Columns) -> tuple[list[str], list[str]]:
    """What columns are called, and notes with the hashes that names lack."""
    digests: dict[str, str] = {}

    def mark(match: re.Match[str]) -> str:
        number = str(len(digests) + 1).translate(_SUPERSCRIPTS)
        return digests.setdefault(match[1], number)

    labels = []
    for title in columns:
        labels.append(_HASH.sub(mark, title))
    notes = [f"{mark} features {digest}" for digest, mark in digests.items()]
    return labels, notes


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


def _chart(
    label: str, title: str, by_row: dict[str, float | None], better: str
) -> curves.Chart | None:
    """A metric by kimg, and level lines for what are not snapshots."""
    points = sorted(
        (kimg, value)
        for row, value in by_row.items()
        if (kimg := run_folder.kimg_of(row)) is not None and value is not None
    )
    if len(points) < 2:
        return None
    series: list[dict[str, Any]] = [
        {"name": label, "raw": title, "points": points}
    ]
    for row, value in by_row.items():
        if run_folder.kimg_of(row) is None and value is not None:
            ends = [(points[0][0], value), (points[-1][0], value)]
            told = ROWS_OF_REALS.get(row, row)
            dashed = {"name": row, "raw": told, "points": ends, "dashed": True}
            series.append(dashed)
    unit, _ = _split(label)
    if better in ("lower", "higher"):
        unit += f", {better} is better"
    return {"title": label, "unit": unit, "series": series}


def _by_kimg(row: str) -> tuple[bool, int, str]:
    """Snapshots first, in the order of training; then what is none."""
    kimg = run_folder.kimg_of(row)
    return kimg is None, kimg or 0, row


def _row_title(row: str) -> str:
    snapshot, _, limit = row.partition(_TRUNCATED)
    title = run_folder.title_of(snapshot)
    return f"{title}, truncation {limit}" if limit else title


def _cell(by_row: dict[str, float | None], row: str) -> str:
    if row not in by_row:
        return page_parts.NO_NUMBER
    value = by_row[row]
    return "not finite" if value is None else f"{value:.4g}"
