"""The run folder: its layout and its configuration.

config.json                      every option of the run, and its own id
dataset.sha256                   which dataset it is trained on
log.txt  stats.jsonl             a line per tick, to read and to parse
tensorflow.log  evaluate.log     what TensorFlow had to say
report.html                      the run as a page, for any browser
state.json                       what the run is doing, and on what
tensorboard/                     event files; those of evaluate.py below it
reals.png  fakes<kimg>.png       picture grids; kimg has three decimals
network-snapshot-<kimg>.keras    Gs, for users
checkpoints/                     everything, for resuming
diagnostics/<nimg>/              the state in which a training had failed
metric-<name>.jsonl              what evaluate.py found
metric-<name>.txt                the same as a table
per-class-fid.jsonl              the same of single classes
"""

import json
import os
import pathlib
import re
import secrets
from typing import Any

from pgan_tf.base import boundary, errors, files
from pgan_tf.runs import flags as run_flags
from pgan_tf.runs import option_tree
from pgan_tf.runs.options import RunOptions
from pgan_tf.runs.schedule import Schedule

_CONFIG = "config.json"
_DIGEST = "dataset.sha256"
# In the first of them, beside the options.
_RUN_ID = "run_id"
# By the script.
_CHATTER = {"train": "tensorflow.log", "evaluate": "evaluate.log"}
# Earlier releases left the decimals out.
_FAKES = re.compile(r"fakes(\d+)(?:\.(\d{3}))?\.png")
_METRIC = re.compile(r"metric-[\w.-]+\.jsonl")
# What batch systems leave where they are started, and earlier releases.
_NO_CONTENT = re.compile(
    r".*\.(log|out|err)|.*\.[oe]\d+|partial-\d+-.*", re.DOTALL
)
_SNAPSHOT = re.compile(r"network-snapshot-(\d+)\.(?:keras|pkl)")
# Networks in files of their own; the second is NVIDIA's.
NETWORK_SUFFIXES = (".keras", ".pkl", ".pth", ".pt", ".bin", ".tar")


def snapshot_path(run_dir: pathlib.Path, nimg: int) -> pathlib.Path:
    """Where the snapshot taken after so many images lies."""
    return run_dir / f"network-snapshot-{nimg // 1000:06d}.keras"


def fakes_path(run_dir: pathlib.Path, nimg: int) -> pathlib.Path:
    """Where the picture grid taken after so many images lies.

    Such as fakes000018.016.png: ticks may be shorter than 1,000 images.
    """
    return run_dir / f"fakes{nimg // 1000:06d}.{nimg % 1000:03d}.png"


def list_fakes(run_dir: pathlib.Path) -> list[tuple[float, pathlib.Path]]:
    """(kimg, picture grid) of a run, earliest first."""
    return sorted(
        (int(match[1] + (match[2] or "000")) / 1000, path)
        for path in run_dir.glob("fakes*.png")
        if (match := _FAKES.fullmatch(path.name))
    )


def list_metrics(run_dir: pathlib.Path) -> list[pathlib.Path]:
    """The results of evaluate.py in a run folder, a file per metric."""
    return sorted(
        path
        for path in run_dir.glob("metric-*.jsonl")
        if _METRIC.fullmatch(path.name)
    )


def reals_path(run_dir: pathlib.Path) -> pathlib.Path:
    """The picture grid of reals."""
    return run_dir / "reals.png"


def log_path(run_dir: pathlib.Path) -> pathlib.Path:
    """The lines that the run has printed."""
    return run_dir / "log.txt"


def stats_path(run_dir: pathlib.Path) -> pathlib.Path:
    """What the run has reported, a JSON line per tick."""
    return run_dir / "stats.jsonl"


def read_ticks(run_dir: pathlib.Path) -> list[dict[str, Any]]:
    """What the run has reported of each tick so far, but damaged lines.

    Each tells its `nimg`, a whole number.
    """
    return [
        tick
        for tick in files.read_json_lines(stats_path(run_dir))
        if type(nimg := tick.get("nimg")) is int and 0 <= nimg < 1 << 63
    ]


