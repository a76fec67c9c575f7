"""What a network's pickle names, and what is made in its place.

The globals of NVIDIA's snapshots are a class for networks and NumPy's
functions for arrays, types and numbers, as NumPy 1 and 2 spell them. None of
them is looked up or called: this module makes records and arrays itself, out
of values that it has checked.
"""

import dataclasses
from typing import Any

import numpy as np

_NETWORKS = ("tfutil.Network", "network.Network")
_MULTIARRAY = ("numpy.core.multiarray", "numpy._core.multiarray")
_NUMERIC = ("numpy.core.numeric", "numpy._core.numeric")
_RECONSTRUCT = tuple(f"{m}._reconstruct" for m in _MULTIARRAY)
_SCALAR = tuple(f"{m}.scalar" for m in _MULTIARRAY)
_FROM_BUFFER = tuple(f"{m}._frombuffer" for m in _NUMERIC)
_NDARRAY, _DTYPE = "numpy.ndarray", "numpy.dtype"

KNOWN = frozenset(
    (*_NETWORKS, *_RECONSTRUCT, *_SCALAR, *_FROM_BUFFER, _NDARRAY, _DTYPE)
)

_NUMBERS = ("f2", "f4", "f8")
_MAX_AXES = 4


class Refused(Exception):
    """Something that the pickle of a network does not hold."""


@dataclasses.dataclass
class Record:
    """A network as the file has it: no behaviour, only what it states."""

    state: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Named:
    """A global that the file names, one of `KNOWN`."""

    name: str


@dataclasses.dataclass
class _DType:
    """A type of numbers, whose byte order arrives after it was made."""

    code: str
    order: str = "<"


def named(module: Any, name: Any) -> Named:
    """The stand-in for a global.

    Raises:
        Refused: If it is not one of `KNOWN`.
    """
    if type(module) is not str or type(name) is not str:
        raise Refused("it names a global by what is no text")
    full = f"{module}.{name}"
    if full not in KNOWN:
        shown = full if full.isprintable() else ascii(full)
        raise Refused(f"no network needs {shown:.100}")
    return Named(full)


class Makers:
    """Makes records and arrays.

    Args:
        room: Bytes that all arrays together may have: the file's size, so
            that a small file does not unfold to large arrays.
    """

    def __init__(self, room: int) -> None:
        self._room = room

    def make(self, callee: Any, arguments: Any) -> Any:
        """What calling a global would give."""
        if type(callee) is not Named or type(arguments) is not tuple:
            raise Refused("it calls what is no class")
        if callee.name in _NETWORKS and not arguments:
            return Record()
        if callee.name in _RECONSTRUCT and arguments[0] == Named(_NDARRAY):
            return np.empty(0, np.float32)  # `build` fills it
        if callee.name in _SCALAR:
            dtype, data = arguments
            return self._array(data, dtype, ())[()]
        if callee.name in _FROM_BUFFER:
            return self._array(*arguments)
        if callee.name == _DTYPE:
            return _dtype(arguments[0])
        raise Refused(f"no network calls {callee.name} this way")

    def build(self, target: Any, state: Any) -> None:
        """Gives what was made its state."""
        if type(target) is Record and type(state) is dict:
            target.state = state
        elif type(target) is _DType and type(state) is tuple:
            if state[1] not in ("<", ">", "|"):
                raise Refused("its numbers are in no known byte order")
            target.order = state[1]
        elif type(target) is np.ndarray and type(state) is tuple:
            _version, shape, dtype, is_fortran, data = state
            order = "F" if is_fortran else "C"
            array = self._array(data, dtype, shape, order)
            plain: Any = (1, shape, array.dtype, order == "F", _as_bytes(data))
            # In place, as the file refers to the array that it began.
            target.__setstate__(plain)
        else:
            raise Refused("it gives a state to what has none")

    def _array(
        self, data: Any, dtype: Any, shape: Any, order: Any = "C"
    ) -> np.ndarray:
        """The file's bytes as an array of that shape."""
        if type(dtype) is not _DType:
            raise Refused("it has an array of no known numbers")
        if type(shape) is not tuple or len(shape) > _MAX_AXES:
            raise Refused(f"it has an array of more than {_MAX_AXES} axes")
        if any(type(n) is not int or n < 0 for n in shape):
            raise Refused("it has an array of negative size")
        if order not in ("C", "F"):
            raise Refused("it has an array of no known order")
        data = _as_bytes(data)
        self._room -= len(data)
        if self._room < 0:
            raise Refused("its arrays unfold to more than its size")
        numbers = np.dtype(dtype.order.replace("|", "<") + dtype.code)
        return np.frombuffer(data, numbers).reshape(shape, order=order)


def _dtype(code: Any) -> _DType:
    if code not in _NUMBERS:
        raise Refused(
            "it has an array of other numbers than " + ", ".join(_NUMBERS)
        )
    return _DType(code)


def _as_bytes(data: Any) -> bytes:
    """The bytes of an array, which Python 2 wrote as text."""
    if type(data) is str:
        return data.encode("latin-1")
    if type(data) not in (bytes, bytearray):
        raise Refused("it has an array without bytes")
    return bytes(data)
