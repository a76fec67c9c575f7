"""Stretches of a dataset that are worked on at a time."""

from typing import NamedTuple

# Few enough that progress shows and memory stays small.
MAX_IMAGES = 64
MAX_BYTES = 16 << 20
MAX_SECONDS = 2.0


class Counts(NamedTuple):
    """What was counted of a block's images.

    Attributes:
        num_exact: Those that are bit-exact; see `sources.source.Checked`.
        num_enlarged: Those that were smaller than wanted.
    """

    num_exact: int = 0
    num_enlarged: int = 0


def split(
    num_images: int, image_bytes: int, image_seconds: float = 0.01
) -> list[range]:
    """The positions 0 .. num_images-1 in consecutive blocks.

    Args:
        num_images: N.
        image_bytes: Pixels times channels of one full image.
        image_seconds: About how long one image takes.
    """
    in_time = int(MAX_SECONDS / image_seconds)
    step = max(1, min(MAX_IMAGES, MAX_BYTES // image_bytes, in_time))
    starts = range(0, num_images, step)
    return [range(first, min(first + step, num_images)) for first in starts]
