"""A small process that tells why this one died, if nothing else can.

Out of memory, native code aborts, or the system kills: no Python code runs
any more, and nothing would be said. The witness waits for that.
"""

import contextlib
import os
import signal
import warnings

_pipe: int | None = None


def begin(last_words: str) -> None:
    """Starts the witness; ahead of any threads, so ahead of TensorFlow.

    Args:
        last_words: What it prints on stderr should this process die, a line.
    """
    global _pipe
    if _pipe is not None:
        return
    reading, writing = os.pipe()
    with warnings.catch_warnings():
        # NumPy has threads; but the witness only reads and writes.
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            pid = os.fork()
        except OSError:
            os.close(reading)
            os.close(writing)
            return
    if pid == 0:
        _watch(reading)
    os.close(reading)
    _pipe = writing
    tell(last_words)


def tell(last_words: str) -> None:
    """Replaces what would be printed."""
    if _pipe is not None:
        with contextlib.suppress(OSError):
            os.write(_pipe, last_words.replace("\n", " ").encode() + b"\n")


def dismiss() -> None:
    """Ends the witness: this process ends as it should."""
    global _pipe
    if _pipe is not None:
        tell("")
        os.close(_pipe)
        _pipe = None


def _watch(reading: int) -> None:
    """The witness: reads until the other end is closed, and does not return."""
    try:
        for each in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(each, signal.SIG_IGN)
        # Who waits for the end of these must not wait for the witness.
        sink = os.open(os.devnull, os.O_RDWR)
        os.dup2(sink, 0)
        os.dup2(sink, 1)
        os.closerange(3, reading)
        os.closerange(reading + 1, 4096)
        said = b""
        while part := os.read(reading, 1 << 16):
            # The last whole line counts.
            *lines, rest = (said + part).split(b"\n")
            said = (lines[-1] + b"\n" if lines else b"") + rest
        line = said.rpartition(b"\n")[0]
        if line:
            os.write(2, line + b"\n")
    finally:
        os._exit(0)
