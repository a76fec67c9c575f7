"""Faces drawn by the tool itself: the source that needs no download.

Face i of a seed is always the same face, however many are drawn. Each is a
`Face`: what can be named (and becomes its labels) plus what only varies.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np

from pgan_tf.data.sources.drawn_faces import appearance, portrait

# Values of the named attributes with their probabilities.
SKIN = {"light": 0.35, "tan": 0.25, "brown": 0.22, "dark": 0.18}

HAIR = {
    "bald": 0.08,
    "short": 0.24,
    "curly": 0.14,
    "bangs": 0.16,
    "bob": 0.16,
    "long": 0.22,
}

HAIR_COLOUR = {
    "black": 0.3,
    "brown": 0.26,
    "blond": 0.2,
    "red": 0.12,
    "gray": 0.12,
}

MOUTH = {"smile": 0.45, "neutral": 0.3, "open": 0.25}
FLAGS = ("glasses", "beard", "moustache")

GROUPS = {
    "skin": SKIN,
    "hair": HAIR,
    "hair_colour": HAIR_COLOUR,
    "mouth": MOUTH,
}

LABEL_NAMES = tuple(
    f"{group}={value}" for group, values in GROUPS.items() for value in values
) + tuple(FLAGS)


class Faces:
    """The source; see `source.Source`."""

    num_channels = 3
    label_names: Sequence[str] = LABEL_NAMES
    label_kind: str | None = "multihot"

    def __init__(self, resolution: int, num_images: int, seed: int) -> None:
        self.resolution = resolution
        self.num_images = num_images
        self.seed = seed

    def __len__(self) -> int:
        return self.num_images

    def image(self, index: int) -> np.ndarray:
        """The face, uint8 [R,R,3]."""
        return portrait.draw(imagine(self.seed, index), self.resolution)

    def label(self, index: int) -> np.ndarray:
        """Its named attributes, float32 [K] of zeros and ones."""
        return label_of(imagine(self.seed, index))

    def options(self) -> dict[str, Any]:
        """What the manifest says of how the images were made."""
        return {"num_images": self.num_images, "seed": self.seed}


def label_of(face: appearance.Face) -> np.ndarray:
    """The named attributes as zeros and ones, in the order of LABEL_NAMES.

    A bald head has no hair colour; the brows keep theirs.
    """
    true = {f"{group}={getattr(face, group)}" for group in GROUPS}
    true |= {flag for flag in FLAGS if getattr(face, flag)}
    if face.hair == "bald":
        true.discard(f"hair_colour={face.hair_colour}")
    return np.array([name in true for name in LABEL_NAMES], np.float32)


def imagine(seed: int, index: int) -> appearance.Face:
    """Draws the attributes of one face."""
    rng = np.random.default_rng([seed, index])
    named = {group: _pick(rng, values) for group, values in GROUPS.items()}
    feminine_hair = named["hair"] in ("bangs", "bob", "long")
    whiskers = 0.06 if feminine_hair else 0.4
    beard = rng.random() < whiskers
    return appearance.Face(
        **named,
        glasses=rng.random() < 0.25,
        beard=beard,
        moustache=rng.random() < (0.5 if beard else whiskers * 0.5),
        variation=_vary(rng),
        tint=rng.random((len(dataclasses.fields(appearance.Palette)), 3)),
    )


def _pick(rng: np.random.Generator, values: dict[str, float]) -> str:
    bounds = np.cumsum(list(values.values()))
    return list(values)[int(np.searchsorted(bounds, rng.random() * bounds[-1]))]


def _vary(rng: np.random.Generator) -> dict[str, float]:
    """A value in [-1, 1] for each free measure of a face."""
    names = appearance.MEASURES
    return dict(zip(names, rng.uniform(-1, 1, len(names)), strict=True))
