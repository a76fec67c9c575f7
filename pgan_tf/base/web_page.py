"""Pages of a single file: pictures and data inside, inert."""

import base64
import functools
import io
import pathlib
import re
from typing import Any

import numpy as np
from PIL import Image

from pgan_tf.base import images, strict_json

# A page is written again and again in a training, with the same pictures.
_PICTURES_KEPT = 96


def inert_json(content: Any) -> str:
    """JSON for a script element, which nothing in a text of it may end."""
    return strict_json.dumps(content).replace("<", "\\u003c")


@functools.cache
def design() -> str:
    """The style sheet that all pages share."""
    return pathlib.Path(__file__).with_name("page.css").read_text("utf-8")


def fill(template: str, parts: dict[str, str]) -> str:
    """A template with a part in each of its places, such as {{title}}.

    Places that are within a part stay as they are: it may be anybody's text.

    Raises:
        KeyError: If a place has no part.
    """
    return re.sub(r"{{(\w+)}}", lambda match: parts[match[1]], template)


def picture_uri(picture: np.ndarray) -> str:
    """A picture, uint8 [H,W,C], as a WebP file within a URI."""
    return _as_uri(Image.fromarray(images.to_rgb(picture)), quality=85)


def file_uri(path: pathlib.Path, max_width: int) -> str:
    """A picture file as WebP, no wider than so many pixels, within a URI."""
    return _file_uri(path, path.stat().st_mtime_ns, max_width)


@functools.lru_cache(maxsize=_PICTURES_KEPT)
def _file_uri(path: pathlib.Path, mtime_ns: int, max_width: int) -> str:
    """What `file_uri` returns, kept as long as the file's date stays."""
    del mtime_ns  # Only tells a new picture from an old one of that name.
    with Image.open(path) as picture:
        smaller = picture.convert("RGB")
    smaller.thumbnail((max_width, 4 * max_width), Image.Resampling.LANCZOS)
    return _as_uri(smaller, quality=80)


def _as_uri(picture: Image.Image, quality: int) -> str:
    encoded = io.BytesIO()
    picture.save(encoded, "WEBP", quality=quality)
    content = base64.b64encode(encoded.getvalue()).decode("ascii")
    return f"data:image/webp;base64,{content}"
