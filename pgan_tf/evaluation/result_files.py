"""The files of results in a run folder.

metric-<name>.jsonl  a line per number, with all that decides whether it can
                     be compared; lines are only ever added
metric-<name>.txt    the same as a table in the layout of the reference's logs
per-class-fid.jsonl  a line per class
"""

import math
import pathlib
from typing import Any

from pgan_tf.base import files, strict_json
from pgan_tf.evaluation import results
from pgan_tf.evaluation.metrics import by_name
from pgan_tf.evaluation.metrics.metric import Value

Line = dict[str, Any]
# What may differ between two lines of one table: the fakes.
_OF_FAKES = ("row", "snapshot_sha256", "fakes_digest", "skipped_reals")


class ResultFiles:
    """Finds results in the files of a folder, and adds them.

    Args:
        folder: Of the files; None to keep no files.
        force: Find nothing, so that everything is computed again.
        prefix: Of the files' names; any other than "metric" has no table.
    """

    def __init__(
        self,
        folder: pathlib.Path | None,
        force: bool = False,
        prefix: str = "metric",
    ) -> None:
        self._prefix = prefix
        self._folder = folder
        self._force = force

    def find(self, key: str, facts: Line) -> Value | None:
        """The value of a line that agrees in all facts, if there is one."""
        for line in [] if self._force else reversed(self._lines(key)):
            if all(line.get(name) == value for name, value in facts.items()):
                return Value.of(line)
        return None

    def add(self, result: results.Result, facts: Line, notes: Line) -> None:
        """Adds a line, and rewrites the table with it.

        Args:
            result: The number.
            facts: All that decides it; `find` looks for these.
            notes: What else to know, such as the date.
        """
        if self._folder is None:
            return
        line = {
            "metric": result.key,
            "label": result.label,
            "better": by_name.BY_KEY[result.key].better,
            **result.value.numbers(),
            "row": result.row,
            **facts,
            **notes,
        }
        path = self._folder / f"{self._prefix}-{result.key}.jsonl"
        files.append(path, strict_json.dumps(line) + "\n")
        if self._prefix == "metric":
            self._write_table(result.key, facts)

    def _lines(self, key: str) -> list[Line]:
        """The lines of a metric but those that are damaged."""
        if self._folder is None:
            return []
        path = self._folder / f"{self._prefix}-{key}.jsonl"
        return [line for line in files.read_json_lines(path) if _is_one(line)]

    def _write_table(self, key: str, facts: Line) -> None:
        """Writes all lines that are comparable with the newest."""
        assert self._folder is not None
        common = {k: v for k, v in facts.items() if k not in _OF_FAKES}
        rows = {
            # Two folders of one name are two sets.
            (line["row"], line.get("fakes_digest")): line
            for line in self._lines(key)
            if all(line.get(name) == value for name, value in common.items())
        }
        path = self._folder / f"metric-{key}.txt"
        with files.partial(path) as partial:
            table = reference_table(list(rows.values()))
            partial.write_text(table, encoding="utf-8")


def reference_table(lines: list[Line]) -> str:
    """A table as the reference's evaluation logs it.

    Columns Snapshot (in kimg), Time_eval and the metric's; reals first, then
    the snapshots from the last to the first.

    Args:
        lines: Of one metric.
    """
    order = {results.REALS: -2, results.NOISE_FLOOR: -1}
    lines = sorted(
        lines,
        key=lambda line: (order.get(line["row"], 0), -(line.get("kimg") or 0)),
    )
    columns = _columns(lines[0])
    # The reference's, unless a name is longer.
    width = max(13 if len(columns) > 2 else 10, *(len(c) + 2 for c in columns))
    text = "".join(f"{name:<{width}}" for name in columns)
    table = [f"{'Snapshot':<10}{'Time_eval':<12}{text}"]
    rule = f"{'---':<{width}}" * len(columns)
    table.append(f"{'---':<10}{'---':<12}{rule}")
    for line in lines:
        kimg = line.get("kimg")
        title = line["row"] if kimg is None else str(kimg)
        numbers = [*line["levels"].values()]
        if not numbers or line["headline"]:
            numbers.append(line["value"])
        if line.get("spread") is not None:
            numbers.append(line["spread"])
        numbers = [math.nan if each is None else each for each in numbers]
        cells = "".join(f"{f'{number:.4f}':<{width}}" for number in numbers)
        table.append(f"{title:<10}{_time(line.get('seconds', 0)):<12}{cells}")
    return "\n".join(row.rstrip() for row in table) + "\n"


def _is_one(line: Line) -> bool:
    """Whether it holds a result, so that its parts can be relied on."""
    parts = (line.get("row"), line.get("label"), line.get("levels"))
    kinds = (str, str, dict)
    return "value" in line and all(map(isinstance, parts, kinds))


def _columns(line: Line) -> list[str]:
    """The reference's names where it has them."""
    label = line["label"]
    if line["levels"]:
        columns = [f"{label}_{level}" for level in line["levels"]]
        headline = line["headline"]
        if headline:
            average = headline == "average"
            columns.append(f"{label}_{'avg' if average else headline}")
        return columns
    if line["spread"] is not None:
        return [f"{label}_mean", f"{label}_std"]
    return [label]


def _time(seconds: float) -> str:
    """A duration as the reference writes it: 45s, 12m 05s, 3h 20m 10s."""
    whole = round(seconds)
    if whole < 60:
        return f"{whole}s"
    if whole < 60 * 60:
        return f"{whole // 60}m {whole % 60:02}s"
    hours, rest = divmod(whole, 60 * 60)
    if hours < 24:
        return f"{hours}h {rest // 60:02}m {rest % 60:02}s"
    return f"{hours // 24}d {hours % 24:02}h {rest // 60:02}m"
