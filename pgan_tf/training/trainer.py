"""The training loop: grows G and D from 4x4 to the final resolution."""

import contextlib
import dataclasses
import errno
import pathlib
import resource
import time
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from pgan_tf import (
    config,
    errors,
    images,
    networks,
    report,
    run_folder,
    sampling,
    schedule,
    snapshots,
    text,
)
from pgan_tf.data import pipeline, records
from pgan_tf.training import (
    checkpoints,
    optim,
    progress,
    setup,
    steps,
    summaries,
)


def train(
    options: config.RunConfig,
    stop_requested: Callable[[], bool] = lambda: False,
) -> None:
    """Trains, or goes on training, until `total_kimg` or a request to stop.

    Args:
        options: As `setup.check` returns them.
        stop_requested: Asked after every few steps; once true, the state is
            saved and the function returns.

    Raises:
        UserError: If devices, minibatches or the run folder do not fit, or
            the disk is full.
    """
    try:
        with contextlib.closing(Run(options)) as run:
            run.train(stop_requested)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        raise errors.UserError(
            f"no space left on the disk of --run_dir={options.run_dir}: free "
            "some, and the same command continues from the last checkpoint"
        ) from error


class Run:
    """A training run, at some position of its schedule.

    Args:
        options: As `setup.check` returns them.
    """

    def __init__(self, options: config.RunConfig) -> None:
        self.options = options
        self.run_dir = pathlib.Path(options.run_dir)
        self.dataset = records.open_dataset(options.data.data_dir)
        self.strategy = make_strategy(options.devices)
        setup.check_minibatches(options, self.strategy.num_replicas_in_sync)
        given = options
        options = self.options = setup.with_schedule(
            options, self.strategy.num_replicas_in_sync
        )
        self.label_size = options.data.max_label_size
        self.labels = self.dataset.labels[:, : self.label_size]
        self.nets = make_networks(
            options, self.dataset.num_channels, self.strategy
        )

        self.run_dir.mkdir(parents=True, exist_ok=True)
        self.checkpoints = checkpoints.Checkpoints(
            self.run_dir / "checkpoints", self.nets
        )
        restored = self.checkpoints.restore()
        self.position = restored or checkpoints.Position()
        progress.forget_stats_after(self.run_dir, self.position.nimg)
        run_folder.begin(self.run_dir, given, self.dataset.digest)
        self.log = progress.Log(self.run_dir)
        self.writer = summaries.Writer(self.run_dir / "tensorboard")
        for path in self.checkpoints.unreadable:
            self.log.line(f"{path} cannot be read: using the one before it")
        self.time_left = progress.TimeLeft(
            options, options.data.resolution, self.dataset.num_channels
        )
        self.say_schedule()
        self.grid = _Grid(self)
        if restored is None:
            self.grid.save_reals()
            self.grid.save_fakes()
        else:
            self.log.line(f"resuming at {self.position.nimg / 1000:.1f} kimg")

    def train(self, stop_requested: Callable[[], bool]) -> None:
        """The loop: look at the schedule, take a few steps, maybe report."""
        total = self.options.schedule.total_kimg * 1000
        tick = _Tick(self.position.nimg)
        saved_at = time.monotonic()
        compiled = None
        while self.position.nimg < total:
            stage = self.stage()
            if stage.grown_since(self.position.lod):
                self.grow()
                compiled = None
            if compiled is None:
                compiled = self.compile(stage)
                batches = self.batches(stage)
            self.position.lod = stage.lod
            tick.add(compiled(*next(batches), *self.scalars(stage)))
            self.position.nimg += self.call_nimg(stage)

            done = self.position.nimg >= total
            if done or tick.due(self.position.nimg, stage.tick_kimg):
                self.report(tick, stage)
                self.take_snapshots(stage, done)
                tick = _Tick(self.position.nimg)
            stopping = stop_requested() and not done
            minutes = (time.monotonic() - saved_at) / 60
            overdue = minutes >= self.options.snapshots.checkpoint_minutes
            if done or stopping or overdue:
                seconds = self.position.seconds + tick.seconds()
                self.checkpoints.save(
                    dataclasses.replace(self.position, seconds=seconds)
                )
                saved_at = time.monotonic()
            if stopping:
                self.log.line(
                    f"stopped at {self.position.nimg / 1000:.1f} kimg; the "
                    "same command continues"
                )
                return
        self.say_where()

    def stage(self) -> schedule.Stage:
        """What the schedule says now."""
        return schedule.at(
            self.position.nimg,
            self.options.schedule,
            self.options.data.resolution,
            self.strategy.num_replicas_in_sync,
        )

    def grow(self) -> None:
        """Restarts the optimizers: other layers are in use from now on."""
        if self.options.schedule.reset_opt_for_new_lod:
            self.nets.g_adam.reset()
            self.nets.d_adam.reset()

    def compile(self, stage: schedule.Stage) -> Callable[..., tf.Tensor]:
        """The steps between two looks at the schedule, as one function."""
        return steps.make_iterations(
            self.nets,
            self.strategy,
            stage,
            tf.constant(self.labels),
            self.options,
        )

    def call_nimg(self, stage: schedule.Stage) -> int:
        """Images shown between two looks at the schedule."""
        options = self.options.schedule
        return stage.minibatch * options.d_repeats * options.minibatch_repeats

    def batches(
        self, stage: schedule.Stage
    ) -> Iterator[tuple[tf.Tensor, tf.Tensor]]:
        """Images and labels for each call, from the present position on."""
        dataset = pipeline.batches(
            self.dataset,
            stage.resolution,
            self.call_nimg(stage),
            start_nimg=self.position.nimg,
            seed=self.options.seed,
        )
        size = self.label_size
        return ((images, labels[:, :size]) for images, labels in dataset)

    def scalars(self, stage: schedule.Stage) -> tuple[tf.Tensor, ...]:
        """nimg, alpha and the learning rates, as tensors."""
        floats = (stage.alpha or 1.0, stage.g_lrate, stage.d_lrate)
        return (
            tf.constant(self.position.nimg, tf.int64),
            *(tf.constant(value, tf.float32) for value in floats),
        )

    def report(self, tick: "_Tick", stage: schedule.Stage) -> None:
        """A line on the terminal, a JSON line, a point in TensorBoard."""
        position = self.position
        nimg, seconds, terms = tick.end(position.nimg)
        position.tick += 1
        position.seconds += seconds
        self.time_left.measured(stage.resolution, nimg, seconds)
        left = self.time_left.seconds(position.nimg)
        speed = nimg / seconds
        self.log.line(
            f"tick {position.tick:<4d} kimg {position.nimg / 1000:<8.1f} "
            f"{stage.resolution}x{stage.resolution}".ljust(34)
            + f"lod {stage.lod:<5.2f} minibatch {stage.minibatch:<4d} "
            f"images/s {speed:<7.1f} G {terms['G_loss']:<8.2f} "
            f"D {terms['D_loss']:<8.2f} "
            f"time {text.duration(position.seconds):<8s} "
            f"left {text.duration(left)}"
        )
        values = {
            "lod": stage.lod,
            "resolution": stage.resolution,
            "minibatch": stage.minibatch,
            "G_lrate": stage.g_lrate,
            "D_lrate": stage.d_lrate,
            "images_per_sec": speed,
            "sec_per_tick": seconds,
            "peak_memory_mb": _peak_memory_mb(),
            **terms,
        }
        counts = {"tick": position.tick, "nimg": position.nimg}
        self.log.stats({**counts, "seconds": position.seconds, **values})
        self.writer.scalars(values, position.nimg)
        self.writer.flush()

    def take_snapshots(self, stage: schedule.Stage, done: bool) -> None:
        """Pictures and network snapshots, where this tick has them."""
        self.nets.Gs.lod = stage.lod
        every = self.options.snapshots
        if done or _divides(every.image_snapshot_ticks, self.position.tick):
            self.grid.save_fakes()
        if done or _divides(every.network_snapshot_ticks, self.position.tick):
            path = run_folder.snapshot_path(self.run_dir, self.position.nimg)
            snapshots.save_generator(self.nets.Gs, path)
        report.write(self.run_dir)

    def say_schedule(self) -> None:
        """The schedule, with what was derived, and what may be an oversight."""
        for line in schedule.table(
            self.options.schedule,
            self.options.data.resolution,
            self.strategy.num_replicas_in_sync,
        ):
            self.log.line(line)
        if self.dataset.label_size and not self.label_size:
            self.log.line(
                f"the dataset has {self.dataset.label_size} labels, which are "
                "not used: --max_label_size=-1 uses them all"
            )

    def say_where(self) -> None:
        """The last lines of a finished run."""
        for line in run_folder.where(self.run_dir):
            self.log.line(line)
        self.log.line(
            f"evaluate     python evaluate.py --run_dir={self.run_dir}"
        )

    def close(self) -> None:
        self.log.close()
        self.writer.close()


