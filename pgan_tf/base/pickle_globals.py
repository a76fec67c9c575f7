"""What a pickle may name, and what is made in its place.

Of NumPy these are the functions for arrays, types and numbers, as NumPy 1 and
2 spell them; of others, those for which a caller has a maker. None of them is
looked up or called: this module makes arrays itself, out of values that it has
checked, and a maker is a function of ours.
"""

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

_MULTIARRAY = ("numpy.core.multiarray", "numpy._core.multiarray")
_NUMERIC = ("numpy.core.numeric", "numpy._core.numeric")
_RECONSTRUCT = tuple(f"{m}._reconstruct" for m in _MULTIARRAY)
_SCALAR = tuple(f"{m}.scalar" for m in _MULTIARRAY)
_FROM_BUFFER = tuple(f"{m}._frombuffer" for m in _NUMERIC)
_NDARRAY, _DTYPE = "numpy.ndarray", "numpy.dtype"

NUMPY = frozenset((*_RECONSTRUCT, *_SCALAR, *_FROM_BUFFER, _NDARRAY, _DTYPE))
NUMBERS = frozenset("f2 f4 f8 u1 u2 u4 u8 i1 i2 i4 i8 b1".split())

_MAX_AXES = 8


class Refused(Exception):
    """Something that a pickle may not hold."""


@dataclasses.dataclass(frozen=True)
class Allowed:
    """What a kind of pickles may hold beside plain data.

    Attributes:
        numbers: Types of an array's numbers, such as "f4" and "u1".
        makers: By the full name of a global that a file may call, such as
            "collections.OrderedDict", a function of ours that is called in its
            place with the file's arguments. What these are is for the function
            to check.
        keys: Types of a dict's keys; not tuples, whose hash can take for ever.
        max_opcodes: How long a file can be that is right.
        persistent: Makes what the file refers to by a name and keeps outside
            the pickle; called with that name, which is for it to check.
        dict_attributes: Whether dicts may be given attributes, which are left
            out: PyTorch's states have versions there.
    """

    numbers: frozenset[str] = NUMBERS
    makers: Mapping[str, Callable[..., Any]] = dataclasses.field(
        default_factory=dict
    )
    keys: tuple[type, ...] = (str,)
    max_opcodes: int = 200_000
    persistent: Callable[[Any], Any] | None = None
    dict_attributes: bool = False


@dataclasses.dataclass
class Record:
    """An object as the file has it: no behaviour, only what it states."""

    state: dict[str, Any] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Named:
    """A global that the file names, and may."""

    name: str


@dataclasses.dataclass
class _DType:
    """A type of numbers, whose byte order arrives after it was made."""

    code: str
    order: str = "<"


class Makers:
    """Makes records, arrays, and what else is allowed.

    Args:
        room: Bytes that all arrays together may have: the file's size, so
            that a small file does not unfold to large arrays.
        allowed: What may be made.
    """

    def __init__(self, room: int, allowed: Allowed) -> None:
        self._room = room
        self._allowed = allowed

    def named(self, module: Any, name: Any) -> Named:
        """The stand-in for a global.

        Raises:
            Refused: If it is not allowed.
        """
        if type(module) is not str or type(name) is not str:
            raise Refused("it names a global by what is no text")
        full = f"{module}.{name}"
        if full not in NUMPY and full not in self._allowed.makers:
            shown = full if full.isprintable() else ascii(full)
            raise Refused(f"it asks for {shown:.100}, which is not allowed")
        return Named(full)

    def make(self, callee: Any, arguments: Any) -> Any:
        """What stands for the result of calling a global."""
        if type(callee) is not Named or type(arguments) is not tuple:
            raise Refused("it calls what is no class")
        if callee.name in self._allowed.makers:
            return self._called(callee.name, arguments)
        if callee.name in _RECONSTRUCT and arguments[0] == Named(_NDARRAY):
            return np.empty(0, np.float32)  # `build` fills it
        if callee.name in _SCALAR:
            dtype, data = arguments
            return self._array(data, dtype, ())[()]
        if callee.name in _FROM_BUFFER:
            return self._array(*arguments)
        if callee.name == _DTYPE:
            return self._dtype(arguments[0])
        raise Refused(f"it calls {callee.name} in a way of its own")

    def _called(self, name: str, arguments: tuple[Any, ...]) -> Any:
        try:
            return self._allowed.makers[name](*arguments)
        except TypeError as error:
            raise Refused(f"it calls {name} in a way of its own") from error

    def build(self, target: Any, state: Any) -> None:
        """Gives what was made its state."""
        if type(target) is Record and type(state) is dict:
            target.state = state
        elif type(target) is dict and self._allowed.dict_attributes:
            pass
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

    def _dtype(self, code: Any) -> _DType:
        # Python 2 wrote it as bytes, in some files.
        code = code.decode("latin-1") if type(code) is bytes else code
        if type(code) is not str or code not in self._allowed.numbers:
            raise Refused(
                "it has an array of other numbers than "
                + ", ".join(sorted(self._allowed.numbers))
            )
        return _DType(code)


def _as_bytes(data: Any) -> bytes:
    """The bytes of an array, which Python 2 wrote as text."""
    if type(data) is str:
        return data.encode("latin-1")
    if type(data) not in (bytes, bytearray):
        raise Refused("it has an array without bytes")
    return bytes(data)
