"""The training schedule: a pure function of the number of images shown.

Growth goes: the first resolution settled, then for each higher one a fade-in
and a settled phase (Karras et al. 2018, section 3 and appendix A).
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, TypeVar

from pgan_tf.base import resolutions, text
from pgan_tf.runs.options import ScheduleOptions

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
        """In pixels, of a training up to the final resolution."""
        return final >> (self.start_lod - int(self.fading))

    def lod_at(self, kimg: float) -> float:
        if not self.fading:
            return float(self.start_lod)
        length = self.end_kimg - self.start_kimg
        return self.start_lod - (kimg - self.start_kimg) / length


def derive(
    options: ScheduleOptions, resolution: int, num_replicas: int = 1
) -> ScheduleOptions:
    """The same schedule with every value by resolution written out.

    What was given stays. What was left open, a base of 0, becomes what the
    reference's v2 presets have, whose rule this is for 1, 2, 4 and 8 GPUs:

    The minibatch is 2048 images over the resolution, so that a step costs
    less than four times that of the resolution below; at most 128 per device,
    and at least 4, a group of the minibatch standard deviation. Rates are
    0.001, and rise where the minibatch is at its least, so no longer shrinks.
    The training ends four settled phases after the last fade-in.

    Args:
        options: As given by the user, or derived before.
        resolution: Final resolution.
        num_replicas: Devices that share a minibatch.
    """
    sizes = resolutions.up_to(resolution)
    own = not (options.minibatch_base or options.minibatch_dict)
    minibatches = {r: _minibatch(r, num_replicas) for r in sizes}
    lrates = {r: _lrate(r, num_replicas) if own else 0.001 for r in sizes}
    ticks = {r: _TICK_KIMG.get(r, 10.0) for r in sizes}

    def fill(given: Mapping[int, Number], base: Number, derived: Any) -> Any:
        return {r: given.get(r, base or derived[r]) for r in sizes}

    g_lrates = fill(options.g_lrate_dict, options.g_lrate_base, lrates)
    d_lrates = fill(options.d_lrate_dict, options.d_lrate_base, lrates)
    return dataclasses.replace(
        options,
        total_kimg=total_kimg(options, resolution),
        minibatch_base=0,
        minibatch_dict=fill(
            options.minibatch_dict, options.minibatch_base, minibatches
        ),
        g_lrate_base=0.0,
        g_lrate_dict=g_lrates,
        d_lrate_base=0.0,
        d_lrate_dict=d_lrates,
        tick_kimg_base=0.0,
        tick_kimg_dict=fill(
            options.tick_kimg_dict, options.tick_kimg_base, ticks
        ),
    )


def total_kimg(options: ScheduleOptions, resolution: int) -> float:
    """Length of a training up to a final resolution, given or derived."""
    if options.total_kimg:
        return options.total_kimg
    settled = _by_resolution(
        options.lod_training_kimg_dict, options.lod_training_kimg, resolution
    )
    return phases(options, resolution)[-1].start_kimg + 4 * settled


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


def phases(options: ScheduleOptions, resolution: int) -> list[Phase]:
    """The phases of a training, in order, up to the final resolution."""
    result: list[Phase] = []
    start, current = 0.0, min(options.lod_initial_resolution, resolution)
    while True:
        lod = int(math.log2(resolution // current))
        fade = _by_resolution(
            options.lod_transition_kimg_dict,
            options.lod_transition_kimg,
            current,
        )
        if result and fade > 0:
            result.append(Phase(True, start, start + fade, lod + 1))
            start += fade
        settled = _by_resolution(
            options.lod_training_kimg_dict, options.lod_training_kimg, current
        )
        last = current == resolution
        end = math.inf if last else start + settled
        result.append(Phase(False, start, end, lod))
        if last:
            return result
        start, current = end, 2 * current


def at(
    nimg: int,
    options: ScheduleOptions,
    resolution: int,
    num_replicas: int = 1,
) -> Stage:
    """The stage after `nimg` real images have been shown to D.

    The next resolution, with its minibatch and rates, begins as soon as lod
    drops below an integer: one image after the settled phase has ended.

    Args:
        nimg: Images shown so far.
        options: Phases, rates and minibatches.
        resolution: Final resolution.
        num_replicas: Devices that share a minibatch; it is rounded down to a
            multiple of their number, then capped per device.
    """
    options = derive(options, resolution, num_replicas)
    kimg = nimg / 1000.0
    phase = next(p for p in phases(options, resolution) if kimg < p.end_kimg)
    lod = phase.lod_at(kimg)
    current = resolutions.at(lod, resolution)
    minibatch = options.minibatch_dict[current]
    minibatch -= minibatch % num_replicas
    if current in options.max_minibatch_per_gpu_dict:
        cap = options.max_minibatch_per_gpu_dict[current] * num_replicas
        minibatch = min(minibatch, cap)
    return Stage(
        lod=lod,
        resolution=current,
        minibatch=minibatch,
        g_lrate=options.g_lrate_dict[current],
        d_lrate=options.d_lrate_dict[current],
        tick_kimg=options.tick_kimg_dict[current],
        passes=_passes(
            minibatch // num_replicas,
            options.max_micro_batch_dict.get(current, minibatch),
        ),
    )


def stages(
    options: ScheduleOptions, resolution: int, num_replicas: int = 1
) -> list[Stage]:
    """One stage per phase of the training, up to where it ends."""
    total = total_kimg(options, resolution)
    starts = [phase.start_kimg for phase in phases(options, resolution)]
    # One image into a phase it is sure to be in force.
    return [
        at(int(start * 1000) + 1, options, resolution, num_replicas)
        for start in starts
        if start < total
    ]


def table(
    options: ScheduleOptions, resolution: int, num_replicas: int = 1
) -> list[str]:
    """The schedule for people: titles, a line per resolution, the length."""
    titles = "size|fades in|settled|batch|per pass|lrate G|D|tick"
    options = derive(options, resolution, num_replicas)
    starts: dict[int, dict[bool, float]] = {}
    for phase in phases(options, resolution):
        current = starts.setdefault(phase.resolution(resolution), {})
        current[phase.fading] = phase.start_kimg
    rows = {
        stage.resolution: [
            f"{stage.resolution}x{stage.resolution}",
            *(_or_dash(starts[stage.resolution].get(f)) for f in (True, False)),
            str(stage.minibatch),
            str(stage.minibatch // num_replicas // stage.passes),
            *(f"{rate:g}" for rate in (stage.g_lrate, stage.d_lrate)),
            f"{stage.tick_kimg:g}",
        ]
        for stage in stages(options, resolution, num_replicas)
    }
    lines = text.aligned([titles.split("|"), *rows.values()])
    return [*lines, f"{options.total_kimg:g} kimg in all"]


def _or_dash(kimg: float | None) -> str:
    return "-" if kimg is None else f"at {kimg:g}"


def _passes(share: int, most: int) -> int:
    """The least number of equal passes of at most so many images."""
    passes = 1
    while share > most * passes or share % passes:
        passes += 1
    return passes


def _by_resolution(
    values: Mapping[int, Number], default: Number, resolution: int
) -> Number:
    return values.get(resolution, default)


def _integers_around(lod: float) -> tuple[int, int]:
    return math.floor(lod), math.ceil(lod)
