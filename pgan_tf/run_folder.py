"""The run folder: its layout and its configuration.

config.json                      every option of the run
dataset.sha256                   which dataset it is trained on
log.txt  stats.jsonl             a line per tick, to read and to parse
tensorflow.log  evaluate.log     what TensorFlow had to say
report.html                      the run as a page, for any browser
tensorboard/                     event files; those of evaluate.py below it
reals.png  fakes<kimg>.png       picture grids
network-snapshot-<kimg>.keras    Gs, for users
checkpoints/                     everything, for resuming
diagnostics/<nimg>/              the state in which a training had failed
metric-<name>.jsonl              what evaluate.py found
metric-<name>.txt                the same as a table
per-class-fid.jsonl              the same of single classes
"""

import os
import pathlib
import re

from pgan_tf import config, config_forms
from pgan_tf.base import errors, files

_DIGEST = "dataset.sha256"
_SNAPSHOT = re.compile(r"network-snapshot-(\d+)\.keras")


def snapshot_path(run_dir: pathlib.Path, nimg: int) -> pathlib.Path:
    """Where the snapshot taken after so many images lies."""
    return run_dir / f"network-snapshot-{nimg // 1000:06d}.keras"


def fakes_path(run_dir: pathlib.Path, nimg: int) -> pathlib.Path:
    """Where the picture grid taken after so many images lies."""
    return run_dir / f"fakes{nimg // 1000:06d}.png"


def report_path(run_dir: pathlib.Path) -> pathlib.Path:
    """The page that shows the run."""
    return run_dir / "report.html"


def new_diagnostics_path(run_dir: pathlib.Path, nimg: int) -> pathlib.Path:
    """Where to leave the state in which the training has failed.

    It may fail after as many images again.
    """
    path = run_dir / "diagnostics" / str(nimg)
    times = 1
    while path.exists():
        times += 1
        path = path.with_name(f"{nimg}-{times}")
    return path


def where(run_dir: pathlib.Path) -> list[str]:
    """Lines that say where the newest results of a run are."""
    lines = []
    if fakes := sorted(run_dir.glob("fakes*.png")):
        lines.append(f"pictures     {fakes[-1]}")
    if report_path(run_dir).exists():
        lines.append(f"report       {report_path(run_dir)}")
    if (run_dir / "tensorboard").is_dir():
        lines.append(f"tensorboard  {run_dir / 'tensorboard'}")
    if metrics := sorted(run_dir.glob("metric-*.jsonl")):
        lines.append(f"metrics      {', '.join(map(str, metrics))}")
    return lines


def list_snapshots(run_dir: str | os.PathLike[str]) -> list[pathlib.Path]:
    """The snapshots of a run, earliest first."""
    found = pathlib.Path(run_dir).glob("network-snapshot-*.keras")
    return sorted(
        (p for p in found if _SNAPSHOT.fullmatch(p.name)), key=kimg_of
    )


def kimg_of(path: str | os.PathLike[str]) -> int:
    """The training time in a snapshot's name, in thousands of images."""
    match = _SNAPSHOT.fullmatch(pathlib.Path(path).name)
    if match is None:
        raise errors.UserError(
            f"{path}: not named like network-snapshot-<kimg>.keras"
        )
    return int(match[1])


def is_begun(run_dir: pathlib.Path) -> bool:
    """Whether a run has begun there: both of its first files are written."""
    return all((run_dir / name).exists() for name in ("config.json", _DIGEST))


def is_foreign(run_dir: pathlib.Path) -> bool:
    """Whether a folder holds anything but what a failed start leaves."""
    leftovers = ("config.json", "tensorflow.log", "evaluate.log")
    return any(
        file.name not in leftovers and not file.name.startswith("partial-")
        for file in run_dir.iterdir()
    )


def begin(
    run_dir: pathlib.Path, options: config.RunConfig, digest: str
) -> None:
    """Makes the folder one of a run: its options, and its dataset's digest."""
    with files.partial(run_dir / "config.json") as partial:
        partial.write_text(config_forms.to_json(options))
    with files.partial(run_dir / _DIGEST) as partial:
        partial.write_text(digest + "\n")


def read_dataset_digest(run_dir: pathlib.Path) -> str:
    """Which dataset a run began with."""
    return (run_dir / _DIGEST).read_text().strip()


def read_config(run_dir: str | os.PathLike[str]) -> config.RunConfig:
    """The options that a run was started with.

    Raises:
        UserError: If the folder is not that of a run.
    """
    path = pathlib.Path(run_dir) / "config.json"
    try:
        return config_forms.from_json(path.read_text())
    except FileNotFoundError:
        raise errors.UserError(
            f"{run_dir}: not a run folder (it has no config.json); train.py "
            "makes one at --run_dir"
        ) from None
    except ValueError as error:
        raise errors.UserError(
            f"{path}: not the configuration of a run: {error}"
        ) from error
