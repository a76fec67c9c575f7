"""Sizes of square images, 4, 8, ... up to a final one, and lods.

The level of detail, lod, is log2(final / current resolution); its fraction
falls from 1 to 0 while the current resolution fades in (Karras et al. 2018,
section 3). At lod 2.25 of 128x128 the resolution is 32x32, and its layers have
the weight alpha = 0.75.
"""

import math

SMALLEST = 4
# The largest of a dataset.
LARGEST = 1024


def is_one(number: int) -> bool:
    """Whether a number is a resolution: a power of two from 4."""
    return number >= SMALLEST and number & (number - 1) == 0


def up_to(final: int) -> list[int]:
    """[4, 8, ..., final]."""
    return [2**i for i in range(2, final.bit_length())]


def highest_lod(final: int) -> int:
    """The lod of 4x4 in a network of a final resolution."""
    return final.bit_length() - SMALLEST.bit_length()


def at(lod: float, final: int) -> int:
    """The current resolution at a lod."""
    return final >> math.floor(lod)


def alpha_of(lod: float) -> float | None:
    """The weight of the current resolution's layers; None when settled."""
    fraction = lod - math.floor(lod)
    return 1.0 - fraction if fraction else None


def split(lod: float, final: int) -> tuple[int, float | None]:
    """Splits a lod into the current resolution and its weight alpha.

    Args:
        lod: 0 (final resolution) to log2(final / 4).
        final: Final resolution.

    Returns:
        (current resolution, alpha in (0, 1)); alpha is None when settled.

    Raises:
        ValueError: If a network of that resolution has no such lod.
    """
    highest = highest_lod(final)
    if not 0 <= lod <= highest:
        raise ValueError(
            f"lod {lod} is not between 0 and {highest}, that of 4x4 in a "
            f"{final}x{final} network"
        )
    return at(lod, final), alpha_of(lod)