def damage_of_stats(run_dir: pathlib.Path, num_ticks: int) -> str:
    """What is damaged of stats.jsonl; nothing, if only a kill tore its end.

    Args:
        run_dir: The run folder.
        num_ticks: How many `read_ticks` has found.
    """
    path = stats_path(run_dir)
    content = path.read_bytes() if path.exists() else b""
    *whole, _ = content.split(b"\n")
    count = sum(1 for line in whole if line) - num_ticks
    return f"{count} damaged" if count > 0 else ""


def tensorboard_path(run_dir: pathlib.Path) -> pathlib.Path:
    """Where TensorBoard's event files lie."""
    return run_dir / "tensorboard"


def evaluation_tensorboard_path(run_dir: pathlib.Path) -> pathlib.Path:
    """Where event files of evaluate.py lie: a run of their own below it.

    TensorBoard would stop reading the training's file at the sight of a newer
    one beside it.
    """
    return tensorboard_path(run_dir) / "evaluation"


def chatter_path(run_dir: pathlib.Path, script: str) -> pathlib.Path:
    """Where TensorFlow's own messages go, of train or evaluate."""
    return run_dir / _CHATTER[script]


def of_snapshot(path: pathlib.Path) -> pathlib.Path | None:
    """The run folder that a snapshot lies in, or that a path names, if any."""
    run_dir = path if path.is_dir() else path.parent
    return run_dir if (run_dir / _CONFIG).is_file() else None


def checkpoints_path(run_dir: pathlib.Path) -> pathlib.Path:
    """Where checkpoints lie."""
    return run_dir / "checkpoints"


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


def list_diagnostics(run_dir: pathlib.Path) -> list[pathlib.Path]:
    """The folders that failures of the training have left."""
    return sorted((run_dir / "diagnostics").glob("[0-9]*"))


def where(run_dir: pathlib.Path) -> list[str]:
    """Lines that say where the newest results of a run are."""
    lines = []
    if fakes := list_fakes(run_dir):
        lines.append(f"pictures     {fakes[-1][1]}")
    if report_path(run_dir).exists():
        lines.append(f"report       {report_path(run_dir)}")
    if tensorboard_path(run_dir).is_dir():
        lines.append(f"tensorboard  {tensorboard_path(run_dir)}")
    if metrics := list_metrics(run_dir):
        names = ", ".join(path.stem.removeprefix("metric-") for path in metrics)
        lines.append(f"metrics      {run_dir}/metric-*.jsonl: {names}")
    return lines


def list_snapshots(run_dir: str | os.PathLike[str]) -> list[pathlib.Path]:
    """The snapshots of a run, earliest first."""
    found = {
        kimg: path
        for path in pathlib.Path(run_dir).glob("network-snapshot-*.keras")
        if (kimg := kimg_of(path)) is not None
    }
    return [found[kimg] for kimg in sorted(found)]


def find_snapshot(path: str | os.PathLike[str]) -> pathlib.Path:
    """The file that is meant by a snapshot, or by a run folder: its latest.

    Raises:
        UserError: If there is none.
    """
    path = pathlib.Path(path)
    if path.is_dir():
        found = list_snapshots(path)
        if not found:
            raise errors.UserError(
                f"{path}: no snapshots in this folder "
                "(network-snapshot-*.keras)"
            )
        return found[-1]
    if not path.is_file():
        raise errors.UserError(f"{path}: no such snapshot")
    return path


def kimg_of(path: str | os.PathLike[str]) -> int | None:
    """The training time in a snapshot's name, in thousands of images.

    NVIDIA's files have the same names but for the suffix. None: another name.
    """
    match = _SNAPSHOT.fullmatch(pathlib.Path(path).name)
    return int(match[1]) if match else None


def title_of(name: str) -> str:
    """What people call a snapshot: "124 kimg", or its file's name."""
    kimg = kimg_of(name)
    return name if kimg is None else f"{kimg:,} kimg"


def is_begun(run_dir: pathlib.Path) -> bool:
    """Whether a run has begun there: both of its first files are written."""
    return all((run_dir / name).exists() for name in (_CONFIG, _DIGEST))


