"""Sliced Wasserstein distance between patches of two sets of images (SWD).

Karras et al. 2018, section 5: each image is split into the bands of a
Laplacian pyramid (Burt and Adelson 1983); 128 patches of 7x7 pixels are cut
from each band at random places; per band, the patches of each set are
normalised by their own mean and deviation per colour channel and the two
clouds are compared by the mean 1-d Wasserstein distance along random
directions. The finest band shows whether details are alike, the 16x16
low-pass whether layouts are. Numbers are reported times 1000.

Memory is that of one band of both sets, 215 kB per image of one set, whatever
the resolution; the rest lies in temporary files. Two sets must have equal
numbers of images; draws come in as arguments.
"""

import concurrent.futures

import numpy as np

from pgan_tf.evaluation.metrics import pyramid
from pgan_tf.evaluation.metrics.metric import (
    Batch,
    Collector,
    Metric,
    Setting,
    Value,
)

DIRECTION_SETS = 4
DIRECTIONS_PER_SET = 128
# Projected and sorted at once: 1 GB for both sets of 16,384 images. Half as
# many make the projections half as fast.
DIRECTIONS_AT_ONCE = 64


def draw_directions(random: np.random.RandomState, size: int) -> np.ndarray:
    """Draws the 4 x 128 unit directions of one band, float32 [size,512]."""
    shape = (size, DIRECTIONS_PER_SET)
    drawn = [random.randn(*shape) for _ in range(DIRECTION_SETS)]
    directions = np.concatenate(drawn, axis=1)
    directions /= np.sqrt(np.square(directions).sum(axis=0))
    return directions.astype(np.float32)


def distance(
    cloud1: np.ndarray, cloud2: np.ndarray, directions: np.ndarray
) -> float:
    """Mean over the directions of the 1-d Wasserstein distance.

    Rabin et al. 2011, as Karras et al. 2018 cite it: for each direction d, the
    mean of |sort(A d) - sort(B d)|. In one dimension the best transport pairs
    the sorted values.

    Args:
        cloud1, cloud2: float32 [M,D], equal M.
        directions: float32 [D,K].
    """
    if cloud1.shape != cloud2.shape:
        raise ValueError(f"unequal sets: {cloud1.shape}, {cloud2.shape}")
    total = 0.0
    # Fresh memory of this size would cost as much as the sorting.
    memory = np.empty((2, DIRECTIONS_AT_ONCE, len(cloud1)), np.float32)
    with concurrent.futures.ThreadPoolExecutor(pyramid.THREADS) as pool:
        for start in range(0, directions.shape[1], DIRECTIONS_AT_ONCE):
            some = directions[:, start : start + DIRECTIONS_AT_ONCE].T
            lines1, lines2 = memory[:, : len(some)]
            # Rows are contiguous: sorting columns takes nine times longer.
            np.matmul(some, cloud1.T, out=lines1)
            np.matmul(some, cloud2.T, out=lines2)
            total += sum(pool.map(_distance_on_line, lines1, lines2))
    return total / directions.shape[1]


def _distance_on_line(line1: np.ndarray, line2: np.ndarray) -> float:
    """The 1-d Wasserstein distance of two [M]; overwrites both."""
    line1.sort()
    line2.sort()
    line1 -= line2
    return float(np.abs(line1, out=line1).mean())


def compare(
    patches1: pyramid.Patches,
    patches2: pyramid.Patches,
    random: np.random.RandomState,
) -> list[float]:
    """SWD times 1000 per band, finest first; new directions per band."""

    def compare_band(band: int) -> float:
        # In a function, so that its clouds are gone before the next band's.
        cloud1, cloud2 = patches1.cloud(band), patches2.cloud(band)
        directions = draw_directions(random, cloud1.shape[1])
        return 1000 * distance(cloud1, cloud2, directions)

    return [compare_band(i) for i in range(len(patches1.resolutions))]


class SlicedWasserstein(Metric):
    """SWD times 1000."""

    key = "swd"
    alias = "swd16k"
    paper_count = 16_384
    title = "SWDx1e3"
    about = "distance of patches, by resolution"
    better = "lower"
    legend = (
        "SWDx1e3: times 1000, by resolution from fine to coarse, and the"
        " average."
    )
    facts = {
        "patches_per_image": pyramid.PATCHES_PER_IMAGE,
        "directions": DIRECTION_SETS * DIRECTIONS_PER_SET,
    }

    @classmethod
    def gap(cls, count: int, setting: Setting) -> str:
        size = setting.resolution
        if size < pyramid.COARSEST or size & (size - 1):
            return f"needs images of 16x16, 32x32, ... pixels, not {size}"
        return super().gap(count, setting)

    def start(self, random: np.random.RandomState) -> Collector:
        return _CutPatches(self.count, self.setting.resolution, random)

    def result(
        self,
        reals: pyramid.Patches,
        fakes: pyramid.Patches,
        random: np.random.RandomState,
    ) -> Value:
        distances = compare(reals, fakes, random)
        # The paper's "average" is over the bands, whatever their size.
        names = [str(size) for size in reals.resolutions]
        levels = dict(zip(names, distances, strict=True))
        return Value(float(np.mean(distances)), levels=levels)


class _CutPatches(Collector):
    """Draws all places ahead, so that batches are of no influence."""

    def __init__(
        self, count: int, resolution: int, random: np.random.RandomState
    ) -> None:
        super().__init__(count)
        self._patches = pyramid.Patches(resolution)
        self._positions = pyramid.draw_positions(random, count, resolution)
        self._count = count

    def _take(self, batch: Batch) -> None:
        start = self._count - self.remaining
        part = slice(start, start + len(batch.images))
        positions = [(x[part], y[part]) for x, y in self._positions]
        self._patches.add(batch.images, positions)

    def summary(self) -> pyramid.Patches:
        return self._patches
