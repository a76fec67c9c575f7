"""`create`: a source's images into a dataset folder, by several processes.

The workers get stretches of records to make, and write them in place: record
lengths being known, every image has its position in the files beforehand. So
nothing but numbers passes between processes, memory stays bounded, and the
bytes do not depend on who was first, nor on how often the build was killed.
"""

import datetime
import os
import pathlib
import shutil
import sys
from typing import Any

import numpy as np

from pgan_tf.base import errors, files, locks, text, version
from pgan_tf.data import blocks, jobs, journal, parallel
from pgan_tf.data.format import file_names, writing
from pgan_tf.data.sources import source

# The reference's exporter shuffles with this seed.
SHUFFLE_SEED = 123


def create(
    images: source.Source,
    out_dir: str | os.PathLike[str],
    how: dict[str, Any],
    num_images: int | None = None,
    shuffle: bool = True,
    num_workers: int = 1,
    overwrite: bool = False,
    skip_bad: bool = False,
    num_shards: int = 1,
) -> None:
    """Builds a dataset, or continues the same build where it was killed.

    Args:
        images: The source.
        out_dir: The dataset folder, not there yet or an unfinished build.
        how: What the manifest says of the source.
        num_images: Use the first so many images of the source; None for all.
        shuffle: Store them in the reference's shuffled order.
        num_workers: Processes that decode and write.
        overwrite: Replace a finished dataset.
        skip_bad: Do without images that cannot be used. All are decoded once
            more to know them beforehand.
        num_shards: Files per level.

    Raises:
        BadImage: An image cannot be used, and `skip_bad` is off.
        UserError: The folder is in use, or the disk too small.
    """
    count = min(len(images), num_images or len(images))
    bad = _survey(images, count, num_workers) if skip_bad else {}
    order = np.setdiff1d(np.arange(count), list(bad))
    if shuffle:
        np.random.RandomState(SHUFFLE_SEED).shuffle(order)
    if num_shards > len(order):
        raise errors.UserError(
            f"--num_shards={num_shards} is more than the {len(order)} images"
        )
    target = writing.Target(
        pathlib.Path(out_dir),
        images.resolution,
        images.num_channels,
        len(order),
        len(images.label_names),
        num_shards,
    )
    manifest = _origin(images, how, SHUFFLE_SEED if shuffle else None)
    if isinstance(images, source.Telling) and images.remarks():
        manifest["remarks"] = images.remarks()
    if bad:
        manifest["skipped"] = list(bad.values())
    with locks.hold(target.path, "--out_dir", "create"):
        counts = _write(jobs.Job(images, order, target), num_workers, overwrite)
        if isinstance(images, source.Checked):
            manifest["num_exact"] = counts.num_exact
        if counts.num_enlarged:
            manifest["num_enlarged"] = counts.num_enlarged
        writing.finish(target, manifest)


def _origin(
    images: source.Source, how: dict[str, Any], shuffle_seed: int | None
) -> dict[str, Any]:
    """What the manifest says of a dataset's origin."""
    names = list(images.label_names)
    return {
        "labels": {
            "size": len(names),
            "names": names,
            "kind": images.label_kind,
        },
        "made_by": f"pgan_tf {version.VERSION}",
        "made_from": {**how, **images.options(), "shuffle": shuffle_seed},
        "created": datetime.date.today().isoformat(),
    }


def _write(job: jobs.Job, num_workers: int, overwrite: bool) -> blocks.Counts:
    """Writes what is not written yet; returns what was counted of all."""
    target = job.target
    log = journal.Journal(
        target, journal.identify(job.images, job.order, target)
    )
    if log.can_continue():
        found = sum(map(len, log.done))
        print(f"continuing after {found} images", file=sys.stderr)
    else:
        if log.differs:
            print(
                f"beginning anew: the unfinished build in {target.path} "
                f"{log.differs}",
                file=sys.stderr,
            )
        _clear(target.path, overwrite, target.num_bytes())
        writing.begin(target)
        log.begin()
    tasks = jobs.blocks_of(job.images, target.num_images)
    tasks = [block for block in tasks if block not in log.done]
    try:
        parallel.run(
            job.make,
            tasks,
            log.add,
            num_workers,
            f"{target.name}, {text.size(target.num_bytes())}",
        )
    finally:
        # An image that stops the build need not cost what others have.
        log.flush()
    return blocks.Counts(*map(sum, zip(*log.done.values(), strict=True)))


def _clear(path: pathlib.Path, overwrite: bool, needed: int) -> None:
    """Makes room for a new dataset: in the folder and on the disk."""
    # What a system left there, or a lock, stays there.
    held = sorted(
        file
        for file in path.iterdir()
        if file_names.is_ours(file.name) or not files.is_hidden(file.name)
    )
    foreign = [file for file in held if not file_names.is_ours(file.name)]
    if foreign:
        raise errors.UserError(
            f"--out_dir={path} holds other files, such as {foreign[0].name}; "
            "choose a new folder"
        )
    is_finished = held and not any(
        file_names.is_partial(file.name) for file in held
    )
    if is_finished and not overwrite:
        raise errors.UserError(
            f"--out_dir={path} already holds a dataset; "
            "add --overwrite to replace it"
        )
    _check_space(path, needed, sum(file.stat().st_size for file in held))
    # The manifest goes first, so that what is left never looks whole.
    for file in sorted(held, key=lambda file: file.name != file_names.MANIFEST):
        file.unlink()


def _check_space(path: pathlib.Path, needed: int, reclaimed: int) -> None:
    free = shutil.disk_usage(path).free + reclaimed
    if needed > free:
        raise errors.UserError(
            f"not enough space for --out_dir={path}: the dataset takes "
            f"{text.size(needed)}, {text.size(free)} are free"
        )


def _survey(
    images: source.Source, count: int, num_workers: int
) -> dict[int, str]:
    """What is wrong with the first `count` images, by index."""
    bad: dict[int, str] = {}
    parallel.run(
        jobs.Survey(images).check,
        jobs.blocks_of(images, count),
        lambda _, found: bad.update(found),
        num_workers,
        "checking",
    )
    if len(bad) == count:
        raise errors.UserError(
            f"none of the {count} images can be used: {bad[0]}"
        )
    return dict(sorted(bad.items()))
