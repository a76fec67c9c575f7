"""Runs the nearest tests of each mistake in a copy of the repository.

Each run is a fork of a process that has imported what is slow to import, which
saves seconds each. Nothing of the repository itself is imported before.
"""

import collections
import dataclasses
import importlib
import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from benchmarks.mutants.mutant import Mutant

SLOW_IMPORTS = ("pytest", "tensorflow", "keras", "scipy.stats", "matplotlib")
OWN = ("pgan_tf", "tests", "benchmarks")
# What may come of a mistake. Of "slow" ones the tests ran out of time, which
# says nothing, since they take long without the mistake, too.
NOTICED, UNNOTICED, SLOW = "noticed", "unnoticed", "slow"
EQUIVALENT = "equivalent"
# As they are before anything is imported.
_ENVIRONMENT = dict(os.environ)
_HERE = os.getcwd()


@dataclasses.dataclass(frozen=True)
class Outcome:
    """What a run of tests came to.

    Attributes:
        code: pytest's exit code; -1 if it ran out of time, -2 if it crashed.
        failed: The first test that failed, or the empty string.
        seconds: By the clock.
    """

    code: int
    failed: str
    seconds: float


class FirstFailure:
    """A plugin of pytest that remembers which test failed first."""

    def __init__(self) -> None:
        self.name = ""

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and not self.name:
            self.name = report.nodeid

    def pytest_collectreport(self, report: Any) -> None:
        self.pytest_runtest_logreport(report)


def copy(root: pathlib.Path, target: pathlib.Path) -> None:
    """Copies what git knows or would add."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "-co", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
    ).stdout
    for name in filter(None, listed.decode().split("\0")):
        # What is listed may be deleted already.
        if (root / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, target / name)


def _test(copied: pathlib.Path, tests: Sequence[str]) -> int:
    """In a fork: runs tests of the copy; pytest's exit code."""
    os.setsid()
    os.environ.clear()
    os.environ.update(_ENVIRONMENT)
    sys.path[:] = [str(copied), *(p for p in sys.path if p not in ("", _HERE))]
    os.chdir(copied)
    # Files change within a second and keep their size: no cache may say so.
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    for name in [n for n in sys.modules if n.partition(".")[0] in OWN]:
        del sys.modules[name]
    import pytest

    first = FirstFailure()
    options = ["-x", "-q", "-p", "no:cacheprovider", f"--rootdir={copied}"]
    code = int(pytest.main([*options, *tests], plugins=[first]))
    (copied.parent / "failed").write_text(first.name)
    return code


class Place:
    """A copy of the repository in which one test run at a time takes place."""

    def __init__(self, root: pathlib.Path, folder: pathlib.Path) -> None:
        self._folder = folder
        self.copied = folder / "copy"
        copy(root, self.copied)
        self._pid = 0
        self._began = 0.0
        self._changed: tuple[pathlib.Path, str] | None = None

    def start(self, tests: Sequence[str], mutant: Mutant | None) -> None:
        """Begins to test, with a mistake if one is given."""
        if mutant:
            path = self.copied / mutant.file
            self._changed = path, path.read_text()
            path.write_text(mutant.apply(self._changed[1]))
        (self._folder / "failed").write_text("")
        self._began = time.monotonic()
        sys.stdout.flush()
        self._pid = os.fork()
        if self._pid:
            return
        code = 70
        try:
            log = os.open(self._folder / "log", os.O_WRONLY | os.O_CREAT)
            os.ftruncate(log, 0)
            os.dup2(log, 1)
            os.dup2(log, 2)
            code = _test(self.copied, tests)
            sys.stdout.flush()
        finally:
            os._exit(code)

    def ended(self, limit: float) -> Outcome | None:
        """What it came to, or None as long as it runs."""
        seconds = time.monotonic() - self._began
        pid, status = os.waitpid(self._pid, os.WNOHANG)
        if not pid and seconds < limit:
            return None
        # Also what tests have started and left.
        try:
            os.killpg(self._pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        if not pid:
            os.waitpid(self._pid, 0)
            code = -1
        else:
            code = os.WEXITSTATUS(status) if os.WIFEXITED(status) else -2
        if self._changed:
            self._changed[0].write_text(self._changed[1])
            self._changed = None
        failed = (self._folder / "failed").read_text()
        return Outcome(code, failed, round(seconds, 1))

    def log(self) -> str:
        """What the tests printed."""
        return (self._folder / "log").read_text(errors="replace")


def judge(outcome: Outcome, without: float, limit: float) -> str:
    """Whether a mistake was noticed.

    Args:
        outcome: With the mistake.
        without: Seconds that the same tests take without it.
        limit: Seconds that they are given.
    """
    if outcome.code == 0:
        return UNNOTICED
    if outcome.code == -1 and without > limit / 3:
        return SLOW
    return NOTICED


def known(out: pathlib.Path) -> dict[str, dict[str, Any]]:
    """What an earlier run has found, by `Mutant.key`."""
    if not out.exists():
        return {}
    rows = [json.loads(x) for x in out.read_text().splitlines()]
    return {row["key"]: row for row in rows}


def run(
    root: pathlib.Path,
    mutants: Sequence[Mutant],
    out: pathlib.Path,
    jobs: int,
    limit: float,
    slow_imports: Sequence[str] = SLOW_IMPORTS,
) -> Iterator[dict[str, Any]]:
    """Yields a row for each mistake, in any order, and appends it to `out`.

    What `out` already says is not run again, as long as neither the file nor
    its tests have changed.

    Args:
        root: The repository.
        mutants: Mistakes.
        out: JSON lines, a row each; need not exist.
        jobs: How many tests run at a time.
        limit: Seconds for the tests of one mistake.
        slow_imports: Modules that each run finds imported.

    Raises:
        ValueError: Tests fail without any mistake, or are not there.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    rows = known(out)
    # Files may change while tests run in the copies made now.
    left: dict[Mutant, str] = {}
    for mutant in mutants:
        key = mutant.key(root)
        if mutant.equivalent:
            yield _row(mutant, key, EQUIVALENT, Outcome(0, "", 0.0))
        elif key in rows:
            yield rows[key]
        else:
            left[mutant] = key
    if not left:
        return
    for name in slow_imports:
        importlib.import_module(name)
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        places = [
            Place(root, pathlib.Path(folder) / str(number))
            for number in range(min(jobs, len(left)))
        ]
        yield from _run(left, out, places, limit)


def _run(
    left: Mapping[Mutant, str],
    out: pathlib.Path,
    places: list[Place],
    limit: float,
) -> Iterator[dict[str, Any]]:
    """`run`, of what is left to run, in places of its own."""
    # Those of the same tests together, first the tests without a mistake.
    waiting: dict[tuple[str, ...], list[Mutant]] = collections.defaultdict(list)
    for each in left:
        waiting[each.tests].append(each)
    bases: dict[tuple[str, ...], float] = {}
    queue: list[tuple[tuple[str, ...], Mutant | None]] = [
        (tests, None) for tests in waiting
    ]
    running: dict[Place, tuple[tuple[str, ...], Mutant | None]] = {}
    try:
        while queue or running:
            for place in places:
                if place not in running and queue:
                    running[place] = queue.pop(0)
                    place.start(*running[place])
            for place, (tests, mutant) in list(running.items()):
                outcome = place.ended(limit)
                if outcome is None:
                    continue
                del running[place]
                if mutant is None:
                    if outcome.code:
                        raise ValueError(
                            f"{' '.join(tests)}: fails or is not there, "
                            f"without any mistake:\n{place.log()[-2000:]}"
                        )
                    bases[tests] = outcome.seconds
                    # Before other tests, so that rows come early.
                    queue[:0] = [(tests, each) for each in waiting[tests]]
                    continue
                verdict = judge(outcome, bases[tests], limit)
                row = _row(mutant, left[mutant], verdict, outcome)
                with out.open("a") as file:
                    file.write(json.dumps(row) + "\n")
                yield row
            time.sleep(0.05)
    finally:
        for place in running:
            place.ended(0)


def _row(
    mutant: Mutant, key: str, verdict: str, outcome: Outcome
) -> dict[str, Any]:
    """What is kept of a mistake."""
    return {
        "key": key,
        "verdict": verdict,
        "file": mutant.file,
        "old": mutant.old,
        "new": mutant.new,
        "by": outcome.failed,
        "code": outcome.code,
        "seconds": outcome.seconds,
    }
