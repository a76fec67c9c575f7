"""The kinds of files in a run folder that are read again."""

import functools
import json
import pathlib

import numpy as np

from pgan_tf.base import images
from pgan_tf.commands.generate import training_video
from pgan_tf.evaluation import result_files
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs import report
from pgan_tf.runs.options import DataOptions, RunOptions
from tests.fuzz.trials import Kind

TICK = {
    "tick": 1,
    "seconds": 10.5,
    "resolution": 4,
    "lod": 1.0,
    "images_per_sec": 100.0,
    "G_loss": 0.5,
    "G_lrate": 0.001,
}
RESULT = {
    "metric": "fid",
    "label": "FID",
    "value": 7.25,
    "spread": None,
    "levels": {},
    "headline": None,
    "row": "a.keras",
    "kimg": 1,
    "seed": 3,
}


def write_run(name: str, folder: pathlib.Path) -> pathlib.Path:
    """A small run; the file of that name is to be changed."""
    run_dir = folder / "run"
    run_dir.mkdir()
    options = RunOptions(run_dir="runs/it", data=DataOptions(resolution=8))
    run_folder.begin(run_dir, options, "digest")
    ticks = [{**TICK, "nimg": nimg} for nimg in (1000, 2000, 3000)]
    results = [{**RESULT, "kimg": kimg} for kimg in (1, 2)]
    for path, lines in (
        (run_folder.stats_path(run_dir), ticks),
        (run_dir / "metric-fid.jsonl", results),
    ):
        path.write_text("".join(json.dumps(line) + "\n" for line in lines))
    for nimg in (1000, 2000):
        grid = np.full((16, 32, 3), nimg // 20, np.uint8)
        images.save_png(run_folder.fakes_path(run_dir, nimg), grid)
    images.save_png(run_folder.reals_path(run_dir), grid)
    return run_dir / name


def read_run(folder: pathlib.Path) -> None:
    run_dir = folder / "run"
    run_folder.read_config(run_dir)
    run_folder.is_finished(run_dir)
    report.write(run_dir)
    training_video.read_stages(run_dir)
    book = result_files.ResultFiles(run_dir)
    book.find("fid", {"row": "a.keras", "seed": 3})


def read_video(folder: pathlib.Path) -> None:
    read_run(folder)
    for _, path in training_video.list_grids(folder / "run"):
        training_video.read(path)


def of_run(name: str) -> Kind:
    return Kind(functools.partial(write_run, name), read_run, ("run",))


KINDS = {
    "run_config": of_run("config.json"),
    "run_results": of_run("metric-fid.jsonl"),
    "run_stats": of_run("stats.jsonl"),
    "run_picture": Kind(
        functools.partial(write_run, "fakes000001.000.png"),
        read_video,
        ("fakes000001.000.png",),
    ),
}
