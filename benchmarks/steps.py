"""How fast training steps are, beside the machine's limit.

  make bench
      every resolution from 4x4 to 128x128, settled and halfway through its
      fade-in, in float32 and bfloat16; the table in docs/performance.md anew

  python -m benchmarks.steps --resolutions=16,32 --precision=float32 --json
      some of them, as JSON lines

  python -m benchmarks.steps --resolutions=32 --fade=0 --profile=traces
      and where the time goes: a table per operation, and TensorBoard's trace

Each row is measured in a process of its own, in rounds of a plain convolution
and training steps by turns, so that other work on the machine disturbs both.
The limit is what that convolution reaches in the same precision.
"""

import argparse
import concurrent.futures
import dataclasses
import json
import multiprocessing
import os
import pathlib
import platform
import statistics
import sys
from collections.abc import Iterator, Sequence
from importlib import metadata
from typing import Any

from pgan_tf.base import (
    command_line,
    errors,
    files,
    flag_kinds,
    flag_parser,
    resolutions,
    text,
)
from pgan_tf.networks import cost
from pgan_tf.networks.progressive import cost as progressive_cost
from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.runs.options import (
    PRECISIONS,
    DataOptions,
    OptimizerOptions,
    RunOptions,
    ScheduleOptions,
)
from pgan_tf.runs.schedule import Stage

_CHANNELS = 3
# Instructions that decide the speed of convolutions on a CPU.
_INSTRUCTIONS = ("avx2", "avx512f", "avx512_bf16", "amx_bf16")
BEGIN, END = "<!-- bench: begin -->", "<!-- bench: end -->"

_TITLES = (
    "size|precision|stage|images/s|GMAC/iteration|GMAC/s|share of peak"
    "|first call|memory"
).split("|")


@dataclasses.dataclass(frozen=True)
class Case:
    """What to measure.

    Attributes:
        resolution: In pixels; the networks end there.
        precision: float32, bfloat16 or float16.
        fade: Weight of the new layers while fading in; 0: settled.
        minibatch: Images per step.
        fmap_base, fmap_max: Widths of the networks.
        rounds: How often.
        trace_dir: Where a profile goes; empty: none is made.
    """

    resolution: int
    precision: str
    fade: float
    minibatch: int
    fmap_base: int
    fmap_max: int
    rounds: int = 3
    trace_dir: str = ""

    @property
    def name(self) -> str:
        """Such as 32x32-float32-settled."""
        return f"{self.resolution}x{self.resolution}-{self.precision}-" + (
            f"fade{self.fade:g}" if self.fade else "settled"
        )

    def options(self) -> RunOptions:
        """As of a training that ends at this resolution."""
        latent_size = min(self.fmap_base, self.fmap_max)
        return RunOptions(
            data=DataOptions(resolution=self.resolution, max_label_size=0),
            networks=ProgressiveOptions(
                fmap_base=self.fmap_base,
                fmap_max=self.fmap_max,
                latent_size=latent_size,
            ),
            optimizer=OptimizerOptions(precision=self.precision),
            schedule=ScheduleOptions(minibatch_base=self.minibatch),
        )

    def stage(self) -> Stage:
        """This resolution, settled or so far faded in."""
        return Stage(
            lod=1.0 - self.fade if self.fade else 0.0,
            resolution=self.resolution,
            minibatch=self.minibatch,
            g_lrate=0.001,
            d_lrate=0.001,
            tick_kimg=1.0,
        )

    def macs(self) -> int:
        """Multiplications of an iteration."""
        options = self.options()
        shape = progressive_cost.ProgressiveCost(options.networks, _CHANNELS)
        fading = bool(self.fade)
        return cost.iteration_macs(
            shape, self.resolution, self.minibatch, fading=fading
        )


