"""How fast a training will be: the model, and measurements.

Nothing here imports TensorFlow.
"""

import dataclasses
import math
import os
import pathlib
import statistics
import time

import numpy as np

from pgan_tf.networks import cost
from pgan_tf.runs import folder as run_folder


@dataclasses.dataclass(frozen=True)
class Machine:
    """What trains, as far as speeds are modelled by it.

    Attributes:
        peak_gmac_per_sec: In a plain convolution, on all devices, in 10^9
            multiplications per second.
        overhead: Seconds that each resolution's layers take in an iteration
            however small they are; None: it is no CPU.
        name: For people; empty: given by them.
    """

    peak_gmac_per_sec: float
    overhead: float | None = None
    name: str = ""

    @property
    def is_cpu(self) -> bool:
        """Whether it is a CPU, of which speeds are modelled otherwise."""
        return self.overhead is not None

    def multiplying(self, resolution: int, macs: int) -> float:
        """Seconds of an iteration at a resolution by its multiplications."""
        share = SHARE_ON_CPU if self.is_cpu else share_of_peak(resolution)
        return macs / (share * self.peak_gmac_per_sec * 1e9)

    def seconds(self, resolution: int, macs: int) -> float:
        """Seconds of an iteration, as `step_times` explains them."""
        layers = (self.overhead or 0.0) * levels(resolution)
        return math.hypot(self.multiplying(resolution, macs), layers)


def levels(resolution: int) -> int:
    """Resolutions up to this one, whose layers are in use: 1 at 4x4."""
    return resolution.bit_length() - 2


# Of networks of 64 and 128 maps on two cores, 4x4 to 128x128 (the table in
# docs/performance.md), to a tenth.
_OVERHEAD_ON_CPU = 0.007
SHARE_ON_CPU = 0.85
# What bfloat16 gains over float32 where the CPU multiplies tiles of it, by the
# same table.
_TILES_GAIN = 3.0


def this_cpu(precision: str = "float32") -> Machine:
    """This machine's CPU, measured: it takes a tenth of a second."""
    gain = 1.0
    if precision == "bfloat16" and "amx_bf16" in cpu_flags():
        gain = _TILES_GAIN
    return Machine(gain * cpu_gmac_per_sec(), _OVERHEAD_ON_CPU, "this CPU")


def cpu_flags() -> str:
    """What Linux tells of the CPU; empty elsewhere."""
    try:
        return pathlib.Path("/proc/cpuinfo").read_text()
    except OSError:
        return ""


_SHARE_OF_PEAK = {4: 0.4, 8: 0.6}
_SHARE_ABOVE = 0.75


def measured_speeds(run_dir: str | pathlib.Path) -> dict[int, float]:
    """Images/s by resolution that a run's stats.jsonl tells: the medians."""
    speeds: dict[int, list[float]] = {}
    for tick in run_folder.read_ticks(pathlib.Path(run_dir)):
        # None, where a tick had nothing but first calls.
        if speed := tick["images_per_sec"]:
            speeds.setdefault(tick["resolution"], []).append(speed)
    return {r: statistics.median(values) for r, values in speeds.items()}


def share_of_peak(resolution: int) -> float:
    """About what share of a machine's convolution peak a step reaches.

    To launch many small operations costs, the smaller the images the more.
    """
    return _SHARE_OF_PEAK.get(resolution, _SHARE_ABOVE)


# A product of this size takes one thread, which other programs disturb less
# than threads that wait for each other: 18 of them at work on two cores changed
# nothing, where a large product was 60 times as slow.
_PRODUCT = 96


def cpu_gmac_per_sec(seconds: float = 0.1) -> float:
    """This CPU's peak in a float32 matrix product, 10^9 multiplications/s.

    A convolution comes near it. Of many small products the fastest counts, the
    least disturbed one; all cores have that of one.

    Args:
        seconds: To try for.
    """
    a = np.ones([_PRODUCT, _PRODUCT], np.float32)
    best, began = math.inf, time.perf_counter()
    while (start := time.perf_counter()) - began < seconds:
        a @ a
        best = min(best, time.perf_counter() - start)
    cores = len(os.sched_getaffinity(0))
    return cores * _PRODUCT**3 / best / 1e9


# Megabytes in use for each megabyte of weights of G and D (their copies,
# moments and gradients) and of D's activations (both passes, the penalty's
# gradients), and beside them (the graph). Fitted to the peaks of processes on
# a CPU, from 4x4 to 128x128 and 64 to 512 feature maps; they agree to 10%.
_PER_WEIGHT = 6.4
_PER_ACTIVATION = 9.8
_BESIDE_MB = 107.0
# On a CPU the process has TensorFlow besides, and what the phases before have
# left. Whole trainings peaked at 1851 MiB (64 to 128 maps, 4x4 to 128x128),
# 1318 (32 maps, 128x128), 2580 (512 maps, 32x32) and 822 (16 maps, 16x16).
_TENSORFLOW_MB = 585.0
_PHASE_MB = 45.0


def process_mb(devices_mb: float, phases_before: int) -> float:
    """Memory of a training's process on a CPU, in MiB, about.

    Args:
        devices_mb: Of all its devices, by `memory_mb`.
        phases_before: Of the schedule, which were compiled before this one.
    """
    return _TENSORFLOW_MB + devices_mb + _PHASE_MB * phases_before


def memory_mb(
    networks: cost.NetworksCost,
    final: int,
    resolution: int,
    minibatch: int,
    fading: bool = False,
) -> float:
    """Memory of one device for a step at a resolution, in MiB, about.

    Args:
        networks: What they cost.
        final: Their final resolution.
        resolution: At which to step.
        minibatch: Images on the device.
        fading: Whether the resolution fades in, which takes more.
    """
    weights = 4 * sum(networks.parameters(final))
    activations = (
        4 * minibatch * networks.discriminator(resolution, fading).activations
    )
    scaled = _PER_WEIGHT * weights + _PER_ACTIVATION * activations
    return _BESIDE_MB + scaled / 2**20


def modelled(
    resolution: int, nimg: int, macs: int, machine: Machine | None
) -> float | None:
    """Images/s of a machine, of which an iteration shows `nimg`."""
    if machine is None:
        return None
    return nimg / machine.seconds(resolution, macs)


# Of setting up steps on a CPU, for each unit of `setup_size`: what the first
# calls of the table in docs/performance.md take.
SETUP_SECONDS = 1.1


def setup_size(resolution: int, fading: bool) -> float:
    """What there is to compile, in units of a resolution's layers."""
    return math.log2(resolution) + (0.5 if fading else 0.0)
