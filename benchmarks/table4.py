"""Runs what is missing of Table 4, and writes docs/table4.md of what is there.

  make table4 ARGS=--mnist=mnist
      makes the dataset, trains and evaluates each cell's runs, as many at a
      time as there are cores, each with one thread; what was stopped goes on

  make table4 ARGS=--report
      only writes the table, of the results in docs/table4

  python -m benchmarks.table4 --mnist=mnist --columns=wgangp --sizes=k4
      some of it

A run's result is a small file of JSON in docs/table4, which stays when its run
folder goes, so that runs of several days and machines add up.
"""

import argparse
import concurrent.futures
import json
import os
import pathlib
import platform
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

import numpy as np

from pgan_tf.base import command_line, errors, files, flag_kinds, flag_parser
from pgan_tf.runs import folder as run_folder

ROOT = pathlib.Path(__file__).parent.parent
RESULTS = ROOT / "docs" / "table4"
PAGE = ROOT / "docs" / "table4.md"
SIZES = ("k4", "k2")
FIRST_SEED = 1000
# Modes and KL as published, with their deviations: of the first two columns
# those of Metz et al. 2017 (unrolled: five steps), of the others those of
# Karras et al. 2018, table 4.
PUBLISHED = {
    "gan": {"k4": (30.6, 20.7, 5.99, 0.42), "k2": (628.0, 140.9, 2.58, 0.75)},
    "unrolled": {
        "k4": (236.4, 63.3, 4.67, 0.43),
        "k2": (732.0, 45.0, 1.66, 0.09),
    },
    "wgangp": {
        "k4": (640.1, 136.3, 1.97, 0.70),
        "k2": (772.4, 146.5, 1.35, 0.55),
    },
    "norm": {"k4": (856.7, 50.4, 1.10, 0.19), "k2": (886.6, 58.5, 0.98, 0.33)},
    "mbstd": {"k4": (881.3, 39.2, 1.09, 0.10), "k2": (918.3, 30.2, 0.89, 0.21)},
    "progressive": {
        "k4": (859.5, 36.2, 1.05, 0.09),
        "k2": (919.8, 35.1, 0.82, 0.13),
    },
}
COLUMNS = tuple(PUBLISHED)
# In which order cells are run: what tells most comes first.
ORDER = ("wgangp", "progressive", "norm", "mbstd", "gan", "unrolled")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """From a command line, without the script's name, to values."""
    parser = flag_parser.Parser(
        "python -m benchmarks.table4", __doc__ or "", "make table4\n"
    )
    section = parser.section("flags")
    add = section.add
    add("mnist", "Folder of MNIST's four files.", flag_kinds.FOLDER)
    add("columns", "Which.", flag_kinds.WORDS, default=list(COLUMNS))
    add("sizes", "Of D: k4, k2.", flag_kinds.WORDS, default=list(SIZES))
    add("seeds", "Runs of each cell.", flag_kinds.POSITIVE, default=2)
    add(
        "jobs",
        "Runs at a time; default: one per core.",
        flag_kinds.POSITIVE,
    )
    add(
        "out_dir",
        "Folder of the dataset and the runs.",
        flag_kinds.FOLDER,
        default="runs/table4",
    )
    section.switch("report", "Run nothing, write the table.")
    return parser.parse(arguments)


def main(options: argparse.Namespace) -> None:
    """Runs what is missing, and writes the page."""
    for given, known, flag in (
        (options.columns, COLUMNS, "columns"),
        (options.sizes, SIZES, "sizes"),
    ):
        if unknown := sorted(set(given) - set(known)):
            raise errors.UserError(
                f"--{flag}: {', '.join(unknown)}: none of {', '.join(known)}"
            )
    if not options.report:
        run_missing(options)
    write(PAGE, page(read_results(RESULTS)))
    print(PAGE)


def cells(options: argparse.Namespace) -> list[tuple[str, str, int]]:
    """Column, size and seed of all runs asked for, in order."""
    return [
        (column, size, FIRST_SEED + i)
        for size in SIZES
        if size in options.sizes
        for i in range(options.seeds)
        for column in ORDER
        if column in options.columns
    ]


def result_path(column: str, size: str, seed: int) -> pathlib.Path:
    return RESULTS / f"{column}-{size}-{seed}.json"


