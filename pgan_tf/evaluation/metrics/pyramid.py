"""Patches of the bands of images, for the sliced Wasserstein distance.

Karras et al. 2018, section 5: each image is split into the bands of a
Laplacian pyramid (Burt and Adelson 1983), 128 patches of 7x7 pixels are cut
from each band at random places, and the patches of a set are normalised per
band and colour channel.
"""

import concurrent.futures
import math
import os
import tempfile

import numpy as np
import scipy.ndimage

PATCH = 7
PATCHES_PER_IMAGE = 128
COARSEST = 16
# Bands up to this size are kept whole.
LARGEST_WHOLE = 64
CHANNELS = 3
# SciPy and NumPy let go of the interpreter lock.
THREADS = os.cpu_count() or 1
# [x of every image, y of every image], each an integer array [N,128].
Positions = tuple[np.ndarray, np.ndarray]
_BINOMIAL = np.array([1, 4, 6, 4, 1], np.float32) / 16


def resolutions(resolution: int) -> list[int]:
    """The sizes of the bands: from full size down to 16.

    Raises:
        ValueError: Below 16 pixels there is no band.
    """
    if resolution < COARSEST:
        raise ValueError(f"SWD needs {COARSEST} pixels or more: {resolution}")
    sizes = [resolution]
    while sizes[-1] > COARSEST:
        sizes.append(sizes[-1] // 2)
    return sizes


def pyr_down(images: np.ndarray) -> np.ndarray:
    """Blurs with the 5x5 binomial kernel and drops every second pixel.

    Borders are mirrored without repeating the edge. [N,C,H,W] to
    [N,C,H/2,W/2], float32.
    """
    half = _blur(images, axis=2)[:, :, ::2]
    return _blur(half, axis=3)[:, :, :, ::2]


def pyr_up(images: np.ndarray) -> np.ndarray:
    """Inserts zeros between pixels and blurs with 4 times the kernel."""
    count, channels, height, width = images.shape
    tall = np.zeros((count, channels, height * 2, width), np.float32)
    tall[:, :, ::2] = images
    # Twice per axis: of every two pixels one is 0.
    tall = _blur(tall, axis=2) * 2
    wide = np.zeros((count, channels, height * 2, width * 2), np.float32)
    wide[:, :, :, ::2] = tall
    return _blur(wide, axis=3) * 2


def laplacian_pyramid(images: np.ndarray) -> list[np.ndarray]:
    """Splits images into bands; the last is the 16x16 low-pass.

    Args:
        images: uint8 or float [N,S,S,C], S 16 times a power of two, 0..255.

    Returns:
        float32 [N,C,s,s] for s = S, S/2, .. 16. Adding each band to the
        upscaled sum of the coarser ones gives the images back.
    """
    bands = [images.transpose(0, 3, 1, 2).astype(np.float32)]
    for _ in resolutions(images.shape[1])[1:]:
        coarse = pyr_down(bands[-1])
        bands[-1] -= pyr_up(coarse)
        bands.append(coarse)
    return bands


def draw_positions(
    random: np.random.RandomState, count: int, resolution: int
) -> list[Positions]:
    """Draws where patches are cut, in the reference's order.

    Per band, finest first: the centres' x of all images, then their y, both
    from [3, s - 3), so that no patch leaves the image.

    Returns:
        Per band (x, y), int16 [count,128] each.
    """
    reach = PATCH // 2
    shape = (count, PATCHES_PER_IMAGE)
    positions = []
    for size in resolutions(resolution):
        x = random.randint(reach, size - reach, size=shape)
        y = random.randint(reach, size - reach, size=shape)
        positions.append((x.astype(np.int16), y.astype(np.int16)))
    return positions


def cut_patches(band: np.ndarray, positions: Positions) -> np.ndarray:
    """Cuts the patches around the given centres.

    Args:
        band: float32 [N,C,s,s].
        positions: x and y of the centres, [N,P] each.

    Returns:
        float32 [N*P,C,7,7], image after image; as in the reference axis 2 is
        x and axis 3 is y.
    """
    x, y = (each - PATCH // 2 for each in positions)
    windows = np.lib.stride_tricks.sliding_window_view(
        band, (PATCH, PATCH), axis=(2, 3)
    )
    image = np.arange(len(band))[:, np.newaxis]
    patches = windows[image, :, y, x]  # [N,P,C,7,7]
    return patches.reshape(-1, *patches.shape[2:]).swapaxes(2, 3)


def normalize(patches: np.ndarray) -> np.ndarray:
    """Normalises each colour channel over all patches of a set, in place.

    Args:
        patches: float32 [M,C,7,7], contiguous; overwritten.

    Returns:
        The same memory as [M,C*49], of mean 0 and deviation 1 per channel; a
        channel that is constant becomes 0.
    """
    count, channels = patches.shape[:2]
    pixels = patches.reshape(count, channels, -1)
    values = pixels[:, 0].size
    # Differs: float64, as a float32 sum over millions of patches drifts.
    mean = pixels.sum(axis=2).sum(axis=0, dtype=np.float64) / values
    pixels -= mean.astype(np.float32)[:, np.newaxis]
    squares = np.einsum("mcp,mcp->mc", pixels, pixels)
    deviation = np.sqrt(squares.sum(axis=0, dtype=np.float64) / values)
    deviation[deviation == 0] = 1
    pixels *= (1 / deviation).astype(np.float32)[:, np.newaxis]
    return pixels.reshape(count, -1)


class Patches:
    """The patches of a set of images, kept in temporary files.

    Small bands are kept whole and cut when asked for: 128 patches of 7x7
    take more room than an image of 64x64.

    Attributes:
        resolutions: Sizes of the bands, finest first.
    """

    def __init__(self, resolution: int) -> None:
        self.resolutions = resolutions(resolution)
        self._files = [tempfile.TemporaryFile() for _ in self.resolutions]
        self._positions: list[list[Positions]] = []

    def add(self, images: np.ndarray, positions: list[Positions]) -> None:
        """Adds a batch uint8 [n,S,S,3]; positions as `draw_positions` does."""
        with concurrent.futures.ThreadPoolExecutor(THREADS) as pool:
            parts = np.array_split(images, min(len(images), THREADS))
            found = list(pool.map(laplacian_pyramid, parts))
        bands = [np.concatenate(parts) for parts in zip(*found, strict=True)]
        for file, band, places in zip(
            self._files, bands, positions, strict=True
        ):
            if band.shape[2] > LARGEST_WHOLE:
                band = cut_patches(band, places)
            file.write(band.tobytes())
        self._positions.append(positions)

    def cloud(self, band: int) -> np.ndarray:
        """The normalised patches of one band, float32 [M,147]."""
        self._files[band].seek(0)
        parts = [positions[band] for positions in self._positions]
        count = sum(x.size for x, _ in parts)
        patches = np.empty((count, CHANNELS, PATCH, PATCH), np.float32)
        start = 0
        for places in parts:
            stop = start + places[0].size
            patches[start:stop] = self._read(band, places)
            start = stop
        return normalize(patches)

    def _read(self, band: int, places: Positions) -> np.ndarray:
        """The patches of the next batch in a band's file."""
        images, size = len(places[0]), self.resolutions[band]
        whole = size <= LARGEST_WHOLE
        shape = (images, CHANNELS, size, size)
        if not whole:
            shape = (places[0].size, CHANNELS, PATCH, PATCH)
        data = self._files[band].read(4 * math.prod(shape))
        stored = np.frombuffer(data, np.float32).reshape(shape)
        return cut_patches(stored, places) if whole else stored


def _blur(images: np.ndarray, axis: int) -> np.ndarray:
    return scipy.ndimage.convolve1d(images, _BINOMIAL, axis, mode="mirror")
