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
import re
import time
from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

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
_SNAPSHOT = re.compile(r"network-snapshot-(\d+)(?:-truncation-([\d.]+))?\.png")
# What evaluate.py draws, under a title.
_FINDINGS = (
    ("Truncation: quality against variety", "truncation-*.png"),
    ("Fakes and their nearest reals", "nearest-*.png"),
    ("Distances to the nearest reals", "distances-*.png"),
    ("Modes, by how often they are drawn", "modes-*.png"),
)

# What is damaged, by its name, and why.
LeftOut = dict[str, str]


class _Failure(NamedTuple):
    """When the training had failed, and what there is to say of it."""

    kimg: float
    told: str


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
        if damage := run_folder.damage_of_stats(run_dir, len(ticks)):
            left_out["lines of stats.jsonl"] = damage
    now: RunState | None = None
    with _whole("state.json", left_out):
        now = run_state.read(run_dir)
    content = _parts(run_dir, options, ticks, now, left_out)
    page = web_page.fill(_text_of(_TEMPLATE), content)
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
    failures = _failures(run_dir, now, left_out)
    data = {
        "kimg": kimg,
        "total_kimg": total,
        "heard": now.written if now else None,
        "phases": phases,
        "failures": [
            {"kimg": each.kimg, "told": each.told} for each in failures
        ],
        "charts": [*metrics["charts"], *curves.of_ticks(ticks)],
    }
    return {
        "title": html.escape(run_dir.resolve().name),
        "refresh": page_parts.refresh(now),
        "design": web_page.design(),
        "state": page_parts.state(now, _position(total, ticks), time.time()),
        "facts": page_parts.facts(now.facts if now else ()),
        "schedule": page_parts.schedule(phases),
        "pictures": pictures,
        "metrics": _table("Metrics", metrics),
        "findings": _table("Truncation", truncated) + findings,
        "events": page_parts.section(
            "Failures",
            page_parts.lines(
                [*(each.told for each in failures), *_lines_of(left_out)]
            ),
        ),
        "command": page_parts.command(run_flags.command_words(options)),
        "options": page_parts.options(run_flags.with_changes(options)),
        "data": web_page.inert_json(data),
        "script": _text_of(_SCRIPT),
    }


@functools.cache
def _text_of(path: pathlib.Path) -> str:
    """Read once: the package may be replaced while a training goes on."""
    return path.read_text(encoding="utf-8")


def _table(title: str, content: dict[str, Any]) -> str:
    """A table of metrics, if there are any."""
    if not content["rows"]:
        return ""
    head = ["snapshot", *content["labels"]]
    drawn = page_parts.table(head, content["rows"])
    return page_parts.section(title, drawn, content["notes"])


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


def _failures(
    run_dir: pathlib.Path, now: RunState | None, left_out: LeftOut
) -> list[_Failure]:
    """When the training had failed, why, and where it went on from then."""
    rollbacks = {each.folder: each for each in (now.rollbacks if now else ())}
    # In the order of time, which is that of the rollbacks before them.
    found: list[tuple[int, _Failure]] = []
    for path in run_folder.list_diagnostics(run_dir):
        with _whole(f"{path.parent.name}/{path.name}", left_out):
            state = json.loads((path / "state.json").read_bytes())
            kimg = state["nimg"] / 1000
            told = f"The training failed at {kimg:g} kimg: {state['why']}"
            told += f" (diagnostics/{path.name})"
            if back := rollbacks.get(path.name):
                told += (
                    f". It was rolled back to {back.kimg:g} kimg and went on "
                    f"with learning rates times {back.lrate_factor:g}"
                )
            found.append((int(state["rollbacks"]), _Failure(kimg, told)))
    return [failure for _, failure in sorted(found)]


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
    """The newest of each kind of picture that evaluate.py has made.

    Those of latents that are not truncated come first.
    """

    def order(path: pathlib.Path) -> tuple[bool, float]:
        return "-truncation-" not in path.name, path.stat().st_mtime

    parts = []
    for title, pattern in _FINDINGS:
        found = sorted(run_dir.glob(pattern), key=order)
        if found:
            with _whole(found[-1].name, left_out):
                src = web_page.file_uri(found[-1], _MAX_WIDTH)
                shown = page_parts.figure(src, _caption(found[-1].name))
                parts.append(page_parts.section(title, shown))
    return f'<div class="findings">{"".join(parts)}</div>' if parts else ""


def _caption(name: str) -> str:
    """A picture's name, and of which snapshot it tells."""
    match = _SNAPSHOT.search(name)
    if not match:
        return name
    limit = f", truncation {match[2]}" if match[2] else ""
    return f"{int(match[1])} kimg{limit} ({name})"


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
