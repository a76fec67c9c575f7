"""Which images are used if not all of them are: --num_images."""

import numpy as np


def first(total: int, count: int | None) -> np.ndarray:
    """The first `count` positions of `total`, or all if that is None."""
    return np.arange(total if count is None else min(total, count))


def in_proportion(classes: np.ndarray, count: int | None) -> np.ndarray:
    """The first images of each class, as many as its share of all.

    Shares are rounded by the largest remainders, and upwards where a class
    would have none, so that no class is lost unless `count` is below their
    number. It depends on nothing but the arguments.

    Args:
        classes: Integers [N].
        count: How many images; None for all.

    Returns:
        Positions in order, integers [min(N, count)].
    """
    total = len(classes)
    if count is None or count >= total:
        return np.arange(total)
    _, inverse, sizes = np.unique(
        classes, return_inverse=True, return_counts=True
    )
    shares = _shares(sizes, count)
    by_class = np.argsort(inverse, kind="stable")
    # The place of each image among those of its class.
    places = np.empty(total, np.int64)
    starts = np.cumsum(sizes) - sizes
    places[by_class] = np.arange(total) - np.repeat(starts, sizes)
    return np.flatnonzero(places < shares[inverse])


def _shares(sizes: np.ndarray, count: int) -> np.ndarray:
    """How many of each class, integers that sum to `count`."""
    shares, remainders = np.divmod(sizes * count, sizes.sum())
    if count >= len(sizes):
        # What is lifted to one has had its share.
        remainders = np.where(shares == 0, 0, remainders)
        shares = np.maximum(shares, 1)
    missing = count - int(shares.sum())
    largest = np.argsort(-remainders, kind="stable")
    shares[largest[: max(0, missing)]] += 1
    for _ in range(-missing):
        # Those that were lifted take from the largest.
        shares[np.argmax(shares)] -= 1
    return shares


def remark(count: int, total: int, classes: np.ndarray, size: int) -> str:
    """What was chosen of classified images, for people.

    Args:
        count: Images that are used.
        total: Images that there are.
        classes: Of those that are used, integers [count].
        size: How many classes there are.
    """
    text = f"{count} of {total} images, of each class in proportion"
    absent = size - len(np.unique(classes))
    return f"{text}; {absent} classes have none" if absent else text
