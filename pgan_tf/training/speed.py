"""How fast a training will be: the model, measurements, the time left.

Nothing here imports TensorFlow.
"""

import math
import pathlib
import statistics
import time

import numpy as np

from pgan_tf.networks import cost
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs.schedule import Schedule


class TimeLeft:
    """Estimates the time left, knowing that later resolutions are slower.

    The speed of a resolution not yet seen is that of the last one seen, by
    the ratio of their multiplications and of the shares of a machine's peak
    that `plan` expects.
    """

    def __init__(self, schedule: Schedule, networks: cost.NetworksCost) -> None:
        self._schedule = schedule
        self._networks = networks
        self._seconds_per_image: dict[int, float] = {}

    @property
    def total_kimg(self) -> float:
        """Length of the training."""
        return self._schedule.total_kimg

    def measured(self, start: int, end: int, seconds: float) -> None:
        """Takes in how long the images from one number to another took.

        Where these were of several resolutions, each was as much faster or
        slower than expected as all were.
        """
        images = self._schedule.images_between(start, end)
        expected = {r: self._expected(r) for r in images}
        ratio = seconds / self._sum(start, end)
        for resolution, speed in expected.items():
            self._seconds_per_image[resolution] = speed * ratio

    def seconds(self, nimg: int) -> float:
        """Seconds from `nimg` images to the end of the training."""
        return self._sum(nimg, 1000 * self._schedule.total_kimg)

    def _sum(self, start: float, end: float) -> float:
        """Seconds that the images from one number to another will take."""
        images = self._schedule.images_between(start, end)
        return sum(n * self._expected(r) for r, n in images.items())

    def _expected(self, resolution: int) -> float:
        """Seconds per image at a resolution; in any unit, if none is known."""
        known, cost = self._seconds_per_image, self._cost(resolution)
        if not known:
            return cost
        nearest = max((r for r in known if r <= resolution), default=min(known))
        return known[nearest] * cost / self._cost(nearest)

    def _cost(self, resolution: int) -> float:
        """What an image costs, as far as its multiplications tell."""
        d_repeats = self._schedule.options.d_repeats
        macs = cost.iteration_macs(self._networks, resolution, 1, d_repeats)
        return macs / d_repeats / share_of_peak(resolution)


_SHARE_OF_PEAK = {4: 0.4, 8: 0.6}
_SHARE_ABOVE = 0.75


def measured_speeds(run_dir: str | pathlib.Path) -> dict[int, float]:
    """Images/s by resolution that a run's stats.jsonl tells: the medians."""
    speeds: dict[int, list[float]] = {}
    for tick in run_folder.read_ticks(pathlib.Path(run_dir)):
        speed = tick["images_per_sec"]
        speeds.setdefault(tick["resolution"], []).append(speed)
    return {r: statistics.median(values) for r, values in speeds.items()}


def share_of_peak(resolution: int) -> float:
    """About what share of a machine's convolution peak a step reaches.

    To launch many small operations costs, the smaller the images the more.
    """
    return _SHARE_OF_PEAK.get(resolution, _SHARE_ABOVE)


def cpu_gmac_per_sec(size: int = 1024, repeats: int = 8) -> float:
    """This CPU's peak in a float32 matrix product, 10^9 multiplications/s.

    A convolution comes near it.
    """
    a = np.ones([size, size], np.float32)
    best = math.inf
    for _ in range(repeats):
        start = time.perf_counter()
        a @ a
        best = min(best, time.perf_counter() - start)
    return size**3 / best / 1e9


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
    resolution: int, nimg: int, macs: int, peak: float | None
) -> float | None:
    """Images/s that a share of the machine's peak allows."""
    if peak is None:
        return None
    return share_of_peak(resolution) * peak * 1e9 * nimg / macs
