"""How fast `dataset_tool.py create` is beside a plain loop.

  python -m benchmarks.data
  python -m benchmarks.data --images=2000 --rounds=3 --json

Makes datasets of JPEG files of 64x64 pixels, and of 178x218 with CelebA's crop
of 128x128, by the loop (`plain_loop`), by `create` in one process and in one
per core, by turns. The files are drawn faces with some noise, about as long as
CelebA's. Prints images per second (the median of the rounds), how many times
that of the loop (the median of the rounds, and the extremes), and the same for
seconds of processor time, which other work on the machine disturbs less.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import resource
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from PIL import Image

from pgan_tf.base import command_line, flag_kinds, flag_parser
from pgan_tf.data import build
from pgan_tf.data.sources import celeba, pictures
from pgan_tf.data.sources.drawn_faces import faces

_DISTINCT = 500  # faces; drawing one takes longer than all else
_NOISE = 4.0  # standard deviation, of 255
_QUALITY = 75


@dataclasses.dataclass(frozen=True)
class Case:
    """A kind of JPEG files and what is made of them."""

    name: str
    width: int
    height: int
    crop: tuple[slice, slice]  # rows, columns

    def source(self, folder: pathlib.Path) -> Any:
        """What `create` reads the files with."""
        side = self.crop[0].stop - self.crop[0].start
        if self.width == self.height:
            return pictures.Pictures(folder, side)
        return celeba.CelebA(folder, side)


CASES = (
    Case("64x64", 64, 64, (slice(0, 64), slice(0, 64))),
    Case("178x218", 178, 218, (slice(57, 185), slice(25, 153))),
)


def write_photos(folder: pathlib.Path, case: Case, count: int) -> None:
    """Fills a new folder with JPEG files."""
    folder.mkdir()
    side = max(case.width, case.height)
    side = 1 << (side - 1).bit_length()
    drawn = faces.Faces(side, count, seed=0)
    rng = np.random.default_rng(0)
    top, left = (side - case.height) // 2, (side - case.width) // 2
    rows = slice(top, top + case.height)
    columns = slice(left, left + case.width)
    for index in range(count):
        file = folder / f"{index:06d}.jpg"
        if index >= _DISTINCT:
            shutil.copy(folder / f"{index % _DISTINCT:06d}.jpg", file)
            continue
        face = drawn.image(index)[rows, columns]
        noise = rng.normal(0, _NOISE, (*face.shape[:2], 1))
        pixels = np.clip(face + noise, 0, 255).astype(np.uint8)
        Image.fromarray(pixels).save(file, quality=_QUALITY)


def measure(work: Callable[[], object]) -> dict[str, float]:
    """Seconds that some work takes: on the clock, and of processors."""
    before, start = _processor_seconds(), time.perf_counter()
    work()
    seconds = time.perf_counter() - start
    return {"clock": seconds, "processor": _processor_seconds() - before}


def _processor_seconds() -> float:
    """What this process and its ended children have used."""
    usages = map(
        resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


def run_case(
    case: Case, folder: pathlib.Path, workers: int, rounds: int
) -> dict[str, list[dict[str, float]]]:
    """Seconds of each way, for each round."""
    from benchmarks import plain_loop  # the workers need no TensorFlow

    files = sorted((folder / "photos").iterdir())
    out = folder / "out"

    def loop() -> None:
        plain_loop.create(files, out, case.crop)

    def tool(num_workers: int) -> None:
        source = case.source(folder / "photos")
        build.create(source, out, {}, shuffle=False, num_workers=num_workers)

    ways: dict[str, Callable[[], object]] = {
        "loop": loop,
        "create, 1 worker": lambda: tool(1),
        f"create, {workers} workers": lambda: tool(workers),
    }
    times: dict[str, list[dict[str, float]]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, work in ways.items():
            times[name].append(measure(work))
            shutil.rmtree(out)
    return times


def summarize(
    case: Case, times: dict[str, list[dict[str, float]]], count: int
) -> list[dict[str, Any]]:
    """A row for each way: rates, and how many times the loop's they are."""
    rows = []
    for name, rounds in times.items():
        row: dict[str, Any] = {"source": case.name, "way": name}
        row["images_per_second"] = round(
            count / np.median([each["clock"] for each in rounds])
        )
        for kind in ("clock", "processor"):
            ratios = [
                loop[kind] / each[kind]
                for loop, each in zip(times["loop"], rounds, strict=True)
            ]
            row[f"times_loop_{kind}"] = [
                round(float(value), 2)
                for value in (np.median(ratios), min(ratios), max(ratios))
            ]
        rows.append(row)
    return rows


def show(row: dict[str, Any]) -> str:
    """A row as a line of a table."""
    clock, processor = (
        "{:.2f} ({:.2f} to {:.2f})".format(*row[f"times_loop_{kind}"])
        for kind in ("clock", "processor")
    )
    return (
        f"{row['source']:<9}{row['way']:<19}{row['images_per_second']:>6} "
        f"  {clock:<22}{processor}"
    )


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """From a command line, without the script's name, to values."""
    parser = flag_parser.Parser(
        "python -m benchmarks.data", __doc__ or "", "make bench-data\n"
    )
    section = parser.section("flags")
    section.add(
        "images",
        "Files of either size.",
        flag_kinds.POSITIVE,
        default=20_000,
    )
    section.add(
        "rounds",
        "How often each is measured.",
        flag_kinds.POSITIVE,
        default=5,
    )
    section.add(
        "dir",
        "Where to work; default: where temporary files go.",
        flag_kinds.FOLDER,
    )
    section.switch("json", "Print JSON lines.")
    return parser.parse(arguments)


def main(options: argparse.Namespace) -> None:
    """Measures and prints."""
    workers = len(os.sched_getaffinity(0))
    if not options.json:
        print(
            f"{'JPEG':<9}{'way':<19}{'img/s':>6}   {'times the loop':<22}"
            "the same, processor time"
        )
    for case in CASES:
        with tempfile.TemporaryDirectory(dir=options.dir) as name:
            folder = pathlib.Path(name)
            write_photos(folder / "photos", case, options.images)
            times = run_case(case, folder, workers, options.rounds)
        for row in summarize(case, times, options.images):
            print(json.dumps(row) if options.json else show(row), flush=True)
    print(f"load of the machine: {os.getloadavg()}", file=sys.stderr)


if __name__ == "__main__":
    command_line.run(main, parse)
