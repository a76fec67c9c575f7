"""The training schedule: a pure function of the number of images shown.

Growth goes: the first resolution settled, then for each higher one a fade-in
and a settled phase (Karras et al. 2018, section 3 and appendix A).
"""

import dataclasses
import math
from collections.abc import Mapping
from typing import TypeVar

from pgan_tf import config

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
    """

    lod: float
    resolution: int
    minibatch: int
    g_lrate: float
    d_lrate: float
    tick_kimg: float

    @property
    def alpha(self) -> float | None:
        """Weight of the current resolution's layers; None when settled."""
        fraction = self.lod - math.floor(self.lod)
        return 1.0 - fraction if fraction else None

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


def phases(options: config.ScheduleConfig, resolution: int) -> list[Phase]:
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
    options: config.ScheduleConfig,
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
    kimg = nimg / 1000.0
    phase = next(p for p in phases(options, resolution) if kimg < p.end_kimg)
    lod = phase.lod_at(kimg)
    current = resolution >> math.floor(lod)
    minibatch = _by_resolution(
        options.minibatch_dict, options.minibatch_base, current
    )
    minibatch -= minibatch % num_replicas
    if current in options.max_minibatch_per_gpu_dict:
        cap = options.max_minibatch_per_gpu_dict[current] * num_replicas
        minibatch = min(minibatch, cap)
    return Stage(
        lod=lod,
        resolution=current,
        minibatch=minibatch,
        g_lrate=_by_resolution(
            options.g_lrate_dict, options.g_lrate_base, current
        ),
        d_lrate=_by_resolution(
            options.d_lrate_dict, options.d_lrate_base, current
        ),
        tick_kimg=_by_resolution(
            options.tick_kimg_dict, options.tick_kimg_base, current
        ),
    )


def stages(
    options: config.ScheduleConfig, resolution: int, num_replicas: int = 1
) -> list[Stage]:
    """One stage per phase of the training, up to where it ends."""
    total = options.total_kimg
    starts = [phase.start_kimg for phase in phases(options, resolution)]
    # One image into a phase it is sure to be in force.
    return [
        at(int(start * 1000) + 1, options, resolution, num_replicas)
        for start in starts
        if start < total
    ]


def _by_resolution(
    values: Mapping[int, Number], default: Number, resolution: int
) -> Number:
    return values.get(resolution, default)


def _integers_around(lod: float) -> tuple[int, int]:
    return math.floor(lod), math.ceil(lod)
