"""Options that are all unlike their defaults, and a run of them.

A test marked `reads("option", ...)` reads back where these options act;
`tests/training/every_option_test.py` sees to it that all have one.
"""

import dataclasses
import pathlib
import tempfile
from collections.abc import Callable
from typing import Any
from unittest import mock

import keras
import numpy as np
import tensorflow as tf

from pgan_tf.networks import snapshots
from pgan_tf.runs import flags as run_flags
from pgan_tf.runs.options import RunOptions
from pgan_tf.runs.schedule import Stage
from pgan_tf.training import checks, grid, guard, state, steps, trainer
from tests import common, dataset_files

# What a dataset of 24 images of 64x64 and 3 labels is trained with. No two
# numbers are alike where one might be taken for the other.
VALUES: dict[str, Any] = {
    "seed": 77,
    "devices": "CPU:0",
    "deterministic": True,
    "resolution": 32,
    "mirror_augment": True,
    "max_label_size": 2,
    "fmap_base": 40,
    "fmap_decay": 0.5,
    "fmap_max": 12,
    "latent_size": 5,
    "normalize_latents": False,
    "use_wscale": False,
    "use_pixelnorm": False,
    "use_leakyrelu": False,
    "fused_scale": False,
    "mbstd_group_size": 2,
    "loss": "lsgan",
    "penalty": "r2",
    "wgan_lambda": 3.0,
    "wgan_epsilon": 0.5,
    "wgan_target": 2.0,
    "r1_gamma": 7.0,
    "cond_weight": 0.25,
    "label_loss": "sigmoid",
    "noise_stddev": 0.375,
    "noise_kimg": 4.0,
    "ortho_weight": 0.125,
    "adam_beta1": 0.25,
    "adam_beta2": 0.75,
    "adam_epsilon": 0.5,
    "gs_beta": 0.625,
    "gs_half_life_kimg": 0.003,
    "precision": "float16",
    "loss_scale_log2": 5.0,
    "loss_scale_growth": 0.5,
    "loss_scale_drop": 2.0,
    "xla": True,
    "total_kimg": 0.3,
    "lod_initial_resolution": 8,
    "lod_training_kimg": 0.096,
    "lod_transition_kimg": 0.048,
    "lod_training_kimg_dict": {8: 0.072},
    "lod_transition_kimg_dict": {32: 0.024},
    "minibatch_base": 6,
    "minibatch_dict": {16: 4},
    "max_minibatch_per_gpu_dict": {32: 2},
    "g_lrate_base": 0.004,
    "g_lrate_dict": {16: 0.002},
    "d_lrate_base": 0.005,
    "d_lrate_dict": {32: 0.003},
    "lrate_rampup_kimg": 0.1,
    "tick_kimg_base": 0.024,
    "tick_kimg_dict": {16: 0.048},
    "max_micro_batch_dict": {16: 2},
    "d_repeats": 2,
    "minibatch_repeats": 3,
    "reset_opt_for_new_lod": False,
    "image_snapshot_ticks": 2,
    "network_snapshot_ticks": 4,
    "checkpoint_minutes": 2.5,
    "weight_histograms": True,
    "grid": "3x2",
    "guard_max_score": 40.0,
    "guard_min_variation": 0.5,
    "max_rollbacks": 1,
    "rollback_lrate_factor": 0.125,
    "eval_features": "random",
    "eval_num_images": 20,
}
# Of the others, a path differs by each run, two ways to make G's step go with
# few of these, and other programs' networks have widths and forms of their own.
APART = (
    *("run_dir", "data_dir", "init_from", "reuse_fakes", "unroll_steps"),
    *("fmaps", "layout"),
)
# Of another family: what it has of its own, and has in common.
TINY: dict[str, Any] = {
    "family": "tiny",
    "latent_size": 7,
    "d_divisor": 2,
    "batch_norm": True,
    "minibatch_stddev": False,
    "growing": False,
}

COUNT = 24


def reads(*names: str) -> Callable:
    """Marks a test as one that sees these options arrive."""

    def mark(function):
        function.reads = names
        return function

    return mark


@dataclasses.dataclass(frozen=True)
class Call:
    """What a look at the schedule gave the steps, and Adam's count then."""

    images: np.ndarray
    labels: np.ndarray
    nimg: int
    alpha: float
    g_lrate: float
    d_lrate: float
    g_step: int
    d_step: int
    stage: Stage


# Seconds that a call takes, a batch is waited for, and a picture takes.
CALL, WAIT, PICTURE = 60.0, 5.0, 7.0


class Clock:
    """Goes on when it is told to."""

    def __init__(self) -> None:
        self.now = 0.0

    def monotonic(self) -> float:
        return self.now


