"""Images [H,W,C] to squares of the wanted size."""

import numpy as np
from PIL import Image

FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}
# Pixels of a side between bars, for each of the result, that a filter is given:
# of more, boxes are averaged first.
_FINE = 32


def center(image: np.ndarray) -> np.ndarray:
    """The largest square in the middle of an image [H,W,C]."""
    height, width, _ = image.shape
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return image[top : top + side, left : left + side]


def resized(
    image: np.ndarray, resolution: int, resize_filter: str | None = None
) -> np.ndarray:
    """An image at the wanted size, stretched if it is not square.

    By default, shrinking by whole factors averages boxes, as the levels of a
    dataset are made: so a dataset at 64 pixels equals the 64-pixel level of
    one at 128. Any other factor takes a Lanczos filter, which reads all pixels
    too (no aliasing) and stays sharp where it enlarges.

    Args:
        image: uint8 [H,W,3].
        resolution: Width and height of the result.
        resize_filter: One of FILTERS to use instead.

    Returns:
        uint8 [resolution,resolution,3].
    """
    height, width, _ = image.shape
    if height == width == resolution:
        return image
    is_whole = width % resolution == 0 and height % resolution == 0
    if resize_filter is None and is_whole:
        return _box_averaged(image, resolution)
    return _filtered(image, (resolution, resolution), resize_filter)


def _filtered(
    image: np.ndarray, size: tuple[int, int], resize_filter: str | None
) -> np.ndarray:
    """Width and height as a filter makes them, uint8 [H,W,3]."""
    resample = FILTERS[resize_filter or "lanczos"]
    return np.asarray(Image.fromarray(image).resize(size, resample))


def _box_averaged(image: np.ndarray, resolution: int) -> np.ndarray:
    """Averages boxes of pixels, rounding once.

    Pillow's own box filter rounds after each of the two directions.
    """
    height, width, channels = image.shape
    boxes = image.reshape(
        resolution, height // resolution, resolution, width // resolution,
        channels,
    )  # fmt: skip
    return np.rint(boxes.mean(axis=(1, 3))).astype(np.uint8)


def between_bars(
    image: np.ndarray, resolution: int, resize_filter: str | None = None
) -> np.ndarray:
    """All of an image between black bars, at the wanted size.

    As `resized` of the image in a black square, which is never there as a
    whole: 20,000 x 16 pixels in one would take more than a gigabyte.

    Args:
        image: uint8 [H,W,3].
        resolution: Width and height of the result.
        resize_filter: As for `resized`.

    Returns:
        uint8 [resolution,resolution,3].
    """
    height, width, _ = image.shape
    if height > width:
        turned = image.transpose(1, 0, 2)
        return between_bars(turned, resolution, resize_filter).transpose(
            1, 0, 2
        )
    top = round((width - height) / 2)
    if width == resolution:
        return _in_bars(image, top, width)
    if resize_filter is None and width % resolution == 0:
        return _box_averaged_in_bars(image, top, resolution)
    rows = _filtered(image, (resolution, height), resize_filter)
    step = max(1, width // (_FINE * resolution))
    if step > 1:
        rows, top = _coarse(rows, top, step)
    canvas = _in_bars(rows, top, -(-width // step))
    box = (0, 0, resolution, width / step)
    found = Image.fromarray(canvas).resize(
        (resolution, resolution), FILTERS[resize_filter or "lanczos"], box
    )
    return np.asarray(found)


def _in_bars(image: np.ndarray, top: int, height: int) -> np.ndarray:
    """An image [h,W,C] at a row of a black one [height,W,C]."""
    canvas = np.zeros((height, *image.shape[1:]), np.uint8)
    canvas[top : top + len(image)] = image
    return canvas


def _coarse(rows: np.ndarray, top: int, step: int) -> tuple[np.ndarray, int]:
    """Rows of a black image as means over steps of it, and their new top."""
    first = top // step
    count = -(-(top + len(rows)) // step) - first
    whole = np.zeros((count * step, *rows.shape[1:]), np.uint8)
    whole[top - first * step :][: len(rows)] = rows
    means = whole.reshape(count, step, *rows.shape[1:]).mean(axis=1)
    return np.rint(means).astype(np.uint8), first


def _box_averaged_in_bars(
    image: np.ndarray, top: int, resolution: int
) -> np.ndarray:
    """Averages boxes of an image [H,W,C] in a black square of W pixels."""
    height, width, channels = image.shape
    side = width // resolution
    sums = image.reshape(height, resolution, side, channels).sum(
        axis=2, dtype=np.int64
    )
    totals = np.zeros((resolution, resolution, channels), np.int64)
    np.add.at(totals, (top + np.arange(height)) // side, sums)
    return np.rint(totals / side**2).astype(np.uint8)
