"""Which process is at work, and whether another one still is."""

import dataclasses
import functools
import hashlib
import os
import pathlib
import socket

_PROC = pathlib.Path("/proc")


@dataclasses.dataclass(frozen=True)
class Process:
    """A process, told apart from a later one of the same number.

    Attributes:
        host: The name of its machine, for people.
        machine: What tells machines, their boots and containers apart.
        pid: Its number there.
        start: When it began, in ticks of that machine; 0 if not known.
    """

    host: str
    machine: str
    pid: int
    start: int

    def is_here(self) -> bool:
        """Whether its number means something on this machine, today."""
        return self.machine == _machine()

    def is_alive(self) -> bool:
        """Whether it still runs; only for one that `is_here`."""
        try:
            os.kill(self.pid, 0)
        except (ProcessLookupError, OverflowError):
            return False
        except PermissionError:
            pass  # of another user
        state, start = _look_at(self.pid)
        # A zombie will write no more; a number may have been given anew.
        return state != "Z" and (not self.start or start in (0, self.start))

    def __str__(self) -> str:
        return f"process {self.pid} on host {self.host}"


def current() -> Process:
    """This process."""
    pid = os.getpid()
    return Process(socket.gethostname(), _machine(), pid, _look_at(pid)[1])


def _look_at(pid: int) -> tuple[str, int]:
    """State and start of a process; ("", 0) where the system does not say."""
    try:
        text = (_PROC / str(pid) / "stat").read_text(errors="replace")
        # The name before may hold spaces and brackets.
        fields = text.rpartition(")")[2].split()
        return fields[0], int(fields[19])
    except (OSError, ValueError, IndexError):
        return "", 0


@functools.cache
def _machine() -> str:
    """Differs between machines, their boots, and containers on them."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text()
        name = boot + os.readlink(_PROC / "self/ns/pid")
    except OSError:
        name = socket.gethostname()
    return hashlib.sha256(name.encode()).hexdigest()[:12]
