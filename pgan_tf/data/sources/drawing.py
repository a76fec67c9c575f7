"""Draws a face from its attributes.

Coordinates span the picture from -1 to 1, x to the right and y down, before
the pose turns, scales and moves the head. Shapes are filled back to front on
a canvas several times the wanted size, which is then averaged down.
"""

import dataclasses
import math

import numpy as np
from PIL import Image, ImageDraw

Colour = tuple[float, float, float]
Points = np.ndarray  # float [n,2] of x, y

# Free measures of a face, each given in [-1, 1].
MEASURES = (
    *("roll", "yaw", "shift_x", "shift_y", "scale"),
    *("width", "height", "jaw", "eye_size", "eye_gap", "gaze_x", "gaze_y"),
    *("brow_tilt", "brow_height", "brow_weight", "nose_size", "mouth_width"),
    *("mouth_curve", "hairline", "part", "volume", "light", "slope"),
    *("collar", "blush"),
)

_SKIN = {
    "light": (250, 212, 184),
    "tan": (231, 178, 135),
    "brown": (176, 118, 78),
    "dark": (112, 70, 48),
}
_HAIR = {
    "black": (30, 25, 28),
    "brown": (96, 58, 32),
    "blond": (233, 196, 106),
    "red": (176, 74, 30),
    "gray": (186, 186, 190),
}
_BACKGROUNDS = (
    *((142, 190, 226), (160, 212, 180), (240, 214, 150), (222, 160, 160)),
    *((188, 170, 220), (216, 218, 222), (92, 112, 150), (70, 120, 110)),
)
_CLOTHES = (
    *((190, 50, 56), (44, 80, 150), (46, 120, 84), (240, 240, 240)),
    *((52, 52, 60), (230, 170, 50), (120, 70, 140), (60, 160, 180)),
)
_IRISES = ((74, 46, 28), (60, 110, 170), (70, 124, 74))


@dataclasses.dataclass(frozen=True)
class Face:
    """Attributes of a face; the values of the first four are in `faces`.

    Attributes:
        variation: By name in MEASURES, in [-1, 1].
        tint: Uniform numbers [colours of the palette, 3] that vary colours.
    """

    skin: str
    hair: str
    hair_colour: str
    mouth: str
    glasses: bool
    beard: bool
    moustache: bool
    variation: dict[str, float]
    tint: np.ndarray


@dataclasses.dataclass(frozen=True)
class Palette:
    """The colours of one picture."""

    skin: Colour
    hair: Colour
    iris: Colour
    lips: Colour
    clothes: Colour
    background: Colour
    background_below: Colour
    frames: Colour


def draw(face: Face, resolution: int) -> np.ndarray:
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


def _mix(one: Colour, other: Colour, t: float) -> Colour:
    r, g, b = (x + (y - x) * t for x, y in zip(one, other, strict=True))
    return (r, g, b)


def _shade(colour: Colour, gain: float) -> Colour:
    return _mix((0, 0, 0), colour, gain)


def _palette(face: Face) -> Palette:
    def jitter(colour: Colour, row: int, amount: float) -> Colour:
        r, g, b = (
            min(max(x + amount * (2 * y - 1), 0), 255)
            for x, y in zip(colour, face.tint[row], strict=True)
        )
        return (r, g, b)

    def one_of(colours: tuple[Colour, ...], row: int) -> Colour:
        choice = colours[int(face.tint[row].sum() * 997) % len(colours)]
        return jitter(choice, row, 14)

    skin = jitter(_SKIN[face.skin], 0, 10)
    red = (176, 52, 60) if face.skin != "dark" else (150, 54, 60)
    background = one_of(_BACKGROUNDS, 5)
    return Palette(
        skin=skin,
        hair=jitter(_HAIR[face.hair_colour], 1, 12),
        iris=one_of(_IRISES, 2),
        lips=jitter(_mix(red, skin, 0.15), 3, 16),
        clothes=one_of(_CLOTHES, 4),
        background=background,
        background_below=_shade(background, 0.62),
        frames=jitter((38, 34, 40), 7, 20),
    )


