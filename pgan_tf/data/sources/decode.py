"""Bytes of an image file to RGB pixels."""

import warnings

import numpy as np
import simplejpeg
from PIL import Image

from pgan_tf.base import boundary, errors, memory
from pgan_tf.data import values
from pgan_tf.data.sources import formats, samples

_JPEG = b"\xff\xd8\xff"
_JPEG_SCAN = b"\xff\xda"
# Progressive ones have ten. Each takes time, and hardly any bytes.
_MAX_SCANS = 100
_PER_PIXEL = 8  # bytes, of the pixels and what resizing makes of them
_JPEG_METADATA = b"\xff\xe1"  # begins EXIF or XMP, which may turn an image


def rgb(
    data: bytes,
    name: str,
    upright: bool = True,
    told: values.Range | None = None,
) -> np.ndarray:
    """Decodes a file as 8-bit RGB.

    Transparent parts become white; gray, palette, CMYK and Lab images are
    converted, samples that are not of 8 bits scaled; of an animation the first
    frame counts.

    Args:
        data: The whole file.
        name: Of the file, for the message.
        upright: Turn the image as its EXIF data say.
        told: What is black and white in samples that are not of 8 bits; by
            default what the file says.

    Returns:
        uint8 [H,W,3].

    Raises:
        UserError: No image, a truncated or damaged one, or one that does not
            say what its samples mean.
    """
    with boundary.reading(name, "image"):
        if data.count(_JPEG_SCAN) > _MAX_SCANS and data.startswith(_JPEG):
            raise ValueError("it would be drawn more than a hundred times")
        pixels = plain_jpeg(data, name)
        if pixels is None:
            pixels = _any_format(data, name, upright, told)
        return pixels


def plain_jpeg(data: bytes, name: str) -> np.ndarray | None:
    """Decodes a JPEG of the usual kind; None if it is something else.

    Several times as fast as Pillow, and equal: both use libjpeg-turbo's exact
    transform. What needs more care (EXIF, other colors, damage) is left to
    Pillow.
    """
    if not data.startswith(_JPEG) or _JPEG_METADATA in data:
        return None
    try:
        height, width, colors, _ = simplejpeg.decode_jpeg_header(data)
        limit = Image.MAX_IMAGE_PIXELS
        if colors != "YCbCr" or (limit and height * width > limit):
            return None
        memory.require(_PER_PIXEL * height * width, name)
        return simplejpeg.decode_jpeg(data, "RGB")
    except ValueError:
        return None


def _any_format(
    data: bytes, name: str, upright: bool, told: values.Range | None
) -> np.ndarray:
    if data[4:8] == b"ftyp":
        formats.register()
    try:
        with warnings.catch_warnings():
            # Odd metadata and large sizes; what matters is an error.
            warnings.simplefilter("ignore")
            return samples.rgb(data, name, upright, told)
    except Image.UnidentifiedImageError as error:
        raise errors.UserError(f"{name} {_unknown(data)}") from error
    except Image.DecompressionBombError as error:
        raise errors.UserError(f"{name} is too large: {error}") from error


def _unknown(data: bytes) -> str:
    """What is wrong with a file that Pillow does not know."""
    if not data:
        return "is empty"
    if data[:4] in (b"II*\0", b"MM\0*"):
        return (
            "is a TIFF whose samples cannot be read, or a damaged one; convert "
            "it to 8 or 16 bits per sample, gray or RGB"
        )
    return "is no image of a known format"
