"""Reads mutants of a file, one after the other, in a process that may die.

    python -m tests.fuzz.trials --count=1000 png jpeg

prints a line for each kind, and what went wrong. Without names it takes all.
`--number=7 png` reads that one mutant here, with a traceback.
"""

import argparse
import collections
import contextlib
import dataclasses
import importlib
import json
import os
import pathlib
import select
import subprocess
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from tests.fuzz import mutator

MAX_SECONDS = 10.0  # of the CPU, for one file
MAX_BYTES = 2_000_000_000  # of the process at its peak
_HANGS_SECONDS = 90.0  # by the clock, on a machine that is busy with others
_LONGEST_LINE = 1200
_ROOT = pathlib.Path(__file__).parents[2]


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of files that the tools take.

    Attributes:
        make: Writes the files of a test into an empty folder, and returns the
            one to change.
        read: Reads all that the tools read, given the folder.
        names: What may stand for the file in a message; its name by default.
        wrap: Made of the changed content what is written, such as a packed
            file of it; `make` writes it plain.
    """

    make: Callable[[pathlib.Path], pathlib.Path]
    read: Callable[[pathlib.Path], Any]
    names: tuple[str, ...] = ()
    wrap: Callable[[bytes], bytes] = bytes


@dataclasses.dataclass
class Report:
    """How the mutants of a kind fared.

    Attributes:
        outcomes: How many were read and refused.
        seconds: The most that one took of the CPU.
        peak: The most memory of the process, in bytes.
        failures: A line for each that was neither.
    """

    outcomes: collections.Counter[str] = dataclasses.field(
        default_factory=collections.Counter
    )
    seconds: float = 0.0
    peak: int = 0
    failures: list[str] = dataclasses.field(default_factory=list)


def kinds_of(table: str) -> dict[str, Kind]:
    """A table of kinds, by its module's name in this folder."""
    return importlib.import_module(f"tests.fuzz.{table}").KINDS


def run(
    table: str,
    names: Sequence[str],
    count: int,
    done: Callable[[str, Report], None] = lambda name, report: None,
) -> dict[str, Report]:
    """Reads the first `count` mutants of each kind.

    Args:
        table: The module of the kinds.
        names: Which of them.
        count: Mutants of each.
        done: Called with each kind's report as it is complete.
    """
    reports = {name: Report() for name in names}
    waiting = [(name, 0) for name in names]
    while waiting:
        waiting = _until_it_dies(table, waiting, count, reports, done)
    return reports


