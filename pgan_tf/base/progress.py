"""How far long work has come: a bar in a terminal, lines elsewhere.

A log file or a pipe gets a line for each tenth of the work, half a minute apart
at least and five minutes at most, so that it neither floods nor falls silent.
"""

import contextlib
import sys
import time
from collections.abc import Iterable, Iterator
from typing import Protocol, TypeVar

import tqdm

from pgan_tf.base import text

Item = TypeVar("Item")
_LEAST_SECONDS = 30.0
_MOST_SECONDS = 300.0
_SHARE = 0.1


class Bar(Protocol):
    """What is told of work that is done."""

    def update(self, n: int = 1) -> object:
        """So much more of it."""


@contextlib.contextmanager
def bar(
    total: int,
    name: str,
    unit: str = "",
    delay: float = 0.0,
    leave: bool = False,
) -> Iterator[Bar]:
    """Tells on stderr how far some work has come.

    Args:
        total: What there is to do.
        name: What is worked on.
        unit: What `total` counts, such as "img".
        delay: Seconds that short work may take without a bar.
        leave: Whether to tell at the end that it is done, and how fast.
    """
    if sys.stderr is not None and sys.stderr.isatty():
        with tqdm.tqdm(
            total=total,
            desc=name or None,
            unit=unit or "it",
            delay=delay,
            leave=leave,
            dynamic_ncols=True,
        ) as shown:
            yield shown
        return
    lines = _Lines(total, name, unit)
    yield lines
    if leave:
        lines.end()


def each(
    items: Iterable[Item],
    total: int,
    name: str,
    unit: str = "",
    delay: float = 0.0,
) -> Iterator[Item]:
    """The items, while a bar tells how many are done; arguments as of `bar`."""
    with bar(total, name, unit, delay) as shown:
        for item in items:
            yield item
            shown.update()


class _Lines:
    """Lines for those who read later."""

    def __init__(self, total: int, name: str, unit: str) -> None:
        self._total = total
        self._name = name or "progress"
        self._unit = f" {unit}" if unit else ""
        self._began = self._told_at = time.monotonic()
        self._count = self._told = 0

    def update(self, n: int = 1) -> None:
        """So much more is done."""
        self._count += n
        since = time.monotonic() - self._told_at
        far = self._count - self._told >= _SHARE * self._total
        if since < _LEAST_SECONDS or not (far or since >= _MOST_SECONDS):
            return
        if self._count < self._total:
            self._tell()

    def _tell(self) -> None:
        self._told, self._told_at = self._count, time.monotonic()
        took = self._told_at - self._began
        left = took / self._count * (self._total - self._count)
        _say(
            f"{self._name}: {self._count:,} of {self._total:,}{self._unit}, "
            f"{100 * self._count // self._total}%, "
            f"{text.duration(left)} left"
        )

    def end(self) -> None:
        """All is done."""
        took = time.monotonic() - self._began
        rate = ""
        if self._unit and took > 0 and self._count:
            per_sec = text.number(self._count / took, 1)
            rate = f", {per_sec}{self._unit}/s"
        _say(
            f"{self._name}: {self._count:,}{self._unit} in "
            f"{text.duration(took)}{rate}"
        )


def _say(line: str) -> None:
    """On stderr, if there is one that takes it."""
    with contextlib.suppress(OSError, ValueError, AttributeError):
        sys.stderr.write(line + "\n")
        sys.stderr.flush()
