"""Multi-scale structural similarity of pairs of fakes (MS-SSIM).

Wang, Simoncelli and Bovik 2003, section 3, as Odena et al. 2017 and Karras
et al. 2018 use it: the mean over random pairs of one generator's images. Low
means diverse, 1 means that all images are the same. It tells nothing about
whether they look real: compare it with the reals' own value, above which lie
collapsed generators.

The numbers are those of the reference, which takes means over space and
colours together; `tf.image.ssim_multiscale` averages over colours last,
differs by 1e-3 and needs images of 161 pixels.
"""

import concurrent.futures
import os

import numpy as np
import scipy.ndimage

from pgan_tf.evaluation.metrics.metric import (
    Batch,
    Collector,
    Metric,
    Setting,
    Value,
)

WINDOW = 11
SIGMA = 1.5
K1, K2 = 0.01, 0.03
RANGE = 255
# Exponents of the levels, finest first; as published, their sum is 1.0001.
WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
SMALLEST = 2 ** (len(WEIGHTS) - 1)


def similarity(images1: np.ndarray, images2: np.ndarray) -> np.ndarray:
    """MS-SSIM of each pair.

    prod_j cs_j^w_j (j = 1..4) * ssim_5^w_5, equation 7 of the paper with its
    luminance at the coarsest level alone.

    Args:
        images1, images2: [N,H,W,C], 0..255; sides of at least 16 and, if
            larger than that, even at all levels but the last.

    Returns:
        float64 [N], 0 to 1.
    """
    ssim, contrast = terms(images1, images2)
    exponents = np.array(WEIGHTS)[:, np.newaxis]
    # Anticorrelated images have negative terms, whose powers are complex.
    factors = np.maximum([*contrast[:-1], ssim[-1]], 0) ** exponents
    return factors.prod(axis=0)


def terms(
    images1: np.ndarray, images2: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """SSIM and its contrast term of each level, float64 [5,N] each."""
    pairs = images1.astype(np.float64), images2.astype(np.float64)
    found = [_terms(*pairs)]
    for _ in WEIGHTS[1:]:
        pairs = _halve(pairs[0]), _halve(pairs[1])
        found.append(_terms(*pairs))
    ssim, contrast = zip(*found, strict=True)
    return np.stack(ssim), np.stack(contrast)


def window(size: int) -> np.ndarray:
    """The Gaussian, [size] of sum 1; smaller than 11 it is scaled down."""
    offsets = np.arange(size) - (size - 1) / 2
    weights = np.exp(-0.5 * (offsets * WINDOW / (size * SIGMA)) ** 2)
    return weights / weights.sum()


def _terms(
    images1: np.ndarray, images2: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """SSIM and its contrast term, means over all but axis 0, [N] each.

    Wang et al. 2003, equations 1-3, with mu, sigma^2 and sigma_12 the
    Gaussian means, variances and covariance around each pixel: luminance is
    (2 mu_1 mu_2 + C1) / (mu_1^2 + mu_2^2 + C1), contrast and structure
    together (2 sigma_12 + C2) / (sigma_1^2 + sigma_2^2 + C2), as C3 = C2 / 2.
    """
    c1, c2 = (K1 * RANGE) ** 2, (K2 * RANGE) ** 2
    mean1, mean2 = _smooth(images1), _smooth(images2)
    variance1 = _smooth(images1 * images1) - mean1 * mean1
    variance2 = _smooth(images2 * images2) - mean2 * mean2
    covariance = _smooth(images1 * images2) - mean1 * mean2
    contrast = (2 * covariance + c2) / (variance1 + variance2 + c2)
    luminance = (2 * mean1 * mean2 + c1) / (mean1**2 + mean2**2 + c1)
    axes = (1, 2, 3)
    return (luminance * contrast).mean(axes), contrast.mean(axes)


def _smooth(images: np.ndarray) -> np.ndarray:
    """The Gaussian mean around each pixel that has the whole window."""
    height, width = images.shape[1:3]
    size = min(WINDOW, height, width)
    weights = window(size)
    for axis, length in ((1, height), (2, width)):
        images = scipy.ndimage.correlate1d(images, weights, axis)
        inside = slice(size // 2, size // 2 + length - size + 1)
        images = images[:, inside] if axis == 1 else images[:, :, inside]
    return images


def _halve(images: np.ndarray) -> np.ndarray:
    """The mean of each 2x2 box."""
    rows = images[:, ::2] + images[:, 1::2]
    return (rows[:, :, ::2] + rows[:, :, 1::2]) / 4


class MultiScaleSimilarity(Metric):
    """Mean MS-SSIM of the pairs (0, 1), (2, 3), .. of a set."""

    key = "msssim"
    alias = "msssim10k"  # pairs
    paper_count = 20_000
    minimum = 2
    title = "MS-SSIM"
    uses_reals = False
    about = "how alike images are: variety alone"
    better = "as Reals"
    facts = {"weights": list(WEIGHTS), "window": WINDOW, "sigma": SIGMA}

    @classmethod
    def gap(cls, count: int, setting: Setting) -> str:
        size = setting.resolution
        if size < SMALLEST:
            return f"needs images of {SMALLEST}x{SMALLEST} pixels or more"
        if size & (size - 1) and size % 32:
            return f"needs images of 2^n or 32n pixels, not {size}"
        return super().gap(count, setting)

    def start(self, random: np.random.RandomState) -> Collector:
        # The last of an odd number of images has no partner.
        return _Pairs(self.count // 2 * 2)

    def result(
        self, reals: None, fakes: float, random: np.random.RandomState
    ) -> Value:
        return Value(fakes)


class _Pairs(Collector):
    """Sums similarities; keeps an image whose partner is in the next batch."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self._count = count
        self._single: np.ndarray | None = None
        self._total = 0.0

    def _take(self, batch: Batch) -> None:
        images = batch.images
        if self._single is not None:
            images = np.concatenate([self._single, images])
        paired = len(images) // 2 * 2
        self._single = images[paired:] if paired < len(images) else None
        pairs = np.split(images[:paired], paired // 2) if paired else []
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
            # SciPy lets go of the interpreter lock.
            for found in pool.map(lambda p: similarity(p[:1], p[1:]), pairs):
                self._total += float(found[0])

    def summary(self) -> float:
        return self._total / (self._count // 2)