@dataclasses.dataclass(frozen=True)
class Row:
    """What was measured of a case: medians of the rounds.

    Attributes:
        resolution, precision, fade: Of the case.
        images_per_sec: Reals shown to D per second.
        gmac_per_iteration: Multiplications of a D and a G step, in 10^9.
        gmac_per_sec: What that comes to.
        peak_gmac_per_sec: Of a plain convolution.
        share_of_peak: The one over the other.
        lowest_share, highest_share: Of the rounds.
        first_call_seconds: Compilation, and the first iterations.
        peak_memory_mb: Of the whole process, or of the GPU.
        device: CPU, or the name of the GPU.
    """

    resolution: int
    precision: str
    fade: float
    images_per_sec: float
    gmac_per_iteration: float
    gmac_per_sec: float
    peak_gmac_per_sec: float
    share_of_peak: float
    lowest_share: float
    highest_share: float
    first_call_seconds: float
    peak_memory_mb: float
    device: str

    def cells(self) -> list[str]:
        """A line of the table."""
        return [
            f"{self.resolution}x{self.resolution}",
            self.precision,
            f"alpha {self.fade:g}" if self.fade else "settled",
            f"{self.images_per_sec:.1f}",
            f"{self.gmac_per_iteration:.1f}",
            f"{self.gmac_per_sec:.0f}",
            f"{self.share_of_peak:.0%} "
            f"({self.lowest_share:.0%} to {self.highest_share:.0%})",
            f"{self.first_call_seconds:.1f} s",
            f"{self.peak_memory_mb:.0f} MiB",
        ]


def measure(case: Case) -> Row:
    """Measures a case in this process."""
    from benchmarks import peak as convolution
    from pgan_tf.base import devices
    from pgan_tf.training import probe, state

    # TensorFlow's notes of a start are not the user's.
    with command_line.chatter_to(os.devnull):
        strategy = devices.make_strategy("")
        nets = state.make_networks(case.options(), _CHANNELS, strategy)
        trial = probe.Trial(case.options(), nets, strategy, case.stage())
        memory = devices.peak_memory_mb()
        rounds = [
            (
                convolution.convolution_peak(case.precision),
                trial.images_per_sec(),
            )
            for _ in range(case.rounds)
        ]
        if case.trace_dir:
            _profile(trial, case)
        device = devices.describe()
    gmac = case.macs() / 1e9
    speed = statistics.median(speed for _, speed in rounds)
    peak = statistics.median(peak for peak, _ in rounds)
    shares = [s / case.minibatch * gmac / peak for peak, s in rounds]
    return Row(
        resolution=case.resolution,
        precision=case.precision,
        fade=case.fade,
        images_per_sec=round(speed, 2),
        gmac_per_iteration=round(gmac, 3),
        gmac_per_sec=round(speed / case.minibatch * gmac, 2),
        peak_gmac_per_sec=round(peak, 2),
        share_of_peak=round(statistics.median(shares), 4),
        lowest_share=round(min(shares), 4),
        highest_share=round(max(shares), 4),
        first_call_seconds=round(trial.first_call_seconds, 2),
        peak_memory_mb=memory,
        device=device,
    )


def _profile(trial: Any, case: Case) -> None:
    """Leaves a trace of a few calls, and a table of what they did."""
    from benchmarks import op_times

    calls = 4
    folder = pathlib.Path(case.trace_dir) / case.name
    folder.mkdir(parents=True, exist_ok=True)

    def run() -> None:
        for index in range(calls):
            trial.run(index)

    times = op_times.measure(run, folder)
    iterations = calls * trial.nimg // case.minibatch
    with files.partial(folder / "operations.txt") as path:
        path.write_text(op_times.table(times, iterations))


def rows(cases: Sequence[Case]) -> Iterator[Row]:
    """Measures each case, in a process of its own.

    Raises:
        UserError: If such a process dies.
    """
    for case in cases:
        with concurrent.futures.ProcessPoolExecutor(
            max_workers=1, mp_context=multiprocessing.get_context("spawn")
        ) as executor:
            try:
                yield executor.submit(measure, case).result()
            except concurrent.futures.process.BrokenProcessPool as error:
                raise errors.UserError(
                    f"the process that measured {case.name} died, likely for "
                    "want of memory: leave it out of --resolutions, or lower "
                    "--minibatch or --fmap_max"
                ) from error


def cases_of(options: argparse.Namespace) -> list[Case]:
    """What the flags ask for; 4x4 has nothing to fade in from.

    Raises:
        UserError: For a resolution, precision or weight that there is not.
    """
    sizes = _parsed("resolutions", options.resolutions, int)
    for r in sizes:
        if not resolutions.is_one(r) or options.fmap_base < r // 2:
            raise errors.UserError(
                f"--resolutions: {r} is not a power of two from 4 to twice "
                f"--fmap_base={options.fmap_base}"
            )
    fades = _parsed("fade", options.fade, float)
    for fade in fades:
        if not 0 <= fade < 1:
            raise errors.UserError(f"--fade: {fade:g} is not in [0, 1)")
    for precision in options.precision:
        if precision not in PRECISIONS:
            raise errors.UserError(
                f"--precision: {precision} is none of {', '.join(PRECISIONS)}"
            )
    return [
        Case(
            resolution,
            precision,
            fade,
            options.minibatch,
            options.fmap_base,
            options.fmap_max,
            options.rounds,
            options.profile,
        )
        for precision in options.precision
        for resolution in sizes
        for fade in fades
        if resolution > 4 or not fade
    ]


