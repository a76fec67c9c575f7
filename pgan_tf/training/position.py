"""How far a run has come, and what it gathers between two reports.

Both travel in checkpoints, so that a run that was killed reports the same
ticks, with the same numbers, as one that was not.
"""

import contextlib
import dataclasses
import json
import time
from collections.abc import Iterator
from typing import Any

import numpy as np

from pgan_tf.training.pace import Pace


@dataclasses.dataclass
class Position:
    """How far a run has come.

    Attributes:
        nimg: Real images shown to D.
        tick: Ticks reported.
        lod: Of the last look at the schedule; None ahead of the first.
        seconds: Time spent until the last report, snapshots included.
        tick_nimg: Where the present tick began.
        tick_seconds: Time spent in it.
        tick_calls: Looks at the schedule in it.
        tick_sums: Their terms, added up.
        lrate_factor: On the learning rates of the schedule.
        rollbacks: How often the run was rolled back.
        tick_stretches: What its pace keeps.
        tick_setup_seconds: Time of it that went into setting up steps.
    """

    nimg: int = 0
    tick: int = 0
    lod: float | None = None
    seconds: float = 0.0
    tick_nimg: int = 0
    tick_seconds: float = 0.0
    tick_calls: int = 0
    tick_sums: list[float] = dataclasses.field(default_factory=list)
    lrate_factor: float = 1.0
    rollbacks: int = 0
    tick_stretches: list[list[float]] = dataclasses.field(default_factory=list)
    tick_setup_seconds: float = 0.0

    def to_json(self) -> str:
        """All attributes; a float comes back as it was, bit for bit."""
        return json.dumps(dataclasses.asdict(self))

    @classmethod
    def from_json(cls, text: str) -> "Position":
        """Reads what `to_json` wrote; what it lacks is at its default.

        Raises:
            TypeError, ValueError: If it is anything else.
        """
        return cls(**json.loads(text))


class Tick:
    """Gathers what happens between two reports.

    Args:
        position: Where the run is; a tick under way there is continued.
        before: The tick before, whose steps go on; None: steps have to be set
            up first.

    Attributes:
        pace: How fast its steps go.
        started: When this process began with it.
        data_seconds: Time waited for data since then.
    """

    def __init__(
        self, position: Position, before: "Tick | None" = None
    ) -> None:
        self._nimg = position.tick_nimg
        self._earlier = position.tick_seconds
        self._calls = position.tick_calls
        # An array if anything was saved, a tensor from the next call on.
        self._sums: Any = np.array(position.tick_sums or 0, np.float32)
        self.started = time.monotonic()
        self.data_seconds = 0.0
        self.pace: Pace = Pace(self.means, before.pace if before else None)
        self.pace.resume(position.tick_stretches, position.tick_setup_seconds)

    @contextlib.contextmanager
    def waiting(self) -> Iterator[None]:
        """Around what waits for data."""
        start = time.monotonic()
        yield
        self.data_seconds += time.monotonic() - start

    def add(self, terms: Any, nimg: int) -> None:
        """Takes in what one call has given.

        Args:
            terms: Their means, a float32 tensor [number].
            nimg: Images that it showed.
        """
        # Stays on the device: reading a number would wait for it.
        self._sums = self._sums + terms
        self._calls += 1
        self.pace.called(nimg)

    def due(self, nimg: int, tick_kimg: float) -> bool:
        """Whether the tick is over after so many images."""
        return nimg - self._nimg >= tick_kimg * 1000

    def num_images(self, nimg: int) -> int:
        """Images shown in this tick."""
        return nimg - self._nimg

    def seconds(self) -> float:
        """Time spent in this tick, also ahead of a restart."""
        return self._earlier + time.monotonic() - self.started

    def means(self) -> np.ndarray:
        """The means of the terms; waits for the device."""
        return np.asarray(self._sums) / np.float32(max(self._calls, 1))

    def write_to(self, position: Position) -> None:
        """Puts the tick as it is into a position that will be saved."""
        position.tick_nimg = self._nimg
        position.tick_seconds = self.seconds()
        position.tick_calls = self._calls
        position.tick_sums = [float(x) for x in np.atleast_1d(self._sums)]
        position.tick_stretches = self.pace.kept()
        position.tick_setup_seconds = self.pace.setup_seconds()


def next_tick(position: Position, before: Tick) -> Tick:
    """The tick that begins at a position, once the one before was reported."""
    position.tick_nimg = position.nimg
    position.tick_seconds = 0.0
    position.tick_calls = 0
    position.tick_sums = []
    position.tick_stretches = []
    position.tick_setup_seconds = 0.0
    return Tick(position, before)