def is_foreign(run_dir: pathlib.Path) -> bool:
    """Whether a folder holds anything that a run would have to respect.

    What a failed start leaves is nothing of the kind, nor what a batch system
    or the system itself puts into any folder.
    """
    return any(
        file.name != _CONFIG
        and not files.is_partial(file.name)
        and not files.is_hidden(file.name)
        and not _NO_CONTENT.fullmatch(file.name)
        for file in run_dir.iterdir()
    )


def begin(run_dir: pathlib.Path, options: RunOptions, digest: str) -> None:
    """Makes the folder one of a run: its options, and its dataset's digest.

    A new run gets an id, by which its checkpoints are known.
    """
    is_new = not is_begun(run_dir)
    run_id = secrets.token_hex(16) if is_new else read_id(run_dir)
    tree = json.loads(run_flags.to_json(options))
    if run_id:
        tree = {_RUN_ID: run_id, **tree}
    with files.partial(run_dir / _CONFIG) as partial:
        partial.write_text(json.dumps(tree, indent=2) + "\n")
    with files.partial(run_dir / _DIGEST) as partial:
        partial.write_text(digest + "\n")


def read_dataset_digest(run_dir: pathlib.Path) -> str:
    """Which dataset a run began with."""
    return (run_dir / _DIGEST).read_text(errors="replace").strip()


def read_id(run_dir: pathlib.Path) -> str:
    """What tells a run from all others.

    Empty for one that has not begun, or that began ahead of such ids.
    """
    if not is_begun(run_dir):
        return ""
    return str(_read_tree(run_dir).get(_RUN_ID, ""))


def read_config(run_dir: str | os.PathLike[str]) -> RunOptions:
    """The options that a run was started with.

    Raises:
        UserError: If the folder is not that of a run.
    """
    path = pathlib.Path(run_dir) / _CONFIG
    tree = _read_tree(pathlib.Path(run_dir))
    tree.pop(_RUN_ID, None)
    with boundary.reading(path, "configuration of a run"):
        for name in ("data_dir", "resolution"):
            if name not in tree["data"]:
                raise ValueError(f"it lacks {name}")
        options = run_flags.from_tree(tree)
        try:
            option_tree.check_ranges(options)
        except errors.UserError as error:
            raise ValueError(str(error)) from None
        return options


def _read_tree(run_dir: pathlib.Path) -> dict[str, Any]:
    """What config.json holds."""
    path = run_dir / _CONFIG
    if not path.exists():
        raise errors.UserError(
            f"{run_dir}: not a run folder (it has no config.json); train.py "
            "makes one at --run_dir"
        )
    with boundary.reading(path, "configuration of a run"):
        tree = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(tree, dict):
            raise ValueError("it is no tree of options")
        return tree


def select_snapshots(run_dir: pathlib.Path, which: str) -> list[pathlib.Path]:
    """The snapshots that `--snapshot` names, earliest first.

    Args:
        run_dir: The run folder.
        which: "latest", "all", a kimg or a file, which may be anywhere.

    Raises:
        UserError: If there is none.
    """
    if which.endswith(NETWORK_SUFFIXES):
        if not pathlib.Path(which).is_file():
            raise errors.UserError(f"--snapshot={which}: no such snapshot")
        return [pathlib.Path(which)]
    known = list_snapshots(run_dir)
    if not known:
        raise errors.UserError(
            f"{run_dir} has no snapshots yet; train.py writes them"
        )
    if which in ("all", "latest"):
        return known if which == "all" else known[-1:]
    kimg = int(which) if which.isdecimal() else None
    chosen = [p for p in known if kimg_of(p) == kimg]
    if not chosen:
        kimgs = ", ".join(str(kimg_of(path)) for path in known)
        raise errors.UserError(
            f"--snapshot={which}: give latest, all, a file"
            f" ({' or '.join(NETWORK_SUFFIXES)}) or one of the run's kimg:"
            f" {kimgs}"
        )
    return chosen


def is_finished(run_dir: pathlib.Path) -> bool:
    """Whether the run has come to its --total_kimg and saved its networks.

    Both are asked anew each time, as a run may be continued with more.
    """
    total_kimg = Schedule.of_run(read_config(run_dir)).total_kimg
    ticks = read_ticks(run_dir)
    if not ticks:
        return False
    nimg = ticks[-1]["nimg"]
    return nimg >= 1000 * total_kimg and snapshot_path(run_dir, nimg).exists()
