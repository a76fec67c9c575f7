"""Times the two costly steps of the metrics against their plain versions.

  make bench-metrics
      SWD of 2 x 16,384 images of 128x128 against NumPy code written straight
      from its definition, on the same cores and to the same numbers; and the
      matrix root of FID at 2048 dimensions against scipy.linalg.sqrtm

  python -m benchmarks.metrics --num_images=1024
      the same sooner, with fewer images

Half an hour and 14 GB of memory on 2 cores, nearly all of it the plain SWD.
"""

import argparse
import tempfile
import time
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import scipy.linalg

from pgan_tf.base import command_line, flag_kinds, flag_parser
from pgan_tf.evaluation.metrics import frechet, pyramid, sliced_wasserstein
from pgan_tf.evaluation.metrics.metric import Batch, Setting

MINIBATCH = 64
SEED = 3
KERNEL = np.outer([1, 4, 6, 4, 1], [1, 4, 6, 4, 1]).astype(np.float32) / 256

Timed = TypeVar("Timed")


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """From a command line, without the script's name, to values."""
    parser = flag_parser.Parser(
        "python -m benchmarks.metrics", __doc__ or "", "make bench-metrics\n"
    )
    add = parser.section("flags").add
    for name, default, help in (
        ("num_images", 16_384, "Images on each side."),
        ("resolution", 128, "Of the images."),
        ("dimensions", 2048, "Of FID's features."),
    ):
        add(name, help, flag_kinds.POSITIVE, default=default)
    return parser.parse(arguments)


def main(options: argparse.Namespace) -> None:
    """Measures and prints."""
    bench_root(options.dimensions)
    bench_swd(options.num_images, options.resolution)


def bench_root(size: int) -> None:
    """Tr((S1 S2)^(1/2)) of two covariances of `size` dimensions."""
    random = np.random.RandomState(0)
    scales = np.linspace(0.1, 2, size)
    first, second = (
        np.cov(random.randn(2 * size, size) * scales, rowvar=False)
        for _ in range(2)
    )
    frechet.trace_of_root(first[:64, :64], second[:64, :64])  # imports
    fast, ours = timed(lambda: frechet.trace_of_root(first, second))
    slow, plain = timed(
        lambda: np.trace(scipy.linalg.sqrtm(first @ second)).real
    )
    print(f"FID's matrix root, {size} dimensions")
    report("scipy.linalg.sqrtm", slow, "ours", fast)
    print(f"  relative difference {abs(ours / plain - 1):.1e}", flush=True)


def bench_swd(count: int, size: int) -> None:
    """SWD of two sets of smooth noise."""
    sets = [noise(count, size, seed) for seed in (0, 1)]
    fast, ours = timed(lambda: our_swd(*sets))
    print(f"SWD, 2 x {count} images of {size}x{size}: {fast:.1f} s", flush=True)
    slow, plain = timed(lambda: plain_swd(*sets))
    report("plain NumPy", slow, "ours", fast)
    gap = np.abs(np.divide(ours, plain) - 1).max()
    print(f"  largest relative difference of a band {gap:.1e}")


def timed(call: Callable[[], Timed]) -> tuple[float, Timed]:
    """Seconds and the result; prints what the processors worked."""
    started, cpu = time.perf_counter(), time.process_time()
    result = call()
    seconds = time.perf_counter() - started
    print(
        f"  {seconds:.2f} s, of all cores {time.process_time() - cpu:.2f} s",
        flush=True,
    )
    return seconds, result


def report(slow_name: str, slow: float, fast_name: str, fast: float) -> None:
    print(
        f"  {slow_name} {slow:.2f} s, {fast_name} {fast:.2f} s:"
        f" {slow / fast:.1f} times faster",
        flush=True,
    )