class ArrivalCase(common.TestCase):
    """Tests of one run, which is made once for each class."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.here = pathlib.Path(
            cls.enterClassContext(tempfile.TemporaryDirectory())
        )
        # Each image is of one value, 10 times its number.
        values = 10 * np.arange(COUNT, dtype=np.uint8)
        images = np.ones((COUNT, 64, 64, 3), np.uint8)
        images *= values[:, None, None, None]
        labels = np.eye(3, dtype=np.float32)[np.arange(COUNT) % 3]
        dataset_files.save(cls.here / "set", images, labels)

    @classmethod
    def options(cls, run: str = "run", **changes: Any) -> RunOptions:
        """Of a run, by flags, as `train.py` has them; None: the default."""
        paths = {
            "run_dir": str(cls.here / run),
            "data_dir": str(cls.here / "set"),
        }
        values = {**VALUES, **paths, **changes}
        values = {k: v for k, v in values.items() if v is not None}
        return checks.check(run_flags.changed(None, None, values))

    @classmethod
    def networks(cls, **changes: Any) -> state.Networks:
        """Made for options with some changed."""
        strategy = tf.distribute.MirroredStrategy(["CPU:0"])
        options = cls.options("never begun", **changes)
        return state.make_networks(options, 3, strategy)

    def run_of(self, options: RunOptions) -> trainer.Run:
        """The run, without its first pictures; deterministic elsewhere."""
        with (
            mock.patch.object(trainer.devices, "make_deterministic"),
            mock.patch.object(grid.Grid, "save_fakes"),
        ):
            run = trainer.Run(options)
        self.addCleanup(run.close)
        return run

    def walk(self, options: RunOptions) -> "Walk":
        """All looks at the schedule of a run, without a step."""
        return Walk(self, options)


class Walk:
    """A whole training whose compiled steps do nothing but take a minute.

    By a clock of its own: see CALL, WAIT and PICTURE.

    Attributes:
        calls: Of the steps.
        pictures, snapshots, checkpoints: At how many images each was taken.
        lods, picture_lods: That Gs had in each snapshot and picture.
        histograms: (network, images) of TensorBoard.
        drawn_by: Names of the networks in pictures and snapshots.
    """

    def __init__(self, test: ArrivalCase, options: RunOptions) -> None:
        self.calls: list[Call] = []
        self.pictures: list[int] = []
        self.picture_lods: list[float] = []
        self.snapshots: list[int] = []
        self.lods: list[float] = []
        self.checkpoints: list[int] = []
        self.histograms: list[tuple[str, int]] = []
        self.drawn_by: set[str] = set()
        self.clock = Clock()
        patch = mock.patch.object
        with (
            patch(trainer.devices, "make_deterministic"),
            patch(trainer.time, "monotonic", self.clock.monotonic),
            patch(trainer.Run, "compile", self.compile),
            patch(trainer.pipeline, "ahead", self.ahead),
            patch(guard.Guard, "what_is_wrong", return_value=""),
            patch(grid.Grid, "save_fakes", self.picture),
            patch(snapshots, "save_generator", self.snapshot),
        ):
            self.run = run = trainer.Run(options)
            test.addCleanup(run.close)
            run.checkpoints.save = self.checkpoint
            run.reports.writer.weights = self.histogram
            run.train(trainer.stopping.StopRequest())

    def compile(self, stage: Stage):
        """In place of a method; the run is there once it is called."""

        def call(images, labels, nimg, alpha, g_lrate, d_lrate):
            g_adam, d_adam = self.run.nets.g_adam, self.run.nets.d_adam
            self.calls.append(
                Call(
                    images.numpy(),
                    labels.numpy(),
                    int(nimg),
                    float(alpha),
                    float(g_lrate),
                    float(d_lrate),
                    int(g_adam.step.numpy()),
                    int(d_adam.step.numpy()),
                    stage,
                )
            )
            for adam in (g_adam, d_adam):
                adam.step.assign_add(1)
            self.clock.now += CALL
            return tf.zeros([len(steps.TERMS)])

        return call

    def ahead(self, stream, *unused):
        """Batches that are waited for."""
        for batch in stream:
            self.clock.now += WAIT
            yield batch

    def picture(self, Gs, nimg: int) -> None:
        self.pictures.append(nimg)
        self.picture_lods.append(Gs.lod)
        self.clock.now += PICTURE
        self.drawn_by.add(Gs.name)

    def snapshot(self, Gs, path: pathlib.Path) -> None:
        self.snapshots.append(self.run.position.nimg)
        self.lods.append(Gs.lod)
        self.drawn_by.add(Gs.name)

    def checkpoint(self, where) -> None:
        self.checkpoints.append(where.nimg)

    def histogram(self, network: str, arrays, nimg: int) -> None:
        self.histograms.append((network, nimg))


def first_layer(nets: state.Networks) -> keras.layers.Layer:
    """G's dense layer."""
    return nets.G.conv0[0]
