"""Draws what a terminal shows as an SVG file, for the documents.

    tmux capture-pane -e -p | python -m benchmarks.terminal_picture > it.svg

Bold text and the sixteen colours are kept; all else that a terminal is told
is left out.
"""

import re
import sys
from typing import NamedTuple
from xml.sax import saxutils

# Of a cell, in pixels; and around all of them.
_WIDTH, _HEIGHT, _MARGIN = 8.4, 19, 14
_COLUMNS = 80
_INK, _PAGE = "#e6e6e3", "#17191c"
# Black, red, green, yellow, blue, magenta, cyan, white.
_COLORS = (
    *("#7c8188", "#ff9c92", "#8fce8f", "#e2c05c"),
    *("#9fb0ea", "#c99be0", "#6cc0dc", "#e6e6e3"),
)
_CODES = re.compile(r"\x1b\[([0-9;]*)m")
_OTHER = re.compile(
    r"\x1b(?:\[[0-9;?]*[A-Za-ln-z]|\][^\x07]*\x07|[()][A-Z0-9])"
)


class _Style(NamedTuple):
    color: str = _INK
    bold: bool = False

    def told(self, codes: str) -> "_Style":
        """After the numbers of one escape sequence, such as "1;32"."""
        style = self
        for code in (int(each or 0) for each in codes.split(";")):
            if code == 0:
                style = _Style()
            elif code in (1, 22):
                style = style._replace(bold=code == 1)
            elif 30 <= code % 60 <= 37:  # 90 to 97 are the bright ones
                style = style._replace(color=_COLORS[code % 60 - 30])
            elif code == 39:
                style = style._replace(color=_INK)
        return style


def draw(screen: str) -> str:
    """The SVG of a screen, whose lines are wrapped by nobody.

    Args:
        screen: Lines, with escape sequences.
    """
    lines = _OTHER.sub("", screen.rstrip("\n")).split("\n")
    width = _COLUMNS * _WIDTH + 2 * _MARGIN
    height = len(lines) * _HEIGHT + 2 * _MARGIN
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" '
        f'height="{height}" viewBox="0 0 {width:.0f} {height}">',
        "<style>text { font: 14px ui-monospace, Menlo, Consolas, "
        "'DejaVu Sans Mono', monospace; white-space: pre; }</style>",
        f'<rect width="100%" height="100%" rx="8" fill="{_PAGE}"/>',
    ]
    style = _Style()
    for row, line in enumerate(lines):
        column, y = 0, _MARGIN + _HEIGHT * (row + 0.75)
        for i, part in enumerate(_CODES.split(line)):
            if i % 2:
                style = style.told(part)
            elif part.strip():
                parts.append(_text(part, column, y, style))
            column += 0 if i % 2 else len(part)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _text(part: str, column: int, y: float, style: _Style) -> str:
    """Letters from a column on, in cells of one width in any font."""
    start = len(part) - len(part.lstrip())
    letters = part.strip()
    bold = ' font-weight="bold"' if style.bold else ""
    return (
        f'<text x="{_MARGIN + (column + start) * _WIDTH:.1f}" y="{y:.1f}" '
        f'textLength="{len(letters) * _WIDTH:.1f}" fill="{style.color}"{bold}>'
        f"{saxutils.escape(letters)}</text>"
    )


if __name__ == "__main__":
    print(draw(sys.stdin.read()), end="")
