"""Where the time of a computation goes, by TensorFlow's own profiler."""

import collections
import dataclasses
import pathlib
import re
from collections.abc import Callable, Sequence

import tensorflow as tf
from tensorflow.tsl.profiler.protobuf import xplane_pb2

from pgan_tf.base import text

# The profiler names an operation by where it is and its type, "D/add:AddV2".
_OPERATION = re.compile(r"[^\s:]+:(_?[A-Z]\w*)")


@dataclasses.dataclass(frozen=True)
class OpTime:
    """What the operations of one type took together.

    Attributes:
        op: The type, such as _FusedConv2D.
        count: How many ran.
        seconds: Summed over all threads.
    """

    op: str
    count: int
    seconds: float

    @property
    def is_convolution(self) -> bool:
        """Forward or backward, alone or with what was fused to it."""
        return "Conv2D" in self.op


def measure(
    run: Callable[[], None], folder: str | pathlib.Path
) -> list[OpTime]:
    """Runs something under the profiler; the longest first.

    Only what the host does is counted: of a GPU, that it was started.

    Args:
        run: What to look at; compiled before.
        folder: Receives the trace, which TensorBoard's profile plugin shows.
    """
    tf.profiler.experimental.start(str(folder))
    try:
        run()
    finally:
        tf.profiler.experimental.stop()
    counts: collections.Counter[str] = collections.Counter()
    picoseconds: collections.Counter[str] = collections.Counter()
    for path in pathlib.Path(folder).rglob("*.xplane.pb"):
        for name, duration in _events(path):
            if operation := _OPERATION.fullmatch(name):
                counts[operation[1]] += 1
                picoseconds[operation[1]] += duration
    return [
        OpTime(op, counts[op], total / 1e12)
        for op, total in picoseconds.most_common()
    ]


def table(times: Sequence[OpTime], iterations: int, rows: int = 20) -> str:
    """The longest as text, and what is left.

    Args:
        times: As `measure` returns them.
        iterations: Through which they ran.
        rows: How many types to tell apart.
    """
    total = sum(time.seconds for time in times)
    convolutions = sum(t.seconds for t in times if t.is_convolution)
    cells = [["operation", "share", "per iteration", "each"]]
    for time in times[:rows]:
        cells.append(
            [
                time.op,
                f"{time.seconds / total:.1%}",
                f"{time.count / iterations:.1f}",
                f"{time.seconds / time.count * 1e6:.0f} us",
            ]
        )
    rest = sum(time.seconds for time in times[rows:])
    cells.append(["others", f"{rest / total:.1%}", "", ""])
    lines = text.aligned(cells)
    lines.append(f"convolutions {convolutions / total:.1%} of the time")
    return "\n".join(lines) + "\n"


def _events(path: pathlib.Path) -> list[tuple[str, int]]:
    """Names and picoseconds of what happened on the host."""
    space = xplane_pb2.XSpace.FromString(path.read_bytes())
    return [
        (plane.event_metadata[event.metadata_id].name, event.duration_ps)
        for plane in space.planes
        if plane.name.startswith("/host:")
        for line in plane.lines
        for event in line.events
    ]
