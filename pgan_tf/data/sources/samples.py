"""Pillow's images, of whatever mode, to 8-bit RGB on white.

Pillow gives samples of more than 8 bits as they are, or their upper halves
alone, inverts some kinds of those where white is zero and not others, and
knows a transparent colour only where it has 8 bits. Here the samples count, and
what the file says of them; see `data.values`.
"""

import functools
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
from PIL import Image, ImageCms, ImageOps

from pgan_tf.base import errors, memory
from pgan_tf.data import values
from pgan_tf.data.sources import formats

# TIFF's tags.
_BITS, _PHOTOMETRIC, _FORMAT = 258, 262, 339
_LIMITS = ((340, 341), (280, 281))  # signed or not, any number; then 16 bits
_WHITE_IS_ZERO, _SIGNED = 0, 2
# Bytes, from the file to pixels of 8 bits; gray or not, where it has more.
_PER_PIXEL, _PER_GRAY, _PER_DEEP = 20, 34, 72
# These say that white is the largest number that their samples can be.
_FULL_RANGE = ("PNG", "PPM", "JPEG2000")


def rgb(
    data: bytes, name: str, upright: bool, told: values.Range | None
) -> np.ndarray:
    """Decodes a file that Pillow knows.

    Args:
        data: The whole file.
        name: Of the file, for the message.
        upright: Turn the image as its EXIF data say.
        told: What is black and white in samples that are not of 8 bits, with
            white above black; None for what the file says.

    Returns:
        uint8 [H,W,3].

    Raises:
        UserError: It is not known what its samples mean.
    """
    image: Image.Image = formats.open_image(data)
    memory.require(_most_bytes(image), name)
    bits, rawmode = _bits_of(image), _rawmodes(image)
    if bits == 16 and rawmode.startswith(("RGB;", "RGBA;", "RGBX;")):
        lower = formats.open_image(data)
        _read_lower_halves(lower)
        halves = [_turned(each, upright) for each in (image, lower)]
        return _of_halves(halves, _Samples(image, name, bits, told))
    if rawmode in ("L;2", "L;4") and "transparency" in image.info:
        # Pillow scales the pixels and forgets the colour.
        image.info["transparency"] *= 255 // (2 ** int(rawmode[-1]) - 1)
    _take_native_order(image)
    is_signed = image.mode == "L" and _tag(image, _FORMAT) == _SIGNED
    image = _turned(image, upright)
    if is_signed or image.mode.startswith(("I", "F")):
        return _of_gray(image, _Samples(image, name, bits, told))
    return np.asarray(_on_white(image).convert("RGB"))


def _most_bytes(image: Image.Image) -> int:
    """What the image takes at its peak, with all copies, as measured."""
    width, height = image.size
    if image.mode.startswith(("I", "F")):
        return _PER_GRAY * width * height
    return (_PER_PIXEL if _bits_of(image) <= 8 else _PER_DEEP) * width * height


def _turned(image: Image.Image, upright: bool) -> Image.Image:
    """The image, decoded, with what Pillow knows of its file."""
    image.load()
    if not upright:
        return image
    turned = ImageOps.exif_transpose(image)
    for name in ("format", "tag_v2"):
        if hasattr(image, name):
            setattr(turned, name, getattr(image, name))
    return turned


def _rawmodes(image: Image.Image) -> str:
    """How the samples lie in the file, such as "RGB;16B"."""
    for tile in getattr(image, "tile", [])[:1]:
        args = tile[3]
        found = args[0] if isinstance(args, tuple) and args else args
        return found if isinstance(found, str) else ""
    return ""


def _bits_of(image: Image.Image) -> int:
    """Bits of a sample; 16 for all that Pillow has as integers of 32."""
    found = _tag(image, _BITS)
    if isinstance(found, int):
        return found
    is_deep = image.mode.startswith("I") or ";16" in _rawmodes(image)
    return 32 if image.mode == "F" else 16 if is_deep else 8


def _tag(image: Image.Image, number: int) -> Any:
    """The value of a TIFF's tag, the first if there are several, or None."""
    found = getattr(image, "tag_v2", {}).get(number)
    return found[0] if isinstance(found, tuple) and found else found


def _read_lower_halves(image: Any) -> None:
    """Makes Pillow read the lower 8 bits of 16 instead of the upper ones."""
    native = "L" if sys.byteorder == "little" else "B"
    other = {"L": "B", "B": "L", "N": "B" if native == "L" else "L"}
    image.tile = [
        _with_rawmode(tile, lambda mode: mode[:-1] + other[mode[-1]])
        for tile in image.tile
    ]


def _take_native_order(image: Any) -> None:
    """What libtiff unpacks is in this machine's order, whatever Pillow says."""
    native = {"F;32BF": "F;32NF", "I;32BS": "I;32NS", "I;16BS": "I;16NS"}
    image.tile = [
        _with_rawmode(tile, lambda mode: native.get(mode, mode))
        if tile[0] == "libtiff"
        else tile
        for tile in getattr(image, "tile", [])
    ]


