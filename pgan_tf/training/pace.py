"""How fast steps go, told apart from time in which they are set up.

What compiling and the first call after it take says nothing about the speed
of the calls to come.
"""

import contextlib
import dataclasses
import time
from collections.abc import Callable, Iterator, Sequence


@dataclasses.dataclass
class Stretch:
    """Steps of one kind without a break.

    Attributes:
        resolution: In pixels.
        fading: Whether it was fading in.
        images: Shown in it.
        seconds: That they took.
    """

    resolution: int
    fading: bool
    images: int = 0
    seconds: float = 0.0

    def again(self) -> "Stretch":
        """A stretch of the same steps, with nothing in it yet."""
        return Stretch(self.resolution, self.fading)


class Pace:
    """Follows the calls of a tick.

    Args:
        wait: Returns once the device has done all that was called.
        before: That of the tick before, whose steps go on; None: steps have
            to be set up first.

    Attributes:
        setups: What was set up, each with the seconds until its first call
            was over, and the images of that call.
    """

    def __init__(
        self, wait: Callable[[], object], before: "Pace | None" = None
    ) -> None:
        self._wait = wait
        self.setups: list[Stretch] = []
        self._over: list[Stretch] = []
        self._setup_before = 0.0
        self._present: Stretch | None = None
        self._is_setting_up = False
        if before and before._present:
            self._present = before._present.again()
        self._since = time.monotonic()

    def resume(
        self, stretches: Sequence[Sequence[float]], setup: float
    ) -> None:
        """Takes up what a process before this one has kept of the tick.

        Args:
            stretches: As `kept` gave them.
            setup: Seconds of setting up.
        """
        self._over = [
            Stretch(int(r), bool(fading), int(images), float(seconds))
            for r, fading, images, seconds in stretches
        ]
        self._setup_before = setup

    def kept(self) -> list[list[float]]:
        """The stretches so far, for `resume`."""
        return [
            [s.resolution, int(s.fading), s.images, s.seconds]
            for s in self.stretches()
        ]

    def set_up(self, resolution: int, fading: bool) -> None:
        """Begins other steps, ahead of compiling them."""
        self._end_stretch()
        self._present = Stretch(resolution, fading)
        self._since = time.monotonic()
        self._is_setting_up = True

    def called(self, nimg: int) -> None:
        """A call of so many images was made."""
        if self._present is None:
            return
        self._present.images += nimg
        if self._is_setting_up:
            self._end_setup(self._present)

    @contextlib.contextmanager
    def apart(self) -> Iterator[None]:
        """Around what is neither a step nor set-up, such as saving."""
        self._end_stretch()
        yield
        if not self._is_setting_up:
            self._since = time.monotonic()

    def stretches(self) -> list[Stretch]:
        """All that took time and showed images, up to now."""
        self._end_stretch()
        return [s for s in self._over if s.images]

    def setup_seconds(self) -> float:
        """Of the tick, a process before this one included."""
        present = time.monotonic() - self._since if self._is_setting_up else 0
        return (
            self._setup_before + present + sum(s.seconds for s in self.setups)
        )

    def images_per_sec(self) -> float | None:
        """The speed of the last resolution, by what was shown of it alone.

        None: there were no calls but the first.
        """
        if self._present is None:
            return None
        resolution = self._present.resolution
        own = [s for s in self.stretches() if s.resolution == resolution]
        seconds = sum(s.seconds for s in own)
        return sum(s.images for s in own) / seconds if seconds else None

    def _add(self, stretch: Stretch) -> None:
        last = self._over[-1] if self._over else stretch.again()
        if (last.resolution, last.fading) == (
            stretch.resolution,
            stretch.fading,
        ):
            stretch.images += last.images
            stretch.seconds += last.seconds
            self._over[-1:] = [stretch]
        else:
            self._over.append(stretch)

    def _end_setup(self, present: Stretch) -> None:
        self._wait()
        now = time.monotonic()
        present.seconds = now - self._since
        self.setups.append(present)
        self._present, self._since = present.again(), now
        self._is_setting_up = False

    def _end_stretch(self) -> None:
        if self._is_setting_up:
            return
        self._wait()
        now, present = time.monotonic(), self._present
        if present:
            present.seconds = now - self._since
            self._add(present)
            self._present = present.again()
        self._since = now
