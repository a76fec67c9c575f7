"""The training loop: grows G and D from 4x4 to the final resolution."""

import contextlib
import dataclasses
import functools
import pathlib
import time
from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow as tf

from pgan_tf.base import (
    command_line,
    derived,
    devices,
    errors,
    out_of_memory,
    witness,
)
from pgan_tf.data import pipeline
from pgan_tf.data.format import datasets
from pgan_tf.networks import families, snapshots, transfer
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs.options import RunOptions
from pgan_tf.runs.schedule import Schedule, Stage
from pgan_tf.training import (
    checkpoints,
    checks,
    cluster,
    compiled_steps,
    grid,
    guard,
    opening,
    plan,
    position,
    reports,
    small_machines,
    state,
    stopping,
    time_left,
    workers,
)


def train(
    options: RunOptions, stop: stopping.StopRequest | None = None
) -> None:
    """Trains, or goes on training, until `total_kimg` or a request to stop.

    Args:
        options: As `checks.check` returns them.
        stop: Asked after every few steps; once it is requested, the state is
            saved and the function returns.

    Raises:
        UserError: If devices, minibatches or the run folder do not fit, the
            disk is full, memory runs out, or another process of the training
            is gone.
    """
    run: Run | None = None
    try:
        with (
            workers.losses_told(cluster.from_environment(), options.run_dir),
            contextlib.closing(Run(options)) as run,
        ):
            run.train(stop or stopping.StopRequest())
    except errors.UserError:
        raise
    except Exception as error:
        if told := _as_user_error(error, options, run):
            raise told from error
        raise


def _as_user_error(
    error: Exception, options: RunOptions, run: "Run | None"
) -> errors.UserError | None:
    """What a user can do about it, in a line; None: nothing is known.

    Args:
        error: Any.
        options: Of the run.
        run: Where it came; None: ahead of all.
    """
    if out_of_memory.is_full_disk(error):
        return errors.UserError(
            f"no space left on the disk of --run_dir={options.run_dir}: "
            "free some, and the same command continues from the last "
            "checkpoint"
        )
    if out_of_memory.is_one(error):
        schedule = run.schedule if run else Schedule.of_run(options)
        stage = run.stage() if run else schedule.at(0)
        advice = plan.memory_advice(options, schedule, stage)
        return errors.UserError(f"out of memory {advice}")
    return None


