"""What every source offers to the build."""

from collections.abc import Sequence
from typing import Any, Protocol, runtime_checkable

import numpy as np


class Source(Protocol):
    """Images and labels by index.

    A source travels to the worker processes by pickling, so it keeps no open
    files, and what it returns depends on the index alone.

    Attributes:
        resolution: Width and height of the images.
        num_channels: 1 or 3.
        label_names: What each of the K columns of the labels means.
        label_kind: As `data.values` has it, or None without labels.
    """

    resolution: int
    num_channels: int
    label_names: Sequence[str]
    label_kind: str | None

    def __len__(self) -> int: ...

    def image(self, index: int) -> np.ndarray:
        """One image, uint8 [R,R,C].

        Raises:
            UserError: The image cannot be used; the message names its file.
        """

    def label(self, index: int) -> np.ndarray:
        """Its label, float32 [K]."""

    def options(self) -> dict[str, Any]:
        """How the source was set up, for the manifest."""


@runtime_checkable
class Checked(Protocol):
    """A source that knows what its images should be, bit for bit."""

    def num_exact(self, indices: Sequence[int]) -> int:
        """How many of these images are so.

        Args:
            indices: Of images that this very object has made.
        """


@runtime_checkable
class Slow(Protocol):
    """A source that takes long for an image.

    Attributes:
        image_seconds: About how long, on one core.
    """

    image_seconds: float


class Enlarged:
    """Which images of a source were smaller than what was made of them.

    It decides on no image: nothing of it travels to other processes.
    """

    def __init__(self) -> None:
        self._indices: set[int] = set()

    def note(self, index: int, is_enlarged: bool) -> None:
        """Takes note of an image that was made."""
        if is_enlarged:
            self._indices.add(index)

    def count(self, indices: Sequence[int]) -> int:
        """How many of these images, which this very object has seen made."""
        return len(self._indices.intersection(indices))

    def __getstate__(self) -> dict[str, Any]:
        """As it was at first."""
        return {"_indices": set()}


@runtime_checkable
class Enlarging(Protocol):
    """A source that makes images larger where they are too small.

    Attributes:
        enlarged: Which ones.
    """

    enlarged: Enlarged


@runtime_checkable
class Telling(Protocol):
    """A source that has something to tell of what was done or left out."""

    def remarks(self) -> dict[str, str]:
        """Lines for people, by a word each that says what they are of."""


def state_without(thing: Any, *names: str) -> dict[str, Any]:
    """An object's attributes for `__getstate__`, save for those named.

    What is open cannot travel: every process opens its own.
    """
    return {key: vars(thing)[key] for key in vars(thing) if key not in names}