class _Tick:
    """Gathers what happens between two reports."""

    def __init__(self, nimg: int) -> None:
        self._nimg = nimg
        self._start = time.monotonic()
        self._sum = tf.zeros([len(steps.TERMS)])
        self._calls = 0

    def add(self, terms: tf.Tensor) -> None:
        # Stays on the device: reading a number would wait for it.
        self._sum += terms
        self._calls += 1

    def due(self, nimg: int, tick_kimg: float) -> bool:
        return nimg - self._nimg >= tick_kimg * 1000

    def seconds(self) -> float:
        return time.monotonic() - self._start

    def end(self, nimg: int) -> tuple[int, float, dict[str, float]]:
        """Images and seconds of the tick, and the means of the terms."""
        # Reading them waits for the device, so the time comes after.
        means = (self._sum / self._calls).numpy()
        terms = dict(zip(steps.TERMS, map(float, means), strict=True))
        return nimg - self._nimg, self.seconds(), terms


class _Grid:
    """The picture grids of a run: always the same latents."""

    # Small images are enlarged to cells of so many pixels.
    _CELL = 64

    def __init__(self, run: Run) -> None:
        self._run = run
        options = run.options
        self._columns, _ = setup.grid_size(options)
        rows, self._indices = setup.grid_cells(options, run.dataset.labels)
        self._latents = sampling.latents(
            0, rows.max() + 1, options.networks.latent_size, options.seed
        )[rows]
        self._labels = run.labels[self._indices] if run.label_size else None

    def save_reals(self) -> None:
        resolution = self._run.options.data.resolution
        reals = self._run.dataset.read(resolution, self._indices)
        picture = self._arrange(reals)
        images.save_png(self._run.run_dir / "reals.png", picture)
        self._run.writer.picture("reals", picture, 0)

    def save_fakes(self) -> None:
        run, nimg = self._run, self._run.position.nimg
        fakes = sampling.generate(
            run.nets.Gs, self._latents, self._labels, devices=()
        )
        picture = self._arrange(images.to_uint8(fakes))
        images.save_png(run_folder.fakes_path(run.run_dir, nimg), picture)
        run.writer.picture("fakes", picture, nimg)

    def _arrange(self, pixels: np.ndarray) -> np.ndarray:
        factor = max(self._CELL // pixels.shape[1], 1)
        pixels = images.to_rgb(images.upscale(pixels, factor))
        return images.grid(pixels, self._columns)


def make_strategy(devices: str) -> tf.distribute.Strategy:
    """One replica per device.

    Args:
        devices: Such as "GPU:0,GPU:1"; empty: all visible GPUs, or the CPU.
            "CPU:0,CPU:1" splits the CPU into two virtual devices, for tests.

    Raises:
        UserError: If there is no such device.
    """
    for gpu in tf.config.list_physical_devices("GPU"):
        tf.config.experimental.set_memory_growth(gpu, True)
    names = [name for name in devices.split(",") if name]
    if len(set(names)) < len(names):
        raise errors.UserError(f"--devices={devices} names a device twice")
    virtual = sum(name.startswith("CPU:") for name in names)
    if virtual > 1:
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0],
            [tf.config.LogicalDeviceConfiguration()] * virtual,
        )
    present = [
        device.name.removeprefix("/device:")
        for device in tf.config.list_logical_devices()
    ]
    for name in names:
        if name not in present:
            raise errors.UserError(
                f"--devices={devices}: no {name} here, only "
                f"{', '.join(present)}"
            )
    gpus = [name for name in present if name.startswith("GPU:")]
    return tf.distribute.MirroredStrategy(names or gpus or ["CPU:0"])