def _ellipse(
    x: float, y: float, rx: float, ry: float, start: float = 0, end: float = 360
) -> Points:
    """Points on an ellipse; angles in degrees from the right, clockwise."""
    t = np.radians(np.linspace(start, end, 40))
    return np.stack([x + rx * np.cos(t), y + ry * np.sin(t)], axis=1)


def _curve(*points: tuple[float, float]) -> Points:
    """A parabola (quadratic Bezier curve) through no point but its ends."""
    t = np.linspace(0, 1, 16)[:, None]
    a, b, c = np.array(points, float)
    return (1 - t) ** 2 * a + 2 * t * (1 - t) * b + t**2 * c


class _Portrait:
    """One picture in the making."""

    def __init__(self, face: Face, size: int) -> None:
        vary = face.variation
        self.face, self.size, self.vary = face, size, vary
        self.colours = _palette(face)
        self.width = 0.56 + 0.04 * vary["width"]
        self.height = 0.74 + 0.04 * vary["height"]
        self.eye_x = 0.25 + 0.025 * vary["eye_gap"]
        # Turning the head moves the features across it.
        self.turn = 0.09 * vary["yaw"]
        self.scale = 1.06 + 0.05 * vary["scale"]
        angle = math.radians(9 * vary["roll"])
        cos, sin = math.cos(angle), math.sin(angle)
        self.pose = self.scale * np.array([[cos, sin], [-sin, cos]])
        self.shift = np.array([0.06 * vary["shift_x"], 0.05 * vary["shift_y"]])
        self.image = self._background()
        self.pen = ImageDraw.Draw(self.image)

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

    # Strokes of the pen.

    def _pixels(self, points: Points, posed: bool = True) -> list[float]:
        if posed:
            points = points @ self.pose + self.shift
        return ((points + 1) * (self.size / 2)).ravel().tolist()

    def _fill(self, points: Points, colour: Colour, posed: bool = True) -> None:
        self.pen.polygon(self._pixels(points, posed), fill=_whole(colour))

    def _line(self, points: Points, width: float, colour: Colour) -> None:
        pixels = round(width * self.scale * self.size / 2)
        self.pen.line(
            self._pixels(points), _whole(colour), max(pixels, 1), "curve"
        )

    # Parts of the picture.

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
        x = self.shift[0] * 0.6
        shoulders = _ellipse(x, 1.22, 0.98, 0.48)
        self._fill(shoulders, clothes, posed=False)
        neck = np.array(
            [[-0.22, 0.4], [0.22, 0.4], [0.26, 0.86], [-0.26, 0.86]]
        )
        self._fill(neck + [x, 0], _shade(self.colours.skin, 0.78), posed=False)
        if self.vary["collar"] > 0:
            collar = _ellipse(x, 0.86, 0.27, 0.12, 0, 180)
            self._fill(collar, _shade(self.colours.skin, 0.78), posed=False)
        else:
            collar = _ellipse(x, 0.9, 0.3, 0.13)
            self._fill(collar, _shade(clothes, 0.75), posed=False)

    def _outline(
        self, grow: float = 1, start: float = 0, end: float = 360
    ) -> Points:
        """The head: an ellipse whose lower half narrows to the chin."""
        points = _ellipse(
            0, 0, self.width * grow, self.height * grow, start, end
        )
        below = np.maximum(points[:, 1] / self.height, 0)
        points[:, 0] *= 1 - (0.2 + 0.1 * self.vary["jaw"]) * below**2
        return points

    def _head(self) -> None:
        skin = self.colours.skin
        for side in (-1, 1):
            ear = _ellipse(side * self.width, 0.03, 0.1, 0.15)
            self._fill(ear, _shade(skin, 0.86))
        self._fill(self._outline(), _shade(skin, 0.84))
        # The lit part of the head lies towards the light.
        lit = self._outline(0.93) + [0.035 * np.sign(self.vary["light"]), -0.01]
        self._fill(lit, skin)
        if self.vary["blush"] > -0.2:
            rosy = _mix(skin, (226, 92, 84), 0.22 + 0.1 * self.vary["blush"])
            for side in (-1, 1):
                x = side * 0.3 + self.turn
                self._fill(_ellipse(x, 0.2, 0.12, 0.08), rosy)

    def _eye(self, side: int) -> None:
        x, y = side * self.eye_x + self.turn, -0.06
        size = 1 + 0.14 * self.vary["eye_size"]
        rx, ry = 0.135 * size, 0.088 * size
        dark = _shade(self.colours.skin, 0.22)
        self._fill(_ellipse(x, y - 0.018, rx + 0.025, ry + 0.022), dark)
        self._fill(_ellipse(x, y, rx, ry), (250, 250, 250))
        x += 0.045 * self.vary["gaze_x"]
        y += 0.014 * self.vary["gaze_y"]
        self._fill(_ellipse(x, y, 0.078, 0.08), self.colours.iris)
        self._fill(_ellipse(x, y, 0.045, 0.048), (12, 10, 14))
        self._fill(_ellipse(x - 0.025, y - 0.028, 0.018, 0.018), (255,) * 3)

    def _brow(self, side: int) -> None:
        x = side * self.eye_x + self.turn
        y = -0.265 - 0.025 * self.vary["brow_height"]
        tilt = 0.045 * self.vary["brow_tilt"]
        inner, outer = x - side * 0.13, x + side * 0.15
        points = _curve((inner, y + tilt), (x, y - 0.07), (outer, y + 0.02))
        dark = _mix(self.colours.hair, (24, 18, 18), 0.45)
        self._line(points, 0.052 + 0.016 * self.vary["brow_weight"], dark)

    def _nose(self) -> None:
        x = self.turn * 1.5
        size = 1 + 0.2 * self.vary["nose_size"]
        dark = _shade(self.colours.skin, 0.66)
        bridge = np.sign(self.vary["yaw"]) or 1
        side = _curve(
            (x - bridge * 0.03, -0.02),
            (x - bridge * 0.06, 0.1),
            (x - bridge * 0.09 * size, 0.2),
        )
        self._line(side, 0.035, _shade(self.colours.skin, 0.8))
        self._fill(_ellipse(x, 0.205, 0.1 * size, 0.04 * size), dark)
        light = _mix(self.colours.skin, (255, 255, 255), 0.12)
        self._fill(_ellipse(x, 0.17, 0.07 * size, 0.05 * size), light)

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
            self._fill(_ellipse(x, y + 0.02, half * 0.78, tall), lips)
            inside = _ellipse(x, y + 0.02, half * 0.78 - 0.05, tall - 0.045)
            self._fill(inside, (58, 14, 20))
        else:
            upper = _curve((x - half, y), (x, y - 0.08), (x + half, y))
            lower = _curve((x + half, y), (x, y + 0.14), (x - half, y))
            self._fill(np.concatenate([upper, lower]), lips)
            line = _curve((x - half, y), (x, y + curve), (x + half, y))
            self._line(line, 0.028, _shade(lips, 0.45))

    def _bow(
        self, x: float, y: float, half: float, deep: float, colour: Colour
    ) -> None:
        """A smile: a nearly straight edge above, a deep arc below."""
        upper = _curve((x - half, y), (x, y + 0.07), (x + half, y))
        lower = _curve((x + half, y), (x, y + 2 * deep), (x - half, y))
        self._fill(np.concatenate([upper, lower]), colour)

    def _whiskers(self) -> Colour:
        return _mix(self.colours.hair, self.colours.skin, 0.12)

    def _beard(self) -> None:
        outer = self._outline(1.04, -8, 188)
        left = [-0.4 * self.width / 0.56 + self.turn, 0.3]
        right = [0.4 * self.width / 0.56 + self.turn, 0.3]
        middle = (self.turn, 0.24)
        inner = _curve((left[0], left[1]), middle, (right[0], right[1]))
        self._fill(np.concatenate([outer, inner]), self._whiskers())

    def _moustache(self) -> None:
        x, y = self.turn, 0.31
        upper = _curve(
            (x - 0.24, y + 0.07), (x, y - 0.13), (x + 0.24, y + 0.07)
        )
        lower = _curve(
            (x + 0.24, y + 0.07), (x, y + 0.02), (x - 0.24, y + 0.07)
        )
        self._fill(np.concatenate([upper, lower]), self._whiskers())

    def _back_hair(self) -> None:
        """What of the hair lies behind the head."""
        dark = _shade(self.colours.hair, 0.78)
        wide = self.width * (1.26 + 0.06 * self.vary["volume"])
        bottom = {"bob": 0.5, "bangs": 0.42, "long": 1.3}.get(self.face.hair)
        if bottom is not None:
            top = _ellipse(0, -0.12, wide, self.height * 1.0, 180, 360)
            ends = _ellipse(0, bottom - 0.15, wide * 1.06, 0.2, 0, 180)
            self._fill(np.concatenate([top, ends]), dark)
        if self.face.hair == "curly":
            for angle in range(150, 391, 24):
                self._curl(angle, 1.08, 0.19, dark)

    def _curl(
        self, angle: float, grow: float, radius: float, colour: Colour
    ) -> None:
        t = math.radians(angle)
        x = self.width * grow * math.cos(t)
        y = self.height * grow * math.sin(t)
        radius *= 1 + 0.15 * self.vary["volume"]
        self._fill(_ellipse(x, y, radius, radius), colour)

    def _front_hair(self) -> None:
        """What of the hair lies on the head."""
        if self.face.hair == "bald":
            gleam = _mix(self.colours.skin, (255, 255, 255), 0.35)
            x = 0.2 * np.sign(self.vary["light"])
            self._fill(_ellipse(x, -0.52, 0.12, 0.07), gleam)
            return
        hair = self.colours.hair
        low = {"short": 0.02, "curly": -0.06}.get(self.face.hair, 0.1)
        degrees = math.degrees(math.asin(low / self.height))
        grow = 1.1 + 0.04 * self.vary["volume"]
        outer = self._outline(grow, 180 - degrees, 360 + degrees)
        self._fill(np.concatenate([outer, self._hairline(low)]), hair)
        if self.face.hair == "curly":
            for angle in range(190, 351, 20):
                self._curl(angle, 0.98, 0.16, hair)
        gloss = self._outline(0.98, 235, 275)
        self._line(gloss, 0.05, _mix(hair, (255, 255, 255), 0.22))

    def _hairline(self, low: float) -> Points:
        """Where hair meets the face, from the right temple to the left."""
        inner = 0.9 * self.width
        high = -0.46 + 0.05 * self.vary["hairline"]
        if self.face.hair == "bangs":
            fringe = -0.3 + 0.03 * self.vary["hairline"]
            ends = [(inner, low), (inner * 0.97, fringe), (0.0, fringe - 0.05)]
            ends += [(-inner * 0.97, fringe), (-inner, low)]
            return np.array(ends)
        part = 0.3 * self.vary["part"]
        right = _curve((inner, low), (inner * 0.95, high), (part, high - 0.1))
        left = _curve((part, high - 0.1), (-inner * 0.95, high), (-inner, low))
        return np.concatenate([right, left])

    def _glasses(self) -> None:
        frames, y = self.colours.frames, -0.05
        for side in (-1, 1):
            x = side * self.eye_x + self.turn
            self._line(_ellipse(x, y, 0.205, 0.165), 0.05, frames)
            hinge = [x + side * 0.2, y - 0.02]
            temple = [side * self.width, y - 0.06]
            self._line(np.array([hinge, temple]), 0.04, frames)
        gap = self.eye_x - 0.2
        bridge = [[self.turn - gap, y - 0.03], [self.turn + gap, y - 0.03]]
        self._line(np.array(bridge), 0.05, frames)


def _whole(colour: Colour) -> tuple[int, ...]:
    return tuple(int(part) for part in colour)