def run_missing(options: argparse.Namespace) -> None:
    """Trains and evaluates the runs that have no result yet."""
    missing = [c for c in cells(options) if not result_path(*c).exists()]
    if not missing:
        return
    out_dir = pathlib.Path(options.out_dir).resolve()
    dataset = out_dir / "datasets" / "mnistrgb"
    make_dataset(options.mnist, dataset)
    jobs = options.jobs or os.cpu_count() or 1
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        waiting = [
            pool.submit(run_cell, out_dir, dataset, options.mnist, *cell)
            for cell in missing
        ]
        try:
            for done in concurrent.futures.as_completed(waiting):
                print(done.result(), flush=True)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def make_dataset(mnist: str | None, folder: pathlib.Path) -> None:
    """Stacked digits, if they are not there yet."""
    if (folder / "dataset.json").exists():
        return
    if not mnist:
        raise errors.UserError("--mnist is missing: give MNIST's folder")
    call(
        folder.parent / "mnistrgb.log",
        "dataset_tool.py",
        "create",
        "--source=mnistrgb",
        f"--source_dir={pathlib.Path(mnist).resolve()}",
        f"--out_dir={folder}",
    )


def run_cell(
    out_dir: pathlib.Path,
    dataset: pathlib.Path,
    mnist: str | None,
    column: str,
    size: str,
    seed: int,
) -> str:
    """Trains one run, or goes on, evaluates it, keeps its result; a line."""
    name = f"{column}-{size}-{seed}"
    run_dir = out_dir / name
    train = [
        "train.py",
        f"--flagfile=configs/modes-{column}-{size}.cfg",
        f"--data_dir={dataset}",
        f"--run_dir={run_dir}",
        f"--seed={seed}",
    ]
    evaluate = [
        "evaluate.py",
        f"--run_dir={run_dir}",
        "--metrics=modes256k",
        "--minibatch=256",
        "--batch_statistics",
        f"--seed={FIRST_SEED}",
    ]
    if mnist:
        evaluate.append(f"--mnist={pathlib.Path(mnist).resolve()}")
    log = out_dir / f"{name}.log"
    call(log, *train)
    if not run_folder.is_finished(run_dir):
        raise errors.UserError(f"{name} was stopped; the same command goes on")
    call(log, *evaluate)
    result = result_of(run_dir, column, size, seed)
    RESULTS.mkdir(parents=True, exist_ok=True)
    write(result_path(column, size, seed), json.dumps(result, indent=1) + "\n")
    return f"{name}: {result['modes']:.1f} modes, KL {result['kl']:.3f}"


def write(path: pathlib.Path, text: str) -> None:
    """All of a file or nothing."""
    with files.partial(path) as partial:
        partial.write_text(text, encoding="utf-8")


def call(log: pathlib.Path, script: str, *arguments: str) -> None:
    """Runs one of the scripts with one thread, its words going to a file.

    Raises:
        UserError: If it fails.
    """
    threads = {f"TF_NUM_{kind}_THREADS": "1" for kind in ("INTRAOP", "INTEROP")}
    log.parent.mkdir(parents=True, exist_ok=True)
    with open(log, "a", encoding="utf-8") as stream:
        done = subprocess.run(
            [sys.executable, script, *arguments],
            cwd=ROOT,
            env={**os.environ, **threads, "OMP_NUM_THREADS": "1"},
            stdout=stream,
            stderr=subprocess.STDOUT,
        )
    if done.returncode:
        raise errors.UserError(
            f"{script} failed with exit code {done.returncode}: see {log}"
        )


def result_of(
    run_dir: pathlib.Path, column: str, size: str, seed: int
) -> dict[str, Any]:
    """What the files of a finished run say."""
    lines = files.read_json_lines(run_dir / "metric-modes.jsonl")
    (last,) = [line for line in lines if line.get("kimg") is not None][-1:]
    (reals,) = [line for line in lines if line["row"] == "Reals"][-1:]
    ticks = files.read_json_lines(run_dir / "stats.jsonl")
    return {
        "column": column,
        "size": size,
        "seed": seed,
        "kimg": last["kimg"],
        "modes": last["value"],
        "modes_deviation_over_sets": last["spread"],
        "kl": last["levels"]["KL"],
        "kl_deviation_over_sets": last["levels"]["KL +-"],
        "images": last["num_fakes"],
        "statistics_of": last.get("statistics_of"),
        "classifier_error": last["classifier_error"],
        "classifier_sha256": last["classifier_sha256"],
        "reals_modes": reals["value"],
        "reals_kl": reals["levels"]["KL"],
        "training_seconds": round(ticks[-1]["seconds"]) if ticks else None,
        "machine": machine(),
        "versions": last["versions"],
        "time": last["time"],
    }


