"""What a run tells of each tick: a line, a JSON line, a point in TensorBoard.

The line has the reference's numbers under the reference's names, then ours.
"""

import contextlib
import dataclasses
import os
import pathlib
import shlex
import time
from collections.abc import Sequence
from typing import Any

from pgan_tf.base import (
    derived,
    devices,
    files,
    flag_parser,
    strict_json,
    text,
)
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs import report, run_state, tensorboard
from pgan_tf.runs.options import RunOptions
from pgan_tf.runs.schedule import Schedule, Stage
from pgan_tf.training import steps, terminal
from pgan_tf.training.position import Position, Tick
from pgan_tf.training.time_left import TimeLeft


class Reports:
    """Writes log.txt, stats.jsonl and TensorBoard's files of a run.

    Args:
        run_dir: The run folder; None: only prints the lines.
        time_left: Estimates when the run will be done.
    """

    def __init__(
        self, run_dir: pathlib.Path | None, time_left: TimeLeft
    ) -> None:
        self.log = Log(run_dir)
        self.derived = self.log.derived
        self._run_dir = run_dir
        self.writer = tensorboard.Writer(
            run_dir and run_folder.tensorboard_path(run_dir)
        )
        self._time_left = time_left
        self._state = run_state.RunState.new(())
        # Of the last tick, for the line of the next one.
        self._losses: tuple[float, float] | None = None
        # Maintenance is what happens between two ticks.
        self._last = time.monotonic()

    def tick(self, tick: Tick, stage: Stage, position: Position) -> None:
        """Reports a tick that is over, and counts it and its time."""
        # Reading the terms waits for the device, so the time comes after.
        terms = dict(zip(steps.TERMS, map(float, tick.means()), strict=True))
        seconds = tick.seconds()
        maintenance = max(tick.started - self._last, 0.0)
        self._last = time.monotonic()
        position.tick += 1
        position.seconds += seconds + maintenance
        setup = tick.pace.setup_seconds()
        images_per_sec = tick.pace.images_per_sec()
        stretches = tick.pace.stretches()
        other = seconds - setup - sum(s.seconds for s in stretches)
        self._time_left.took(
            stretches, tick.pace.setups, maintenance + max(other, 0.0)
        )
        values: dict[str, Any] = {
            "lod": stage.lod,
            "resolution": stage.resolution,
            "minibatch": stage.minibatch,
            "G_lrate": stage.g_lrate,
            "D_lrate": stage.d_lrate,
            "images_per_sec": images_per_sec,
            "sec_per_tick": seconds,
            "sec_per_kimg": images_per_sec and 1000 / images_per_sec,
            "setup_sec": setup,
            "data_sec": tick.data_seconds,
            "maintenance_sec": maintenance,
            "peak_memory_mb": devices.peak_memory_mb(),
            **terms,
        }
        left = self._time_left.seconds(position.nimg)
        self._state = self._state.now(run_state.RUNNING, seconds_left=left)
        losses = values["G_loss"], values["D_loss"]
        self._losses = losses
        self.log.line(
            _line(position, values, left),
            terminal.tick_line(
                position.tick,
                position.nimg,
                self._time_left.total_kimg,
                stage,
                values["images_per_sec"],
                losses,
                position.seconds,
                left,
                self.log.terminal.width(),
            ),
        )
        counts = {
            "tick": position.tick,
            "nimg": position.nimg,
            "seconds": position.seconds,
        }
        self.log.stats({**counts, **values})
        points = {**counts, "kimg": position.nimg / 1000, **values}
        del points["nimg"]  # It is the axis that points stand on.
        with self.derived.making("TensorBoard's curves"):
            known = {k: v for k, v in points.items() if v is not None}
            self.writer.tick(known, position.nimg)
            self.writer.flush()

    def going_on(self, tick: Tick, stage: Stage, position: Position) -> None:
        """Shows in a terminal how far a tick has come."""
        # What is shown is waited for: seldom, as people read.
        if not self.log.terminal.is_due():
            return
        speed, losses = tick.pace.images_per_sec(), self._losses
        line = terminal.tick_line(
            position.tick + 1,
            position.nimg,
            self._time_left.total_kimg,
            stage,
            speed,
            losses,
            position.seconds + tick.seconds(),
            self._time_left.seconds(position.nimg),
            self.log.terminal.width(),
        )
        self.log.terminal.show(line)

    def compiling(self, stage: Stage) -> None:
        """Shows in a terminal why nothing moves."""
        self.log.terminal.count(terminal.compiling(stage))

    def begin(
        self,
        facts: Sequence[tuple[str, str]],
        length: str,
        schedule: Schedule,
        unused_labels: int,
        more: Sequence[str],
    ) -> None:
        """Says what the run will do, and what may be an oversight.

        Args:
            facts: What it runs on and with: (name, text).
            length: How long it may take; the page tells the time left itself.
            schedule: With what was derived.
            unused_labels: How many the dataset has, if none is used.
            more: Lines, such as where weights were taken from.
        """
        self._open_state(tuple(facts))
        told = [*facts, ("length", length)]
        if self._run_dir:
            told.append(("page", str(run_folder.report_path(self._run_dir))))
        for name, what in told:
            line = f"{name:<12} {what}"
            width = self.log.terminal.width()
            self.log.line(line, terminal.wrapped(line, width))
        for line in schedule.table():
            self.log.line(line)
        if unused_labels:
            self.log.line(
                f"the dataset has {unused_labels} labels, which are not used: "
                "--max_label_size=-1 uses them all"
            )
        for line in more:
            self.log.line(line)

    def tell_tensorboard(
        self, options: RunOptions, facts: Sequence[tuple[str, str]], nimg: int
    ) -> None:
        """Writes for TensorBoard what holds from now on.

        Args:
            options: Of the run.
            facts: As of `begin`.
            nimg: Images shown so far.
        """
        with self.derived.making("TensorBoard's text"):
            self.writer.config(options, facts, nimg)
        if self._run_dir is None:
            return
        with self.derived.making("TensorBoard's curves"):
            ticks = run_folder.read_ticks(self._run_dir)
            self.writer.has_begun(
                {name for tick in ticks for name in tick if tick[name]}
            )

    def resuming(self, nimg: int, unreadable: Sequence[str]) -> None:
        """Says where the run goes on, and which checkpoints it passed over."""
        for path in unreadable:
            self.log.line(f"{path} cannot be read: using the one before it")
        self.log.line(f"resuming at {nimg / 1000:.1f} kimg")

    def _open_state(self, facts: tuple[tuple[str, str], ...]) -> None:
        """Takes up the state of a run that goes on, or begins one."""
        self._state = run_state.RunState.new(facts)
        if self._run_dir is None:
            return
        with contextlib.suppress(ValueError, OSError):
            if before := run_state.read(self._run_dir):
                self._state = self._state.going_on_after(before)

    def stopped(self, nimg: int, by: str = "") -> None:
        """Says that the run was stopped, and what continues it.

        Args:
            nimg: Images shown so far.
            by: What asked it to, such as "Ctrl-C".
        """
        kimg = nimg / 1000
        self.log.line(f"stopped at {kimg:.1f} kimg; the same command continues")
        why = f"by {by}; " if by else ""
        command = flag_parser.called("train")
        why += f"{command} --resume={shlex.quote(str(self._run_dir))} continues"
        self._state = self._state.now(run_state.STOPPED, why)
        self.write_page()

    def gave_up(self, why: str) -> None:
        """Keeps for the page why the run has ended before its time."""
        self._state = self._state.now(run_state.FAILED, why)
        self.write_page()

    def failed(self, nimg: int, why: str, folder: pathlib.Path) -> None:
        """Says that the run has failed, why, and where its state is shown."""
        self.log.line(f"failed at {nimg / 1000:.1f} kimg: {why}; see {folder}")

    def rolled_back(self, position: Position, folder: pathlib.Path) -> None:
        """Says where the run goes on after a failure.

        Args:
            position: Where it has gone back to.
            folder: What the failure has left.
        """
        back = run_state.Rollback(
            folder.name, position.nimg / 1000, position.lrate_factor
        )
        self._state = dataclasses.replace(
            self._state, rollbacks=(*self._state.rollbacks, back)
        )
        self.log.line(
            f"rolled back to {position.nimg / 1000:.1f} kimg, with learning "
            f"rates times {position.lrate_factor:g}"
        )

    def weights(self, digest: str) -> None:
        """Says what all processes have in common at the end."""
        self.log.line(f"weights      {digest}, at every worker")

    def end(self, run_dir: pathlib.Path) -> None:
        """Says where the results are, and what comes next."""
        self._state = self._state.now(run_state.FINISHED)
        self.write_page()
        for line in run_folder.where(run_dir):
            self.log.line(line)
        command = flag_parser.called("evaluate")
        self.log.line(f"evaluate     {command} --run_dir={run_dir}")

    def write_page(self) -> None:
        """Writes the run as a page."""
        if self._run_dir is None:
            return
        with self.derived.making("state.json"):
            run_state.write(self._run_dir, self._state)
        with self.derived.making("report.html"):
            for name, why in report.write(self._run_dir).items():
                self.derived.left_out(f"{name} in report.html", why)

    def close(self) -> None:
        """Ends the files."""
        with self.derived.making("TensorBoard's curves"):
            self.writer.close()
        self.log.close()


