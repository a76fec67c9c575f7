"""Standard streams that end no work: closed, full, or read by nobody.

`train.py | head`, a terminal that is gone, `2>&-` in a batch system: what is
printed is not worth a training.
"""

import io
import os
import select
import shutil
import sys
from typing import TextIO

_NARROWEST = 40  # what is narrower is no window to read in


def settle() -> None:
    """Gives the process standard streams that can always be written to.

    Where one is closed, the system's sink takes its place: else the next file
    that is opened would have its number, and receive what is printed there.
    """
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # The lowest number that is free, so this very one.
            sink = os.open(os.devnull, os.O_RDWR)
            os.set_inheritable(sink, True)
    for name, descriptor in (("stdout", 1), ("stderr", 2)):
        stream = getattr(sys, name)
        if stream is None or isinstance(stream, io.TextIOWrapper):
            setattr(sys, name, tolerant(descriptor, like=stream))


def tolerant(
    descriptor: int, owned: bool = False, like: TextIO | None = None
) -> TextIO:
    """A text stream to a descriptor, whose writes never fail.

    Args:
        descriptor: To write to.
        owned: Whether to close it with the stream.
        like: Gives the encoding.
    """
    raw = io.FileIO(descriptor, "w", closefd=owned)
    return io.TextIOWrapper(
        _Tolerant(raw),
        encoding=getattr(like, "encoding", None) or "utf-8",
        # Names of files need not be text; a message about one must not fail.
        errors="backslashreplace",
        line_buffering=raw.isatty() or descriptor != 1,
    )


def width() -> int:
    """Characters of a line of the window; 80 where there is none."""
    return max(_NARROWEST, shutil.get_terminal_size().columns)


def loss() -> OSError | None:
    """Why something printed on stdout is lost; None if all is well.

    Where the reader has left, as `head` does, nothing is lost that was wanted.
    """
    stream = sys.stdout
    if not isinstance(stream, io.TextIOWrapper):
        return None
    stream.flush()
    buffer = stream.buffer
    return buffer.loss if isinstance(buffer, _Tolerant) else None


class _Tolerant(io.BufferedWriter):
    """Writes until the reader is gone, and then to nowhere.

    The file below is Python's own: what Ctrl-C interrupts is then written once.
    One whose `write` is code of ours can be interrupted after the bytes have
    left and before their number is returned, and they would be written again.
    """

    def __init__(self, raw: io.FileIO) -> None:
        super().__init__(raw)
        self.loss: OSError | None = None

    def write(self, data) -> int:  # type: ignore[no-untyped-def]
        content = memoryview(data).cast("B")
        done = 0
        while done < len(content):
            try:
                done += super().write(content[done:])
            except BlockingIOError as error:
                done += error.characters_written
                self._wait()
            except OSError as error:
                self._give_up(error)
                break
        return len(content)

    def flush(self) -> None:
        while True:
            try:
                return super().flush()
            except BlockingIOError:
                self._wait()
            except OSError as error:
                return self._give_up(error)

    def _wait(self) -> None:
        select.select([], [self.fileno()], [])

    def _give_up(self, error: OSError) -> None:
        if not isinstance(error, BrokenPipeError):
            self.loss = error  # The disk may have room again.
            return
        # What is still in the buffer goes nowhere too, and fails no more.
        sink = os.open(os.devnull, os.O_WRONLY)
        os.dup2(sink, self.fileno())
        os.close(sink)
