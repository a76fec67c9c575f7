"""The training schedule: a pure function of the number of images shown.

Growth goes: the first resolution settled, then for each higher one a fade-in
and a settled phase (Karras et al. 2018, section 3 and appendix A). A
`Schedule` is derived once from the options, and answers all that is asked.
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, TypeVar

from pgan_tf.base import resolutions, text
from pgan_tf.runs.options import RunOptions, ScheduleOptions

Number = TypeVar("Number", int, float)


@dataclasses.dataclass(frozen=True)
class Stage:
    """What holds at one moment of the training.

    Attributes:
        lod: Level of detail: log2(final / current resolution), its fraction
            falling from 1 to 0 while the current resolution fades in.
        resolution: Current resolution in pixels.
        minibatch: Images per step, over all replicas.
        g_lrate, d_lrate: Learning rates.
        tick_kimg: Length of a tick, in thousands of images.
        passes: Over how many passes each device spreads its images.
    """

    lod: float
    resolution: int
    minibatch: int
    g_lrate: float
    d_lrate: float
    tick_kimg: float
    passes: int = 1

    @property
    def alpha(self) -> float | None:
        """Weight of the current resolution's layers; None when settled."""
        return resolutions.alpha_of(self.lod)

    def grown_since(self, lod: float | None) -> bool:
        """Whether layers came into or went out of use since that lod.

        That is when the optimizers restart: at both ends of every fade-in,
        and at the very start (None).
        """
        return lod is None or _integers_around(self.lod) != _integers_around(
            lod
        )


@dataclasses.dataclass(frozen=True)
class Phase:
    """A stretch of training with one resolution, settled or fading in.

    It ends ahead of `end_kimg`, which is infinite for the last. Over a fading
    phase lod falls linearly from `start_lod` to the integer below.
    """

    fading: bool
    start_kimg: float
    end_kimg: float
    start_lod: int

    def resolution(self, final: int) -> int:
        """The resolution of the phase in a training up to a final one."""
        return final >> (self.start_lod - int(self.fading))

    def lod_at(self, kimg: float) -> float:
        if not self.fading:
            return float(self.start_lod)
        length = self.end_kimg - self.start_kimg
        return self.start_lod - (kimg - self.start_kimg) / length