def _line(
    position: Position, values: dict[str, Any], left: float | None
) -> str:
    size = f"{values['resolution']}x{values['resolution']}"
    memory = f"{values['peak_memory_mb'] / 1024:.1f}GB"
    return (
        f"tick {position.tick:<4d} kimg {position.nimg / 1000:<8.1f} "
        f"lod {values['lod']:<5.2f} minibatch {values['minibatch']:<4d} "
        f"time {text.duration(position.seconds):<8s} "
        f"sec/tick {text.number(values['sec_per_tick'], 1):<7s} "
        f"sec/kimg {_or_dash(values['sec_per_kimg'], 2):<7s} "
        f"set-up {values['setup_sec']:<6.1f} "
        f"maintenance {values['maintenance_sec']:<6.1f} "
        f"{size:<9s} images/s {_or_dash(values['images_per_sec'], 1):<7s} "
        f"G {values['G_loss']:<8.2f} D {values['D_loss']:<8.2f} "
        f"memory {memory:<7s} "
        f"left {'unknown' if left is None else text.duration(left)}"
    )


def _or_dash(value: float | None, decimals: int) -> str:
    return "-" if value is None else text.number(value, decimals)


class Log:
    """Prints lines to the terminal and keeps them in log.txt.

    No line is worth a training: what cannot be written is told of once.

    Args:
        run_dir: The run folder; its files are appended to. None: prints only.

    Attributes:
        derived: Lets what is derived from the run fail, and tells of it here.
        terminal: Its moving last line.
    """

    def __init__(self, run_dir: pathlib.Path | None) -> None:
        self.derived = derived.Derived(self.line)
        self.terminal = terminal.Terminal()
        self._run_dir = run_dir
        # Where nothing is kept, the system's sink takes it.
        sink = pathlib.Path(os.devnull)
        text = run_folder.log_path(run_dir) if run_dir else sink
        # Names of files in a line need not be text.
        self._text = text.open("a", encoding="utf-8", errors="backslashreplace")
        # Lines of stats.jsonl that a full disk has not taken yet.
        self._unwritten = ""

    def line(self, text: str, short: str = "") -> None:
        """Prints a line and keeps it.

        Args:
            text: The line.
            short: What a terminal shows instead.
        """
        self.terminal.clear()
        shown = short if short and self.terminal.is_live else text
        with contextlib.suppress(OSError, ValueError):
            print(shown, flush=True)  # ValueError: somebody has closed it.
        with self.derived.making("log.txt"):
            self._text.write(text + "\n")
            self._text.flush()

    def stats(self, values: dict[str, Any]) -> None:
        """Appends one JSON line to stats.jsonl."""
        if self._run_dir is None:
            return
        self._unwritten += strict_json.dumps(values) + "\n"
        with self.derived.making("stats.jsonl"):
            files.append(run_folder.stats_path(self._run_dir), self._unwritten)
            self._unwritten = ""

    def forget_stats_after(self, nimg: int) -> None:
        """Drops lines of stats.jsonl that a resumed run will write again.

        Lines that are damaged are among them.
        """
        self._unwritten = ""
        if self._run_dir is None:
            return
        path = run_folder.stats_path(self._run_dir)
        if not path.exists():
            return
        with self.derived.making("stats.jsonl"):
            ticks = run_folder.read_ticks(self._run_dir)
            if why := run_folder.damage_of_stats(self._run_dir, len(ticks)):
                self.derived.left_out("lines of stats.jsonl", why)
            kept = [strict_json.dumps(t) for t in ticks if t["nimg"] <= nimg]
            with files.partial(path) as partial:
                partial.write_text("".join(line + "\n" for line in kept))

    def close(self) -> None:
        self.terminal.clear()
        with contextlib.suppress(OSError):
            self._text.close()
