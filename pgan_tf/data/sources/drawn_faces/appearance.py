"""What a drawn face looks like: attributes, measures and colours."""

import dataclasses

import numpy as np

Colour = tuple[float, float, float]

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


def mix(one: Colour, other: Colour, t: float) -> Colour:
    r, g, b = (x + (y - x) * t for x, y in zip(one, other, strict=True))
    return (r, g, b)


def shade(colour: Colour, gain: float) -> Colour:
    return mix((0, 0, 0), colour, gain)


def palette(face: Face) -> Palette:
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
        lips=jitter(mix(red, skin, 0.15), 3, 16),
        clothes=one_of(_CLOTHES, 4),
        background=background,
        background_below=shade(background, 0.62),
        frames=jitter((38, 34, 40), 7, 20),
    )
