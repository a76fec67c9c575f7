"""Shapes, and a pen that draws them turned, scaled and moved."""

import math

import numpy as np
from PIL import Image, ImageDraw

from pgan_tf.data.sources.drawn_faces import appearance

Points = np.ndarray  # float [n,2] of x, y


def ellipse(
    x: float, y: float, rx: float, ry: float, start: float = 0, end: float = 360
) -> Points:
    """Points on an ellipse; angles in degrees from the right, clockwise."""
    t = np.radians(np.linspace(start, end, 40))
    return np.stack([x + rx * np.cos(t), y + ry * np.sin(t)], axis=1)


def curve(*points: tuple[float, float]) -> Points:
    """A parabola from the first point to the last, bent towards the middle."""
    t = np.linspace(0, 1, 16)[:, None]
    a, b, c = np.array(points, float)
    return (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c


class Pen:
    """Draws shapes on a picture, whose sides reach from -1 to 1.

    Attributes:
        shift: Where the pose moves the origin, [2].
    """

    def __init__(
        self,
        image: Image.Image,
        degrees: float,
        scale: float,
        shift: np.ndarray,
    ) -> None:
        cos, sin = (
            math.cos(math.radians(degrees)),
            math.sin(math.radians(degrees)),
        )
        self.pose = scale * np.array([[cos, sin], [-sin, cos]])
        self.scale = scale
        self.shift = shift
        self.half = image.width / 2
        self.draw = ImageDraw.Draw(image)

    def fill(
        self,
        points: Points,
        colour: appearance.Colour,
        posed: bool = True,
    ) -> None:
        """Fills a polygon; where it lies, if it is not part of the head."""
        self.draw.polygon(self._pixels(points, posed), fill=_whole(colour))

    def line(
        self, points: Points, width: float, colour: appearance.Colour
    ) -> None:
        """Draws through the points."""
        pixels = max(round(width * self.scale * self.half), 1)
        self.draw.line(
            self._pixels(points, True), _whole(colour), pixels, "curve"
        )

    def _pixels(self, points: Points, posed: bool) -> list[float]:
        if posed:
            points = points @ self.pose + self.shift
        return ((points + 1) * self.half).ravel().tolist()


def _whole(colour: appearance.Colour) -> tuple[int, ...]:
    return tuple(int(part) for part in colour)
