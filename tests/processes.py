"""Python in a process of its own, as a user runs it."""

import os
import signal
import subprocess
import sys
import unittest
from collections.abc import Mapping

from tests import common


def run(
    *arguments: object,
    cwd: os.PathLike[str] | str = common.ROOT,
    env: Mapping[str, object] | None = None,
    timeout: float = 300,
) -> subprocess.CompletedProcess[str]:
    """Runs Python to its end, whatever its exit code is.

    Args:
        *arguments: Of Python: a script and its own, or "-c" and a program.
        cwd: Where it runs.
        env: Variables besides those of this process.
        timeout: In seconds; a process that hangs fails the test.
    """
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **{k: str(v) for k, v in (env or {}).items()}},
        capture_output=True,
        text=True,
        timeout=timeout,
    )


def succeed(
    *arguments: object,
    cwd: os.PathLike[str] | str = common.ROOT,
    env: Mapping[str, object] | None = None,
    timeout: float = 300,
) -> str:
    """What Python prints; an exit code other than 0 fails the test."""
    done = run(*arguments, cwd=cwd, env=env, timeout=timeout)
    assert done.returncode == 0, done.stderr
    return done.stdout


def keep_signals(case: unittest.TestCase) -> None:
    """What the test makes of SIGINT and SIGTERM is undone when it ends."""
    for each in (signal.SIGINT, signal.SIGTERM):
        case.addCleanup(signal.signal, each, signal.getsignal(each))


def start(
    case: unittest.TestCase,
    *arguments: object,
    cwd: os.PathLike[str] | str = common.ROOT,
    env: Mapping[str, object] | None = None,
    stdout: int = subprocess.PIPE,
    stderr: int | None = None,
) -> subprocess.Popen[str]:
    """Starts Python, which ends with the test at the latest.

    Args:
        case: Kills the process and closes its pipes when it ends.
        *arguments: As of `run`.
        cwd: Where it runs.
        env: Variables besides those of this process.
        stdout: As of `subprocess.Popen`; lines come as they are written.
        stderr: The same; ours by default.
    """
    process = subprocess.Popen(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env={
            **os.environ,
            "PYTHONUNBUFFERED": "1",
            **{k: str(v) for k, v in (env or {}).items()},
        },
        stdout=stdout,
        stderr=stderr,
        text=True,
        # Tests that run in the background inherit that it is ignored.
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
    )

    def end() -> None:
        process.kill()
        for pipe in (process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()
        process.wait()

    case.addCleanup(end)
    return process