def machine() -> str:
    """The processor, for the table."""
    try:
        text = pathlib.Path("/proc/cpuinfo").read_text()
        names = [x for x in text.splitlines() if x.startswith("model name")]
        return f"{names[0].partition(':')[2].strip()}, one core"
    except (OSError, IndexError):
        return f"{platform.machine()}, one core"


def read_results(folder: pathlib.Path) -> list[dict[str, Any]]:
    """All results that are kept, by column, size and seed."""
    found = [json.loads(p.read_text()) for p in sorted(folder.glob("*.json"))]
    return sorted(
        found,
        key=lambda r: (COLUMNS.index(r["column"]), r["size"], r["seed"]),
    )


_HEAD = """# Table 4 of the paper: modes of stacked digits

Written by `make table4`. How many of 1000 modes, three stacked MNIST digits, a
generator covers that learns from a deliberately small D (K/4: 557 to 629
numbers, K/2: 1,833 to 1,961), and the KL divergence of their frequencies from
uniform ones. Protocol: Karras et al. 2018, appendix D: 10,000 kimg, the moving
average of G, ten sets of 25,600 images. Deviations are over seeds. Columns GAN
and unrolled are beside Metz et al. 2017, whose networks and length were others
(500,000 steps; ours end after 10,000 kimg too).
"""


def page(results: Sequence[dict[str, Any]]) -> str:
    """docs/table4.md."""
    lines = [_HEAD]
    for size in SIZES:
        lines += [
            f"## K/{size[1:]}",
            "",
            "| column | seeds | modes | published | KL | published |",
            "|---|---|---|---|---|---|",
        ]
        for column in COLUMNS:
            runs = [
                r for r in results if (r["column"], r["size"]) == (column, size)
            ]
            lines.append(row(column, size, runs))
        lines.append("")
    lines += runs_table(results)
    return "\n".join(lines).rstrip() + "\n"


def row(column: str, size: str, runs: Sequence[dict[str, Any]]) -> str:
    """A cell of the paper's table, ours beside the published."""
    modes, modes_std, kl, kl_std = PUBLISHED[column][size]
    ours = [spread([r[key] for r in runs], n) for key, n in _DIGITS.items()]
    return (
        f"| {column} | {len(runs)} | {ours[0]} | {modes} ± {modes_std} "
        f"| {ours[1]} | {kl:.2f} ± {kl_std:.2f} |"
    )


_DIGITS = {"modes": 1, "kl": 2}


def spread(values: Sequence[float], digits: int) -> str:
    """Mean ± deviation (of the sample) over seeds; of one seed no deviation."""
    if not values:
        return "not run"
    text = f"{np.mean(values):.{digits}f}"
    if len(values) > 1:
        text += f" ± {np.std(values, ddof=1):.{digits}f}"
    return text


def runs_table(results: Sequence[dict[str, Any]]) -> list[str]:
    """Each run with its command's flags, time and machine."""
    lines = [
        "## The runs",
        "",
        "Each is `python train.py --flagfile=configs/modes-<column>-<size>.cfg "
        f"--seed=<seed>` and `python evaluate.py --metrics=modes256k "
        f"--minibatch=256 --batch_statistics --seed={FIRST_SEED}`, with one "
        "thread.",
        "",
        "| run | seed | kimg | modes | KL | minutes | machine |",
        "|---|---|---|---|---|---|---|",
    ]
    for r in results:
        seconds = r.get("training_seconds")
        minutes = "" if seconds is None else f"{seconds / 60:.0f}"
        lines.append(
            f"| {r['column']}-{r['size']} | {r['seed']} | {r['kimg']} "
            f"| {r['modes']:.1f} | {r['kl']:.3f} | {minutes} | {r['machine']} |"
        )
    if not results:
        return [*lines, "", "None yet."]
    errs = sorted({r["classifier_error"] for r in results})
    shown = ", ".join(f"{100 * e:.2f} %" for e in errs)
    reals = results[-1]
    lines += [
        "",
        f"Reals: {reals['reals_modes']:.1f} modes, KL "
        f"{reals['reals_kl']:.4f}. The classifier errs at {shown} of MNIST's "
        "test digits.",
    ]
    return lines


if __name__ == "__main__":
    command_line.run(main, parse)
