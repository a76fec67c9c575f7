"""Being asked to stop: by Ctrl-C, SIGTERM or a terminal that is closed."""

import contextlib
import signal
from collections.abc import Iterator
from typing import Any


class Stopped(BaseException):
    """Ends work that can be thrown away. No Exception: nothing may catch it."""


# The last comes when a terminal is closed, unless `nohup` keeps it away.
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_NAMES: dict[int, str] = {
    signal.SIGINT: "Ctrl-C",
    signal.SIGTERM: "SIGTERM",
    signal.SIGHUP: "SIGHUP, as when a terminal is closed",
}


class StopRequest:
    """Whether the user, or the machine, asked the run to stop.

    Attributes:
        by: What did, such as "Ctrl-C"; empty for other requests.
    """

    def __init__(self) -> None:
        self._requested = False
        self._at_once = False
        self.by = ""

    def requested(self) -> bool:
        return self._requested

    def listen(self) -> None:
        """Takes `SIGNALS`; a second one of a kind ends the process at once."""
        for signum in SIGNALS:
            is_hang_up = signum == signal.SIGHUP
            if is_hang_up and signal.getsignal(signum) == signal.SIG_IGN:
                continue  # as nohup wants it
            signal.signal(signum, self._receive)

    def _receive(self, signum: int, unused_frame: Any) -> None:
        signal.signal(signum, signal.SIG_DFL)
        self._requested = True
        self.by = _NAMES[signum]
        if self._at_once:
            raise Stopped

    @staticmethod
    @contextlib.contextmanager
    def deaf() -> Iterator[None]:
        """Inside, the signals end the process, as they do by default.

        For waiting where no Python code runs, ahead of any work.
        """
        before = {
            signum: signal.signal(signum, signal.SIG_DFL)
            for signum in (signal.SIGINT, signal.SIGTERM)
        }
        try:
            yield
        finally:
            for signum, handler in before.items():
                signal.signal(signum, handler)

    @contextlib.contextmanager
    def at_once(self) -> Iterator[None]:
        """Inside, a request raises `Stopped` wherever the work is.

        For what takes long and changes nothing that will be saved.
        """
        self._at_once = True
        try:
            if self.requested():
                raise Stopped
            yield
        finally:
            self._at_once = False
