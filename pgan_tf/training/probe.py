"""How fast a training goes and what memory it takes, measured by doing it.

Each stage of a schedule takes a few steps, on noise in place of reals, with
networks that are thrown away. `train.py --probe` uses it before a training.
"""

import dataclasses
import time
from collections.abc import Callable, Iterator

import tensorflow as tf

from pgan_tf.base import devices, errors, out_of_memory, text
from pgan_tf.networks import families
from pgan_tf.runs.options import RunOptions
from pgan_tf.runs.schedule import Schedule, Stage
from pgan_tf.training import checks, compiled_steps, plan, state

# A stage is timed for about so long, after its first call.
_SECONDS = 1.0
_MOST_CALLS = 50


def speeds(
    options: RunOptions, num_channels: int, say: Callable[[str], None]
) -> dict[int, float]:
    """Images/s of a training's resolutions, fading and settled together.

    Args:
        options: As `checks.check_plan` returns them.
        num_channels: Of the images.
        say: Receives a line for each stage.

    Raises:
        UserError: As `timings`.
    """
    schedule = Schedule.of_run(options)
    seconds: dict[int, float] = {}
    kimg: dict[int, float] = {}
    for timing in timings(options, num_channels):
        r, fading = timing.stage.resolution, timing.stage.alpha is not None
        say(
            f"probe {r}x{r} {'fading in' if fading else 'settled'}: "
            f"{text.number(timing.images_per_sec, 1)} images/s, first call "
            f"{timing.first_call_seconds:.1f}s, peak memory so far "
            f"{timing.peak_memory_mb:.0f} MiB"
        )
        fade, settled = schedule.kimg_at(r)
        part = fade if fading else settled
        kimg[r] = kimg.get(r, 0.0) + part
        seconds[r] = seconds.get(r, 0.0) + part / timing.images_per_sec
    return {r: kimg[r] / seconds[r] for r in seconds}


@dataclasses.dataclass(frozen=True)
class Timing:
    """What a stage took.

    Attributes:
        stage: Resolution, minibatch, and whether fading.
        images_per_sec: Reals shown to D per second, over all devices.
        first_call_seconds: Compilation, and the first iterations.
        peak_memory_mb: The most in use so far: of the busiest GPU, or of this
            process.
    """

    stage: Stage
    images_per_sec: float
    first_call_seconds: float
    peak_memory_mb: float


def timings(options: RunOptions, num_channels: int) -> Iterator[Timing]:
    """Times every stage of a training, the lowest resolution first.

    Fading stages too: they need the most memory.

    Args:
        options: As `checks.check_plan` returns them.
        num_channels: Of the images.

    Raises:
        UserError: If a stage does not fit into memory, or the devices do not
            fit the minibatches.
    """
    strategy = devices.make_strategy(options.devices)
    num_replicas = strategy.num_replicas_in_sync
    schedule = Schedule.of_run(options, num_replicas)
    family = families.by_name(options.family)
    checks.check_minibatches(schedule, family.group_size(options.networks))
    nets = state.make_networks(options, num_channels, strategy)
    for stage in schedule.stages():
        try:
            yield time_stage(options, nets, strategy, stage)
        except Exception as error:
            if not out_of_memory.is_one(error):
                raise
            raise errors.UserError(
                "out of memory " + plan.memory_advice(options, schedule, stage)
            ) from error


def time_stage(
    options: RunOptions,
    nets: state.Networks,
    strategy: tf.distribute.Strategy,
    stage: Stage,
) -> Timing:
    """Times one stage."""
    trial = Trial(options, nets, strategy, stage)
    return Timing(
        stage,
        trial.images_per_sec(),
        trial.first_call_seconds,
        devices.peak_memory_mb(),
    )


class Trial:
    """The compiled steps of a stage, with noise to take them on.

    Attributes:
        nimg: Reals that a call shows to D.
        first_call_seconds: Compilation, and the first iterations.
    """

    def __init__(
        self,
        options: RunOptions,
        nets: state.Networks,
        strategy: tf.distribute.Strategy,
        stage: Stage,
    ) -> None:
        label_size = options.data.max_label_size
        self._call = compiled_steps.make_iterations(
            nets, strategy, stage, tf.zeros([1, label_size]), options
        )
        self.nimg = Schedule.of_run(options).call_nimg(stage)
        size = stage.resolution
        shape = [self.nimg, size, size, nets.D.num_channels]
        noise = tf.random.stateless_uniform(shape, [0, 0], 0, 256, tf.int32)
        self._batch = (
            tf.cast(noise, tf.uint8),
            tf.zeros([self.nimg, label_size]),
        )
        floats = (stage.alpha or 1.0, stage.g_lrate, stage.d_lrate)
        self._scalars = [tf.constant(value, tf.float32) for value in floats]
        start = time.perf_counter()
        self.run(0)
        self.first_call_seconds = time.perf_counter() - start

    def run(self, index: int) -> None:
        """One call, the `index`-th, to its end."""
        nimg = tf.constant(index * self.nimg, tf.int64)
        # Reading a number waits for the device.
        self._call(*self._batch, nimg, *self._scalars).numpy()

    def images_per_sec(self) -> float:
        """Over about a second."""
        seconds, calls = _repeat(self.run)
        return calls * self.nimg / seconds


def _repeat(run: Callable[[int], None]) -> tuple[float, int]:
    """Seconds and calls, until enough of either."""
    start = time.perf_counter()
    calls, seconds = 0, 0.0
    while seconds < _SECONDS and calls < _MOST_CALLS:
        calls += 1
        run(calls)
        seconds = time.perf_counter() - start
    return seconds, calls
