"""Pickles of plain data, read and written without running anything.

Python's unpickler calls whatever a file names, so that opening a stranger's
file is running a stranger's program. The reader here is a machine of its own:
it knows the opcodes that plain data needs and, of all globals, the few that
stand for a network or an array (`stand_ins`). It imports nothing, calls
nothing that the file names, and takes no more memory than a small multiple of
the file's size.
"""

import mmap
import os
import pathlib
import pickletools
from typing import Any

from pgan_tf.base import errors
from pgan_tf.networks.progressive.nvidia import stand_ins

MAX_OPCODES = 200_000  # the networks of a 1024x1024 run take 5,000
_MARK = object()
_TORN = "no pickle, or a torn one"


def load(path: str | os.PathLike[str]) -> Any:
    """Reads a pickle.

    Returns:
        None, bool, int, float, str, bytes, tuples, lists, dicts with string
        keys, float arrays and `stand_ins.Record`s.

    Raises:
        UserError: If there is no such file, it is torn or no pickle, or it
            holds anything else.
    """
    if not pathlib.Path(path).is_file():
        raise errors.UserError(f"{path}: no such file")
    if not os.path.getsize(path):
        raise errors.UserError(f"{path}: an empty file")
    with open(path, "rb") as file:
        # Mapped: reading a file makes room for whatever a length claims.
        with mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            try:
                return _Machine(len(data)).run(data)
            except stand_ins.Refused as refusal:
                raise errors.UserError(
                    f"{path}: refused, and nothing in it run: {refusal}"
                ) from None
            except Exception as error:
                # Bytes that are no pickle fail in every way there is.
                raise errors.UserError(f"{path}: {_TORN}") from error


class _Machine:
    """The stack and the memo that a pickle's opcodes work on.

    Args:
        size: Of the file.
    """

    def __init__(self, size: int) -> None:
        self._makers = stand_ins.Makers(size)
        self._stack: list[Any] = []
        self._memo: dict[int, Any] = {}

    def run(self, data: Any) -> Any:
        """Goes through the opcodes up to STOP."""
        for count, (op, argument, _position) in enumerate(
            pickletools.genops(data)
        ):
            if count > MAX_OPCODES:
                raise stand_ins.Refused("it is longer than any network")
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
                push(stand_ins.named(*argument.split(" ", 1)))
            case "STACK_GLOBAL":
                name, module = pop(), pop()
                push(stand_ins.named(module, name))
            case "REDUCE" | "NEWOBJ":
                arguments, callee = pop(), pop()
                push(self._makers.make(callee, arguments))
            case "OBJ":
                callee, *rest = self._pop_to_mark()
                push(self._makers.make(callee, tuple(rest)))
            case "INST":
                callee = stand_ins.named(*argument.split(" ", 1))
                arguments = tuple(self._pop_to_mark())
                push(self._makers.make(callee, arguments))
            case "BUILD":
                state = pop()
                self._makers.build(self._stack[-1], state)
            case _:
                raise stand_ins.Refused(f"no network needs the opcode {op}")

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
            if type(key) is not str:
                raise stand_ins.Refused("no network needs such keys of a dict")
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