def _parsed(name: str, values: Sequence[str], kind: type) -> list[Any]:
    try:
        return [kind(value) for value in values]
    except ValueError:
        raise errors.UserError(
            f"--{name}={','.join(values)} is not a list of numbers"
        ) from None


def machine(found: Sequence[Row]) -> str:
    """The machine that the rows were measured on, without its name."""
    cores = len(os.sched_getaffinity(0))
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    info = pathlib.Path("/proc/cpuinfo")
    words = info.read_text().split() if info.exists() else []
    known = [name for name in _INSTRUCTIONS if name in words]
    peaks = {row.precision: row.peak_gmac_per_sec for row in found}
    return "; ".join(
        [
            f"{found[0].device}, {cores} cores ({', '.join(known)}), "
            f"{text.size(memory)} of memory",
            f"TensorFlow {metadata.version('tensorflow')}, Keras "
            f"{metadata.version('keras')}, Python {platform.python_version()}",
            *(f"{name} peak {peak:.0f} GMAC/s" for name, peak in peaks.items()),
        ]
    )


def markdown(found: Sequence[Row]) -> str:
    """The machine and the table, for docs/performance.md."""
    lines = [_TITLES, ["---"] * len(_TITLES), *(row.cells() for row in found)]
    table = "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
    return f"{machine(found)}.\n\n{table}\n"


def write_between(path: pathlib.Path, body: str) -> None:
    """Replaces what a document has between the two marks of this table.

    Raises:
        UserError: If it lacks them.
    """
    before, begin, rest = path.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not (begin and end):
        raise errors.UserError(f"--doc={path} has no {BEGIN} and {END}")
    with files.partial(path) as new:
        new.write_text(f"{before}{BEGIN}\n{body}{END}{after}")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """From a command line, without the script's name, to values."""
    parser = flag_parser.Parser(
        "python -m benchmarks.steps", __doc__ or "", "make bench\n"
    )
    add = parser.section("what to measure").add

    def numbers(name: str, default: int, help: str) -> None:
        add(name, help, flag_kinds.POSITIVE, default=default)

    def words(name: str, default: str, help: str) -> None:
        add(name, help, flag_kinds.WORDS, default=default)

    words("resolutions", "4,8,16,32,64,128", "In pixels.")
    numbers("minibatch", 16, "Images per step.")
    numbers("fmap_base", 1024, "Of the widths.")
    numbers("fmap_max", 128, "Greatest width.")
    words("precision", "float32,bfloat16", "float32, bfloat16, float16.")
    words("fade", "0,0.5", "Weights of the new layers; 0: settled.")
    numbers("rounds", 3, "How often to measure each.")
    section = parser.section("what to write")
    section.switch("json", "Print JSON lines, one for each row.")
    section.add("profile", "Folder for a trace of each row.", default="")
    section.add("doc", "Document whose table to replace.", default="")
    return parser.parse(arguments)


def main(options: argparse.Namespace) -> None:
    """Measures and prints."""
    cases = cases_of(options)
    if options.doc and not pathlib.Path(options.doc).is_file():
        raise errors.UserError(f"--doc={options.doc}: no such file")
    found: list[Row] = []
    for row in rows(cases):
        found.append(row)
        if options.json:
            print(json.dumps(dataclasses.asdict(row)), flush=True)
        else:
            print(
                f"{len(found)} of {len(cases)}: " + "  ".join(row.cells()),
                file=sys.stderr,
                flush=True,
            )
    if not options.json:
        print(machine(found))
        table = text.aligned([_TITLES, *(row.cells() for row in found)])
        print("\n".join(table))
    if options.profile:
        print(f"profiles in {options.profile}", file=sys.stderr)
    if options.doc:
        write_between(pathlib.Path(options.doc), markdown(found))


if __name__ == "__main__":
    command_line.run(main, parse)
