"""Bytes of an image file to RGB pixels of the wanted size."""

import io
import warnings
import zlib

import numpy as np
import simplejpeg
from PIL import Image, ImageOps

from pgan_tf.base import errors

_JPEG_METADATA = b"\xff\xe1"  # begins EXIF or XMP, which may turn an image


def rgb(data: bytes, name: str, upright: bool = True) -> np.ndarray:
    """Decodes a file as 8-bit RGB.

    Transparent parts become white; gray, palette and CMYK images are
    converted, 16-bit ones scaled; of an animation the first frame counts.

    Args:
        data: The whole file.
        name: Of the file, for the message.
        upright: Turn the image as its EXIF data say.

    Returns:
        uint8 [H,W,3].

    Raises:
        UserError: No image, or a truncated or damaged one.
    """
    pixels = _plain_jpeg(data)
    return _any_format(data, name, upright) if pixels is None else pixels


def _plain_jpeg(data: bytes) -> np.ndarray | None:
    """Decodes a JPEG of the usual kind; None if it is something else.

    Several times as fast as Pillow, and equal: both use libjpeg-turbo's exact
    transform. What needs more care (EXIF, other colors, damage) is left to
    Pillow.
    """
    if not data.startswith(b"\xff\xd8\xff") or _JPEG_METADATA in data:
        return None
    try:
        height, width, colors, _ = simplejpeg.decode_jpeg_header(data)
        limit = Image.MAX_IMAGE_PIXELS
        if colors != "YCbCr" or (limit and height * width > limit):
            return None
        return simplejpeg.decode_jpeg(data, "RGB")
    except ValueError:
        return None


def _any_format(data: bytes, name: str, upright: bool) -> np.ndarray:
    try:
        with warnings.catch_warnings():
            # Odd metadata and large sizes; what matters is an error.
            warnings.simplefilter("ignore")
            image: Image.Image = Image.open(io.BytesIO(data))
            image.load()
            if upright:
                image = ImageOps.exif_transpose(image)
            return np.asarray(_as_rgb(image))
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
    resample = FILTERS[resize_filter or "lanczos"]
    resized_image = Image.fromarray(image).resize(
        (resolution, resolution), resample
    )
    return np.asarray(resized_image)


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
