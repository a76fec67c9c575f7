"""Results of an evaluation, and their table."""

import dataclasses
from collections.abc import Mapping, Sequence

from pgan_tf.base import text
from pgan_tf.evaluation import table_layout
from pgan_tf.evaluation.metrics import by_name
from pgan_tf.evaluation.metrics.metric import SPREAD, Metric, Value
from pgan_tf.runs import metric_tables

# The reals on their own, for metrics that look at one set alone.
REALS = "Reals"
# The second set of reals: what a perfect generator would score.
NOISE_FLOOR = "Reals2"
_N = "n: the number of reals, and of fakes; compare only numbers of equal n."
_HEADS = ("metric", "n", "better")


def row_of_fakes(name: str) -> str:
    """The row of a set of that name, which is none of the reals' own."""
    return f"{name} (fakes)" if name in (REALS, NOISE_FLOOR) else name


@dataclasses.dataclass(frozen=True)
class Result:
    """One number.

    Attributes:
        row: File name of the snapshot, or `REALS` or `NOISE_FLOOR`.
        key: The metric, such as "fid".
        label: What the number is called, such as "FID".
        count: Images on each side.
        value: The number with its details.
        title: What people call the row, such as "124 kimg"; "": as the row.
    """

    row: str
    key: str
    label: str
    count: int
    value: Value
    title: str = ""

    @property
    def shown(self) -> str:
        """What the row is called in a table."""
        return self.title or self.row


@dataclasses.dataclass(frozen=True)
class Report:
    """All results of an evaluation.

    Attributes:
        heading: Lines to print above the table.
        labels: What each metric is called, in the order asked for.
        results: The numbers.
        not_computed: Why there is no number, by label or by row.
        footnotes: Lines to print below the table.
    """

    heading: list[str]
    labels: list[str]
    results: list[Result]
    not_computed: dict[str, str]
    footnotes: list[str] = dataclasses.field(default_factory=list)

    def table(self, width: int = 80) -> str:
        """The report as text: a row per snapshot, columns per metric.

        Args:
            width: Characters of a line, which only long words exceed.
        """
        parts = [self.heading, self._numbers(width), self._left_out()]
        parts += [self._legend(), self.footnotes]
        lines: list[str] = []
        for part in filter(None, parts):
            lines += [""] if lines else []
            for line in part:
                lines += text.wrapped(line, width)
        return "\n".join(lines)

    def _numbers(self, width: int) -> list[str]:
        """All numbers, fitted to the width."""
        titles = dict.fromkeys(each.shown for each in self.results)
        blocks = [self._block(label) for label in self.labels]
        # What is not computed gets a line of its own.
        return table_layout.fitted(
            _HEADS, list(titles), [each for each in blocks if each.rows], width
        )

    def _left_out(self) -> list[str]:
        """What there is no number of, and what there is to warn of."""
        lines = []
        said: set[str] = set()
        for label, reason in self.not_computed.items():
            why = "for the same reason" if reason in said else reason
            lines.append(f"{label}: not computed ({why})")
            said.add(reason)
        notes: dict[str, list[str]] = {}
        for each in self.results:
            if each.value.note:
                notes.setdefault(each.value.note, []).append(each.shown)
        return lines + [f"{', '.join(of)}: {say}" for say, of in notes.items()]

    def _legend(self) -> list[str]:
        """What rows and columns are."""
        rows = {each.row for each in self.results}
        keys = dict.fromkeys(each.key for each in self.results)
        told = metric_tables.ROWS_OF_REALS
        lines = [_N] + [told[row] for row in told if row in rows]
        lines += [
            by_name.BY_KEY[key].legend
            for key in keys
            if by_name.BY_KEY[key].legend
        ]
        return lines

    def _block(self, label: str) -> table_layout.Block:
        """The columns of a metric."""
        found = [each for each in self.results if each.label == label]
        counts = {each.count for each in found}
        own = len(counts) > 1  # a number of images in each row
        heads = [label, "", ""]
        if found:
            count = "" if own else f"{counts.pop():,}"
            heads = [label, count, by_name.BY_KEY[found[0].key].better]
        names = _columns(found[0].value) if found else []
        rows = {
            each.shown: [f"{each.count:,}"] * own + _cells(each.value)
            for each in found
        }
        return table_layout.Block(heads, ["n"] * own + names, rows)


def _columns(value: Value) -> list[str]:
    """One per level, and one for the value, which needs no name alone."""
    if not value.levels:
        return [""]
    names = [each for each in value.levels if not each.endswith(SPREAD)]
    return [*names, *([value.headline] if value.headline else [])]


def _cells(value: Value) -> list[str]:
    cells = [
        _with_spread(level, value.levels.get(name + SPREAD))
        for name, level in value.levels.items()
        if not name.endswith(SPREAD)
    ]
    if value.levels and not value.headline:
        return cells
    return [*cells, _with_spread(value.value, value.spread)]


def _with_spread(value: float, spread: float | None) -> str:
    if spread is None:
        return number(value)
    return f"{number(value)} +- {number(spread)}"


def name(
    row: str,
    metrics: Sequence[Metric],
    values: Mapping[str, Value],
    title: str = "",
) -> list[Result]:
    """The values of a row, by key, as results; there may be none of some."""
    return [
        Result(row, each.key, each.label, each.count, values[each.key], title)
        for each in metrics
        if each.key in values
    ]


def number(value: float) -> str:
    """As in tables. Four decimals at most, fewer of large values."""
    decimals = 4 if abs(value) < 10 else 2 if abs(value) < 1000 else 0
    return f"{round(value, decimals) + 0:.{decimals}f}"  # never -0.0000


def sentence(row: Sequence[Result]) -> str:
    """A row as one line, such as "124 kimg: FID 7.3000, SWDx1e3 2.9600"."""
    numbers = [f"{each.label} {number(each.value.value)}" for each in row]
    return f"{row[0].shown}: {', '.join(numbers)}"