@dataclasses.dataclass(frozen=True)
class Schedule:
    """The course of a training; made by `derive` or `of_run`.

    Attributes:
        options: With every value by resolution written out.
        resolution: Final resolution.
        num_replicas: Devices that share a minibatch.
        phases: In order, up to the final resolution.
    """

    options: ScheduleOptions
    resolution: int
    num_replicas: int
    phases: tuple[Phase, ...]

    @classmethod
    def derive(
        cls, options: ScheduleOptions, resolution: int, num_replicas: int = 1
    ) -> "Schedule":
        """The schedule that options stand for.

        What was given stays. What was left open, a base of 0, becomes what the
        reference's v2 presets have, whose rule this is for 1, 2, 4 and 8 GPUs:

        The minibatch is 2048 images over the resolution, so that a step costs
        less than four times that of the resolution below; at most 128 per
        device, and at least 4, a group of the minibatch standard deviation.
        Rates are 0.001, and rise where the minibatch is at its least, so no
        longer shrinks. The training ends four settled phases after the last
        fade-in.

        Args:
            options: As given by the user, or derived before.
            resolution: Final resolution.
            num_replicas: Devices that share a minibatch.
        """
        phases = _phases(options, resolution)
        total = options.total_kimg or phases[-1].start_kimg + 4 * _settled(
            options, resolution
        )
        written_out = _written_out(options, resolution, num_replicas)
        return cls(
            options=dataclasses.replace(written_out, total_kimg=total),
            resolution=resolution,
            num_replicas=num_replicas,
            phases=tuple(phases),
        )

    @classmethod
    def of_run(cls, options: RunOptions, num_replicas: int = 1) -> "Schedule":
        """The schedule of a run whose resolution is filled in."""
        return cls.derive(
            options.schedule, options.data.resolution, num_replicas
        )

    @property
    def total_kimg(self) -> float:
        """Length of the training."""
        return self.options.total_kimg

    def at(self, nimg: int) -> Stage:
        """The stage after `nimg` real images have been shown to D.

        The next resolution, with its minibatch and rates, begins as soon as
        lod drops below an integer: one image after the settled phase has
        ended. A minibatch is rounded down to a multiple of the number of
        devices, then capped per device.
        """
        options, kimg = self.options, nimg / 1000.0
        phase = next(p for p in self.phases if kimg < p.end_kimg)
        lod = phase.lod_at(kimg)
        current = resolutions.at(lod, self.resolution)
        minibatch = options.minibatch_dict[current]
        minibatch -= minibatch % self.num_replicas
        if current in options.max_minibatch_per_gpu_dict:
            cap = options.max_minibatch_per_gpu_dict[current]
            minibatch = min(minibatch, cap * self.num_replicas)
        rampup = _rampup(kimg, options.lrate_rampup_kimg)
        return Stage(
            lod=lod,
            resolution=current,
            minibatch=minibatch,
            g_lrate=options.g_lrate_dict[current] * rampup,
            d_lrate=options.d_lrate_dict[current] * rampup,
            tick_kimg=options.tick_kimg_dict[current],
            passes=_passes(
                minibatch // self.num_replicas,
                options.max_micro_batch_dict.get(current, minibatch),
            ),
        )

    def stages(self) -> list[Stage]:
        """One stage per phase of the training, up to where it ends."""
        # One image into a phase it is sure to be in force.
        return [
            self.at(int(phase.start_kimg * 1000) + 1)
            for phase in self.phases
            if phase.start_kimg < self.total_kimg
        ]

    def call_nimg(self, stage: Stage) -> int:
        """Images shown between two looks at the schedule."""
        steps = self.options.d_repeats * self.options.minibatch_repeats
        return stage.minibatch * steps

    def kimg_at(self, resolution: int) -> tuple[float, float]:
        """Thousands of images fading in and settled at a resolution."""
        found = {True: 0.0, False: 0.0}
        for phase in self.phases:
            if phase.resolution(self.resolution) == resolution:
                end = min(phase.end_kimg, self.total_kimg)
                found[phase.fading] += max(end - phase.start_kimg, 0.0)
        return found[True], found[False]

    def table(self) -> list[str]:
        """The schedule for people: a line per resolution, and the length."""
        titles = "size|fades in|settled|batch|per pass|lrate G|D|tick"
        starts: dict[int, dict[bool, float]] = {}
        for phase in self.phases:
            current = starts.setdefault(phase.resolution(self.resolution), {})
            current[phase.fading] = phase.start_kimg
        rows = {
            stage.resolution: [
                f"{stage.resolution}x{stage.resolution}",
                *(
                    _or_dash(starts[stage.resolution].get(fading))
                    for fading in (True, False)
                ),
                str(stage.minibatch),
                str(stage.minibatch // self.num_replicas // stage.passes),
                *(
                    f"{rates[stage.resolution]:g}"
                    for rates in (
                        self.options.g_lrate_dict,
                        self.options.d_lrate_dict,
                    )
                ),
                f"{stage.tick_kimg:g}",
            ]
            for stage in self.stages()
        }
        lines = text.aligned([titles.split("|"), *rows.values()])
        return [*lines, f"{self.total_kimg:g} kimg in all"]


# The reference's; shorter where an image takes longer.
_TICK_KIMG = {
    4: 160.0,
    8: 140.0,
    16: 120.0,
    32: 100.0,
    64: 80.0,
    128: 60.0,
    256: 40.0,
    512: 20.0,
}
_LRATES = (0.001, 0.0015, 0.002, 0.003)


def _written_out(
    options: ScheduleOptions, resolution: int, num_replicas: int
) -> ScheduleOptions:
    """Options in which every resolution has its own values."""
    sizes = resolutions.up_to(resolution)
    own = not (options.minibatch_base or options.minibatch_dict)
    minibatches = {r: _minibatch(r, num_replicas) for r in sizes}
    lrates = {r: _lrate(r, num_replicas) if own else 0.001 for r in sizes}
    ticks = {r: _TICK_KIMG.get(r, 10.0) for r in sizes}

    def fill(given: Mapping[int, Number], base: Number, derived: Any) -> Any:
        return {r: given.get(r, base or derived[r]) for r in sizes}

    return dataclasses.replace(
        options,
        minibatch_base=0,
        minibatch_dict=fill(
            options.minibatch_dict, options.minibatch_base, minibatches
        ),
        g_lrate_base=0.0,
        g_lrate_dict=fill(options.g_lrate_dict, options.g_lrate_base, lrates),
        d_lrate_base=0.0,
        d_lrate_dict=fill(options.d_lrate_dict, options.d_lrate_base, lrates),
        tick_kimg_base=0.0,
        tick_kimg_dict=fill(
            options.tick_kimg_dict, options.tick_kimg_base, ticks
        ),
    )


def _minibatch(resolution: int, num_replicas: int) -> int:
    """The minibatch of the v2 presets, a multiple of 4 per device."""
    least = 4 * num_replicas
    wanted = min(2048 // resolution, 128 * num_replicas)
    return max(wanted - wanted % least, least)


def _lrate(resolution: int, num_replicas: int) -> float:
    """The rate of the v2 presets: one more for each doubling at the least."""
    least = 4 * num_replicas
    at_least = [
        r
        for r in resolutions.up_to(resolution)
        if _minibatch(r // 2, num_replicas) == least
    ]
    return _LRATES[min(len(at_least), len(_LRATES) - 1)]


def _phases(options: ScheduleOptions, resolution: int) -> list[Phase]:
    """The phases of a training, in order, up to the final resolution."""
    result: list[Phase] = []
    start, current = 0.0, min(options.lod_initial_resolution, resolution)
    while True:
        lod = int(math.log2(resolution // current))
        fade = options.lod_transition_kimg_dict.get(
            current, options.lod_transition_kimg
        )
        if result and fade > 0:
            result.append(Phase(True, start, start + fade, lod + 1))
            start += fade
        last = current == resolution
        end = math.inf if last else start + _settled(options, current)
        result.append(Phase(False, start, end, lod))
        if last:
            return result
        start, current = end, 2 * current


def _rampup(kimg: float, length: float) -> float:
    """Factor of the rates, from exp(-5) up to 1 (Laine & Aila 2017)."""
    ahead = max(1.0 - kimg / length, 0.0) if length else 0.0
    return math.exp(-5.0 * ahead * ahead)


def _settled(options: ScheduleOptions, resolution: int) -> float:
    """Length of a settled phase, in kimg."""
    return options.lod_training_kimg_dict.get(
        resolution, options.lod_training_kimg
    )


def _or_dash(kimg: float | None) -> str:
    return "-" if kimg is None else f"at {kimg:g}"


def _passes(share: int, most: int) -> int:
    """The least number of equal passes of at most so many images."""
    passes = 1
    while share > most * passes or share % passes:
        passes += 1
    return passes


def _integers_around(lod: float) -> tuple[int, int]:
    return math.floor(lod), math.ceil(lod)
