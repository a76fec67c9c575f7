"""Tables that fit a window: blocks side by side, or each below the other."""

import dataclasses
from collections.abc import Iterator, Mapping, Sequence

from pgan_tf.base import text

_GAP = "  "


@dataclasses.dataclass(frozen=True)
class Block:
    """The columns of one metric.

    Attributes:
        heads: What it is called and how it was found: a text for each of the
            table's heads.
        names: Of its columns; "" for one that needs none.
        rows: Its cells, one per column, by the title of their row; there may
            be none for some rows.
    """

    heads: Sequence[str]
    names: Sequence[str]
    rows: Mapping[str, Sequence[str]]


def fitted(
    heads: Sequence[str],
    titles: Sequence[str],
    blocks: Sequence[Block],
    width: int,
) -> list[str]:
    """The lines of a table.

    Where not all blocks fit side by side each gets a table of its own, below
    a line that tells its heads; columns that do not fit there follow below.

    Args:
        heads: What the lines above the numbers are called; the first needs no
            name where it stands alone.
        titles: Of the rows; too long ones are cut in the middle.
        blocks: With the cells.
        width: Characters of a line, which lines that tell heads may exceed.
    """
    shown = {title: _cut(title, width // 2) for title in titles}
    lines = _side_by_side(heads, shown, blocks)
    if max(map(len, lines), default=0) <= width:
        return lines
    lines = []
    for block in blocks:
        lines += [""] if lines else []
        lines.append(_sentence(heads, block))
        for part in _parts(block, shown, width):
            lines += _alone(part, shown)
    return lines


def _cut(title: str, limit: int) -> str:
    if len(title) <= limit:
        return title
    front = (limit - 3) // 2
    return f"{title[:front]}...{title[len(title) - (limit - 3 - front) :]}"


def _side_by_side(
    heads: Sequence[str], shown: Mapping[str, str], blocks: Sequence[Block]
) -> list[str]:
    named = any(any(block.names) for block in blocks)
    first = [*heads, *([""] if named else []), *shown.values()]
    width = max(map(len, first), default=0)
    columns = [[each.ljust(width) for each in first]]
    for block in blocks:
        missing = ["-"] * len(block.names)
        cells = [block.rows.get(title, missing) for title in shown]
        # The first column is not special here: it goes to the right too.
        lines = text.aligned(
            [["", *row] for row in ([block.names] if named else []) + cells]
        )
        lines = [line[len(_GAP) :] for line in lines]
        # Names that are empty leave no trace at the end of a line.
        width = max(map(len, lines), default=0)
        lines = [*block.heads, *(line.ljust(width) for line in lines)]
        width = max(map(len, lines), default=0)
        columns.append([line.rjust(width) for line in lines])
    return [_GAP.join(parts).rstrip() for parts in zip(*columns, strict=True)]


def _sentence(heads: Sequence[str], block: Block) -> str:
    """Such as "SWDx1e3, n: 16,384, better: lower"."""
    first, *others = block.heads
    told = [
        f"{name}: {each}"
        for name, each in zip(heads[1:], others, strict=True)
        if each
    ]
    return ", ".join([first, *told])


def _parts(
    block: Block, shown: Mapping[str, str], width: int
) -> Iterator[Block]:
    """As many columns at a time as fit."""
    left = width - max(len(shown[title]) for title in block.rows)
    start, room = 0, left
    for i, name in enumerate(block.names):
        cells = [cells[i] for cells in block.rows.values()]
        needed = len(_GAP) + max(len(name), *map(len, cells))
        if needed > room and i > start:
            yield _columns(block, start, i)
            start, room = i, left
        room -= needed
    yield _columns(block, start, len(block.names))


def _columns(block: Block, start: int, stop: int) -> Block:
    rows = {title: row[start:stop] for title, row in block.rows.items()}
    return Block(block.heads, block.names[start:stop], rows)


def _alone(block: Block, shown: Mapping[str, str]) -> list[str]:
    rows = [[shown[title], *cells] for title, cells in block.rows.items()]
    if any(block.names):
        rows.insert(0, ["", *block.names])
    return text.aligned(rows)
