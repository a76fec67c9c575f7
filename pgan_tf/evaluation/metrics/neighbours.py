"""Nearest reals of each fake: does the generator repeat its training images?

Distances are the root mean square of the differences of pixels, in grey
levels, between images averaged down to 64 pixels; a real counts as it is or
mirrored, whichever is nearer. They are shown beside the distances of reals to
other reals.

Small distances alone tell nothing: blurred images are near to everything. A
copy is much nearer to its original than to the next best ones, so that the
ratio of the nearest distance to the eighth is small. `copies` is the part of
the fakes whose ratio is below that of all but 1% of the reals: about 0.01 for
new images.
"""

import tempfile
from typing import NamedTuple

import numpy as np

from pgan_tf.base import images
from pgan_tf.evaluation.metrics import neighbour_picture
from pgan_tf.evaluation.metrics.metric import Batch, Collector, Metric, Value

SIZE = 64
# Neighbours that are kept of each image, and those that are shown.
KEPT = 8
SHOWN = 3
QUANTILE = 0.01
ROWS_AT_ONCE = 500
# Examples in the picture: of the smallest ratios, and of all.
EXAMPLES = 8


class Nearest(NamedTuple):
    """The nearest references of each query, nearest first.

    Attributes:
        distances: float64 [N,k], in grey levels.
        indices: int [N,k], of the references.
        mirrored: bool [N,k], whether the mirrored reference is meant.
    """

    distances: np.ndarray
    indices: np.ndarray
    mirrored: np.ndarray

    @property
    def ratios(self) -> np.ndarray:
        """The nearest distance over the farthest kept, [N]; 0 to 1."""
        farthest = np.maximum(self.distances[:, -1], 1e-9)
        return self.distances[:, 0] / farthest


