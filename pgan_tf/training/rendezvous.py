"""Where the processes of a training wait for each other, ahead of any work.

TensorFlow's own waiting says nothing, cannot be interrupted and never ends. So
the workers first call the chief at its port of `TF_CONFIG`, which answers once
all are there; then TensorFlow takes the ports. Imports no TensorFlow.
"""

import contextlib
import errno
import hashlib
import json
import select
import socket
import time
from collections.abc import Callable, Iterator

from pgan_tf.base import errors, text
from pgan_tf.training import cluster

# Said at first after so many seconds, and then after twice as many.
_SAY_SECONDS = 10.0
LOOK_SECONDS = 0.5
_CALL_SECONDS = 5.0
WAIT_MINUTES = 10
_READY = b"ready\n"
_LONGEST_CALL = 200  # bytes


def meet(
    here: cluster.Cluster,
    say: Callable[[str], None],
    stopped: Callable[[], bool],
) -> bool:
    """Returns when all processes of a training are there.

    Args:
        here: All of them, and which this one is.
        say: Receives a line now and then: who is waited for.
        stopped: Asked all the time whether to give up.

    Returns:
        Whether they are; False if it was asked to give up.

    Raises:
        UserError: If this one's port cannot be had, the processes do not have
            the same `TF_CONFIG`, or one does not come within some minutes.
    """
    waiting = _Waiting(say, stopped)
    with contextlib.closing(_listen(here)) as listener:
        if here.index == 0:
            return _gather(here, listener, waiting)
    return _report(here, waiting)


class _Waiting:
    """Says whom this process waits for, and when that takes too long."""

    def __init__(
        self, say: Callable[[str], None], stopped: Callable[[], bool]
    ) -> None:
        self.stopped = stopped
        self._say = say
        self._start = time.monotonic()
        self._next = _SAY_SECONDS

    def on(self, whom: str) -> None:
        """Raises UserError at the end of patience."""
        seconds = time.monotonic() - self._start
        if seconds >= 60 * WAIT_MINUTES:
            raise errors.UserError(
                f"TF_CONFIG: waited {WAIT_MINUTES} minutes in vain for {whom}: "
                "start train.py on every host, or correct the addresses"
            )
        if seconds >= self._next:
            self._next *= 2
            self._say(f"waiting for {whom}, since {text.duration(seconds)}")


def _listen(here: cluster.Cluster) -> socket.socket:
    """Takes this process's own port, for as long as they wait."""
    _, port = _address(here.workers[here.index])
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("", port))
        listener.listen(len(here.workers))
    except OSError as error:
        listener.close()
        why = error.strerror
        if error.errno == errno.EADDRINUSE:
            why = "another process uses this port; end it or give another"
        raise errors.UserError(
            f"TF_CONFIG: {here.workers[here.index]} of {_name(here.index)}, "
            f"which this one is: {why}"
        ) from error
    return listener


def _gather(
    here: cluster.Cluster, listener: socket.socket, waiting: _Waiting
) -> bool:
    """The chief's part: hears all others, then tells them so."""
    calls: dict[int, socket.socket] = {}
    with contextlib.ExitStack() as stack:
        while True:
            if waiting.stopped():
                return False
            _drop_gone(calls)
            missing = [
                f"{_name(i)} at {address}"
                for i, address in enumerate(here.workers)
                if i and i not in calls
            ]
            if not missing:
                break
            waiting.on(", ".join(missing))
            if not select.select([listener], [], [], LOOK_SECONDS)[0]:
                continue
            call, _ = listener.accept()
            stack.enter_context(contextlib.closing(call))
            index = _hear(call, here)
            if index is not None:
                calls[index] = call
        for call in calls.values():
            with contextlib.suppress(OSError):
                call.sendall(_READY)
        for call in calls.values():
            with contextlib.suppress(OSError):
                call.recv(1)  # The other side closes first.
    return True


def _drop_gone(calls: dict[int, socket.socket]) -> None:
    """Forgets those who have given up."""
    readable, _, _ = select.select(list(calls.values()), [], [], 0)
    for index, call in list(calls.items()):
        if call in readable:
            del calls[index]


def _hear(call: socket.socket, here: cluster.Cluster) -> int | None:
    """Which worker calls; None if it is somebody else."""
    call.settimeout(_CALL_SECONDS)
    try:
        said = json.loads(call.recv(_LONGEST_CALL))
        index, digest = said["pgan_tf"], said["cluster"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    if type(index) is not int or not 0 < index < len(here.workers):
        return None
    if digest != digest_of(here):
        call.sendall(b"another TF_CONFIG\n")
        raise errors.UserError(
            f"TF_CONFIG: {_name(index)} was started with another cluster than "
            "the chief: give every host the same"
        )
    return index


def _report(here: cluster.Cluster, waiting: _Waiting) -> bool:
    """A worker's part: calls the chief until that says all are there."""
    chief = here.workers[0]
    call = {"pgan_tf": here.index, "cluster": digest_of(here)}
    while not waiting.stopped():
        why = "it waits for others"
        try:
            with socket.create_connection(_address(chief), _CALL_SECONDS) as to:
                to.sendall(json.dumps(call).encode())
                for answer in _answers(to, waiting, f"the chief at {chief}"):
                    if answer == _READY:
                        return True
                    if answer:
                        raise errors.UserError(
                            f"TF_CONFIG: the chief at {chief} has another "
                            "cluster: give every host the same"
                        )
                    break
        except OSError as error:
            why = error.strerror or str(error)
        waiting.on(f"the chief at {chief} ({why})")
        time.sleep(LOOK_SECONDS)
    return False


def _answers(
    to: socket.socket, waiting: _Waiting, whom: str
) -> Iterator[bytes]:
    """What the chief says, as soon as it does; nothing if it goes away."""
    while not waiting.stopped():
        if select.select([to], [], [], LOOK_SECONDS)[0]:
            yield to.recv(_LONGEST_CALL)
            return
        waiting.on(f"{whom}, which waits for others")


def _name(index: int) -> str:
    return f"worker {index}" if index else "the chief"


def _address(worker: str) -> tuple[str, int]:
    """Host and port of a worker, such as "host1:2222" or "[::1]:2222".

    Raises:
        UserError: If it is none.
    """
    host, _, port = worker.rpartition(":")
    if not host or not port.isdecimal() or not 0 < int(port) < 1 << 16:
        raise errors.UserError(
            f"TF_CONFIG: {worker} is no address such as host1:2222"
        )
    return host.strip("[]"), int(port)


def digest_of(here: cluster.Cluster) -> str:
    """Tells clusters apart."""
    return hashlib.sha256(json.dumps(here.workers).encode()).hexdigest()
