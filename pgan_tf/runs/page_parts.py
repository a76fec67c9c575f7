"""Parts of a run's page as HTML: what is there without JavaScript, too.

Every text is escaped here, so that names and messages stay inert.
"""

import html
import time
from collections.abc import Iterable, Sequence

from pgan_tf.base import text
from pgan_tf.runs import run_state
from pgan_tf.runs.run_state import RunState

_RELOAD_SECONDS = 60
# In a table, where nothing is known; a phone does not show it.
NO_NUMBER = "-"


def refresh(now: RunState | None) -> str:
    """Lets browsers without JavaScript reload the page of a run that goes on.

    With JavaScript the page does it itself, and waits where it would disturb.
    """
    if now is None or now.status != run_state.RUNNING:
        return ""
    content = f'<meta http-equiv="refresh" content="{_RELOAD_SECONDS}">'
    return f"<noscript>{content}</noscript>"


def state(now: RunState | None, position: str, written: float) -> str:
    """What the run is doing, as far as it has come, and since when.

    Args:
        now: None: nothing has written it.
        position: Such as "86.1 of 124 kimg, 16x16".
        written: When the page is written, in seconds since 1970.
    """
    if now is None:
        return f'<p class="state">{html.escape(position)}</p>'
    told = f"<b>{html.escape(now.status)}</b> {html.escape(position)}"
    if now.status == run_state.RUNNING and now.seconds_left is not None:
        told += f", about {text.duration(now.seconds_left)} left"
    lines = [f'<p class="state {html.escape(now.status)}">{told}</p>']
    if now.why:
        lines.append(
            f'<p class="{html.escape(now.status)}">'
            f'<span class="why">{html.escape(now.why)}</span></p>'
        )
    running = now.status == run_state.RUNNING
    what = "last heard of" if running else now.status
    age = '<span id="age"></span>' if running else ""
    lines.append(
        f"<p>began {_moment(now.began)}, {html.escape(what)} "
        f"{_moment(now.written)}{age}, page written {_moment(written)}</p>"
    )
    return "\n".join(lines)


def facts(pairs: Iterable[tuple[str, str]]) -> str:
    """What the run runs on and with."""
    items = "".join(
        f"<div><dt>{html.escape(name)}</dt><dd>{html.escape(told)}</dd></div>"
        for name, told in pairs
    )
    return f'<dl class="facts">{items}</dl>' if items else ""


def schedule(phases: Sequence[dict[str, float]]) -> str:
    """The phases as a table, for readers without JavaScript."""
    rows = [
        [
            f"{phase['resolution']}x{phase['resolution']}",
            "fades in" if phase["fading"] else "settled",
            f"{phase['from']:g}",
            f"{phase['to']:g}",
        ]
        for phase in phases
    ]
    head = ["resolution", "phase", "from kimg", "to kimg"]
    return f"<noscript>{table(head, rows)}</noscript>"


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table of numbers, the first column of names.

    On a phone each row becomes a block, whose numbers say what they are.
    """
    names = [html.escape(each) for each in head]
    # A long name may break ahead of its features.
    cells = "".join(f"<th>{each.replace('[', '<wbr>[')}</th>" for each in names)
    lines = "".join(f"<tr>{_cells(names, row)}</tr>" for row in rows)
    return (
        '<div class="wide"><table class="numbers">'
        f'<tr class="head">{cells}</tr>{lines}</table></div>'
    )


def _cells(names: Sequence[str], row: Sequence[str]) -> str:
    """A row of a table; `names` are escaped."""
    told = []
    for name, cell in zip(names, row, strict=True):
        kind = ' class="none"' if cell == NO_NUMBER else ""
        told.append(f'<td{kind} data-of="{name}">{html.escape(cell)}</td>')
    return "".join(told)


def options(values: Iterable[tuple[str, str, bool]]) -> str:
    """(name, value, differs from the default) of every option."""
    lines = "".join(
        f'<tr class="{"changed" if changed else "usual"}">'
        f"<td>{html.escape(name)}</td><td>{html.escape(value)}</td></tr>"
        for name, value, changed in values
    )
    return f"<table>{lines}</table>"


def section(title: str, content: str, notes: Iterable[str] = ()) -> str:
    """A card with a heading; nothing at all without content."""
    if not content:
        return ""
    told = "".join(f'<p class="note">{html.escape(n)}</p>' for n in notes)
    return f"<section><h2>{html.escape(title)}</h2>{content}{told}</section>"


def lines(texts: Iterable[str]) -> str:
    """Paragraphs."""
    return "".join(f"<p>{html.escape(each)}</p>" for each in texts)


def command(words: Iterable[str]) -> str:
    """A shell command, a flag on a line, that can be copied as it is."""
    told = html.escape(" \\\n  ".join(words))
    return f"<pre>{told}</pre>"


def figure(src: str, alt: str, kimg: float | None = None) -> str:
    """A picture that a tap enlarges.

    Args:
        src: A data URI.
        alt: What it shows.
        kimg: When it was drawn, of pictures that are shown over time.
    """
    when = "" if kimg is None else f' data-kimg="{kimg:g}"'
    return (
        f'<figure{when}><img src="{html.escape(src)}" '
        f'alt="{html.escape(alt)}"><figcaption>{html.escape(alt)}'
        "</figcaption></figure>"
    )


def pictures(fakes: Sequence[tuple[float, str]], reals: str | None) -> str:
    """The grids over time, and the reals.

    Args:
        fakes: (kimg, data URI), the earliest first.
        reals: A data URI.
    """
    if not fakes:
        return ""
    frames = [
        figure(src, f"Fakes at {kimg:g} kimg", kimg) for kimg, src in fakes
    ]
    if reals:
        frames.append(figure(reals, "Reals"))
    return section(
        "Fakes over time, always of the same latents",
        f'<div class="frames">{"".join(frames)}</div>'
        '<div class="controls needs-js">'
        '<button id="play">Play</button>'
        '<input id="slider" type="range" min="0" value="0" '
        'aria-label="Time of the picture">'
        '<output id="when"></output>'
        '<button id="reals" aria-pressed="false">Reals</button></div>',
    )


def _moment(seconds: float) -> str:
    """A time of day where the page is written, such as 2026-11-27 17:30."""
    return time.strftime("%Y-%m-%d %H:%M", time.localtime(seconds))
