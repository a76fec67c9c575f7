"""`report.html`: a run as one page that opens in any browser, offline.

The state of the run, pictures over time, metrics, curves, the schedule and the
command. All is inside the file, which loads nothing and sends nothing; what is
no curve is there without JavaScript, too.
"""

import contextlib
import functools
import html
import json
import pathlib
from collections.abc import Iterator, Sequence
from typing import Any

from pgan_tf.base import derived, files, text, web_page
from pgan_tf.runs import (
    curves,
    metric_tables,
    page_parts,
    run_state,
)
from pgan_tf.runs import flags as run_flags
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs.options import RunOptions
from pgan_tf.runs.run_state import RunState
from pgan_tf.runs.schedule import Schedule

_TEMPLATE = pathlib.Path(__file__).with_name("report_page.html")
_SCRIPT = pathlib.Path(__file__).with_name("report_page.js")
# Bounds of the page's size: pictures and their width.
_MAX_PICTURES = 48
_MAX_WIDTH = 1100
# What evaluate.py draws, under a title.
_FINDINGS = (
    ("Truncation: quality against variety", "truncation-*.png"),
    ("Fakes and their nearest reals", "nearest-*.png"),
    ("Distances to the nearest reals", "distances-*.png"),
)

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
    now: RunState | None = None
    with _whole("state.json", left_out):
        now = run_state.read(run_dir)
    content = _parts(run_dir, options, ticks, now, left_out)
    page = web_page.fill(_TEMPLATE.read_text(encoding="utf-8"), content)
    path = run_folder.report_path(run_dir)
    # It is made of other files, anew with every tick.
    with files.partial(path, durable=False) as partial:
        partial.write_text(page, encoding="utf-8", errors="backslashreplace")
    return left_out


def _parts(
    run_dir: pathlib.Path,
    options: RunOptions,
    ticks: Sequence[dict[str, Any]],
    now: RunState | None,
    left_out: LeftOut,
) -> dict[str, str]:
    """What stands in the template's places, by their names."""
    total = Schedule.of_run(options).total_kimg
    kimg = ticks[-1]["nimg"] / 1000 if ticks else 0.0
    phases = _phases(options)
    whole = functools.partial(_whole, left_out=left_out)
    metrics = metric_tables.of_run(run_dir, whole)
    truncated = metric_tables.of_truncation(run_dir, whole)
    pictures = page_parts.pictures(
        _pictures(run_dir, left_out), _reals(run_dir, left_out)
    )
    findings = _findings(run_dir, left_out)
    failures = _failures(run_dir, left_out)
    data = {
        "kimg": kimg,
        "total_kimg": total,
        "written": now.written if now else None,
        "phases": phases,
        "charts": [*metrics["charts"], *curves.of_ticks(ticks)],
    }
    return {
        "title": html.escape(run_dir.resolve().name),
        "design": web_page.design(),
        "state": page_parts.state(now, _position(total, ticks)),
        "facts": page_parts.facts(now.facts if now else ()),
        "schedule": page_parts.schedule(phases),
        "pictures": pictures,
        "metrics": _table("Metrics", metrics, metrics["notes"]),
        "findings": _table("Truncation", truncated) + findings,
        "events": page_parts.section(
            "Failures",
            page_parts.lines(
                [*failures, *_lines_of(left_out)],
            ),
        ),
        "command": html.escape(run_flags.command(options)),
        "options": page_parts.options(run_flags.with_changes(options)),
        "data": web_page.inert_json(data),
        "script": _SCRIPT.read_text(encoding="utf-8"),
    }


def _table(
    title: str, content: dict[str, Any], notes: Sequence[str] = ()
) -> str:
    """A table of metrics, if there are any."""
    if not content["rows"]:
        return ""
    head = ["snapshot", *content["labels"]]
    drawn = page_parts.table(head, content["rows"])
    return page_parts.section(title, drawn, notes)


def _lines_of(left_out: LeftOut) -> list[str]:
    return [
        f"Left out of this page: {name}: {why}"
        for name, why in left_out.items()
    ]


@contextlib.contextmanager
def _whole(name: str, left_out: LeftOut) -> Iterator[None]:
    """Around the reading of one thing, which may be damaged in any way."""
    try:
        yield
    except Exception as error:
        left_out[name] = derived.reason(error)


def _position(total: float, ticks: Sequence[dict[str, Any]]) -> str:
    """How far the training has come, and how fast it is."""
    last = ticks[-1] if ticks else {"nimg": 0}
    said = [f"{last['nimg'] / 1000:.1f} of {total:g} kimg"]
    if (size := curves.finite(last.get("resolution"))) is not None:
        said.append(f"{size:g}x{size:g}")
    lod = curves.finite(last.get("lod"))
    if lod is not None and lod % 1:
        said.append(f"fading in ({1 - lod % 1:.0%})")
    if (speed := curves.finite(last.get("images_per_sec"))) is not None:
        said.append(f"{text.number(speed, 1)} images/s")
    if (seconds := curves.finite(last.get("seconds"))) is not None:
        said.append(f"{text.duration(seconds)} of training")
    return ", ".join(said)


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


def _failures(run_dir: pathlib.Path, left_out: LeftOut) -> list[str]:
    """When the training had failed and why, the first failure first."""
    found: list[tuple[float, str]] = []
    for path in run_folder.list_diagnostics(run_dir):
        with _whole(f"{path.parent.name}/{path.name}", left_out):
            state = json.loads((path / "state.json").read_bytes())
            kimg, why = state["nimg"] / 1000, str(state["why"])
            told = f"{why} (diagnostics/{path.name})"
            found.append(
                (kimg, f"The training failed at {kimg:g} kimg: {told}")
            )
    return [line for _, line in sorted(found)]


def _pictures(
    run_dir: pathlib.Path, left_out: LeftOut
) -> list[tuple[float, str]]:
    """The grids of fakes, thinned, as data URIs."""
    pictures = []
    for kimg, path in _sparse(run_folder.list_fakes(run_dir), _MAX_PICTURES):
        with _whole(path.name, left_out):
            pictures.append((kimg, web_page.file_uri(path, _MAX_WIDTH)))
    return pictures


def _reals(run_dir: pathlib.Path, left_out: LeftOut) -> str | None:
    path = run_folder.reals_path(run_dir)
    if path.exists():
        with _whole(path.name, left_out):
            return web_page.file_uri(path, _MAX_WIDTH)
    return None


def _findings(run_dir: pathlib.Path, left_out: LeftOut) -> str:
    """Pictures that evaluate.py has made, of the newest snapshot each."""
    parts = []
    for title, pattern in _FINDINGS:
        found = sorted(run_dir.glob(pattern), key=lambda p: p.stat().st_mtime)
        if found:
            with _whole(found[-1].name, left_out):
                src = web_page.file_uri(found[-1], _MAX_WIDTH)
                shown = page_parts.figure(src, found[-1].name)
                parts.append(page_parts.section(title, shown))
    return "".join(parts)


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
