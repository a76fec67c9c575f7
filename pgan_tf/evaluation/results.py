"""Results of an evaluation, and their table."""

import dataclasses
from collections.abc import Mapping, Sequence

from pgan_tf.base import text
from pgan_tf.evaluation.metrics.metric import Metric, Value

# The reals on their own, for metrics that look at one set alone.
REALS = "Reals"
# The second set of reals: what a perfect generator would score.
NOISE_FLOOR = "Reals2"


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
    """

    row: str
    key: str
    label: str
    count: int
    value: Value


@dataclasses.dataclass(frozen=True)
class Report:
    """All results of an evaluation.

    Attributes:
        heading: Lines to print above the table.
        labels: What each metric is called, in the order asked for.
        results: The numbers.
        not_computed: Why there is no number, by label.
        footnotes: Lines to print below the table.
    """

    heading: list[str]
    labels: list[str]
    results: list[Result]
    not_computed: dict[str, str]
    footnotes: list[str] = dataclasses.field(default_factory=list)

    def table(self) -> str:
        """The report as text: a row per snapshot, a column per number."""
        rows = list(dict.fromkeys(result.row for result in self.results))
        titles = text.aligned([[each] for each in ["snapshot", "", "", *rows]])
        width = max(map(len, titles))
        blocks = [[title.ljust(width) for title in titles]]
        blocks += [self._block(label, rows) for label in self.labels]
        table = [
            "  ".join(parts).rstrip() for parts in zip(*blocks, strict=True)
        ]
        lines = [*self.heading, "", *(line for line in table if line)]
        if self.not_computed:
            lines.append("")
        said: set[str] = set()
        for label, reason in self.not_computed.items():
            why = "for the same reason" if reason in said else reason
            lines.append(f"{label}: not computed ({why})")
            said.add(reason)
        for result in self.results:
            if result.value.note:
                lines.append(f"{result.row}: {result.value.note}")
        if self.footnotes:
            lines += ["", *self.footnotes]
        return "\n".join(lines)

    def _find(self, label: str, row: str | None = None) -> Result | None:
        """The first result of that name, in that row or in any."""
        for result in self.results:
            if result.label == label and row in (None, result.row):
                return result
        return None

    def _block(self, label: str, rows: Sequence[str]) -> list[str]:
        """A metric's columns below its name and n, lines of equal length."""
        names = self._columns(label)
        cells = [self._cells(label, row, len(names)) for row in rows]
        # The first column is not special here: it goes to the right too.
        lines = text.aligned([["", *line] for line in [names, *cells]])
        lines = [label, self._count(label), *(line[2:] for line in lines)]
        width = max(map(len, lines))
        return [line.rjust(width) for line in lines]

    def _columns(self, label: str) -> list[str]:
        """One per level, and one for the value, which needs no name alone."""
        result = self._find(label)
        if result is None or not result.value.levels:
            return [""]
        headline = result.value.headline
        return [*result.value.levels, *([headline] if headline else [])]

    def _count(self, label: str) -> str:
        """The images, as n=50000; "" if each row has another number."""
        counts = {each.count for each in self.results if each.label == label}
        return f"n={counts.pop()}" if len(counts) == 1 else ""

    def _cells(self, label: str, row: str, width: int) -> list[str]:
        result = self._find(label, row)
        if result is None:
            return ["-"] * width
        value = result.value
        levels = [_number(level) for level in value.levels.values()]
        if value.levels and not value.headline:
            return levels
        cell = _number(value.value)
        if value.spread is not None:
            cell += f" +- {_number(value.spread)}"
        return [*levels, cell]


def name(
    row: str,
    metrics: Sequence[Metric],
    values: Mapping[str, Value],
) -> list[Result]:
    """The values of a row, by key, as results; there may be none of some."""
    return [
        Result(row, metric.key, metric.label, metric.count, values[metric.key])
        for metric in metrics
        if metric.key in values
    ]


def _number(value: float) -> str:
    """Four decimals at most, fewer of large values."""
    decimals = 4 if abs(value) < 10 else 2 if abs(value) < 1000 else 0
    return f"{round(value, decimals) + 0:.{decimals}f}"  # never -0.0000


def sentence(row: Sequence[Result]) -> str:
    """A row as one line, such as "some.keras: FID 7.3000, SWDx1e3 2.9600"."""
    numbers = [f"{each.label} {_number(each.value.value)}" for each in row]
    return f"{row[0].row}: {', '.join(numbers)}"
