"""What numbers mean: one rule for labels, and one for the samples of pixels.

Labels are of a kind:

* onehot: one class out of K, a single 1 among zeros;
* multihot: attributes that do not exclude each other, each 0 or 1;
* values: all other numbers (degrees, ages, camera parameters, -1 and 1, parts
  of one), which are neither classes nor attributes: no loss of probabilities
  and no metric by class means anything for them.

Samples of pixels are numbers between black and white. Those of 8 bits reach
from 0 to 255; all others need a `Range`.
"""

import dataclasses
from collections.abc import Iterator

import numpy as np

from pgan_tf.base import errors

ONEHOT, MULTIHOT, VALUES = "onehot", "multihot", "values"


def kind_of(labels: np.ndarray, told: str | None = None) -> str:
    """The kind of labels.

    Args:
        labels: [N,K], K from 1.
        told: What a manifest says. It decides where the labels can be that,
            since a few rows may look like one class each by chance.
    """
    if told and fits(labels, told):
        return told
    if not _are_bits(labels):
        return VALUES
    is_onehot = labels.shape[1] > 1 and _counts_of_ones(labels) == {1}
    return ONEHOT if is_onehot else MULTIHOT


def fits(labels: np.ndarray, kind: str) -> bool:
    """Whether labels [N,K] can be of a kind that a manifest tells.

    Rows of zeros may be among classes: their image is of none. Attributes may
    have been told to be parts of one.
    """
    if kind == ONEHOT:
        return _are_bits(labels) and _counts_of_ones(labels) <= {0, 1}
    if kind == MULTIHOT:
        return all(
            bool(np.all((part >= 0) & (part <= 1))) for part in _parts(labels)
        )
    return kind == VALUES


def kind_of_first(labels: np.ndarray, kind: str, size: int) -> str:
    """The kind of the first columns of labels.

    Args:
        labels: [N,K].
        kind: Of all columns; empty without labels.
        size: How many columns. A single one excludes no other: it is an
            attribute. Of values, these may be classes or attributes.
    """
    if not size:
        return ""
    if kind == VALUES:
        return kind_of(labels[:, :size])
    return MULTIHOT if kind == ONEHOT and size == 1 else kind


def attributes_of_signs(labels: np.ndarray) -> np.ndarray | None:
    """Labels [N,K] of -1 and 1, as CelebA's, as multihot ones of 0 and 1.

    Columns of 0 and 1 may be among them. None if any number is another one,
    so that nothing is to be changed, or if there is no -1.
    """
    signs = labels == -1
    if not signs.any():
        return None
    # A column that has both -1 and 0 says "unknown" by the 0.
    has_zero = (labels == 0).any(axis=0)
    if (signs.any(axis=0) & has_zero).any():
        return None
    found = np.where(signs, 0, labels).astype(np.float32)
    return found if _are_bits(found) else None


def first_not_finite(labels: np.ndarray) -> tuple[int, int] | None:
    """Row and column of the first NaN, infinity, or what float32 cannot hold.

    Args:
        labels: Numbers [N,K].
    """
    with np.errstate(over="ignore"):
        finite = np.isfinite(np.asarray(labels, np.float32))
    if finite.all():
        return None
    row, column = np.argwhere(~finite)[0].tolist()
    return row, column


def describe(name: str, column: np.ndarray, kind: str) -> str:
    """A column of labels [N]: "glasses (1204)", or "age (from 3 to 71.5)"."""
    if kind == VALUES:
        return f"{name} (from {column.min():g} to {column.max():g})"
    return f"{name} ({np.count_nonzero(column)})"


def refuse_values(kind: str, where: str, use: str) -> None:
    """Refuses labels that are neither classes nor attributes.

    Args:
        kind: Of the labels.
        where: What has them, for the message.
        use: What needs classes, and perhaps what does not.

    Raises:
        UserError: They are values.
    """
    if kind == VALUES:
        raise errors.UserError(
            f"{where} has labels that are values (numbers other than 0 and "
            f"1), not classes or attributes; {use}"
        )


_PART = 1 << 22  # numbers that are looked at together


def _parts(labels: np.ndarray) -> Iterator[np.ndarray]:
    """Stretches of labels, so that what is made of them stays small."""
    step = max(1, _PART // max(1, labels.shape[1]))
    for start in range(0, len(labels), step):
        yield labels[start : start + step]


def _are_bits(labels: np.ndarray) -> bool:
    return all(
        bool(np.all((part == 0) | (part == 1))) for part in _parts(labels)
    )


def _counts_of_ones(labels: np.ndarray) -> set[int]:
    """How many ones rows have: all different numbers."""
    found: set[int] = set()
    for part in _parts(labels):
        found.update(np.count_nonzero(part == 1, axis=1).tolist())
    return found


@dataclasses.dataclass(frozen=True)
class Range:
    """Which samples are black, and which are white.

    Attributes:
        black: Its value; samples on the other side of it are black, too.
        white: Its value, less than that of black where white is zero.
    """

    black: float
    white: float

    def __str__(self) -> str:
        return f"{self.black:.9g},{self.white:.9g}"

    def to_uint8(self, samples: np.ndarray) -> np.ndarray:
        """Samples, finite numbers of any shape, as 0 to 255, rounded."""
        scale = 255 / (self.white - self.black)
        # Of 16 bits, float32 holds every quotient well enough to round it.
        dtype = np.float32 if samples.dtype.itemsize <= 2 else np.float64
        pixels = np.subtract(samples, self.black, dtype=dtype)
        np.multiply(pixels, scale, out=pixels)
        return np.rint(pixels).clip(0, 255).astype(np.uint8)


# A picture whose white is this many times its brightest sample is rather one
# of fewer bits, such as 12 in 16.
_DARK = 16


def range_of(samples: np.ndarray, bits: int) -> Range | None:
    """The range of a picture whose file tells none; None if it is open.

    * Fractions reach from 0 to 1, if all of them lie there.
    * Unsigned integers reach to the largest of so many bits, if any comes
      near: else fewer bits may be meant.
    * Signed integers may mean anything.

    Args:
        samples: Finite numbers of one picture, of a signed, an unsigned or a
            floating type.
        bits: Of a sample.
    """
    low, high = samples.min(), samples.max()
    if samples.dtype.kind == "f":
        return Range(0, 1) if low >= 0 and high <= 1 else None
    if samples.dtype.kind != "u":
        return None
    white = 2**bits - 1
    if bits <= 8 or high == 0 or high > white // _DARK:
        return Range(0, white)
    return None