def make_networks(
    options: config.RunConfig,
    num_channels: int,
    strategy: tf.distribute.Strategy,
) -> steps.Networks:
    """G, D, Gs (a copy of G) and the optimizers, seeded by the run."""
    common: dict[str, Any] = {
        "resolution": options.data.resolution,
        "num_channels": num_channels,
        "label_size": options.data.max_label_size,
        "fmap_base": options.networks.fmap_base,
        "fmap_decay": options.networks.fmap_decay,
        "fmap_max": options.networks.fmap_max,
        "use_wscale": options.networks.use_wscale,
        "use_leakyrelu": options.networks.use_leakyrelu,
        "fused_scale": options.networks.fused_scale,
        "dtype": _POLICIES[options.optimizer.precision],
    }
    start = schedule.at(0, options.schedule, options.data.resolution)
    keras.utils.set_random_seed(options.seed)
    with strategy.scope():
        G = networks.Generator(
            **common,
            latent_size=options.networks.latent_size,
            normalize_latents=options.networks.normalize_latents,
            use_pixelnorm=options.networks.use_pixelnorm,
            lod=start.lod,
        )
        D = networks.Discriminator(
            **common, mbstd_group_size=options.networks.mbstd_group_size
        )
        # Whatever G trains in, Gs is for all machines.
        Gs = networks.Generator.from_config(
            {**G.get_config(), "name": "Gs", "dtype": "float32"}
        )
        Gs.set_weights(G.get_weights())
        return steps.Networks(
            G=G,
            D=D,
            Gs=Gs,
            g_adam=_make_adam(G, options.optimizer),
            d_adam=_make_adam(D, options.optimizer),
        )


# Keras' names for --precision.
_POLICIES = {
    "float32": "float32",
    "float16": "mixed_float16",
    "bfloat16": "mixed_bfloat16",
}


def _make_adam(
    network: keras.Model, options: config.OptimizerConfig
) -> optim.Adam:
    """An optimizer for all of a network; float16 has a loss scale too."""
    loss_scale = None
    if options.precision == "float16":
        loss_scale = optim.LossScale(
            options.loss_scale_log2,
            options.loss_scale_growth,
            options.loss_scale_drop,
        )
    return optim.Adam(
        network.trainable_variables,
        options.adam_beta1,
        options.adam_beta2,
        options.adam_epsilon,
        loss_scale,
    )


def _divides(every: int, tick: int) -> bool:
    return every > 0 and tick % every == 0


def _peak_memory_mb() -> float:
    kilobytes = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return round(kilobytes / 1024, 1)
