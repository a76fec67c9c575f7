"""How fast a training will be: the model, measurements, the time left.

Nothing here imports TensorFlow.
"""

import collections
import math
import pathlib
import statistics
import time

import numpy as np

from pgan_tf.base import files
from pgan_tf.networks import cost
from pgan_tf.networks.progressive import cost as progressive_cost
from pgan_tf.runs import schedule
from pgan_tf.runs.options import RunOptions, ScheduleOptions


class TimeLeft:
    """Estimates the time left, knowing that later resolutions are slower.

    The speed of a resolution not yet seen is that of the last one seen, by
    the ratio of their multiplications and of the shares of a machine's peak
    that `plan` expects.
    """

    def __init__(
        self, options: RunOptions, resolution: int, num_channels: int
    ) -> None:
        self._options = options
        self._resolution = resolution
        self._shape = progressive_cost.ProgressiveCost(
            options.networks, num_channels, options.data.max_label_size
        )
        self._seconds_per_image: dict[int, float] = {}

    def measured(self, start: int, end: int, seconds: float) -> None:
        """Takes in how long the images from one number to another took.

        Where these were of several resolutions, each was as much faster or
        slower than expected as all were.
        """
        expected = {r: self._expected(r) for r in self._images(start, end)}
        ratio = seconds / self._sum(start, end)
        for resolution, speed in expected.items():
            self._seconds_per_image[resolution] = speed * ratio

    def seconds(self, nimg: int) -> float:
        """Seconds from `nimg` images to the end of the training."""
        total = schedule.total_kimg(self._options.schedule, self._resolution)
        return self._sum(nimg, 1000 * total)

    def _sum(self, start: float, end: float) -> float:
        """Seconds that the images from one number to another will take."""
        images = self._images(start, end)
        return sum(n * self._expected(r) for r, n in images.items())

    def _images(self, start: float, end: float) -> dict[int, float]:
        """How many of the images are of which resolution."""
        images: dict[int, float] = collections.defaultdict(float)
        phases = schedule.phases(self._options.schedule, self._resolution)
        for phase in phases:
            first = max(phase.start_kimg * 1000, start)
            last = min(phase.end_kimg * 1000, end)
            if last > first:
                images[phase.resolution(self._resolution)] += last - first
        return images

    def _expected(self, resolution: int) -> float:
        """Seconds per image at a resolution; in any unit, if none is known."""
        known, cost = self._seconds_per_image, self._cost(resolution)
        if not known:
            return cost
        nearest = max((r for r in known if r <= resolution), default=min(known))
        return known[nearest] * cost / self._cost(nearest)

    def _cost(self, resolution: int) -> float:
        """Of an image, as far as the multiplications tell."""
        macs = cost.iteration_macs(self._shape, resolution, minibatch=1)
        return macs / share_of_peak(resolution)


_SHARE_OF_PEAK = {4: 0.4, 8: 0.6}


_SHARE_ABOVE = 0.75


def kimg_at(
    options: ScheduleOptions, final: int, resolution: int
) -> tuple[float, float]:
    """Thousands of images fading in and settled at a resolution."""
    fade = settled = 0.0
    for phase in schedule.phases(options, final):
        if phase.resolution(final) == resolution:
            end = min(phase.end_kimg, options.total_kimg)
            length = max(end - phase.start_kimg, 0.0)
            if phase.fading:
                fade += length
            else:
                settled += length
    return fade, settled


def measured_speeds(run_dir: str | pathlib.Path) -> dict[int, float]:
    """Images/s by resolution that a run's stats.jsonl tells: the medians."""
    speeds: dict[int, list[float]] = {}
    for tick in files.read_json_lines(pathlib.Path(run_dir) / "stats.jsonl"):
        speed = tick["images_per_sec"]
        speeds.setdefault(tick["resolution"], []).append(speed)
    return {r: statistics.median(values) for r, values in speeds.items()}


def share_of_peak(resolution: int) -> float:
    """Of a machine's convolution peak, what a training step reaches, about.

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


# What TensorFlow takes on a CPU before any network, not part of any row.
TENSORFLOW_MB = 550.0


def memory_mb(
    shape: progressive_cost.ProgressiveCost,
    final: int,
    resolution: int,
    minibatch: int,
) -> float:
    """Memory of one device for a step at a resolution, in MiB, about.

    Args:
        shape: Of the networks.
        final: Their final resolution.
        resolution: At which to step.
        minibatch: Images on the device.
    """
    weights = 4 * sum(shape.parameters(final))
    activations = 4 * minibatch * shape.discriminator(resolution).activations
    scaled = _PER_WEIGHT * weights + _PER_ACTIVATION * activations
    return _BESIDE_MB + scaled / 2**20


def _modelled_speed(
    resolution: int, nimg: int, macs: int, peak: float | None
) -> float | None:
    """Images/s that a share of the machine's peak allows."""
    if peak is None:
        return None
    return share_of_peak(resolution) * peak * 1e9 * nimg / macs
