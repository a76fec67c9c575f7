"""Which snapshots of a run an evaluation takes."""

import pathlib

from pgan_tf import run_folder, schedule
from pgan_tf.base import errors, files

# Networks in files of their own; the second is NVIDIA's.
SUFFIXES = (".keras", ".pkl")


def select(run_dir: pathlib.Path, which: str) -> list[pathlib.Path]:
    """The snapshots that `--snapshot` names, earliest first.

    Args:
        run_dir: The run folder.
        which: "latest", "all", a kimg or a file, which may be anywhere.

    Raises:
        UserError: If there is none.
    """
    if which.endswith(SUFFIXES):
        if not pathlib.Path(which).is_file():
            raise errors.UserError(f"--snapshot={which}: no such snapshot")
        return [pathlib.Path(which)]
    known = run_folder.list_snapshots(run_dir)
    if not known:
        raise errors.UserError(
            f"{run_dir} has no snapshots yet; train.py writes them"
        )
    if which in ("all", "latest"):
        return known if which == "all" else known[-1:]
    kimg = int(which) if which.isdecimal() else None
    chosen = [p for p in known if run_folder.kimg_of(p) == kimg]
    if not chosen:
        kimgs = ", ".join(str(run_folder.kimg_of(path)) for path in known)
        raise errors.UserError(
            f"--snapshot={which}: give latest, all, a file"
            f" ({' or '.join(SUFFIXES)}) or one of the run's kimg: {kimgs}"
        )
    return chosen


def kimg_of(path: pathlib.Path) -> int | None:
    """The training time in a file's name, if it has one."""
    try:
        # NVIDIA's files have the same names but for the suffix.
        return run_folder.kimg_of(path.with_suffix(".keras"))
    except errors.UserError:
        return None


def is_finished(run_dir: pathlib.Path) -> bool:
    """Whether the run has come to its --total_kimg and saved its networks.

    Both are asked anew each time, as a run may be continued with more.
    """
    options = run_folder.read_config(run_dir)
    total = 1000 * schedule.total_kimg(
        options.schedule, options.data.resolution
    )
    ticks = files.read_json_lines(run_dir / "stats.jsonl")
    if not ticks:
        return False
    nimg = ticks[-1]["nimg"]
    return nimg >= total and run_folder.snapshot_path(run_dir, nimg).exists()
