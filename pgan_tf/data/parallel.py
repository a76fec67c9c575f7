"""Runs a function of blocks in several processes, or in this one."""

import concurrent.futures
import contextlib
import hashlib
import itertools
import mmap
import multiprocessing.connection
import os
import pickle
import signal
import tempfile
import threading
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import process
from multiprocessing import reduction
from typing import Any, TypeVar

from pgan_tf.base import errors, memory, progress

_ALIGNMENT = 64  # bytes; at least that of any element


class Shared:
    """An object that processes started by spawning can `load`.

    Its NumPy arrays lie in a file without a name that all of them map, so a
    data set of a gigabyte takes one, not one per process; and the rest is
    pickled once.

    Args:
        thing: Whatever can be pickled; only read by the workers.
    """

    def __init__(self, thing: Any) -> None:
        buffers: list[pickle.PickleBuffer] = []
        self.head = pickle.dumps(
            thing, protocol=5, buffer_callback=buffers.append
        )
        self.spans: list[slice] = []
        self.file: Any = tempfile.TemporaryFile()
        for buffer in buffers:
            start = -(-self.file.tell() // _ALIGNMENT) * _ALIGNMENT
            self.file.seek(start)
            self.file.write(buffer.raw())
            self.spans.append(slice(start, self.file.tell()))
        self.file.write(b"\0")  # an empty file cannot be mapped
        self.file.flush()

    def __getstate__(self) -> dict[str, Any]:
        """What is sent to a process that is being started."""
        file = reduction.DupFd(self.file.fileno())
        return {"head": self.head, "spans": self.spans, "file": file}

    def load(self) -> Any:
        """The object, in a started process; its arrays are read-only."""
        mapped = mmap.mmap(self.file.detach(), 0, access=mmap.ACCESS_READ)
        view = memoryview(mapped)
        return pickle.loads(
            self.head, buffers=[view[span] for span in self.spans]
        )

    def close(self) -> None:
        """Gives the file back; what was loaded from it stays."""
        self.file.close()


def hash_of(thing: Any) -> str:
    """SHA-256 of an object as it would travel, without a copy of it."""
    total = hashlib.sha256()
    head = pickle.dumps(
        thing, protocol=5, buffer_callback=lambda each: total.update(each.raw())
    )
    total.update(head)
    return total.hexdigest()


_Result = TypeVar("_Result")
# Blocks in hand per worker: enough to be busy while `done` waits for a disk.
_WAITING = 8


def run(
    work: Callable[[range], _Result],
    tasks: Sequence[range],
    done: Callable[[range, _Result], None],
    num_workers: int,
    name: str,
) -> None:
    """Calls `done(block, work(block))` for each block, in any order.

    Args:
        work: Runs in the workers, to which it travels by pickling; they have
            its arrays in common.
        tasks: The blocks.
        done: Runs here.
        num_workers: Processes, of which this is one.
        name: For the bar.

    Raises:
        UserError: A worker was killed.
    """
    num_workers = min(num_workers, len(tasks))
    with progress.bar(sum(map(len, tasks)), name, "img", leave=True) as bar:
        if num_workers <= 1:
            results = ((block, work(block)) for block in tasks)
        else:
            results = _in_processes(work, tasks, num_workers)
        with contextlib.closing(results):
            for block, result in results:
                done(block, result)
                bar.update(len(block))


def _in_processes(
    work: Callable[[range], _Result], tasks: Sequence[range], num_workers: int
) -> Generator[tuple[range, _Result], None, None]:
    """Yields blocks and results as they come, most from other processes.

    They take a moment to start; meanwhile, and after, this one works too.
    """
    with (
        contextlib.closing(Shared(work)) as shared,
        _pool(shared, num_workers - 1) as pool,
    ):
        queue = iter(tasks)
        futures: dict[concurrent.futures.Future[_Result], range] = {}
        while True:
            free = _WAITING * (num_workers - 1) - len(futures)
            for block in itertools.islice(queue, free):
                futures[pool.submit(_call, block)] = block
            own = next(queue, None)
            if own is not None:
                yield own, work(own)
            elif not futures:
                return
            finished, _ = concurrent.futures.wait(
                futures,
                timeout=None if own is None else 0,
                return_when=concurrent.futures.FIRST_COMPLETED,
            )
            for future in finished:
                yield futures.pop(future), future.result()


@contextlib.contextmanager
def _pool(
    shared: Shared, num_workers: int
) -> Iterator[concurrent.futures.Executor]:
    """Worker processes; what they have not begun is dropped at the end."""
    pool = concurrent.futures.ProcessPoolExecutor(
        num_workers,
        # A fork would copy the locks of whatever threads are running.
        multiprocessing.get_context("spawn"),
        _start_worker,
        (shared, memory.limit()),
    )
    try:
        yield pool
    except process.BrokenProcessPool as error:
        raise errors.UserError(
            "a worker process was killed, perhaps for lack of memory; "
            "try a smaller --workers"
        ) from error
    finally:
        pool.shutdown(cancel_futures=True)


_work: Callable[[range], Any]  # of this worker process


def _start_worker(shared: Shared, max_memory: int) -> None:
    """Prepares a worker: its work, and an end with its parent's end."""
    global _work
    memory.set_limit(max_memory)
    _work = shared.load()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent cleans up
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    """A worker must not write into the build that follows a killed one."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)


def _call(block: range) -> Any:
    return _work(block)