def shrink(pixels: np.ndarray) -> np.ndarray:
    """Averages boxes of pixels so that no side is above 64, uint8 [N,h,w,C].

    Rows and columns that fill no box are left out.
    """
    factor = -(-max(pixels.shape[1:3]) // SIZE)
    height, width = (side // factor * factor for side in pixels.shape[1:3])
    boxes = images.shrink(pixels[:, :height, :width], factor)
    return np.rint(boxes).astype(np.uint8)


def search(queries: np.ndarray, references: np.ndarray | None) -> Nearest:
    """Finds the nearest references of each query.

    Args:
        queries: uint8 [N,h,w,C].
        references: uint8 [M,h,w,C]; None: the queries, each but itself.
    """
    others = queries if references is None else references
    known = len(others) - (references is None)
    kept = min(KEPT, known)
    found = []
    for start in range(0, len(queries), ROWS_AT_ONCE):
        block = queries[start : start + ROWS_AT_ONCE]
        squares = _squared_distances(block, others)
        if references is None:
            rows = np.arange(len(block))
            squares[rows, start + rows] = np.inf
        nearest = np.argpartition(squares, kept - 1, axis=1)[:, :kept]
        found += [
            _exact(q, others, i) for q, i in zip(block, nearest, strict=True)
        ]
    return Nearest(*(np.stack(parts) for parts in zip(*found, strict=True)))


def _squared_distances(queries: np.ndarray, others: np.ndarray) -> np.ndarray:
    """To the nearer of each image and its mirror image, float32 [N,M].

    Good to a few grey levels only where images are nearly equal.
    """
    plain, flipped = _rows(queries), _rows(queries[:, :, ::-1])
    own = np.square(plain).sum(axis=1, keepdims=True)
    squares = np.empty((len(queries), len(others)), np.float32)
    # |a - b|^2 = |a|^2 + |b|^2 - 2 a.b. To mirror the query or the other is
    # the same, and the larger product is the smaller distance.
    for start in range(0, len(others), ROWS_AT_ONCE):
        rows = _rows(others[start : start + ROWS_AT_ONCE])
        products = np.maximum(plain @ rows.T, flipped @ rows.T)
        squares[:, start : start + ROWS_AT_ONCE] = (
            own + np.square(rows).sum(axis=1) - 2 * products
        )
    return squares


def _rows(images: np.ndarray) -> np.ndarray:
    return images.reshape(len(images), -1).astype(np.float32) - 127.5


def _exact(
    query: np.ndarray, others: np.ndarray, indices: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Distances, indices and mirroring of some candidates, sorted.

    Computed anew from the differences: `_squared_distances` only chooses.
    """
    candidates = others[indices].astype(np.float64)
    means = [
        np.square(candidates - image).mean(axis=(1, 2, 3))
        for image in (query, query[:, ::-1])
    ]
    order = np.argsort(np.minimum(*means))
    mirrored = means[1] < means[0]
    distances = np.sqrt(np.minimum(*means))
    return distances[order], indices[order], mirrored[order]


def picture(
    fakes: np.ndarray, reals: np.ndarray, nearest: Nearest
) -> np.ndarray:
    """Fakes with their three nearest reals to the right, uint8 [H,W,3].

    To the left those that look most like copies, to the right others, at
    equal steps from the most to the least alike.
    """
    order = np.argsort(nearest.ratios)
    count = min(EXAMPLES, len(order))
    steps = np.linspace(0, len(order) - 1, count).astype(int)
    return neighbour_picture.draw(
        [
            (title, [_row(fakes, reals, nearest, i) for i in chosen])
            for title, chosen in (
                ("Most like copies", order[:count]),
                ("From the most to the least alike", order[steps]),
            )
        ]
    )


def _row(
    fakes: np.ndarray, reals: np.ndarray, nearest: Nearest, i: int
) -> neighbour_picture.Row:
    """A fake and its nearest reals."""
    distances, indices, mirrored = (each[i, :SHOWN] for each in nearest)
    return neighbour_picture.Row(
        fakes[i],
        [
            reals[j][:, ::-1] if is_mirrored else reals[j]
            for j, is_mirrored in zip(indices, mirrored, strict=True)
        ],
        distances.tolist(),
        mirrored.tolist(),
    )


class NearestNeighbours(Metric):
    """How near fakes are to reals, and how many look like copies."""

    key = "nn"
    alias = "nn10k"
    paper_count = 10_000
    minimum = KEPT + 1
    title = "NN[pixels]"
    about = "copies of training images; a picture"
    better = "0.01"
    legend = (
        "NN[pixels]: median distance of fakes, and of reals, to their nearest"
        " other real, in grey levels; copies: the part of the fakes that is"
        " nearer than 99% of the reals are."
    )
    facts = {
        "size": SIZE,
        "neighbours": KEPT,
        "quantile": QUANTILE,
        "mirrored": True,
    }

    def start(self, random: np.random.RandomState) -> Collector:
        return _Thumbnails(self.count)

    def result(
        self,
        reals: "_Stored",
        fakes: "_Stored",
        random: np.random.RandomState,
    ) -> Value:
        among_reals = reals.among_themselves()
        nearest = search(fakes.images, reals.images)
        limit = np.quantile(among_reals.ratios, QUANTILE)
        copies = float(np.mean(nearest.ratios < limit))
        firsts = nearest.distances[:, 0], among_reals.distances[:, 0]
        return Value(
            copies,
            levels={
                "fakes": float(np.median(firsts[0])),
                "reals": float(np.median(firsts[1])),
            },
            headline="copies",
            note=_verdict(copies, len(fakes.images)),
            arrays={
                "nearest": picture(fakes.images, reals.images, nearest),
                "fakes": firsts[0],
                "reals": firsts[1],
            },
        )


def _verdict(copies: float, count: int) -> str:
    """A warning if there are more copies than chance would make of new ones.

    Both the quantile and the part vary by chance: six standard deviations.
    """
    chance = QUANTILE + 6 * np.sqrt(2 * QUANTILE / count)
    if copies <= chance:
        return ""
    return (
        f"{copies:.1%} of the fakes look like copies of training images, where"
        f" {QUANTILE:.0%} would by chance: see the picture"
    )


class _Stored:
    """The images of a set, small and on disk."""

    def __init__(self, images: np.ndarray) -> None:
        self.images = images
        self._among: Nearest | None = None

    def among_themselves(self) -> Nearest:
        """Found once for all sets that are compared with this one."""
        if self._among is None:
            self._among = search(self.images, None)
        return self._among


class _Thumbnails(Collector):
    """Keeps small versions of the images, in a temporary file."""

    def __init__(self, count: int) -> None:
        super().__init__(count)
        self._file = tempfile.TemporaryFile()
        self._count = count
        self._shape: tuple[int, ...] = ()

    def _take(self, batch: Batch) -> None:
        small = shrink(batch.images)
        self._file.write(small.tobytes())
        self._shape = small.shape[1:]

    def summary(self) -> _Stored:
        self._file.flush()
        shape = (self._count, *self._shape)
        return _Stored(np.memmap(self._file, np.uint8, "r", shape=shape))
