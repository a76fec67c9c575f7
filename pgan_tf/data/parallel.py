"""Blocks of images through several processes, with a progress bar."""

import concurrent.futures
import multiprocessing
import multiprocessing.connection
import os
import signal
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import process
from typing import Any, TypeVar

from pgan_tf import errors
from pgan_tf.data import blocks

_Result = TypeVar("_Result")


def run(
    work: Callable[[range], _Result],
    tasks: Sequence[range],
    done: Callable[[range, _Result], None],
    num_workers: int,
    name: str,
) -> None:
    """Calls `done(block, work(block))` for each block, in any order.

    Args:
        work: Runs in the workers, to which it travels by pickling.
        tasks: The blocks.
        done: Runs here.
        num_workers: Processes; with 1 the work is done here.
        name: For the bar.

    Raises:
        UserError: A worker was killed.
    """
    with blocks.progress(sum(map(len, tasks)), name) as bar:
        if num_workers == 1:
            for block in tasks:
                done(block, work(block))
                bar.update(len(block))
            return
        pool = concurrent.futures.ProcessPoolExecutor(
            max(1, min(num_workers, len(tasks))),
            # A fork would copy the locks of whatever threads are running.
            multiprocessing.get_context("spawn"),
            _start_worker,
            (work,),
        )
        try:
            futures = {pool.submit(_call, block): block for block in tasks}
            for future in concurrent.futures.as_completed(futures):
                done(futures[future], future.result())
                bar.update(len(futures[future]))
        except process.BrokenProcessPool as error:
            raise errors.UserError(
                "a worker process was killed, perhaps for lack of memory; "
                "try a smaller --workers"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


_work: Callable[[range], Any]  # of this worker process


def _start_worker(work: Callable[[range], Any]) -> None:
    """Prepares a worker: its work, and an end with its parent's end."""
    global _work
    _work = work
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