def _with_rawmode(tile: Any, change: Callable[[str], str]) -> Any:
    """A part of a file as Pillow knows it, its samples read in another way."""
    *place, args = tile
    if isinstance(args, tuple):
        return type(tile)(*place, (change(args[0]), *args[1:]))
    return type(tile)(*place, change(args))


class _Samples:
    """What is known of a picture's samples that are not of 8 bits.

    Args:
        image: What Pillow knows of the file.
        name: Of the file, for messages.
        bits: Of a sample.
        told: What a user says of black and white.
    """

    def __init__(
        self,
        image: Image.Image,
        name: str,
        bits: int,
        told: values.Range | None,
    ) -> None:
        self.name, self.bits = name, bits
        self.format = image.format
        self.key = image.info.get("transparency")
        self.kind = _tag(image, _FORMAT) or 1
        self.white_is_zero = _tag(image, _PHOTOMETRIC) == _WHITE_IS_ZERO
        self.range = told or self._range_in_file(image)

    def _range_in_file(self, image: Image.Image) -> values.Range | None:
        """What the file says, if it does."""
        if self.format in _FULL_RANGE and image.mode != "F":
            return values.Range(0, 2**16 - 1)
        for lowest, highest in _LIMITS:
            low, high = _tag(image, lowest) or 0, _tag(image, highest)
            try:
                if high is not None and 0 < float(high) - float(low) < np.inf:
                    return values.Range(float(low), float(high))
            except (TypeError, ValueError, OverflowError):
                continue
        return None

    def to_uint8(self, samples: np.ndarray) -> np.ndarray:
        """The samples as 0 (black) to 255."""
        if not np.isfinite(samples).all():
            raise errors.UserError(
                f"{self.name} has samples that are no number"
            )
        found = self.range or values.range_of(samples, self.bits)
        if found is None:
            raise self._open_range(samples)
        if self.white_is_zero:
            found = values.Range(found.white, found.black)
        return found.to_uint8(samples)

    def _open_range(self, samples: np.ndarray) -> errors.UserError:
        low, high = samples.min(), samples.max()
        guesses = [2**bits - 1 for bits in (8, 10, 12, 14, 16, 24, 32)]
        white = next((each for each in guesses if each >= high), high)
        kind = {"f": "fractions", "i": "signed", "u": "unsigned"}
        return errors.UserError(
            f"{self.name} has samples of {self.bits} bits "
            f"({kind[samples.dtype.kind]}), here from {low:.9g} to "
            f"{high:.9g}, and does not say which is black and which is white; "
            "dataset_tool.py create takes that as --pixel_range, such as "
            f"--pixel_range=0,{white:.9g}"
        )


def _of_gray(image: Image.Image, known: _Samples) -> np.ndarray:
    """Gray of more than 8 bits, or signed, as uint8 [H,W,3]."""
    samples = np.asarray(image)
    if image.mode == "L":
        samples = samples.view(np.int8)
    elif image.mode.startswith("I;16"):
        samples = samples.astype(np.uint16)
    elif image.mode == "I" and known.format in _FULL_RANGE:
        samples = samples.clip(0, 2**16 - 1).astype(np.uint16)
    elif image.mode == "I" and known.kind == 1:
        samples = samples.view(np.uint32)  # Pillow has no such mode
    gray = known.to_uint8(samples)
    if isinstance(known.key, int):
        gray = np.where(samples == known.key, np.uint8(255), gray)
    return np.repeat(gray[..., np.newaxis], 3, axis=-1)


def _of_halves(halves: list[Image.Image], known: _Samples) -> np.ndarray:
    """RGB or RGBA of 16 bits, from upper and lower bytes, as uint8 [H,W,3]."""
    upper, lower = (np.asarray(each, np.uint16) for each in halves)
    samples = upper << 8 | lower
    pixels = known.to_uint8(samples[..., :3])
    if samples.shape[-1] == 4:
        alpha = values.Range(0, 2**16 - 1).to_uint8(samples[..., 3:])
        rgba = np.concatenate([pixels, alpha], axis=-1)
        return np.asarray(_on_white(Image.fromarray(rgba)).convert("RGB"))
    if isinstance(known.key, tuple):
        is_key = (samples == np.array(known.key)).all(axis=-1, keepdims=True)
        pixels = np.where(is_key, np.uint8(255), pixels)
    return pixels


def _on_white(image: Image.Image) -> Image.Image:
    """An image of 8-bit samples without transparency."""
    if image.mode == "LAB":
        return ImageCms.applyTransform(image, _lab_to_rgb()) or image
    if not image.has_transparency_data:
        return image
    image = image.convert("RGBA")
    paper = Image.new("RGBA", image.size, "white")
    return Image.alpha_composite(paper, image)


@functools.cache
def _lab_to_rgb() -> Any:
    return ImageCms.buildTransform(
        ImageCms.createProfile("LAB"),
        ImageCms.createProfile("sRGB"),
        "LAB",
        "RGB",
    )
