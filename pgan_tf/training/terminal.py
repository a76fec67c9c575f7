"""What a training shows in a terminal: one line that moves, fitted to it.

Pipes and log.txt get whole lines instead, which `reports` writes.
"""

import contextlib
import shutil
import sys
import textwrap
import threading
import time

from pgan_tf.base import text
from pgan_tf.runs.schedule import Stage

# The line changes no faster than people read.
_SECONDS = 0.5


class Terminal:
    """The last line of a terminal, written again and again.

    Where standard output is no terminal, nothing is written.
    """

    def __init__(self) -> None:
        self.is_live = bool(sys.stdout) and sys.stdout.isatty()
        self._shown_at = 0.0
        self._is_shown = False
        # Set once a line that counts seconds is no longer the last one.
        self._is_over = threading.Event()
        self._lock = threading.Lock()

    @staticmethod
    def width() -> int:
        """Characters of a line, but for the last column, which may wrap."""
        return shutil.get_terminal_size().columns - 1

    def is_due(self) -> bool:
        """Whether the line may change again."""
        return self.is_live and time.monotonic() - self._shown_at >= _SECONDS

    def show(self, line: str) -> None:
        """Puts a text into the line, cut to the width of the window."""
        if not self.is_live:
            return
        self._shown_at = time.monotonic()
        self._is_shown = True
        self._end_count()
        self._write(line)

    def count(self, line: str) -> None:
        """Puts a text into the line with the seconds that pass meanwhile.

        Until another takes its place: for work that shows nothing of itself.
        """
        if not self.is_live:
            return
        self.show(line)
        over = self._is_over = threading.Event()
        began = time.monotonic()

        def tell() -> None:
            while not over.wait(1.0):
                with self._lock:
                    if not over.is_set():
                        seconds = text.duration(time.monotonic() - began)
                        self._write(f"{line}, {seconds}")

        threading.Thread(target=tell, daemon=True).start()

    def clear(self) -> None:
        """Takes the line away, ahead of a whole one."""
        self._end_count()
        if self._is_shown:
            self._is_shown = False
            self._write("")

    def _end_count(self) -> None:
        with self._lock:
            self._is_over.set()

    def _write(self, line: str) -> None:
        width = self.width()
        with contextlib.suppress(OSError, ValueError):
            # The cursor goes to the left, and the rest of the line is erased.
            sys.stdout.write(f"\r{line[:width]}\x1b[K")
            sys.stdout.flush()


def tick_line(
    number: int,
    nimg: int,
    total_kimg: float,
    stage: Stage,
    images_per_sec: float | None,
    losses: tuple[float, float] | None,
    seconds: float,
    left: float | None,
    width: int,
) -> str:
    """A tick in a line of a terminal.

    Args:
        number: Of the tick.
        nimg: Reals shown so far.
        total_kimg: At the end of the training.
        stage: Of the schedule.
        images_per_sec: The speed; None: not known yet.
        losses: Of G and D; None: not known yet.
        seconds: Of training so far.
        left: Seconds to the end; None: not known yet.
        width: Characters that there are. Where the line does not fit, the
            losses go first, then the time so far.
    """
    size = f"{stage.resolution}x{stage.resolution}"
    if stage.alpha is not None:
        size += f" fading {stage.alpha:.2f}".replace(" 0.", " .")
    taken = text.duration(seconds).replace(" ", "")
    parts = {
        "tick": f"tick {number}",
        "place": f"{nimg / 1000:.1f}/{total_kimg:g} kimg",
        "size": size,
        "speed": "" if images_per_sec is None else speed(images_per_sec),
        "losses": f"G {losses[0]:.2f}  D {losses[1]:.2f}" if losses else "",
        "taken": taken,
        "left": ""
        if left is None
        else f"left {text.duration(left).replace(' ', '')}",
    }
    for leaving in ("", "losses", "taken"):
        parts.pop(leaving, None)
        line = "  ".join(filter(None, parts.values()))
        if len(line) > width:
            line = " ".join(line.split())
        if len(line) <= width:
            break
    return line


def speed(images_per_sec: float) -> str:
    """A speed that can be read, however small it is."""
    if images_per_sec >= 10:
        return f"{images_per_sec:.0f} img/s"
    if images_per_sec >= 1:
        return f"{images_per_sec:.1f} img/s"
    return f"{text.duration(1000 / images_per_sec)} per kimg"


def wrapped(fact: str, width: int) -> str:
    """A fact, whose name takes 13 characters, in as many lines as it takes."""
    return textwrap.fill(
        fact,
        width,
        subsequent_indent=" " * 13,
        break_long_words=False,
        break_on_hyphens=False,
    )


def compiling(stage: Stage) -> str:
    """What is told while nothing else happens."""
    size = f"{stage.resolution}x{stage.resolution}"
    phase = size if stage.alpha is None else f"{size}, fading in"
    return f"compiling the steps for {phase}, once a phase"
