"""A training whose steps are replaced by ones of known duration and terms."""

import contextlib
import pathlib
import time
from collections.abc import Iterator
from unittest import mock

import numpy as np

from pgan_tf.networks import snapshots
from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.runs.options import (
    DataOptions,
    RunOptions,
    ScheduleOptions,
    SnapshotsOptions,
)
from pgan_tf.training import (
    checkpoints,
    checks,
    compiled_steps,
    grid,
    opening,
    steps,
    trainer,
)

# Seconds: of an image in the steps, of a batch waited for, and of what comes
# between ticks. Powers of two, so that their sums are exact.
IMAGE = {4: 2**-6, 8: 2**-4}
BATCH = 2**-3
COMPILE, GRID, SNAPSHOT, CHECKPOINT = 16.0, 2.0, 4.0, 8.0
# Terms of every step, by name.
TERMS = {name: 0.25 + i / 64 for i, name in enumerate(steps.TERMS)}
CALL_NIMG = 1000


class Clock:
    """Stands in for `time.monotonic`: passes when it is told to."""

    def __init__(self) -> None:
        self.now = 5000.0

    def __call__(self) -> float:
        return self.now


def options(here: pathlib.Path, **changes: object) -> RunOptions:
    """4x4 for 2 kimg, 8x8 fading in for 3, then settled to 8.

    The dataset is `here/set`. A tick is a call of 1000 images.
    """
    schedule = {
        "total_kimg": 8.0,
        "lod_training_kimg": 2.0,
        "lod_transition_kimg": 3.0,
        "minibatch_base": 8,
        "minibatch_repeats": CALL_NIMG // 8,
        "tick_kimg_base": 1.0,
        "g_lrate_dict": {4: 0.002, 8: 0.003},
        "d_lrate_dict": {4: 0.004, 8: 0.005},
        **changes,
    }
    return checks.check(
        RunOptions(
            run_dir=str(here / "run"),
            data=DataOptions(data_dir=str(here / "set")),
            networks=ProgressiveOptions(fmap_base=32, fmap_max=8),
            schedule=ScheduleOptions(**schedule),
            snapshots=SnapshotsOptions(
                network_snapshot_ticks=4, image_snapshot_ticks=2, grid="4x3"
            ),
        )
    )


class _Steps:
    """What `compiled_steps.make_iterations` gives."""

    def __init__(self, clock: Clock, resolution: int) -> None:
        self._clock = clock
        self._resolution = resolution

    def get_concrete_function(self) -> None:
        self._clock.now += COMPILE

    def __call__(self, *unused: object) -> np.ndarray:
        self._clock.now += CALL_NIMG * IMAGE[self._resolution]
        return np.array(list(TERMS.values()), np.float32)


@contextlib.contextmanager
def known(clock: Clock) -> Iterator[None]:
    """Inside, a training takes such steps, and the clock goes as they say."""

    def slow(function, seconds):
        def call(*arguments, **named):
            clock.now += seconds
            return function(*arguments, **named)

        return call

    def batches(run, stage):
        while True:
            clock.now += BATCH
            yield None, None

    def iterations(nets, strategy, stage, *unused):
        return _Steps(clock, stage.resolution)

    replaced = [
        (time, "monotonic", clock),
        (compiled_steps, "make_iterations", iterations),
        (trainer.Run, "batches", batches),
        (opening, "machine", lambda options, replicas: None),
        *(
            (owner, name, slow(getattr(owner, name), seconds))
            for owner, name, seconds in (
                (grid.Grid, "save_fakes", GRID),
                (snapshots, "save_generator", SNAPSHOT),
                (checkpoints.Checkpoints, "save", CHECKPOINT),
            )
        ),
    ]
    with contextlib.ExitStack() as stack:
        for owner, name, stand_in in replaced:
            stack.enter_context(mock.patch.object(owner, name, stand_in))
        yield
