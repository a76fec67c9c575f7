"""What a run is doing, for its page: state.json in the run folder.

The training keeps it; `evaluate.py`, which writes the page too, reads it.
"""

import dataclasses
import json
import pathlib
import time
from typing import NamedTuple

from pgan_tf.base import files, strict_json

RUNNING, STOPPED, FINISHED, FAILED = "running", "stopped", "finished", "failed"
_ALL = (RUNNING, STOPPED, FINISHED, FAILED)


class Rollback(NamedTuple):
    """That a training went back to a checkpoint after it had failed.

    Attributes:
        folder: The name of what it left in diagnostics/.
        kimg: Of the checkpoint.
        lrate_factor: What the learning rates are multiplied by from then on.
    """

    folder: str
    kimg: float
    lrate_factor: float


@dataclasses.dataclass(frozen=True)
class RunState:
    """The state of a training.

    Attributes:
        status: One of the four above.
        began: When the run first began, in seconds since 1970.
        written: When this was written.
        seconds_left: To the end of the training, as expected; None: unknown.
        why: Of a training that failed or was stopped.
        facts: What it runs on and with: (name, text).
        rollbacks: All of them so far.
    """

    status: str
    began: float
    written: float
    seconds_left: float | None = None
    why: str = ""
    facts: tuple[tuple[str, str], ...] = ()
    rollbacks: tuple[Rollback, ...] = ()

    @classmethod
    def new(cls, facts: tuple[tuple[str, str], ...]) -> "RunState":
        """Of a run that begins now."""
        now = time.time()
        return cls(RUNNING, now, now, facts=facts)

    def going_on_after(self, before: "RunState") -> "RunState":
        """This state, of a run that was in another one before."""
        return dataclasses.replace(
            self, began=before.began, rollbacks=before.rollbacks
        )

    def now(
        self, status: str, why: str = "", seconds_left: float | None = None
    ) -> "RunState":
        """The same run, in a state that it is in from now on."""
        return dataclasses.replace(
            self,
            status=status,
            why=why,
            seconds_left=seconds_left,
            written=time.time(),
        )


def path(run_dir: pathlib.Path) -> pathlib.Path:
    """Where the state lies."""
    return run_dir / "state.json"


def write(run_dir: pathlib.Path, state: RunState) -> None:
    """Writes it, in place of the one before."""
    # Only the page needs it, and each tick writes it anew.
    with files.partial(path(run_dir), durable=False) as partial:
        partial.write_text(strict_json.dumps(dataclasses.asdict(state)) + "\n")


def read(run_dir: pathlib.Path) -> RunState | None:
    """The state of a run; None where nothing has written one.

    Raises:
        ValueError: If the file is damaged.
    """
    try:
        content = json.loads(path(run_dir).read_bytes())
    except FileNotFoundError:
        return None
    try:
        state = RunState(**content)
        facts = tuple((str(name), str(text)) for name, text in state.facts)
        rollbacks = tuple(
            Rollback(str(folder), float(kimg), float(factor))
            for folder, kimg, factor in state.rollbacks
        )
        for moment in (state.began, state.written):
            time.localtime(float(moment))
        if state.seconds_left is not None:
            float(state.seconds_left)
        if state.status not in _ALL or not isinstance(state.why, str):
            raise ValueError
    except (OverflowError, OSError, TypeError, ValueError):
        raise ValueError("is not the state of a run") from None
    return dataclasses.replace(state, facts=facts, rollbacks=rollbacks)
