"""What a step takes at resolutions that have not been reached yet.

An iteration takes time by its multiplications, and time by its layers however
small they are, since each has to be called. While one core multiplies another
can call, so that these add up as sides at a right angle do:

    seconds^2 = (scale * multiplications / peak)^2 + (overhead * levels)^2.

The peak is the machine's. Scale and overhead follow from what was measured:
one resolution tells one of them, two tell both. Where the peak is unknown, or
is a GPU's, which nobody has measured, there is no overhead, but a share of the
peak that is smaller at 4x4 and 8x8.
"""

import dataclasses
import math
from collections.abc import Mapping

import numpy as np

from pgan_tf.networks import cost
from pgan_tf.runs.schedule import Schedule
from pgan_tf.training import speed

# Scales that are tried, and how much a doubling counts against one: as much as
# a speed that is 14% off. So one measurement alone leaves the scale at 1.
_SCALES = 2.0 ** np.arange(-6, 6.01, 0.125)
_WEIGHT = 0.02
# Where only ratios count.
_ANY = speed.Machine(1.0)


@dataclasses.dataclass(frozen=True)
class Step:
    """An iteration of the schedule.

    Attributes:
        images: Shown in it.
        call_nimg: Shown between two looks at the schedule.
        levels: Resolutions whose layers are in use.
        seconds: By its multiplications; in any unit, if no peak is known.
    """

    images: int
    call_nimg: int
    levels: int
    seconds: float


class StepTimes:
    """Seconds per image of each resolution.

    Fading in costs a few percent more, which nothing here knows of.

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
        self._machine = machine
        self._steps: dict[int, Step] = {}
        repeats = schedule.options.d_repeats
        for stage in schedule.stages():
            macs = cost.iteration_macs(
                networks, stage.resolution, stage.minibatch, repeats
            )
            self._steps[stage.resolution] = Step(
                stage.minibatch * repeats,
                schedule.call_nimg(stage),
                speed.levels(stage.resolution),
                (machine or _ANY).multiplying(stage.resolution, macs),
            )

    @property
    def _overhead(self) -> float | None:
        """Seconds for each level, before any is measured."""
        return self._machine.overhead if self._machine else None

    def call_nimg(self, resolution: int) -> int:
        """Images shown between two looks at the schedule."""
        return self._steps[resolution].call_nimg

    def modelled(self, resolution: int) -> float | None:
        """Seconds per image before anything is measured."""
        if self._machine is None:
            return None
        return self._per_image(resolution, 1.0, self._overhead or 0.0)

    def expected(
        self, resolution: int, measured: Mapping[int, float]
    ) -> float | None:
        """Seconds per image.

        Args:
            resolution: That the training comes to.
            measured: By resolution: seconds per image, where they are known.

        Returns:
            What was measured; or what that lets expect, which is right for
            the nearest resolution measured; None: nothing can be said.
        """
        if resolution in measured:
            return measured[resolution]
        known = {r: v for r, v in measured.items() if r in self._steps}
        if not known:
            return self.modelled(resolution)
        scale, overhead = self._fitted(known)
        nearest = _nearest(resolution, known)
        found = self._per_image(resolution, scale, overhead)
        return (
            known[nearest] * found / self._per_image(nearest, scale, overhead)
        )

    def _per_image(
        self, resolution: int, scale: float, overhead: float
    ) -> float:
        step = self._steps[resolution]
        seconds = math.hypot(scale * step.seconds, overhead * step.levels)
        return seconds / step.images

    def _fitted(self, known: Mapping[int, float]) -> tuple[float, float]:
        """Scale and overhead that fit what is known best."""
        if self._overhead is None:
            return 1.0, 0.0
        steps = [self._steps[r] for r in known]
        took = np.array([known[r] * self._steps[r].images for r in known])
        # In squares of what was measured, where all of it is linear; halved,
        # an error of a square is one of the time itself.
        base = np.array([step.seconds for step in steps]) / took
        levels = np.array([step.levels for step in steps]) / took
        base, levels = base**2, levels**2
        best = math.inf, 1.0, 0.0
        for scale in _SCALES:
            rest = 1 - scale**2 * base
            square = max(rest @ levels / (levels @ levels), 0.0)
            errors = (rest - square * levels) / 2
            loss = errors @ errors + _WEIGHT * math.log2(scale) ** 2
            best = min(best, (loss, float(scale), math.sqrt(square)))
        return best[1:]


def _nearest(resolution: int, known: Mapping[int, float]) -> int:
    """The one below it, else the one above it."""
    return max((r for r in known if r <= resolution), default=min(known))
