"""What lies among images and is left out, for people."""

import collections
import os
from collections.abc import Sequence

from pgan_tf.base import text
from pgan_tf.data.sources import folder_walk, formats

_MOST_KINDS = 8


def describe(names: Sequence[str], found: folder_walk.Found) -> str:
    """Counts, such as "1 .HEIC, 2 .txt, 3 hidden (convert ...)".

    Args:
        names: Of files that are not read as images.
        found: What else was left out.

    Returns:
        A line, empty if nothing was left out.
    """
    suffixes = collections.Counter(
        text.one_line(os.path.splitext(name)[1], 20) for name in names
    )
    # Pictures first: they are missed the most.
    kinds = sorted(
        suffixes.items(),
        key=lambda each: (not formats.is_unread_image(each[0]), -each[1]),
    )
    parts = [
        f"{count} {suffix or 'without a suffix'}"
        for suffix, count in kinds[:_MOST_KINDS]
    ]
    if others := sum(count for _, count in kinds[_MOST_KINDS:]):
        parts.append(f"{others} of other kinds")
    for count, what in (
        (found.num_hidden, "hidden"),
        (found.num_again, "linked folders that were read already"),
        (found.num_special, "neither file nor folder"),
    ):
        if count:
            parts.append(f"{count} {what}")
    pictures = [each for each in suffixes if formats.is_unread_image(each)]
    way_out = ""
    if pictures:
        way_out = f" ({formats.way_out(pictures)})"
    return ", ".join(parts) + way_out
