"""Values that flags of generate.py take, and how their texts are read."""

import re

from pgan_tf.base import flag_kinds, images

HIGHEST_SEED = 2**32 - 1
# More would be a slip of the keyboard: days of drawing.
MOST_SEEDS = 1_000_000


def seeds(text: str) -> list[int]:
    """Reads numbers and ranges: "0-2,7" is [0, 1, 2, 7]."""
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,10})(?:-(\d{1,10}))?\s*", part)
        first, last = (0, -1) if match is None else _ends(match)
        if not first <= last <= HIGHEST_SEED:
            raise ValueError(
                f"{part!r} is no number or range up to {HIGHEST_SEED}; give "
                "such as 0-99,200"
            )
        if len(found) + last - first >= MOST_SEEDS:
            raise ValueError(f"these are more than {MOST_SEEDS} seeds")
        found.extend(range(first, last + 1))
    return found


def _ends(match: re.Match[str]) -> tuple[int, int]:
    return int(match[1]), int(match[2] or match[1])


def power_of_two(text: str) -> int:
    """Reads 1, 2, 4, ...: how many times smaller."""
    value = flag_kinds.whole(text)
    if value < 1 or value & (value - 1):
        raise ValueError("must be a power of two")
    return value


SEEDS = flag_kinds.Kind(seeds, "A-B,C,...")
SEED = flag_kinds.within(0, HIGHEST_SEED)
GRID = flag_kinds.Kind(images.grid_shape, "CxR")
FPS = flag_kinds.within(1, 120)
PORT = flag_kinds.within(0, 65535)
POWER_OF_TWO = flag_kinds.Kind(power_of_two, "N")
