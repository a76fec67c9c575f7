"""Pickles of plain data, read without running anything.

Python's unpickler calls whatever a file names, so that opening a stranger's
file is running a stranger's program. The reader here is a machine of its own:
it knows the opcodes that plain data needs and, of all globals, those of
NumPy's arrays and the few that a caller allows (`pickle_globals`). It imports
nothing, calls nothing that the file names, does not descend into what is
nested, and takes no more memory than a small multiple of the file's size.
"""

import io
import mmap
import os
import pathlib
import pickletools
from typing import Any

from pgan_tf.base import boundary, errors, memory, pickle_globals
from pgan_tf.base.pickle_globals import Allowed, Refused

_MARK = object()
_TORN = "no pickle, or a torn one"
_OBJECT = 100  # bytes that an opcode of one byte can take


def load(path: str | os.PathLike[str], allowed: Allowed) -> Any:
    """Reads a pickle.

    Args:
        path: The file.
        allowed: What it may hold beside plain data.

    Returns:
        None, bool, int, float, str, bytes, tuples, lists, dicts, arrays of
        numbers, and what `allowed.makers` made. Lists, tuples and dicts may
        hold each other in circles, and a thing be in them as often as they
        like: look at types before comparing or printing, and go no deeper
        than a right file does.

    Raises:
        UserError: If there is no such file, it is torn or no pickle, or it
            holds anything else.
    """
    if not pathlib.Path(path).is_file():
        raise errors.UserError(f"{path}: no such file")
    with boundary.reading(path, "pickle"):
        if not os.path.getsize(path):
            raise errors.UserError(f"{path}: an empty file")
        with open(path, "rb") as file:
            # Mapped: reading a file makes room for whatever a length claims.
            with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
                return loads(data, str(path), allowed)


def loads(
    data: bytes | mmap.mmap | io.BytesIO, where: str, allowed: Allowed
) -> Any:
    """Like `load`, of bytes that come from the file `where`.

    Of a stream one pickle is read, and the stream then stands behind it.
    """
    stream = isinstance(data, io.BytesIO)
    size = data.getbuffer().nbytes if stream else len(data)  # type: ignore
    memory.require(2 * size + _OBJECT * min(size, allowed.max_opcodes), where)
    try:
        return _Machine(size, allowed).run(data)
    except Refused as refusal:
        raise errors.UserError(
            f"{where}: refused, and nothing in it run: {refusal}"
        ) from None
    except Exception as error:
        # Bytes that are no pickle fail in every way there is.
        raise errors.UserError(f"{where}: {_TORN}") from error


class _Machine:
    """The stack and the memo that a pickle's opcodes work on.

    Args:
        size: Of the file.
        allowed: What it may hold.
    """

    def __init__(self, size: int, allowed: Allowed) -> None:
        self._allowed = allowed
        self._makers = pickle_globals.Makers(size, allowed)
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self, data: Any) -> Any:
        """Goes through the opcodes up to STOP."""
        for count, (op, argument, _position) in enumerate(
            pickletools.genops(data)
        ):
            if count > self._allowed.max_opcodes:
                raise Refused("it is longer than any file of its kind")
            if op.name == "STOP":
                (result,) = self._stack
                return result
            if op.name in _LITERALS:
                self._stack.append(argument)
            elif op.name in _CONSTANTS:
                self._stack.append(_CONSTANTS[op.name])
            else:
                self._step(op.name, argument)
        raise ValueError(_TORN)

    def _step(self, op: str, argument: Any) -> None:
        push, pop = self._stack.append, self._pop
        match op:
            case "PROTO" | "FRAME":
                pass
            case "EMPTY_LIST" | "EMPTY_DICT":
                push([] if op == "EMPTY_LIST" else {})
            case "LIST":
                push(self._pop_to_mark())
            case "TUPLE":
                push(tuple(self._pop_to_mark()))
            case "TUPLE1" | "TUPLE2" | "TUPLE3":
                push(tuple([pop() for _ in range(int(op[-1]))][::-1]))
            case "DICT":
                items = self._pop_to_mark()
                push({})
                self._set_items(items)
            case "APPEND":
                self._append([pop()])
            case "APPENDS":
                self._append(self._pop_to_mark())
            case "SETITEM":
                value, key = pop(), pop()
                self._set_items([key, value])
            case "SETITEMS":
                self._set_items(self._pop_to_mark())
            case "PUT" | "BINPUT" | "LONG_BINPUT":
                self._memo[argument] = self._stack[-1]
            case "MEMOIZE":
                self._memo[len(self._memo)] = self._stack[-1]
            case "GET" | "BINGET" | "LONG_BINGET":
                push(self._memo[argument])
            case _:
                self._step_with_globals(op, argument)

    def _step_with_globals(self, op: str, argument: Any) -> None:
        """What in Python's unpickler imports, calls or sets attributes."""
        push, pop = self._stack.append, self._pop
        match op:
            case "GLOBAL":
                push(self._makers.named(*argument.split(" ", 1)))
            case "STACK_GLOBAL":
                name, module = pop(), pop()
                push(self._makers.named(module, name))
            case "REDUCE" | "NEWOBJ":
                arguments, callee = pop(), pop()
                push(self._makers.make(callee, arguments))
            case "OBJ":
                callee, *rest = self._pop_to_mark()
                push(self._makers.make(callee, tuple(rest)))
            case "INST":
                callee = self._makers.named(*argument.split(" ", 1))
                arguments = tuple(self._pop_to_mark())
                push(self._makers.make(callee, arguments))
            case "BUILD":
                state = pop()
                self._makers.build(self._stack[-1], state)
            case "BINPERSID" if self._allowed.persistent:
                push(self._allowed.persistent(pop()))
            case _:
                raise Refused(f"it needs the opcode {op}")

    def _pop(self) -> Any:
        value = self._stack.pop()
        if value is _MARK:
            raise ValueError(_TORN)
        return value

    def _pop_to_mark(self) -> list[Any]:
        values = []
        while (value := self._stack.pop()) is not _MARK:
            values.append(value)
        return values[::-1]

    def _append(self, values: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not list:
            raise ValueError(_TORN)
        target.extend(values)

    def _set_items(self, items: list[Any]) -> None:
        target = self._stack[-1]
        if type(target) is not dict:
            raise ValueError(_TORN)
        for key, value in zip(items[::2], items[1::2], strict=True):
            # The hash of tuples in tuples in tuples can take for ever.
            if type(key) not in self._allowed.keys:
                raise Refused("it has keys of a dict that are no names")
            target[key] = value


_CONSTANTS: dict[str, Any] = {
    "NONE": None,
    "NEWTRUE": True,
    "NEWFALSE": False,
    "EMPTY_TUPLE": (),
    "MARK": _MARK,
}

_LITERALS = frozenset(
    "INT BININT BININT1 BININT2 LONG LONG1 LONG4 FLOAT BINFLOAT "
    "STRING BINSTRING SHORT_BINSTRING "
    "UNICODE BINUNICODE SHORT_BINUNICODE BINUNICODE8 "
    "BINBYTES SHORT_BINBYTES BINBYTES8 BYTEARRAY8".split()
)
