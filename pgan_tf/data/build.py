"""`create`: a source's images into a dataset folder, by several processes.

The workers get stretches of records to make, and write them in place: record
lengths being known, every image has its position in the files beforehand. So
nothing but numbers passes between processes, memory stays bounded, and the
bytes do not depend on who was first.
"""

import concurrent.futures
import dataclasses
import datetime
import multiprocessing
import multiprocessing.connection
import os
import pathlib
import shutil
import signal
import threading
from concurrent.futures import process
from typing import Any

import numpy as np

import pgan_tf
from pgan_tf import errors
from pgan_tf.data import blocks, records, writing
from pgan_tf.data.sources import source

# The reference's exporter shuffles with this seed.
SHUFFLE_SEED = 123


@dataclasses.dataclass(frozen=True, eq=False)
class Job:
    """What a worker needs to know.

    Attributes:
        images: Where images and labels come from.
        order: Which image is at each position of the dataset, integers [N].
        plan: Where they go.
    """

    images: source.Source
    order: np.ndarray
    plan: writing.Plan

    def make(self, block: range) -> int:
        """Writes the records of a block; returns how many."""
        indices = self.order[block.start : block.stop].tolist()
        images = np.stack([self.images.image(each) for each in indices])
        labels = np.stack([self.images.label(each) for each in indices])
        writing.write(self.plan, block.start, images, labels)
        return len(indices)


def create(
    images: source.Source,
    out_dir: str | os.PathLike[str],
    how: dict[str, Any],
    num_images: int | None = None,
    shuffle: bool = True,
    num_workers: int = 1,
    overwrite: bool = False,
) -> None:
    """Builds a dataset.

    Args:
        images: The source.
        out_dir: The dataset folder, not there yet or an unfinished build.
        how: What the manifest says of the source.
        num_images: Use the first so many images of the source; None for all.
        shuffle: Store them in the reference's shuffled order.
        num_workers: Processes that decode and write.
        overwrite: Replace a finished dataset.

    Raises:
        UserError: The folder is in use, the disk too small, an image bad.
    """
    path = pathlib.Path(out_dir)
    count = min(len(images), num_images or len(images))
    order = np.arange(count)
    if shuffle:
        np.random.RandomState(SHUFFLE_SEED).shuffle(order)
    plan = writing.Plan(
        path,
        images.resolution,
        images.num_channels,
        count,
        len(images.label_names),
    )
    _clear(path, overwrite, plan.num_bytes())
    writing.begin(plan)
    _run(Job(images, order, plan), num_workers)
    names = list(images.label_names)
    manifest = {
        "labels": {
            "size": len(names),
            "names": names,
            "kind": images.label_kind,
        },
        "made_by": f"pgan_tf {pgan_tf.__version__}",
        "made_from": {
            **how,
            **images.options(),
            "shuffle": SHUFFLE_SEED if shuffle else None,
        },
        "created": datetime.date.today().isoformat(),
    }
    writing.finish(plan, manifest)


def _clear(path: pathlib.Path, overwrite: bool, needed: int) -> None:
    """Makes room for a new dataset: in the folder and on the disk."""
    if path.exists() and not path.is_dir():
        raise errors.UserError(f"--out_dir={path} is a file, not a folder")
    files = sorted(path.iterdir()) if path.exists() else []
    foreign = [file for file in files if not records.is_ours(file.name)]
    if foreign:
        raise errors.UserError(
            f"--out_dir={path} holds other files, such as {foreign[0].name}; "
            "choose a new folder"
        )
    is_finished = files and not any(
        file.name.endswith(records.PARTIAL) for file in files
    )
    if is_finished and not overwrite:
        raise errors.UserError(
            f"--out_dir={path} already holds a dataset; "
            "add --overwrite to replace it"
        )
    _check_space(path, needed, sum(file.stat().st_size for file in files))
    # The manifest goes first, so that what is left never looks whole.
    for file in sorted(files, key=lambda file: file.name != records.MANIFEST):
        file.unlink()


def _check_space(path: pathlib.Path, needed: int, reclaimed: int) -> None:
    existing = path.resolve()
    while not existing.exists():
        existing = existing.parent
    free = shutil.disk_usage(existing).free + reclaimed
    if needed > free:
        raise errors.UserError(
            f"not enough space for --out_dir={path}: the dataset takes "
            f"{needed / 1e9:.2f} GB, {free / 1e9:.2f} GB are free"
        )


def _run(job: Job, num_workers: int) -> None:
    """Does a job, task by task, with a progress bar."""
    total = job.plan.num_images
    tasks = blocks.split(total, job.plan.resolution**2 * job.plan.num_channels)
    with blocks.progress(total, job.plan.name) as bar:
        if num_workers == 1:
            for block in tasks:
                bar.update(job.make(block))
            return
        pool = concurrent.futures.ProcessPoolExecutor(
            min(num_workers, len(tasks)),
            # A fork would copy the locks of whatever threads are running.
            multiprocessing.get_context("spawn"),
            _start_worker,
            (job,),
        )
        try:
            futures = [pool.submit(_work, block) for block in tasks]
            for future in concurrent.futures.as_completed(futures):
                bar.update(future.result())
        except process.BrokenProcessPool as error:
            raise errors.UserError(
                "a worker process was killed, perhaps for lack of memory; "
                "try a smaller --workers"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


_job: Job  # of this worker process


def _start_worker(job: Job) -> None:
    """Prepares a worker: its job, and an end with its parent's end."""
    global _job
    _job = job
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent cleans up
    threading.Thread(target=_exit_with_parent, daemon=True).start()


def _exit_with_parent() -> None:
    """A worker must not write into the build that follows a killed one."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    multiprocessing.connection.wait([parent.sentinel])
    os._exit(1)


def _work(block: range) -> int:
    return _job.make(block)
