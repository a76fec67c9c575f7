"""Arrays of whole numbers in a .mat file (MATLAB 5 to 7.2).

After a head of 128 bytes a file is a chain of elements: u32 type, u32 size,
the content, all padded to 8 bytes. An element of type 15 is another one packed
by zlib. A variable (14) consists of four: flags, dimensions, name, numbers; of
these, one of up to four bytes has its size in the upper half of the type, and
no padding.
"""

import struct
import zlib
from collections.abc import Collection, Iterator

import numpy as np

from pgan_tf.base import memory

_HEAD = 128
_VARIABLE, _PACKED = 14, 15
_NUMBERS = {
    1: "i1", 2: "u1", 3: "i2", 4: "u2", 5: "i4", 6: "u4", 7: "f4", 9: "f8",
    12: "i8", 13: "u8",
}  # fmt: skip
_DOUBLE, _UINT64 = 6, 15  # the first and the last class of numbers
_MAX_NAME = 64


def read(
    data: bytes, names: Collection[str], where: str
) -> dict[str, np.ndarray]:
    """The variables of these names.

    Args:
        data: The file.
        names: Which ones.
        where: The file's name, for messages.

    Returns:
        Arrays in MATLAB's order of axes, by name; the numbers as they are
        stored, which may be of a smaller type than the variable's.

    Raises:
        KeyError: One is not there.
        UserError: One is larger than --max_memory.
        ValueError, struct.error, zlib.error: The file is damaged.
    """
    order = {b"IM": "<", b"MI": ">"}.get(data[126:128])
    if order is None:
        raise ValueError("it is no .mat file of MATLAB 5 to 7.2")
    found: dict[str, np.ndarray] = {}
    for content in _variables(data, order, where):
        name, array = _read_variable(content, order, names)
        if array is not None:
            found[name] = array
        if len(found) == len(names):
            break
    return {name: found[name] for name in names}


def _variables(data: bytes, order: str, where: str) -> Iterator[memoryview]:
    """Yields the content of each variable, unpacked."""
    view = memoryview(data)
    at = _HEAD
    while at + 8 <= len(view):
        kind, size = struct.unpack_from(order + "II", view, at)
        content = view[at + 8 : at + 8 + size]
        if len(content) < size:
            raise ValueError("it ends within an element")
        at += 8 + size
        if kind == _PACKED:
            kind, content = _unpacked(content, order, where)
        else:
            at += -at % 8
        if kind == _VARIABLE:
            yield content


def _unpacked(
    packed: memoryview, order: str, where: str
) -> tuple[int, memoryview]:
    """Type and content of an element; not more than it says of itself."""
    unpack = zlib.decompressobj()
    head = unpack.decompress(packed, 8)
    kind, size = struct.unpack(order + "II", head)
    memory.require_unpacked(len(packed), size, where)
    memory.require(3 * size, where)
    content = unpack.decompress(unpack.unconsumed_tail, size) if size else b""
    if len(content) < size:
        raise ValueError("it ends within an element")
    return kind, memoryview(content)


def _read_variable(
    content: memoryview, order: str, names: Collection[str]
) -> tuple[str, np.ndarray | None]:
    """Name and array; no array if it is not wanted."""
    flags, at = _part(content, 0, order)
    sizes, at = _part(content, at, order)
    name, at = _part(content, at, order)
    known = bytes(name[1][:_MAX_NAME]).decode("latin-1")
    if known not in names:
        return known, None
    # The class, in the lowest byte of the flags' first number.
    (about,) = struct.unpack_from(order + "I", flags[1])
    if not _DOUBLE <= about & 0xFF <= _UINT64 or about & 0x800:
        raise ValueError(f"{known} is no array of real numbers")
    numbers, _ = _part(content, at, order)
    if numbers[0] not in _NUMBERS:
        raise ValueError(f"{known} holds no numbers")
    array = np.frombuffer(numbers[1], order + _NUMBERS[numbers[0]])
    shape = np.frombuffer(sizes[1], order + "i4").tolist()
    return known, array.reshape(shape, order="F")


def _part(
    content: memoryview, at: int, order: str
) -> tuple[tuple[int, memoryview], int]:
    """Type and content of the element at a place, and where the next is."""
    kind, size = struct.unpack_from(order + "II", content, at)
    if kind >> 16:  # a small one
        kind, size = kind & 0xFFFF, kind >> 16
        begin, following = at + 4, at + 8
    else:
        begin, following = at + 8, at + 8 + size + -size % 8
    part = content[begin : begin + size]
    if len(part) < size:
        raise ValueError("it ends within an element")
    return (kind, part), following
