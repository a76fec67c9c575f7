"""The memory that one file of a stranger may take: `--max_memory`.

A small file can claim, or unpack to, any size. So readers ask here before they
take memory for what a file says of itself. The limit is that of each process;
processes that are started are told it by who starts them.
"""

import io
from typing import Protocol

from pgan_tf.base import errors, text

FLAG = "max_memory"
DEFAULT = 1_000_000_000  # of a machine with 2 GB

# Published files unpack to a few times their size, bombs to thousands.
_MAX_RATIO = 50
_ALWAYS_UNPACKED = 64 << 20
_STEP = 1 << 20

_limit = DEFAULT


def limit() -> int:
    """Bytes that a file may take."""
    return _limit


def set_limit(num_bytes: int) -> None:
    """Sets what a file may take in this process, in bytes."""
    global _limit
    _limit = num_bytes


def require(num_bytes: int | float, what: str) -> None:
    """Asks for memory before it is taken.

    Args:
        num_bytes: What it would take at its peak, with all copies.
        what: The file, with its member or record, as the message begins.

    Raises:
        UserError: It is more than the limit.
    """
    if num_bytes > _limit:
        raise errors.UserError(
            f"{what} would take {text.size(num_bytes)} of "
            f"memory, more than --{FLAG}={written(_limit)}; raise that if the "
            "file is right"
        )


def written(num_bytes: int) -> str:
    """A size as --max_memory takes it: 1500m, 2g."""
    for unit, factor in (("g", 10**9), ("m", 10**6), ("k", 10**3)):
        if num_bytes % factor == 0:
            return f"{num_bytes // factor}{unit}"
    return str(num_bytes)


def require_unpacked(packed: int, unpacked: int, what: str) -> None:
    """Refuses what unpacks to far more than any file of use.

    Args:
        packed: Bytes in the file.
        unpacked: Bytes that come out of them, so far or as it says.
        what: The file, with its member, as the message begins.

    Raises:
        UserError: It is more than the limit, or a bomb.
    """
    if unpacked > max(_ALWAYS_UNPACKED, _MAX_RATIO * packed):
        raise errors.UserError(
            f"{what} unpacks to more than {_MAX_RATIO} times "
            "its size: it is refused; unpack it yourself if it is right"
        )
    require(unpacked, what)


class Readable(Protocol):
    """What can be read from."""

    def read(self, size: int, /) -> bytes:
        """Up to so many bytes."""


class Unpacked(io.RawIOBase):
    """A stream that unpacks, watched: bombs end it, wherever they are met.

    Args:
        stream: What unpacks, such as a `gzip.GzipFile`; closed by its owner.
        packed: Bytes of the file that it unpacks.
        what: The file, as the message begins.
    """

    def __init__(self, stream: Readable, packed: int, what: str) -> None:
        self._stream, self._packed, self._what = stream, packed, what
        self._count = 0

    def readable(self) -> bool:
        """Yes."""
        return True

    def read(self, size: int = -1) -> bytes:
        """Up to `size` bytes, all by default.

        Raises:
            UserError: It is a bomb, or more than the limit.
        """
        if 0 <= size <= _STEP:
            return self._some(size)
        found = bytearray()
        while size < 0 or len(found) < size:
            left = _STEP if size < 0 else min(_STEP, size - len(found))
            part = self._some(left)
            if not part:
                break
            found += part
        return bytes(found)

    def _some(self, size: int) -> bytes:
        part = self._stream.read(size)
        self._count += len(part)
        require_unpacked(self._packed, self._count, self._what)
        return part
