"""Standard streams that end no work: closed, full, or read by nobody.

`train.py | head`, a terminal that is gone, `2>&-` in a batch system: what is
printed is not worth a training.
"""

import io
import os
import select
import sys
from typing import TextIO


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
    raw = _Tolerant(descriptor, owned)
    return io.TextIOWrapper(
        io.BufferedWriter(raw),
        encoding=getattr(like, "encoding", None) or "utf-8",
        # Names of files need not be text; a message about one must not fail.
        errors="backslashreplace",
        line_buffering=raw.isatty() or descriptor != 1,
    )


def loss() -> OSError | None:
    """Why something printed on stdout is lost; None if all is well.

    Where the reader has left, as `head` does, nothing is lost that was wanted.
    """
    stream = sys.stdout
    if not isinstance(stream, io.TextIOWrapper):
        return None
    stream.flush()
    raw = getattr(stream.buffer, "raw", None)
    return raw.loss if isinstance(raw, _Tolerant) else None


class _Tolerant(io.RawIOBase):
    """Writes to a descriptor until that fails, and then to nowhere."""

    def __init__(self, descriptor: int, owned: bool) -> None:
        self._descriptor = descriptor
        self._owned = owned
        self._is_broken = False
        self.loss: OSError | None = None

    def fileno(self) -> int:
        return self._descriptor

    def isatty(self) -> bool:
        try:
            return os.isatty(self._descriptor)
        except OSError:
            return False

    def writable(self) -> bool:
        return True

    def write(self, data) -> int:  # type: ignore[no-untyped-def]
        content = memoryview(data).cast("B")
        if self._is_broken:
            return len(content)
        try:
            return os.write(self._descriptor, content)
        except BlockingIOError:
            select.select([], [self._descriptor], [])
            return self.write(content)
        except BrokenPipeError:
            self._is_broken = True
        except OSError as error:
            self.loss = error  # The disk may have room again.
        return len(content)

    def close(self) -> None:
        if self._owned and not self.closed:
            os.close(self._descriptor)
        super().close()
