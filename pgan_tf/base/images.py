"""Pictures: dynamic range, quantisation to uint8, grids, PNG files.

Arrays are channels-last. Networks work in [-1, 1]; files hold 0..255.
"""

import os
import pathlib
import re

import numpy as np
from PIL import Image

from pgan_tf.base import errors, files

# How high pictures for people are at least, in pixels: walks, sheets, videos.
LEAST_SEEN = 512


def to_uint8(images: np.ndarray) -> np.ndarray:
    """Quantises network output to pixels: rint(127.5 x + 127.5), saturated.

    Halves round to even, as in the reference's `Network.run` output.

    Args:
        images: Floats [...], nominally in [-1, 1]; values beyond saturate.

    Returns:
        uint8 of the same shape.
    """
    pixels = np.rint(np.asarray(images, np.float32) * 127.5 + 127.5)
    return np.clip(pixels, 0, 255).astype(np.uint8)


def to_rgb(images: np.ndarray) -> np.ndarray:
    """Tiles grayscale images [..., 1] to three channels; RGB stays as it is."""
    if images.shape[-1] == 3:
        return images
    return np.repeat(images, 3, axis=-1)


def upscale(images: np.ndarray, factor: int) -> np.ndarray:
    """Repeats every pixel `factor` times both ways, [N,H,W,C]."""
    return images.repeat(factor, axis=1).repeat(factor, axis=2)


def zoom_to_see(height: int, shrink: int = 1) -> int:
    """The smallest factor that makes a picture high enough to look at.

    Args:
        height: In pixels; a picture of LEAST_SEEN or more stays as it is.
        shrink: How many times smaller it was asked to be: 1, or it stays so.
    """
    return max(-(-LEAST_SEEN // height), 1) if shrink == 1 else 1


def shrink(images: np.ndarray, factor: int) -> np.ndarray:
    """Averages boxes of factor x factor pixels, to float32 [N,H/f,W/f,C].

    Args:
        images: [N,H,W,C], floats or uint8.
        factor: Divides both H and W.
    """
    count, height, width, channels = images.shape
    boxes = images.reshape(
        count, height // factor, factor, width // factor, factor, channels
    )
    return boxes.mean(axis=(2, 4), dtype=np.float32)


def grid_shape(text: str) -> tuple[int, int]:
    """Columns and rows of a --grid such as 15x8.

    Raises:
        UserError: If it is anything else.
    """
    match = re.fullmatch(r"([1-9]\d{0,2})x([1-9]\d{0,2})", text)
    if match is None:
        raise errors.UsageError(
            f"--grid={text} is not columns x rows, such as 15x8"
        )
    return int(match[1]), int(match[2])


def grid(images: np.ndarray, columns: int) -> np.ndarray:
    """Lays out images row by row as one picture.

    Args:
        images: uint8 [N,H,W,C].
        columns: Images per row; a last row that is not full ends in black.

    Returns:
        uint8 [rows*H, columns*W, C].
    """
    count, height, width, channels = images.shape
    rows = -(-count // columns)
    canvas = np.zeros((rows * columns, height, width, channels), images.dtype)
    canvas[:count] = images
    canvas = canvas.reshape(rows, columns, height, width, channels)
    # [rows, H, columns, W, C]
    canvas = canvas.transpose(0, 2, 1, 3, 4)
    return canvas.reshape(rows * height, columns * width, channels)


def save_png(path: str | os.PathLike[str], image: np.ndarray) -> None:
    """Writes one uint8 image [H,W,C], C 1 or 3, as a PNG file, atomically."""
    path = pathlib.Path(path)
    picture = Image.fromarray(image[..., 0] if image.shape[-1] == 1 else image)
    # Pictures can be drawn again; to wait for the disk each time takes long.
    with files.partial(path, durable=False) as partial:
        picture.save(partial, format="PNG")
