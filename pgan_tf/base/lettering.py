"""Words in pictures: strips of text that stand above or below others."""

from collections.abc import Iterable

import numpy as np
from PIL import Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]


def strip(
    texts: Iterable[tuple[int, str]],
    width: int,
    height: int,
    size: int,
    ink: Colour = (0, 0, 0),
    paper: Colour = (255, 255, 255),
) -> np.ndarray:
    """A strip of single lines of text, in the middle of its height.

    Args:
        texts: Each with the pixel at which it begins.
        width, height: Of the strip, in pixels.
        size: Of the font, in pixels.
        ink: The text's colour.
        paper: The colour below it.

    Returns:
        uint8 [height,width,3].
    """
    canvas = Image.new("RGB", (width, height), paper)
    draw = ImageDraw.Draw(canvas)
    font = ImageFont.load_default(size)
    for left, text in texts:
        draw.text((left, height // 2), text, fill=ink, font=font, anchor="lm")
    return np.asarray(canvas)


def wrap(text: str, width: int, size: int) -> list[str]:
    """Breaks a text into lines that fit, between words.

    Args:
        text: Words.
        width: Of a line, in pixels; a single word may be longer.
        size: Of the font, in pixels.
    """
    font = ImageFont.load_default(size)
    lines: list[str] = []
    for word in text.split():
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and font.getlength(longer) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines
