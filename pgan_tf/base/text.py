"""Numbers and tables as people read them."""

import difflib
import math
import re
import textwrap
from collections.abc import Iterable, Sequence

_PERCENT = "\N{NO-BREAK SPACE}%"


def duration(seconds: float) -> str:
    """A duration as people read it, such as 45s, 12m 05s, 3h 20m or 2d 07h."""
    if not math.isfinite(seconds):
        return "unknown"
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds}s"
    minutes, seconds = divmod(seconds, 60)
    if minutes < 60:
        return f"{minutes}m {seconds:02d}s"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h {minutes:02d}m"
    days, hours = divmod(hours, 24)
    return f"{days}d {hours:02d}h"


def did_you_mean(word: str, known: Iterable[str], mark: str = "") -> str:
    """Such as "; did you mean --metrics?"; empty if nothing is similar."""
    found = difflib.get_close_matches(word, list(known), 1)
    return f"; did you mean {mark}{found[0]}?" if found else ""


def number(value: float, decimals: int) -> str:
    """With so many decimals; with more where two digits would not be left.

    Such as 123.4, 1.2, 0.12 and 0.0012 with one: a small number is not 0.0.
    """
    if value and math.isfinite(value):
        decimals = max(decimals, 1 - math.floor(math.log10(abs(value))))
    return f"{value:.{decimals}f}"


def count(number: int) -> str:
    """A large number of things, such as 912, 84.5k or 23.1M."""
    if number < 1000:
        return str(number)
    if number < 999_500:
        return f"{number / 1000:.3g}k"
    return f"{number / 1e6:.3g}M"


def size(num_bytes: float) -> str:
    """A size as people read it: 512 B, 3.4 MB, 1.2 GB; powers of 1000."""
    units = ("B", "kB", "MB", "GB", "TB")
    power = 0
    while num_bytes >= 999.5 and power < len(units) - 1:
        num_bytes /= 1000
        power += 1
    decimals = 1 if power and num_bytes < 99.95 else 0
    return f"{num_bytes:.{decimals}f} {units[power]}"


def aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """A line per row: first column to the left, the others to the right."""
    widths = [max(map(len, cells)) for cells in zip(*rows, strict=True)]
    lines = []
    for first, *others in rows:
        line = first.ljust(widths[0])
        for cell, width in zip(others, widths[1:], strict=True):
            line += "  " + cell.rjust(width)
        lines.append(line.rstrip())
    return lines


def wrapped(line: str, width: int) -> list[str]:
    """A line as several of that width; words that are longer stay whole.

    So do numbers with their "%". What comes below is indented by four more
    than the line is.
    """
    indent = " " * (len(line) - len(line.lstrip()) + 4)
    lines = textwrap.wrap(
        line.replace(" %", _PERCENT),
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return [each.replace(_PERCENT, " %") for each in lines] or [""]


def one_line(words: str, limit: int = 1000) -> str:
    """A text, of a stranger's file or name, fit to be part of a line.

    Ends of lines become spaces, what else cannot be printed is escaped, and
    what is beyond `limit` characters is cut.
    """
    shown = words[: 2 * limit].strip()
    if not shown.isprintable():
        shown = "".join(
            each if each.isprintable() else ascii(each)[1:-1]
            for each in re.sub(r"\s*[\n\r\t]\s*", " ", shown)
        )
    return shown if len(shown) <= limit else shown[: limit - 3] + "..."
