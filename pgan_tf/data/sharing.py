"""Objects for worker processes that keep one copy of the arrays in memory."""

import hashlib
import mmap
import pickle
import tempfile
from multiprocessing import reduction
from typing import Any

_ALIGNMENT = 64  # bytes; at least that of any element


class Shared:
    """An object that processes started by spawning can `load`.

    Its NumPy arrays lie in a file without a name that all of them map, so a
    data set of a gigabyte takes one, not one per process; and the rest is
    pickled once.

    Args:
        thing: Whatever can be pickled; only read by the workers.
    """

    def __init__(self, thing: Any) -> None:
        buffers: list[pickle.PickleBuffer] = []
        self.head = pickle.dumps(
            thing, protocol=5, buffer_callback=buffers.append
        )
        self.spans: list[slice] = []
        self.file: Any = tempfile.TemporaryFile()
        for buffer in buffers:
            start = -(-self.file.tell() // _ALIGNMENT) * _ALIGNMENT
            self.file.seek(start)
            self.file.write(buffer.raw())
            self.spans.append(slice(start, self.file.tell()))
        self.file.write(b"\0")  # an empty file cannot be mapped
        self.file.flush()

    def __getstate__(self) -> dict[str, Any]:
        """For a process that is being started."""
        file = reduction.DupFd(self.file.fileno())
        return {"head": self.head, "spans": self.spans, "file": file}

    def load(self) -> Any:
        """The object, in a started process; its arrays are read-only."""
        mapped = mmap.mmap(self.file.detach(), 0, access=mmap.ACCESS_READ)
        view = memoryview(mapped)
        return pickle.loads(
            self.head, buffers=[view[span] for span in self.spans]
        )

    def close(self) -> None:
        """Gives the file back; what was loaded from it stays."""
        self.file.close()


def hash_of(thing: Any) -> str:
    """SHA-256 of an object as it would travel, without a copy of it."""
    total = hashlib.sha256()
    head = pickle.dumps(
        thing, protocol=5, buffer_callback=lambda each: total.update(each.raw())
    )
    total.update(head)
    return total.hexdigest()