def _until_it_dies(
    table: str,
    waiting: list[tuple[str, int]],
    count: int,
    reports: dict[str, Report],
    done: Callable[[str, Report], None],
) -> list[tuple[str, int]]:
    """Goes on in a new process; returns what is left when that has died."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.fuzz.trials", "--child", table,
         str(count), json.dumps(waiting)],
        cwd=_ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
    )  # fmt: skip
    begun: tuple[str, int] | None = None
    try:
        for line in _lines(process):
            if "begin" in line:
                begun = tuple(line["begin"])
                continue
            begun = None
            if "done" in line:
                done(line["done"], reports[line["done"]])
                continue
            report = reports[line["kind"]]
            report.seconds = max(report.seconds, line["seconds"])
            report.peak = max(report.peak, line["peak"])
            if line["failure"]:
                report.failures.append(line["failure"])
            else:
                report.outcomes[line["outcome"]] += 1
    finally:
        process.kill()
        code = process.wait()
        process.stdout.close()
    if begun is None:
        assert code in (0, -9), f"the reading process ended with {code}"
        return []
    name, number = begun
    reports[name].failures.append(f"{name} {number}: ended by {code}")
    rest = [each for each, _ in waiting]
    return [(name, number + 1), *((n, 0) for n in rest[rest.index(name) + 1 :])]


def _lines(process: subprocess.Popen[bytes]) -> Iterator[dict[str, Any]]:
    """What the process reports, until it ends, or is silent for too long."""
    buffer = b""
    descriptor = process.stdout.fileno()
    while select.select([descriptor], [], [], _HANGS_SECONDS)[0]:
        part = os.read(descriptor, 1 << 16)
        if not part:
            process.wait()
            return
        *lines, buffer = (buffer + part).split(b"\n")
        yield from map(json.loads, lines)


def _child(table: str, count: int, waiting: list[tuple[str, int]]) -> None:
    # What libraries print must not be taken for a report.
    reports = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    kinds = kinds_of(table)
    for name, start in waiting:
        with tempfile.TemporaryDirectory() as temporary:
            folder = pathlib.Path(temporary)
            path = kinds[name].make(folder)
            content = path.read_bytes()
            _write(path, kinds[name].wrap(content))
            kinds[name].read(folder)  # the file as it should be
            for number in range(start, count):
                print(json.dumps({"begin": (name, number)}), file=reports)
                data = mutator.mutant(content, number)
                _write(path, kinds[name].wrap(data))
                line = _try(kinds[name], name, number, folder, path)
                print(json.dumps(line), file=reports)
        print(json.dumps({"done": name}), file=reports)


def _write(path: pathlib.Path, data: bytes) -> None:
    # Anew: a mapped file that is made shorter ends the process.
    path.unlink(missing_ok=True)
    path.write_bytes(data)


def _try(
    kind: Kind, name: str, number: int, folder: pathlib.Path, path: pathlib.Path
) -> dict[str, Any]:
    from pgan_tf.base import errors

    _forget_peak()
    begin = time.process_time()
    failure, outcome = "", "read"
    try:
        kind.read(folder)
    except errors.UserError as error:
        outcome = "refused"
        failure = _fault(str(error), kind.names or (path.name,))
    except BaseException as error:
        frame = traceback.extract_tb(error.__traceback__)[-1]
        failure = (
            f"{type(error).__name__}: {str(error)[:200]!r} at "
            f"{frame.filename[-60:]}:{frame.lineno}"
        )
    seconds, peak = time.process_time() - begin, _peak()
    if seconds > MAX_SECONDS:
        failure = failure or f"takes {seconds:.0f} s"
    if peak > MAX_BYTES:
        failure = failure or f"takes {peak / 1e9:.1f} GB"
    return {
        "kind": name,
        "outcome": outcome,
        "failure": failure and f"{name} {number}: {failure}",
        "seconds": seconds,
        "peak": peak,
    }


def _fault(line: str, names: tuple[str, ...]) -> str:
    """What is wrong with a message."""
    if not line.isprintable() or len(line) > _LONGEST_LINE:
        return f"not one line: {line[:200]!r}"
    if not any(name in line for name in names):
        return f"does not name the file: {line[:200]!r}"
    return ""


def _forget_peak() -> None:
    with contextlib.suppress(OSError):
        pathlib.Path("/proc/self/clear_refs").write_text("5")


def _peak() -> int:
    for line in pathlib.Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return 1024 * int(line.split()[1])
    return 0


TABLES = ("data_kinds", "run_kinds", "network_kinds")


def _main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--number", type=int)
    parser.add_argument("names", nargs="*")
    args = parser.parse_args()
    if args.number is not None:
        for table in TABLES:
            for name in set(args.names) & set(kinds_of(table)):
                _read_one(kinds_of(table)[name], args.number)
        return
    for table in TABLES:
        names = [
            n for n in kinds_of(table) if n in args.names or not args.names
        ]
        if names:
            run(table, names, args.count, _print)


def _read_one(kind: Kind, number: int) -> None:
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        path = kind.make(folder)
        _write(path, kind.wrap(mutator.mutant(path.read_bytes(), number)))
        kind.read(folder)


def _print(name: str, report: Report) -> None:
    print(
        f"{name:<16} {report.outcomes['read']:>5} read, "
        f"{report.outcomes['refused']:>5} refused, "
        f"{len(report.failures)} failures; at most "
        f"{report.seconds:.2f} s, {report.peak / 1e6:.0f} MB",
        flush=True,
    )
    for failure in report.failures:
        print(f"    {failure}", flush=True)


if __name__ == "__main__":
    if sys.argv[1:2] == ["--child"]:
        _child(sys.argv[2], int(sys.argv[3]), json.loads(sys.argv[4]))
    else:
        _main()
