"""The picture of nearest neighbours: generated images beside real ones."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from pgan_tf.base import images, lettering

# Small images are enlarged to about so many pixels, and cells are so wide at
# least: what is written below them needs the room.
CELL = 96
GAP = 4
MARGIN = 10
_BETWEEN = 24  # panels
_FONT, _LINE = 14, 22
NOTE = (
    "Numbers: distance to the generated image, in grey levels of 255 "
    "(root mean square). Images are shown at 64 pixels at most, as compared."
)


class Row(NamedTuple):
    """A generated image and its nearest real ones.

    Attributes:
        fake: uint8 [h,w,3].
        reals: uint8 [h,w,3] each, as they are shown: mirrored if they are
            nearer so.
        distances: Of each, in grey levels.
        mirrored: Whether each is shown mirrored.
    """

    fake: np.ndarray
    reals: Sequence[np.ndarray]
    distances: Sequence[float]
    mirrored: Sequence[bool]


def draw(panels: Sequence[tuple[str, Sequence[Row]]]) -> np.ndarray:
    """Panels side by side, each with a title and as many rows.

    Returns:
        uint8 [H,W,3], with what is what and the distances in words.
    """
    drawn = [_panel(title, rows) for title, rows in panels]
    gap = np.full((len(drawn[0]), _BETWEEN, 3), 255, np.uint8)
    parts = [drawn[0]]
    for panel in drawn[1:]:
        parts += [gap, panel]
    picture = np.concatenate(parts, axis=1)
    # What does not fit into narrow pictures goes on in the next line.
    notes = [
        _strip([(0, line)], picture.shape[1])
        for line in lettering.wrap(NOTE, picture.shape[1], _FONT)
    ]
    whole = np.concatenate([picture, *notes])
    return np.pad(
        whole, [(MARGIN, MARGIN), (MARGIN, MARGIN), (0, 0)], constant_values=255
    )


def _panel(title: str, rows: Sequence[Row]) -> np.ndarray:
    """A title, what the columns are, and the rows."""
    lines = [_line(row) for row in rows]
    width = lines[0].shape[1]
    real = _places(rows[0])[1]
    heads = [(0, "generated"), (real, "nearest real images")]
    return np.concatenate(
        [_strip([(0, title)], width), _strip(heads, width), *lines]
    )


def _line(row: Row) -> np.ndarray:
    """Images, and below each real its distance."""
    places = _places(row)
    zoom = _zoom(row.fake)
    height, width = zoom * row.fake.shape[0], zoom * row.fake.shape[1]
    right = places[-1] + max(width, CELL)
    canvas = np.full((height, right, 3), 255, np.uint8)
    for left, image in zip(places, [row.fake, *row.reals], strict=True):
        canvas[:, left : left + width] = images.upscale(image[None], zoom)[0]
    texts = [
        (left, f"{distance:.1f}" + (" mirrored" if mirrored else ""))
        for left, distance, mirrored in zip(
            places[1:], row.distances, row.mirrored, strict=True
        )
    ]
    return np.concatenate([canvas, _strip(texts, right)])


def _places(row: Row) -> list[int]:
    """Where the columns begin: the first of the reals after a wider gap."""
    cell = max(_zoom(row.fake) * row.fake.shape[1], CELL)
    reals = (cell + 3 * GAP + i * (cell + GAP) for i in range(len(row.reals)))
    return [0, *reals]


def _zoom(image: np.ndarray) -> int:
    """By whole factors to CELL pixels or more."""
    return -(-CELL // max(image.shape[:2]))


def _strip(texts: Sequence[tuple[int, str]], width: int) -> np.ndarray:
    return lettering.strip(texts, width, _LINE, _FONT)
