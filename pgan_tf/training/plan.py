"""What a training will take, told before its first step: `train.py --plan`.

Nothing here imports TensorFlow or needs the dataset.
"""

import dataclasses
import math
from collections.abc import Iterator, Mapping, Sequence

from pgan_tf.base import resolutions, text
from pgan_tf.networks import cost, families
from pgan_tf.networks.family import ImageShape
from pgan_tf.runs import grid_layout
from pgan_tf.runs.options import RunOptions
from pgan_tf.runs.schedule import Schedule, Stage
from pgan_tf.training import gpus, speed, terminal


@dataclasses.dataclass(frozen=True)
class Row:
    """A resolution's part in a training.

    Attributes:
        resolution: In pixels.
        fade_kimg, settled_kimg: Thousands of images while it fades in, and
            after.
        minibatch: Images per step, on all devices.
        minibatch_per_device: On one.
        steps: G steps.
        g_lrate, d_lrate: Learning rates.
        parameters: Of G and D, in use, settled.
        gmac: Multiplications of one iteration, in 10^9.
        memory_mb: Per device, of weights, optimizers and activations.
        process_mb: Of the process that trains on a CPU.
        images_per_sec: Of all devices; None: unknown.
        is_measured: Whether that was measured, not modelled.
        ticks, snapshots, grids: How many there will be.
        disk_bytes: Of snapshots and grids.
    """

    resolution: int
    fade_kimg: float
    settled_kimg: float
    minibatch: int
    minibatch_per_device: int
    steps: int
    g_lrate: float
    d_lrate: float
    parameters: int
    gmac: float
    memory_mb: float
    process_mb: float
    images_per_sec: float | None
    is_measured: bool
    ticks: int
    snapshots: int
    grids: int
    disk_bytes: int

    @property
    def kimg(self) -> float:
        return self.fade_kimg + self.settled_kimg

    @property
    def seconds(self) -> float | None:
        """Time it will take; None: unknown."""
        if self.images_per_sec is None:
            return None
        return self.kimg * 1000 / self.images_per_sec


_TITLES = (
    "size|fade+settled|batch|/device|steps|lrate G/D|params|MiB|on CPU"
    "|speed|time|snapshots|disk"
).split("|")
_NARROW = ("size", "fade+settled", "batch", "steps", "MiB", "speed", "time")


@dataclasses.dataclass(frozen=True)
class Plan:
    """The rows of a training and their sums.

    Attributes:
        rows: By resolution, upwards.
        machine: What the modelled speeds are derived from.
        checkpoint_bytes: Of the checkpoints kept.
        setup_seconds: That compiling takes besides, about.
        advice: Lines to go below it.
    """

    rows: Sequence[Row]
    machine: speed.Machine | None
    checkpoint_bytes: int
    setup_seconds: float
    advice: Sequence[str] = ()

    @property
    def seconds(self) -> float | None:
        """Time of the whole training; None where a speed is unknown."""
        parts = [row.seconds for row in self.rows]
        known = [part for part in parts if part is not None]
        return sum(known) if len(known) == len(parts) else None

    @property
    def disk_bytes(self) -> int:
        return self.checkpoint_bytes + sum(r.disk_bytes for r in self.rows)

    def table(self, width: int | None = None) -> str:
        """The plan as text: a line per resolution, and what it sums to.

        Args:
            width: Of the terminal; columns that few ask for are left out
                where it is narrow. None: as wide as it is.
        """
        rows = [_TITLES, *map(_cells, self.rows)]
        lines = text.aligned(rows)
        if width is not None and max(map(len, lines)) > width:
            kept = [_TITLES.index(title) for title in _NARROW]
            lines = text.aligned([[row[i] for i in kept] for row in rows])
        notes = [
            terminal.wrapped(note, width or 10_000) for note in self._notes()
        ]
        return "\n".join([*lines, "", *notes, *self.advice])

    def _notes(self) -> Iterator[str]:
        kimg = sum(row.kimg for row in self.rows)
        took = self.seconds
        time_needed = "unknown" if took is None else text.duration(took)
        yield (
            f"total        {kimg:g} kimg, time {time_needed}, and about "
            f"{text.duration(self.setup_seconds)} of compiling; disk "
            f"{text.size(self.disk_bytes)} (with "
            f"{text.size(self.checkpoint_bytes)} of checkpoints)"
        )
        largest = max(row.memory_mb for row in self.rows)
        on_cpu = max(row.process_mb for row in self.rows)
        yield (
            f"memory       {largest:.0f} MiB per device, estimated; on a CPU "
            f"the process takes {on_cpu:.0f} MiB, with TensorFlow and what "
            "earlier resolutions leave"
        )
        if not all(row.is_measured for row in self.rows):
            yield _how_modelled(self.machine)
        if took and self.machine and (others := gpus.others(self.machine)):
            yield "other GPUs   " + ", ".join(
                f"{other.name} "
                + text.duration(
                    took
                    * self.machine.peak_gmac_per_sec
                    / other.peak_gmac_per_sec
                )
                for other in others
            )


def make(
    options: RunOptions,
    num_channels: int,
    num_devices: int = 1,
    measured: Mapping[int, float] | None = None,
    machine: speed.Machine | None = None,
) -> Plan:
    """The plan of a training.

    Args:
        options: With resolution, latent and label sizes filled in.
        num_channels: Of the images.
        num_devices: That share a minibatch.
        measured: Images/s by resolution, where known.
        machine: All devices, for speeds that are not measured.
    """
    schedule = Schedule.of_run(options, num_devices)
    networks = networks_cost(options, num_channels)
    g_parameters, d_parameters = networks.parameters(schedule.resolution)
    rows = [
        _row(
            options,
            schedule,
            networks,
            resolution,
            (measured or {}).get(resolution),
            machine,
        )
        for resolution in resolutions.up_to(schedule.resolution)
        if sum(schedule.kimg_at(resolution))
    ]
    setups = speed.SETUP_SECONDS * sum(
        speed.setup_size(stage.resolution, stage.alpha is not None)
        for stage in schedule.stages()
    )
    # G, D and Gs, and two moments of each variable of G and of D; twice.
    checkpoints = 2 * 4 * (4 * g_parameters + 3 * d_parameters)
    return Plan(rows, machine, checkpoints, setups)


def memory_advice(options: RunOptions, schedule: Schedule, stage: Stage) -> str:
    """Where memory did not suffice, and what would take less."""
    r, share = stage.resolution, stage.minibatch // schedule.num_replicas
    share //= stage.passes
    family = families.by_name(options.family)
    group = family.group_size(options.networks)
    half = max(share // 2, 1)
    if group:
        half -= half % min(group, share)
    if half and group is not None and half < share:
        less = f"--max_micro_batch_dict={r}:{half} takes them in smaller parts"
    else:
        less = (
            "--max_micro_batch_dict cannot split these further; smaller "
            "networks or minibatches, or a lower --resolution, take less"
        )
    return (
        f"at {r}x{r} with {share} images per device: {less}; --probe finds "
        "before a training what does not fit"
    )


def networks_cost(options: RunOptions, num_channels: int) -> cost.NetworksCost:
    """What the networks of a run cost."""
    shape = ImageShape(
        options.data.resolution, num_channels, options.data.max_label_size
    )
    return families.by_name(options.family).cost(options.networks, shape)


def _cells(row: Row) -> list[str]:
    """A line of the table."""
    rate, seconds = row.images_per_sec, row.seconds
    return [
        f"{row.resolution}x{row.resolution}",
        f"{row.fade_kimg:g}+{row.settled_kimg:g} kimg",
        str(row.minibatch),
        str(row.minibatch_per_device),
        str(row.steps),
        f"{row.g_lrate:g}/{row.d_lrate:g}",
        text.count(row.parameters),
        f"{row.memory_mb:.0f}",
        f"{row.process_mb:.0f}",
        "?"
        if rate is None
        else f"{terminal.speed(rate)}{'' if row.is_measured else '*'}",
        "?" if seconds is None else text.duration(seconds),
        str(row.snapshots),
        text.size(row.disk_bytes),
    ]


def _how_modelled(machine: speed.Machine | None) -> str:
    if machine is None:
        return (
            "speed        unknown for these devices: --probe measures, and "
            "--peak_gmac_per_sec models"
        )
    name = f" of {machine.name}" if machine.name else ""
    small = "" if machine.is_cpu else ", which small networks do not reach"
    return (
        f"speed        * modelled for {machine.peak_gmac_per_sec:.0f} GMAC/s"
        f"{name}{small}; --probe measures"
    )


def _row(
    options: RunOptions,
    schedule: Schedule,
    networks: cost.NetworksCost,
    resolution: int,
    measured: float | None,
    machine: speed.Machine | None,
) -> Row:
    fade, settled = schedule.kimg_at(resolution)
    final = schedule.resolution
    stage = next(s for s in schedule.stages() if s.resolution == resolution)
    share = stage.minibatch // schedule.num_replicas
    d_nimg = stage.minibatch * options.schedule.d_repeats
    macs = cost.iteration_macs(
        networks,
        resolution,
        stage.minibatch,
        options.schedule.d_repeats,
        reuse_fakes=options.optimizer.reuse_fakes,
    )
    ticks = _round_up((fade + settled) / stage.tick_kimg)
    last = resolution == final
    snapshots = _taken(options.snapshots.network_snapshot_ticks, ticks, last)
    grids = _taken(options.snapshots.image_snapshot_ticks, ticks, last)
    memory = speed.memory_mb(
        networks, final, resolution, share // stage.passes, fade > 0
    )
    stages = schedule.stages()
    before = max(
        i for i, each in enumerate(stages) if each.resolution == resolution
    )
    modelled = speed.modelled(resolution, d_nimg, macs, machine)
    return Row(
        resolution=resolution,
        fade_kimg=fade,
        settled_kimg=settled,
        minibatch=stage.minibatch,
        minibatch_per_device=share,
        steps=_round_up((fade + settled) * 1000 / d_nimg),
        g_lrate=stage.g_lrate,
        d_lrate=stage.d_lrate,
        parameters=networks.generator(resolution).parameters
        + networks.discriminator(resolution).parameters,
        gmac=macs / 1e9,
        memory_mb=memory,
        process_mb=speed.process_mb(schedule.num_replicas * memory, before),
        images_per_sec=measured or modelled,
        is_measured=measured is not None,
        ticks=ticks,
        snapshots=snapshots,
        grids=grids,
        disk_bytes=snapshots * 4 * networks.parameters(final)[0]
        + grids * _grid_bytes(options),
    )


def _round_up(count: float) -> int:
    """To a whole number; 18 steps plus rounding dust are still 18."""
    return math.ceil(count - 1e-6)


def _taken(every: int, ticks: int, last: bool) -> int:
    """How many snapshots there are in so many ticks, about."""
    count = ticks // every if every else 0
    return max(count, 1) if last else count


def _grid_bytes(options: RunOptions) -> int:
    """About how many bytes a PNG of fakes takes: two per pixel."""
    columns, rows = grid_layout.grid_size(options)
    cell = max(options.data.resolution, 64)
    return 2 * columns * rows * cell * cell
