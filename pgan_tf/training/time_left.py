"""When a training will be done.

What is still to come is added up: the images of each stage at its speed, the
setting up of each stage, and what lies between ticks.
"""

import collections
import math
import statistics
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pgan_tf.networks import cost
from pgan_tf.runs.schedule import Schedule
from pgan_tf.training import speed
from pgan_tf.training.pace import Stretch
from pgan_tf.training.step_times import StepTimes

# So many of the last measurements count. Of them the lower median, so that
# one hiccup changes nothing, even as the second of two.
_LAST = 5
# Between ticks pictures and snapshots come now and then: their mean counts.
_LAST_BETWEEN = 20
# The first one of a process sets up more than itself, about as many units more.
_FIRST_SETUP = 2.0


class TimeLeft:
    """Estimates the time left from what the ticks so far have taken.

    Args:
        schedule: Of the training.
        networks: What they cost.
        machine: That trains; None: unknown.
    """

    def __init__(
        self,
        schedule: Schedule,
        networks: cost.NetworksCost,
        machine: speed.Machine | None = None,
    ) -> None:
        self._schedule = schedule
        self._steps = StepTimes(schedule, networks, machine)
        # Seconds per image by resolution, whether it fades in or not.
        self._measured: dict[int, collections.deque[float]] = {}
        self._expected = self._all_expected()
        self._setups: list[Stretch] = []
        self._between: collections.deque[float] = collections.deque(
            maxlen=_LAST_BETWEEN
        )
        self._is_first = True

    @property
    def total_kimg(self) -> float:
        """Length of the training."""
        return self._schedule.total_kimg

    @property
    def is_measured(self) -> bool:
        """Whether any speed is known, of this process or one before."""
        return bool(self._measured)

    def took(
        self,
        stretches: Iterable[Stretch],
        setups: Sequence[Stretch] = (),
        between: float = 0.0,
    ) -> None:
        """Takes in what a tick took.

        Args:
            stretches: Its steps.
            setups: What was set up in it, with the first calls.
            between: Seconds of all else, and from the tick before to it.
        """
        sums: dict[int, list[float]] = {}
        for each in stretches:
            total = sums.setdefault(each.resolution, [0.0, 0.0])
            total[0] += each.images
            total[1] += each.seconds
        for resolution, (images, seconds) in sums.items():
            self._keep(resolution, seconds / images)
        self._expected = self._all_expected()
        self._setups += setups
        # Ahead of the first tick everything is made for the first time.
        if not self._is_first:
            self._between.append(between)
        self._is_first = False

    def remember(self, ticks: Iterable[Mapping[str, Any]]) -> None:
        """Takes in the lines of stats.jsonl of a run that goes on."""
        for tick in ticks:
            rate, resolution = (
                tick.get("images_per_sec"),
                tick.get("resolution"),
            )
            if (
                isinstance(rate, int | float)
                and 0 < rate < math.inf
                and resolution in self._expected
            ):
                self._keep(resolution, 1 / rate)
        self._expected = self._all_expected()

    def _keep(self, resolution: int, seconds_per_image: float) -> None:
        kept = self._measured.setdefault(
            resolution, collections.deque(maxlen=_LAST)
        )
        kept.append(seconds_per_image)

    def seconds(self, nimg: int) -> float | None:
        """Seconds from `nimg` images to the end; None: nothing is known."""
        total, end = 0.0, 1000 * self.total_kimg
        for phase in self._schedule.phases:
            start = 1000 * phase.start_kimg
            images = min(1000 * phase.end_kimg, end) - max(start, nimg)
            if images <= 0:
                continue
            resolution = phase.resolution(self._schedule.resolution)
            expected = self._expected[resolution]
            if expected is None:
                return None
            total += images * expected
            total += self._ticks(resolution, images) * self._mean_between()
            # After a restart, what is under way is set up anew.
            again = self._is_first and start < nimg
            if nimg <= start or again:
                total += self._setup_rate() * speed.setup_size(
                    resolution, phase.fading
                )
        return total

    def _all_expected(self) -> dict[int, float | None]:
        """Seconds per image, as far as they are known."""
        known = {
            resolution: statistics.median_low(values)
            for resolution, values in self._measured.items()
        }
        return {
            stage.resolution: self._steps.expected(stage.resolution, known)
            for stage in self._schedule.stages()
        }

    def _ticks(self, resolution: int, images: float) -> float:
        """How many ticks so many images take, about."""
        tick_kimg = self._schedule.options.tick_kimg_dict[resolution]
        return images / max(1000 * tick_kimg, self._steps.call_nimg(resolution))

    def _mean_between(self) -> float:
        return statistics.fmean(self._between) if self._between else 0.0

    def _setup_rate(self) -> float:
        """Seconds of setting up for a unit of `speed.setup_size`."""
        rates: list[float] = []
        for setup in self._setups:
            size = speed.setup_size(setup.resolution, setup.fading)
            if not rates:
                size += _FIRST_SETUP
            # The images of the first call are among those that are counted.
            per_image = self._expected.get(setup.resolution) or 0.0
            seconds = setup.seconds - setup.images * per_image
            rates.append(max(seconds, 0.0) / size)
        recent = (rates[1:] or rates)[-_LAST:]
        return statistics.median_low(recent) if recent else speed.SETUP_SECONDS
