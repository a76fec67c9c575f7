"""Bytes of an image file to RGB pixels of the wanted size."""

import io
import warnings
import zlib

import numpy as np
from PIL import Image, ImageOps

from pgan_tf import errors


def rgb(data: bytes, name: str, upright: bool = True) -> Image.Image:
    """Decodes a file as 8-bit RGB.

    Transparent parts become white; gray, palette and CMYK images are
    converted, 16-bit ones scaled; of an animation the first frame counts.

    Args:
        data: The whole file.
        name: Of the file, for the message.
        upright: Turn the image as its EXIF data say.

    Raises:
        UserError: No image, or a truncated or damaged one.
    """
    try:
        with warnings.catch_warnings():
            # Odd metadata and large sizes; what matters is an error.
            warnings.simplefilter("ignore")
            image = Image.open(io.BytesIO(data))
            image.load()
            return _as_rgb(ImageOps.exif_transpose(image) if upright else image)
    except Image.UnidentifiedImageError as error:
        reason = "is empty" if not data else "is no image of a known format"
        raise errors.UserError(f"{name} {reason}") from error
    except Image.DecompressionBombError as error:
        raise errors.UserError(f"{name} is too large: {error}") from error
    except (OSError, SyntaxError, ValueError, EOFError, zlib.error) as error:
        # Pillow reports damage in any of these ways.
        raise errors.UserError(
            f"{name} is truncated or damaged: {error}"
        ) from error


def _as_rgb(image: Image.Image) -> Image.Image:
    if image.mode.startswith("I"):  # 16 bits: "I;16", "I"
        gray = np.asarray(image, np.float32) / 257
        image = Image.fromarray(np.rint(gray).clip(0, 255).astype(np.uint8))
    if image.has_transparency_data:
        image = image.convert("RGBA")
        paper = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(paper, image)
    return image.convert("RGB")


FILTERS = {
    "nearest": Image.Resampling.NEAREST,
    "box": Image.Resampling.BOX,
    "bilinear": Image.Resampling.BILINEAR,
    "bicubic": Image.Resampling.BICUBIC,
    "lanczos": Image.Resampling.LANCZOS,
}


def resized(
    image: Image.Image, resolution: int, resize_filter: str | None = None
) -> np.ndarray:
    """An image at the wanted size, stretched if it is not square.

    By default, shrinking by whole factors averages boxes, as the levels of a
    dataset are made: so a dataset at 64 pixels equals the 64-pixel level of
    one at 128. Any other factor takes a Lanczos filter, which reads all pixels
    too (no aliasing) and stays sharp where it enlarges.

    Args:
        image: RGB.
        resolution: Width and height of the result.
        resize_filter: One of FILTERS to use instead.

    Returns:
        uint8 [resolution,resolution,3].
    """
    size = (resolution, resolution)
    if image.size == size:
        return np.asarray(image)
    if resize_filter is not None:
        return np.asarray(image.resize(size, FILTERS[resize_filter]))
    if image.width % resolution == 0 and image.height % resolution == 0:
        return _box_averaged(np.asarray(image), resolution)
    return np.asarray(image.resize(size, FILTERS["lanczos"]))


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
