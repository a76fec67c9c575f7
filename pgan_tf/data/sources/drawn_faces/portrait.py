"""Draws a face from its attributes.

Coordinates span the picture from -1 to 1, x to the right and y down, before
the pose turns, scales and moves the head. Shapes are filled back to front on
a canvas several times the wanted size, which is then averaged down.
"""

import math

import numpy as np
from PIL import Image

from pgan_tf.data.sources.drawn_faces import appearance, strokes


def draw(face: appearance.Face, resolution: int) -> np.ndarray:
    """Paints one face.

    Args:
        face: What to paint.
        resolution: Width and height in pixels, a power of two.

    Returns:
        uint8 [resolution,resolution,3].
    """
    size = 4 * max(resolution, 64)
    portrait = _Portrait(face, size)
    portrait.paint()
    pixels = portrait.image.reduce(size // resolution)
    return _lit(np.asarray(pixels, np.float32), face.variation)


def _lit(pixels: np.ndarray, vary: dict[str, float]) -> np.ndarray:
    """Light from one side: up to 16 percent brighter there."""
    across = np.linspace(-1, 1, len(pixels), dtype=np.float32)
    gain = 1 + 0.16 * vary["light"] * across
    return np.clip(np.rint(pixels * gain[:, None]), 0, 255).astype(np.uint8)


class _Portrait:
    """One picture in the making."""

    def __init__(self, face: appearance.Face, size: int) -> None:
        vary = face.variation
        self.face, self.size, self.vary = face, size, vary
        self.colours = appearance.palette(face)
        self.width = 0.56 + 0.04 * vary["width"]
        self.height = 0.74 + 0.04 * vary["height"]
        self.eye_x = 0.25 + 0.025 * vary["eye_gap"]
        # Turning the head moves the features across it.
        self.turn = 0.09 * vary["yaw"]
        self.image = self._background()
        self.pen = strokes.Pen(
            self.image,
            degrees=9 * vary["roll"],
            scale=1.06 + 0.05 * vary["scale"],
            shift=np.array([0.06 * vary["shift_x"], 0.05 * vary["shift_y"]]),
        )

    def paint(self) -> None:
        """Everything, back to front."""
        self._back_hair()
        self._body()
        self._head()
        if self.face.beard:
            self._beard()
        for side in (-1, 1):
            self._eye(side)
            self._brow(side)
        self._nose()
        self._mouth()
        if self.face.moustache:
            self._moustache()
        self._front_hair()
        if self.face.glasses:
            self._glasses()

    def _background(self) -> Image.Image:
        """A gradient from one colour above to a darker one below."""
        y, x = np.mgrid[-1:1:9j, -1:1:9j]
        t = 0.5 + 0.5 * y + 0.35 * self.vary["slope"] * x
        t = np.clip(t, 0, 1)[..., None]
        above = np.array(self.colours.background)
        below = np.array(self.colours.background_below)
        pixels = (above + (below - above) * t).astype(np.uint8)
        size = (self.size, self.size)
        return Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR)

    def _body(self) -> None:
        clothes = self.colours.clothes
        x = self.pen.shift[0] * 0.6
        shoulders = strokes.ellipse(x, 1.22, 0.98, 0.48)
        self.pen.fill(shoulders, clothes, posed=False)
        neck = np.array(
            [[-0.22, 0.4], [0.22, 0.4], [0.26, 0.86], [-0.26, 0.86]]
        )
        self.pen.fill(
            neck + [x, 0],
            appearance.shade(self.colours.skin, 0.78),
            posed=False,
        )
        if self.vary["collar"] > 0:
            collar = strokes.ellipse(x, 0.86, 0.27, 0.12, 0, 180)
            self.pen.fill(
                collar, appearance.shade(self.colours.skin, 0.78), posed=False
            )
        else:
            collar = strokes.ellipse(x, 0.9, 0.3, 0.13)
            self.pen.fill(collar, appearance.shade(clothes, 0.75), posed=False)

    def _outline(
        self, grow: float = 1, start: float = 0, end: float = 360
    ) -> strokes.Points:
        """The head: an ellipse whose lower half narrows to the chin."""
        points = strokes.ellipse(
            0, 0, self.width * grow, self.height * grow, start, end
        )
        below = np.maximum(points[:, 1] / self.height, 0)
        points[:, 0] *= 1 - (0.2 + 0.1 * self.vary["jaw"]) * below**2
        return points

    def _head(self) -> None:
        skin = self.colours.skin
        for side in (-1, 1):
            ear = strokes.ellipse(side * self.width, 0.03, 0.1, 0.15)
            self.pen.fill(ear, appearance.shade(skin, 0.86))
        self.pen.fill(self._outline(), appearance.shade(skin, 0.84))
        # The lit part of the head lies towards the light.
        lit = self._outline(0.93) + [0.035 * np.sign(self.vary["light"]), -0.01]
        self.pen.fill(lit, skin)
        if self.vary["blush"] > -0.2:
            rosy = appearance.mix(
                skin, (226, 92, 84), 0.22 + 0.1 * self.vary["blush"]
            )
            for side in (-1, 1):
                x = side * 0.3 + self.turn
                self.pen.fill(strokes.ellipse(x, 0.2, 0.12, 0.08), rosy)

    def _eye(self, side: int) -> None:
        x, y = side * self.eye_x + self.turn, -0.06
        size = 1 + 0.14 * self.vary["eye_size"]
        rx, ry = 0.135 * size, 0.088 * size
        dark = appearance.shade(self.colours.skin, 0.22)
        self.pen.fill(
            strokes.ellipse(x, y - 0.018, rx + 0.025, ry + 0.022), dark
        )
        self.pen.fill(strokes.ellipse(x, y, rx, ry), (250, 250, 250))
        x += 0.045 * self.vary["gaze_x"]
        y += 0.014 * self.vary["gaze_y"]
        self.pen.fill(strokes.ellipse(x, y, 0.078, 0.08), self.colours.iris)
        self.pen.fill(strokes.ellipse(x, y, 0.045, 0.048), (12, 10, 14))
        self.pen.fill(
            strokes.ellipse(x - 0.025, y - 0.028, 0.018, 0.018), (255,) * 3
        )

    def _brow(self, side: int) -> None:
        x = side * self.eye_x + self.turn
        y = -0.265 - 0.025 * self.vary["brow_height"]
        tilt = 0.045 * self.vary["brow_tilt"]
        inner, outer = x - side * 0.13, x + side * 0.15
        points = strokes.curve(
            (inner, y + tilt), (x, y - 0.07), (outer, y + 0.02)
        )
        dark = appearance.mix(self.colours.hair, (24, 18, 18), 0.45)
        self.pen.line(points, 0.052 + 0.016 * self.vary["brow_weight"], dark)

    def _nose(self) -> None:
        x = self.turn * 1.5
        size = 1 + 0.2 * self.vary["nose_size"]
        dark = appearance.shade(self.colours.skin, 0.66)
        bridge = np.sign(self.vary["yaw"]) or 1
        side = strokes.curve(
            (x - bridge * 0.03, -0.02),
            (x - bridge * 0.06, 0.1),
            (x - bridge * 0.09 * size, 0.2),
        )
        self.pen.line(side, 0.035, appearance.shade(self.colours.skin, 0.8))
        self.pen.fill(strokes.ellipse(x, 0.205, 0.1 * size, 0.04 * size), dark)
        light = appearance.mix(self.colours.skin, (255, 255, 255), 0.12)
        self.pen.fill(strokes.ellipse(x, 0.17, 0.07 * size, 0.05 * size), light)

    def _mouth(self) -> None:
        x, y = self.turn, 0.41
        half = 0.2 + 0.03 * self.vary["mouth_width"]
        lips, curve = self.colours.lips, 0.03 * self.vary["mouth_curve"]
        if self.face.mouth == "smile":
            half += 0.05
            self._bow(x, y - 0.07, half, 0.30 + curve, lips)
            self._bow(x, y - 0.04, half - 0.05, 0.18 + curve, (252, 250, 246))
        elif self.face.mouth == "open":
            tall = 0.125 + curve
            self.pen.fill(strokes.ellipse(x, y + 0.02, half * 0.78, tall), lips)
            inside = strokes.ellipse(
                x, y + 0.02, half * 0.78 - 0.05, tall - 0.045
            )
            self.pen.fill(inside, (58, 14, 20))
        else:
            upper = strokes.curve((x - half, y), (x, y - 0.08), (x + half, y))
            lower = strokes.curve((x + half, y), (x, y + 0.14), (x - half, y))
            self.pen.fill(np.concatenate([upper, lower]), lips)
            line = strokes.curve((x - half, y), (x, y + curve), (x + half, y))
            self.pen.line(line, 0.028, appearance.shade(lips, 0.45))

    def _bow(
        self,
        x: float,
        y: float,
        half: float,
        deep: float,
        colour: appearance.Colour,
    ) -> None:
        """A smile: a nearly straight edge above, a deep arc below."""
        upper = strokes.curve((x - half, y), (x, y + 0.07), (x + half, y))
        lower = strokes.curve((x + half, y), (x, y + 2 * deep), (x - half, y))
        self.pen.fill(np.concatenate([upper, lower]), colour)

    def _whiskers(self) -> appearance.Colour:
        return appearance.mix(self.colours.hair, self.colours.skin, 0.12)

    def _beard(self) -> None:
        outer = self._outline(1.04, -8, 188)
        left = [-0.4 * self.width / 0.56 + self.turn, 0.3]
        right = [0.4 * self.width / 0.56 + self.turn, 0.3]
        middle = (self.turn, 0.24)
        inner = strokes.curve((left[0], left[1]), middle, (right[0], right[1]))
        self.pen.fill(np.concatenate([outer, inner]), self._whiskers())

    def _moustache(self) -> None:
        x, y = self.turn, 0.31
        upper = strokes.curve(
            (x - 0.24, y + 0.07), (x, y - 0.13), (x + 0.24, y + 0.07)
        )
        lower = strokes.curve(
            (x + 0.24, y + 0.07), (x, y + 0.02), (x - 0.24, y + 0.07)
        )
        self.pen.fill(np.concatenate([upper, lower]), self._whiskers())

    def _back_hair(self) -> None:
        """What of the hair lies behind the head."""
        dark = appearance.shade(self.colours.hair, 0.78)
        wide = self.width * (1.26 + 0.06 * self.vary["volume"])
        bottom = {"bob": 0.5, "bangs": 0.42, "long": 1.3}.get(self.face.hair)
        if bottom is not None:
            top = strokes.ellipse(0, -0.12, wide, self.height * 1.0, 180, 360)
            ends = strokes.ellipse(0, bottom - 0.15, wide * 1.06, 0.2, 0, 180)
            self.pen.fill(np.concatenate([top, ends]), dark)
        if self.face.hair == "curly":
            for angle in range(150, 391, 24):
                self._curl(angle, 1.08, 0.19, dark)

    def _curl(
        self,
        angle: float,
        grow: float,
        radius: float,
        colour: appearance.Colour,
    ) -> None:
        t = math.radians(angle)
        x = self.width * grow * math.cos(t)
        y = self.height * grow * math.sin(t)
        radius *= 1 + 0.15 * self.vary["volume"]
        self.pen.fill(strokes.ellipse(x, y, radius, radius), colour)

    def _front_hair(self) -> None:
        """What of the hair lies on the head."""
        if self.face.hair == "bald":
            gleam = appearance.mix(self.colours.skin, (255, 255, 255), 0.35)
            x = 0.2 * np.sign(self.vary["light"])
            self.pen.fill(strokes.ellipse(x, -0.52, 0.12, 0.07), gleam)
            return
        hair = self.colours.hair
        low = {"short": 0.02, "curly": -0.06}.get(self.face.hair, 0.1)
        degrees = math.degrees(math.asin(low / self.height))
        grow = 1.1 + 0.04 * self.vary["volume"]
        outer = self._outline(grow, 180 - degrees, 360 + degrees)
        self.pen.fill(np.concatenate([outer, self._hairline(low)]), hair)
        if self.face.hair == "curly":
            for angle in range(190, 351, 20):
                self._curl(angle, 0.98, 0.16, hair)
        gloss = self._outline(0.98, 235, 275)
        self.pen.line(gloss, 0.05, appearance.mix(hair, (255, 255, 255), 0.22))

    def _hairline(self, low: float) -> strokes.Points:
        """Where hair meets the face, from the right temple to the left."""
        inner = 0.9 * self.width
        high = -0.46 + 0.05 * self.vary["hairline"]
        if self.face.hair == "bangs":
            fringe = -0.3 + 0.03 * self.vary["hairline"]
            ends = [(inner, low), (inner * 0.97, fringe), (0.0, fringe - 0.05)]
            ends += [(-inner * 0.97, fringe), (-inner, low)]
            return np.array(ends)
        part = 0.3 * self.vary["part"]
        right = strokes.curve(
            (inner, low), (inner * 0.95, high), (part, high - 0.1)
        )
        left = strokes.curve(
            (part, high - 0.1), (-inner * 0.95, high), (-inner, low)
        )
        return np.concatenate([right, left])

    def _glasses(self) -> None:
        frames, y = self.colours.frames, -0.05
        for side in (-1, 1):
            x = side * self.eye_x + self.turn
            self.pen.line(strokes.ellipse(x, y, 0.205, 0.165), 0.05, frames)
            hinge = [x + side * 0.2, y - 0.02]
            temple = [side * self.width, y - 0.06]
            self.pen.line(np.array([hinge, temple]), 0.04, frames)
        gap = self.eye_x - 0.2
        bridge = [[self.turn - gap, y - 0.03], [self.turn + gap, y - 0.03]]
        self.pen.line(np.array(bridge), 0.05, frames)