class Run:
    """A training run, at some position of its schedule.

    Args:
        options: As `checks.check` returns them.
    """

    def __init__(self, options: RunOptions) -> None:
        self.options = options
        self.run_dir = pathlib.Path(options.run_dir)
        self.dataset = datasets.open_dataset(options.data.data_dir)
        if options.deterministic:
            devices.make_deterministic()
        here = cluster.from_environment()
        self.strategy = workers.make_strategy(options.devices, here)
        self.workers = workers.Workers(self.strategy, here.index)
        self.schedule = Schedule.of_run(
            options, self.strategy.num_replicas_in_sync
        )
        family = families.by_name(options.family)
        checks.check_minibatches(
            self.schedule, family.group_size(options.networks)
        )
        self.labels = self.dataset.labels[:, : options.data.max_label_size]
        self.models = family.models()
        self.nets = state.make_networks(
            options, self.dataset.num_channels, self.strategy
        )

        self.checkpoints = checkpoints.Checkpoints(
            run_folder.checkpoints_path(self.run_dir),
            self.nets,
            self.workers.is_chief,
            functools.partial(run_folder.read_id, self.run_dir),
        )
        restored = self.checkpoints.restore()
        self.position = restored or position.Position()
        origin = self.start_from(options.init_from, restored is None)
        self.workers.check_start(
            options, self.dataset.digest, self.position.nimg, self.nets
        )
        if self.workers.is_chief:
            self.run_dir.mkdir(parents=True, exist_ok=True)
            run_folder.begin(self.run_dir, options, self.dataset.digest)
        replicas = self.strategy.num_replicas_in_sync
        self.machine = opening.machine(options, replicas)
        networks = plan.networks_cost(options, self.dataset.num_channels)
        left = time_left.TimeLeft(self.schedule, networks, self.machine)
        self.reports = reports.Reports(
            self.run_dir if self.workers.is_chief else None, left
        )
        self.grid = grid.Grid(options, self.dataset, self.reports.writer)
        self.guard = guard.Guard(options, self.nets, self.dataset)
        self.reports.log.forget_stats_after(self.position.nimg)
        unused = 0 if self.labels.shape[1] else self.dataset.label_size
        length, advice = self.expected(left)
        told = opening.facts(options, self.dataset, self.nets, replicas)
        self.reports.begin(
            told, length, self.schedule, unused, [*advice, *origin]
        )
        self.reports.tell_tensorboard(options, told, self.position.nimg)
        if restored is not None:
            self.reports.resuming(
                self.position.nimg, self.checkpoints.unreadable
            )
        elif self.workers.is_chief:
            self.save_pictures(0, reals=True)
            # A run may have to roll back before it has come anywhere.
            self.checkpoints.save(self.position)

    def start_from(self, path: str, is_new: bool) -> list[str]:
        """Takes the weights of --init_from; lines that say so."""
        if path and not is_new:
            return [f"--init_from={path} is ignored: this run has begun"]
        if not path:
            return []
        nets = self.nets
        return transfer.start_from(
            path, {"G": nets.G, "D": nets.D, "Gs": nets.Gs}
        )

    def expected(self, left: time_left.TimeLeft) -> tuple[str, list[str]]:
        """How long it will take, and lines of advice if that is long."""
        left.remember(run_folder.read_ticks(self.run_dir))
        seconds = left.seconds(self.position.nimg)
        told = opening.length(seconds, self.machine, left.is_measured)
        if self.machine is None or not self.machine.is_cpu:
            return told, []
        return told, small_machines.advice(
            self.options, self.dataset.num_channels, self.machine, seconds
        )

    def train(self, stop: stopping.StopRequest) -> None:
        """Trains to the end or to a request to stop; the page says which."""
        self.reports.write_page()
        try:
            self.loop(stop)
        except Exception as error:
            told = _as_user_error(error, self.options, self)
            self.reports.gave_up(derived.reason(told or error))
            raise

    def loop(self, stop: stopping.StopRequest) -> None:
        """Look at the schedule, take a few steps, maybe report."""
        total = self.schedule.total_kimg * 1000
        tick = position.Tick(self.position)
        saved_at = time.monotonic()
        compiled = None
        while self.position.nimg < total:
            stage = self.stage()
            if compiled is None or stage.grown_since(self.position.lod):
                tick.pace.set_up(stage.resolution, stage.alpha is not None)
                batches = self.batches(stage)  # the first comes meanwhile
                self.reports.compiling(stage)
                try:
                    with self.workers.interruptible(stop):
                        compiled = self.compile(stage)
                except stopping.Stopped:
                    if not self.guard.what_is_wrong(tick, stage):
                        self.save(tick)
                    return self.reports.stopped(self.position.nimg, stop.by)
            if stage.grown_since(self.position.lod):
                self.grow()
            self.position.lod = stage.lod
            with tick.waiting():
                batch = next(batches)
            nimg = self.schedule.call_nimg(stage)
            tick.add(compiled(*batch, *self.scalars(stage)), nimg)
            self.position.nimg += nimg

            done = self.position.nimg >= total
            due = done or tick.due(self.position.nimg, stage.tick_kimg)
            if due:
                self.reports.tick(tick, stage, self.position)
            else:
                self.reports.going_on(tick, stage, self.position)
            minutes = (time.monotonic() - saved_at) / 60
            stopping_now, overdue = self.workers.any(
                stop.requested() and not done,
                minutes >= self.options.snapshots.checkpoint_minutes,
            )
            saving = done or overdue or stopping_now
            # What is kept must be good, so it is looked at each time.
            looked_at = due or saving
            if looked_at and (why := self.what_is_wrong(tick, stage)):
                tick, compiled = self.roll_back(why, tick, stage), None
                saved_at = time.monotonic()
                continue
            if due:
                self.take_snapshots(stage, done)
                tick = position.next_tick(self.position, tick)
            if saving:
                self.save(tick)
                saved_at = time.monotonic()
            if stopping_now:
                return self.reports.stopped(self.position.nimg, stop.by)
        self.check_same_weights()
        self.reports.end(self.run_dir)

    def stage(self) -> Stage:
        """What the schedule says now, with the rates that rollbacks left."""
        stage = self.schedule.at(self.position.nimg)
        factor = self.position.lrate_factor
        return dataclasses.replace(
            stage,
            g_lrate=stage.g_lrate * factor,
            d_lrate=stage.d_lrate * factor,
        )

    def compile(self, stage: Stage) -> Any:
        """The steps between two looks at the schedule, as one function."""
        told = plan.memory_advice(self.options, self.schedule, stage)
        witness.tell(command_line.died_line(told))
        iterations = compiled_steps.make_iterations(
            self.nets,
            self.strategy,
            stage,
            tf.constant(self.labels),
            self.options,
            self.dataset.kind_of_first(self.labels.shape[1]),
        )
        iterations.get_concrete_function()
        return iterations

    def grow(self) -> None:
        """Restarts the optimizers: other layers are in use from now on."""
        if self.options.schedule.reset_opt_for_new_lod:
            self.nets.g_adam.reset()
            self.nets.d_adam.reset()

    def batches(self, stage: Stage) -> Iterator[tuple[tf.Tensor, tf.Tensor]]:
        """Images and labels for each call, from the present position on."""
        dataset = pipeline.batches(
            dataclasses.replace(self.dataset, labels=self.labels),
            stage.resolution,
            stage.minibatch,
            start_nimg=self.position.nimg,
            seed=self.options.seed,
            worker=self.workers.part(),
            steps=self.schedule.call_nimg(stage) // stage.minibatch,
        )
        return pipeline.ahead(
            dataset, pipeline.level_on_disk(self.dataset, stage.resolution)
        )

    def scalars(self, stage: Stage) -> tuple[tf.Tensor, ...]:
        """nimg, alpha and the learning rates, as tensors."""
        floats = (stage.alpha or 1.0, stage.g_lrate, stage.d_lrate)
        # Of a number of Python TensorFlow would keep a tensor for good.
        return (
            tf.constant(np.int64(self.position.nimg)),
            *(tf.constant(np.float32(value)) for value in floats),
        )

    def take_snapshots(self, stage: Stage, done: bool) -> None:
        """Pictures and network snapshots, where this tick has them."""
        self.nets.Gs.lod = stage.lod
        if not self.workers.is_chief:
            return
        every, nimg = self.options.snapshots, self.position.nimg
        if done or self.divides(every.image_snapshot_ticks):
            self.save_pictures(nimg)
        if done or self.divides(every.network_snapshot_ticks):
            path = run_folder.snapshot_path(self.run_dir, nimg)
            snapshots.save_generator(self.nets.Gs, path)
            if every.weight_histograms:
                self.save_histograms(nimg)
        self.reports.write_page()

    def save_pictures(self, nimg: int, reals: bool = False) -> None:
        """The grid of fakes after so many images, perhaps that of reals too."""
        with self.reports.derived.making("the grids of pictures"):
            if reals:
                self.grid.save_reals()
            self.grid.save_fakes(self.nets.Gs, nimg)

    def save_histograms(self, nimg: int) -> None:
        """How weights are distributed, for TensorBoard."""
        with self.reports.derived.making("TensorBoard's histograms"):
            for network in (self.nets.G, self.nets.D):
                arrays = self.models.named_variables(network)
                self.reports.writer.weights(network.name, arrays, nimg)

    def divides(self, every: int) -> bool:
        """Whether something due every so many ticks is due; 0: never."""
        return every > 0 and self.position.tick % every == 0

    def save(self, tick: position.Tick) -> None:
        """Writes a checkpoint, the tick under way included."""
        tick.write_to(self.position)
        with tick.pace.apart():
            self.checkpoints.save(self.position)

    def what_is_wrong(self, tick: position.Tick, stage: Stage) -> str:
        """What the guard says, at this worker or at another."""
        why = self.guard.what_is_wrong(tick, stage)
        (anywhere,) = self.workers.any(bool(why))
        return why or ("another worker found so" if anywhere else "")

    def roll_back(
        self, why: str, tick: position.Tick, stage: Stage
    ) -> position.Tick:
        """Goes back to the last good checkpoint; returns the tick there.

        The run then sees the same images and draws the same numbers again,
        which is fine, since at lower rates it learns something else.

        Raises:
            UserError: If it has been rolled back too often.
        """
        failed = self.position
        folder = self.run_dir
        if self.workers.is_chief:
            with self.reports.derived.making("the folder of diagnostics"):
                folder = self.guard.diagnose(why, failed, tick, stage)
        self.reports.failed(failed.nimg, why, folder)
        self.reports.write_page()
        self.guard.check_count(why, failed, folder)
        restored = self.checkpoints.restore()
        self.position = self.guard.lowered(failed, restored)
        # Also waits for all to have read it, ahead of another one.
        self.workers.check_same("checkpoint", str(self.position.nimg))
        self.reports.log.forget_stats_after(self.position.nimg)
        # From now on the lower rates are part of the run.
        self.checkpoints.save(self.position)
        self.reports.rolled_back(self.position, folder)
        return position.Tick(self.position)

    def check_same_weights(self) -> None:
        """At the end of a training of several processes."""
        if self.workers.count > 1:
            digest = self.workers.digest(self.nets)
            self.workers.check_same("weights", digest)
            self.reports.weights(digest)

    def close(self) -> None:
        self.reports.close()
