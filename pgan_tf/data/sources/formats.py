"""Which files are images, by their names."""

import functools
import importlib
import importlib.util
import io
from collections.abc import Iterable

from PIL import Image

# What Pillow reads by itself.
_READ = frozenset(
    ".apng .avif .avifs .bmp .dib .gif .j2c .j2k .jfif .jp2 .jpc .jpe .jpeg "
    ".jpf .jpg .jpx .mpo .pbm .pcx .pgm .pjp .pjpeg .png .pnm .ppm .qoi .tga "
    ".tif .tiff .webp".split()
)
# Pillow's names of the formats.
_OPENED = (
    "PNG JPEG MPO WEBP GIF BMP DIB TIFF JPEG2000 AVIF PPM PCX QOI TGA HEIF"
).split()
# What it reads with the extra `heif`.
_HEIF = frozenset(".heic .heif .hif".split())
# Pictures in files that it does not read, or not as pixels.
_UNREAD = frozenset(
    ".arw .cr2 .cr3 .dng .eps .exr .hdr .ico .jxl .jxr .nef .orf .pdf .pfm "
    ".psd .raf .raw .rw2 .svg .xcf".split()
)


def is_image(suffix: str) -> bool:
    """Whether files that end so (as in ".PNG") are read as images."""
    suffix = suffix.lower()
    return suffix in _READ or (suffix in _HEIF and has_heif())


def is_unread_image(suffix: str) -> bool:
    """Whether files that end so are pictures, too, but not read."""
    return suffix.lower() in _HEIF | _UNREAD and not is_image(suffix)


@functools.cache
def has_heif() -> bool:
    """Whether the package that reads HEIF is installed."""
    return importlib.util.find_spec("pillow_heif") is not None


def open_image(data: bytes) -> Image.Image:
    """What Pillow knows of an image, by its content.

    Of the formats that it knows some run other programs (PostScript) or read
    other files; those are not opened, whatever a file is called.
    """
    return Image.open(io.BytesIO(data), formats=_formats())


@functools.cache
def _formats() -> tuple[str, ...]:
    Image.init()
    return tuple(each for each in _OPENED if each in Image.OPEN)


@functools.cache
def register() -> None:
    """Lets Pillow read HEIF files, if the extra is installed."""
    if has_heif():
        importlib.import_module("pillow_heif").register_heif_opener()
        _formats.cache_clear()


def way_out(suffixes: Iterable[str]) -> str:
    """How pictures of such suffixes can be used all the same."""
    names = ", ".join(sorted(suffixes))
    text = f"convert {names} to .png or .jpg to use them"
    if any(each.lower() in _HEIF for each in suffixes):
        text += '; pip install "pgan_tf[heif]" reads HEIC as it is'
    return text