def noise(count: int, size: int, seed: int) -> np.ndarray:
    """uint8 [count,size,size,3] with something in every band."""
    random = np.random.RandomState(seed)
    images = np.empty((count, size, size, 3), np.uint8)
    for i in range(count):
        coarse = random.randint(0, 128, (4, 4, 3)).repeat(size // 4, 0)
        fine = random.randint(0, 100 + 28 * seed, (size, size, 3))
        images[i] = coarse.repeat(size // 4, 1) + fine
    return images


def our_swd(reals: np.ndarray, fakes: np.ndarray) -> list[float]:
    """As an evaluation computes it."""
    metric = sliced_wasserstein.SlicedWasserstein(
        len(reals), Setting(reals.shape[1])
    )
    patches = []
    for images in (reals, fakes):
        collector = metric.start(np.random.RandomState(SEED))
        for start in range(0, len(images), MINIBATCH):
            collector.add(Batch(images[start : start + MINIBATCH]))
        patches.append(collector.summary())
    reals_patches, fakes_patches = patches
    random = np.random.RandomState(SEED + 1)
    value = metric.result(reals_patches, fakes_patches, random)
    return list(value.levels.values())


def plain_swd(reals: np.ndarray, fakes: np.ndarray) -> list[float]:
    """Straight from the definition; patches wait on disk for their turn."""
    count, size = reals.shape[:2]
    # The same places and directions, so that the numbers are the same.
    positions = pyramid.draw_positions(np.random.RandomState(SEED), count, size)
    random = np.random.RandomState(SEED + 1)
    stored = [plain_patches(images, positions) for images in (reals, fakes)]
    found = []
    for pair in zip(*stored, strict=True):
        clouds = [plain_cloud(patches) for patches in pair]
        directions = sliced_wasserstein.draw_directions(
            random, clouds[0].shape[1]
        )
        distances = []
        for part in np.split(
            directions, sliced_wasserstein.DIRECTION_SETS, axis=1
        ):
            first, second = (np.sort(c @ part, axis=0) for c in clouds)
            distances.append(np.abs(first - second).mean(dtype=np.float64))
        found.append(1000 * float(np.mean(distances)))
    return found


def plain_patches(
    images: np.ndarray, positions: list[pyramid.Positions]
) -> list[np.ndarray]:
    """The patches of every band, [M,3,7,7] each."""
    shape = (positions[0][0].size, 3, 7, 7)
    found: list[np.ndarray] = [
        np.memmap(tempfile.TemporaryFile(), np.float32, "w+", shape=shape)
        for _ in positions
    ]
    reach = np.arange(-3, 4)
    for start in range(0, len(images), MINIBATCH):
        rows = slice(start, start + MINIBATCH)
        bands = plain_pyramid(images[rows], len(positions))
        for patches, band, (xs, ys) in zip(
            found, bands, positions, strict=True
        ):
            # Axes image, patch, x, y: the reference has x first.
            image = np.arange(len(band))[:, None, None, None]
            x = xs[rows, :, None, None] + reach[:, None]
            y = ys[rows, :, None, None] + reach
            cut = band[image, y, x].transpose(0, 1, 4, 2, 3)
            first, count = start * xs.shape[1], cut.shape[0] * cut.shape[1]
            patches[first : first + count] = cut.reshape(-1, 3, 7, 7)
    return found


def plain_cloud(patches: np.ndarray) -> np.ndarray:
    """Normalised per colour channel over all patches, [M,147]."""
    cloud = np.array(patches)
    axes = (0, 2, 3)
    cloud -= cloud.mean(axes, np.float64, keepdims=True).astype(np.float32)
    cloud /= cloud.std(axes, np.float64, keepdims=True).astype(np.float32)
    return cloud.reshape(len(cloud), -1)


def plain_pyramid(images: np.ndarray, levels: int) -> list[np.ndarray]:
    """The bands of the Laplacian pyramid, float32 [n,s,s,3]."""
    bands = [images.astype(np.float32)]
    for _ in range(levels - 1):
        coarse = plain_blur(bands[-1])[:, ::2, ::2]
        spread = np.zeros_like(bands[-1])
        spread[:, ::2, ::2] = coarse
        bands[-1] = bands[-1] - 4 * plain_blur(spread)
        bands.append(coarse)
    return bands


def plain_blur(images: np.ndarray) -> np.ndarray:
    """The 5x5 binomial mean, borders mirrored without their edge."""
    height, width = images.shape[1:3]
    padded = np.pad(images, [(0, 0), (2, 2), (2, 2), (0, 0)], "reflect")
    total = np.zeros_like(images)
    for i in range(5):
        for j in range(5):
            shifted = padded[:, i : i + height, j : j + width]
            total += KERNEL[i, j] * shifted
    return total


if __name__ == "__main__":
    command_line.run(main, parse)
