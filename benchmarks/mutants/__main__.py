"""What the tests notice: makes a small mistake at a time, and runs them.

Each mistake is made in a copy of the repository, and the nearest tests run
there. A mistake that no test notices is a test that is missing.
"""

import argparse
import collections
import pathlib
import signal
from collections.abc import Iterable, Sequence
from typing import Any

from benchmarks.mutants import areas, running
from pgan_tf.base import command_line, errors, flag_kinds, flag_parser

ROOT = pathlib.Path(__file__).parents[2]
VERDICTS = (
    running.NOTICED,
    running.UNNOTICED,
    running.SLOW,
    running.EQUIVALENT,
)


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """From a command line, without the script's name, to values."""
    parser = flag_parser.Parser(
        "python -m benchmarks.mutants",
        __doc__ or "",
        "make mutants\nmake mutants ARGS='--area=data --out=found.jsonl'\n",
    )
    section = parser.section("flags")
    section.add("area", "One of " + ", ".join(areas.AREAS) + "; default: all.")
    section.add("file", "Only mistakes in files whose names have this in them.")
    section.add(
        "out",
        "JSON lines to which results are added; what stands there already and "
        "is still the same is not run again.",
        default="mutants.jsonl",
    )
    section.add(
        "jobs", "How many tests run at once.", flag_kinds.POSITIVE, default=1
    )
    section.add(
        "time_limit",
        "Seconds for the tests of one mistake. Without the mistake they "
        "should take less than a third of it.",
        flag_kinds.POSITIVE,
        default=300,
    )
    return parser.parse(arguments)


def table(rows: dict[str, list[dict[str, Any]]]) -> Iterable[str]:
    """The lines of a table of areas, and what was not noticed."""
    yield f"{'area':<12}" + "".join(f"{each:>12}" for each in VERDICTS)
    total: collections.Counter[str] = collections.Counter()
    for area, found in rows.items():
        counts = collections.Counter(row["verdict"] for row in found)
        total.update(counts)
        yield f"{area:<12}" + "".join(f"{counts[v]:>12}" for v in VERDICTS)
    yield f"{'all':<12}" + "".join(f"{total[v]:>12}" for v in VERDICTS)
    for area, found in rows.items():
        for row in found:
            if row["verdict"] in (running.UNNOTICED, running.SLOW):
                yield f"{area}: {row['verdict']}: {row['file']}"
                yield f"    {row['old']!r}"
                yield f"    {row['new']!r}"


def main(options: argparse.Namespace) -> None:
    """Makes the mistakes and prints."""
    # However it is stopped, nothing of it is left behind.
    for each in (signal.SIGINT, signal.SIGTERM):
        signal.signal(each, signal.default_int_handler)
    if options.area and options.area not in areas.AREAS:
        raise errors.UserError(
            f"--area={options.area}: must be one of {', '.join(areas.AREAS)}"
        )
    rows: dict[str, list[dict[str, Any]]] = {}
    for area, mutants in areas.AREAS.items():
        if options.area not in (None, area):
            continue
        chosen = [m for m in mutants if (options.file or "") in m.file]
        found = rows.setdefault(area, [])
        for row in running.run(
            ROOT,
            chosen,
            pathlib.Path(options.out),
            options.jobs,
            options.time_limit,
        ):
            found.append(row)
            print(
                f"{area} {len(found)}/{len(chosen)} {row['verdict']}: "
                f"{row['file']} {row['new'][:40]!r} {row['by']}",
                flush=True,
            )
    for line in table(rows):
        print(line)


if __name__ == "__main__":
    command_line.run(main, parse)
