"""What a run tells of each tick: a line, a JSON line, a point in TensorBoard.

The line has the reference's numbers under the reference's names, then ours.
"""

import json
import os
import pathlib
import sys
import time
from collections.abc import Sequence
from typing import Any

from pgan_tf.base import devices, files, flag_parser, text
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs import tensorboard
from pgan_tf.runs.schedule import Schedule, Stage
from pgan_tf.training import speed, steps
from pgan_tf.training.position import Position, Tick


class Reports:
    """Writes log.txt, stats.jsonl and TensorBoard's files of a run.

    Args:
        run_dir: The run folder; None: only prints the lines.
        time_left: Estimates when the run will be done.
    """

    def __init__(
        self, run_dir: pathlib.Path | None, time_left: speed.TimeLeft
    ) -> None:
        self.log = Log(run_dir)
        self.writer = tensorboard.Writer(
            run_dir and run_folder.tensorboard_path(run_dir)
        )
        self._time_left = time_left
        # Maintenance is what happens between two ticks.
        self._last = time.monotonic()

    def tick(
        self,
        tick: Tick,
        stage: Stage,
        position: Position,
    ) -> None:
        """Reports a tick that is over, and counts it and its time."""
        # Reading the terms waits for the device, so the time comes after.
        terms = dict(zip(steps.TERMS, map(float, tick.means()), strict=True))
        seconds, nimg = tick.seconds(), tick.num_images(position.nimg)
        maintenance = max(tick.started - self._last, 0.0)
        self._last = time.monotonic()
        position.tick += 1
        position.seconds += seconds + maintenance
        self._time_left.measured(position.nimg - nimg, position.nimg, seconds)
        values = {
            "lod": stage.lod,
            "resolution": stage.resolution,
            "minibatch": stage.minibatch,
            "G_lrate": stage.g_lrate,
            "D_lrate": stage.d_lrate,
            "images_per_sec": nimg / seconds,
            "sec_per_tick": seconds,
            "sec_per_kimg": seconds * 1000 / nimg,
            "data_sec": tick.data_seconds,
            "maintenance_sec": maintenance,
            "peak_memory_mb": devices.peak_memory_mb(),
            **terms,
        }
        left = self._time_left.seconds(position.nimg)
        self.log.line(_line(position, values, left))
        counts = {
            "tick": position.tick,
            "nimg": position.nimg,
            "seconds": position.seconds,
        }
        self.log.stats({**counts, **values})
        self.writer.scalars(
            {**counts, "kimg": position.nimg / 1000, **values}, position.nimg
        )
        self.writer.flush()

    def begin(
        self, schedule: Schedule, unused_labels: int, origin: Sequence[str]
    ) -> None:
        """Says what the run will do, and what may be an oversight.

        Args:
            schedule: With what was derived.
            unused_labels: How many the dataset has, if none is used.
            origin: Lines that say where weights were taken from.
        """
        for line in schedule.table():
            self.log.line(line)
        if unused_labels:
            self.log.line(
                f"the dataset has {unused_labels} labels, which are not used: "
                "--max_label_size=-1 uses them all"
            )
        for line in origin:
            self.log.line(line)

    def resuming(self, nimg: int, unreadable: Sequence[str]) -> None:
        """Says where the run goes on, and which checkpoints it passed over."""
        for path in unreadable:
            self.log.line(f"{path} cannot be read: using the one before it")
        self.log.line(f"resuming at {nimg / 1000:.1f} kimg")

    def stopped(self, nimg: int) -> None:
        """Says that the run was stopped, and what continues it."""
        kimg = nimg / 1000
        self.log.line(f"stopped at {kimg:.1f} kimg; the same command continues")

    def failed(self, nimg: int, why: str, folder: pathlib.Path) -> None:
        """Says that the run has failed, why, and where its state is shown."""
        self.log.line(f"failed at {nimg / 1000:.1f} kimg: {why}; see {folder}")

    def rolled_back(self, position: Position) -> None:
        """Says where the run goes on after a failure."""
        self.log.line(
            f"rolled back to {position.nimg / 1000:.1f} kimg, with learning "
            f"rates times {position.lrate_factor:g}"
        )

    def weights(self, digest: str) -> None:
        """Says what all processes have in common at the end."""
        self.log.line(f"weights      {digest}, at every worker")

    def end(self, run_dir: pathlib.Path) -> None:
        """Says where the results are, and what comes next."""
        for line in run_folder.where(run_dir):
            self.log.line(line)
        command = flag_parser.called("evaluate")
        self.log.line(f"evaluate     {command} --run_dir={run_dir}")

    def close(self) -> None:
        """Ends the files."""
        self.log.close()
        self.writer.close()


def _line(position: Position, values: dict[str, Any], left: float) -> str:
    size = f"{values['resolution']}x{values['resolution']}"
    memory = f"{values['peak_memory_mb'] / 1024:.1f}GB"
    return (
        f"tick {position.tick:<4d} kimg {position.nimg / 1000:<8.1f} "
        f"lod {values['lod']:<5.2f} minibatch {values['minibatch']:<4d} "
        f"time {text.duration(position.seconds):<8s} "
        f"sec/tick {values['sec_per_tick']:<7.1f} "
        f"sec/kimg {values['sec_per_kimg']:<7.2f} "
        f"maintenance {values['maintenance_sec']:<6.1f} "
        f"{size:<9s} images/s {values['images_per_sec']:<7.1f} "
        f"G {values['G_loss']:<8.2f} D {values['D_loss']:<8.2f} "
        f"memory {memory:<7s} "
        f"left {text.duration(left)}"
    )


class Log:
    """Prints lines to the terminal and keeps them in log.txt.

    Args:
        run_dir: The run folder; its files are appended to. None: prints only.
    """

    def __init__(self, run_dir: pathlib.Path | None) -> None:
        # Where nothing is kept, the system's sink takes it.
        sink = pathlib.Path(os.devnull)
        text = run_folder.log_path(run_dir) if run_dir else sink
        self._text = text.open("a")
        self._stats = run_folder.stats_path(run_dir) if run_dir else None

    def line(self, text: str) -> None:
        sys.stdout.write(text + "\n")
        sys.stdout.flush()
        self._text.write(text + "\n")
        self._text.flush()

    def stats(self, values: dict[str, Any]) -> None:
        """Appends one JSON line to stats.jsonl."""
        if self._stats is None:
            return
        with self._stats.open("a") as file:
            file.write(json.dumps(values) + "\n")

    def forget_stats_after(self, nimg: int) -> None:
        """Drops lines of stats.jsonl that a resumed run will write again.

        A line that a kill has torn is among them.
        """
        if self._stats is None or not self._stats.exists():
            return
        ticks = files.read_json_lines(self._stats)
        kept = [json.dumps(tick) for tick in ticks if tick["nimg"] <= nimg]
        with files.partial(self._stats) as partial:
            partial.write_text("".join(line + "\n" for line in kept))

    def close(self) -> None:
        self._text.close()
