"""Pickles put together byte by byte, after the description of the format.

Every function returns the bytes that push one value onto the stack.
"""

import struct
from typing import Any

import numpy as np


def whole(value: bytes, protocol: int = 4) -> bytes:
    """A file: protocol, the value, STOP."""
    return b"\x80" + bytes([protocol]) + value + b"."


def text(value: str) -> bytes:
    data = value.encode()
    return b"\x8c" + bytes([len(data)]) + data


def long_text(value: str) -> bytes:
    data = value.encode()
    return b"X" + struct.pack("<I", len(data)) + data


def name(module: str, attribute: str) -> bytes:
    """A global, as protocol 4 has it."""
    return text(module) + text(attribute) + b"\x93"


def old_name(module: str, attribute: str) -> bytes:
    """A global, as protocol 2 has it."""
    return f"c{module}\n{attribute}\n".encode()


def tuple_of(*values: bytes) -> bytes:
    return b"(" + b"".join(values) + b"t"


def list_of(*values: bytes) -> bytes:
    return b"](" + b"".join(values) + b"e"


def dict_of(items: dict[str, bytes]) -> bytes:
    pairs = (long_text(key) + value for key, value in items.items())
    return b"}(" + b"".join(pairs) + b"u"


def plain(value: Any) -> bytes:
    """None, bool, int, float or str."""
    if value is None:
        return b"N"
    if isinstance(value, bool):
        return b"\x88" if value else b"\x89"
    if isinstance(value, int):
        return b"J" + struct.pack("<i", value)
    if isinstance(value, float):
        return b"G" + struct.pack(">d", value)
    return long_text(value)


def short_bytes(value: bytes) -> bytes:
    return b"C" + bytes([len(value)]) + value


def long_bytes(value: bytes) -> bytes:
    return b"B" + struct.pack("<I", len(value)) + value


def python2_text(value: bytes) -> bytes:
    return b"T" + struct.pack("<i", len(value)) + value


def dtype(make_name=name, code: bytes = text("f4")) -> bytes:
    made = make_name("numpy", "dtype") + code + b"K\x00K\x01\x87R"
    minus_one = b"J\xff\xff\xff\xff"
    state = b"(K\x03" + text("<") + b"NNN" + minus_one * 2 + b"K\x00t"
    return made + state + b"b"


def numpy1_array(array: np.ndarray, core: str = "numpy.core") -> bytes:
    """What NumPy writes with protocols up to 4."""
    return reconstructed(
        array.shape,
        long_bytes(array.astype("<f4").tobytes()),
        core=core,
    )


def reconstructed(
    shape: tuple[int, ...],
    data: bytes,
    core: str = "numpy.core",
    make_name=name,
    element: bytes = b"",
) -> bytes:
    sizes = tuple_of(*map(plain, shape))
    return (
        make_name(f"{core}.multiarray", "_reconstruct")
        + make_name("numpy", "ndarray")
        + b"K\x00\x85"
        + short_bytes(b"b")
        + b"\x87R(K\x01"
        + sizes
        + (element or dtype(make_name))
        + b"\x89"
        + data
        + b"tb"
    )


def numpy2_array(array: np.ndarray) -> bytes:
    """What NumPy 2 writes with protocol 5."""
    data = array.astype("<f4").tobytes()
    return (
        name("numpy._core.numeric", "_frombuffer")
        + b"(\x96"
        + struct.pack("<Q", len(data))
        + data
        + dtype()
        + tuple_of(*map(plain, array.shape))
        + text("C")
        + b"tR"
    )


def python2_array(array: np.ndarray) -> bytes:
    """What Python 2 writes with protocol 2: bytes as text."""
    return reconstructed(
        array.shape,
        python2_text(array.astype("<f4").tobytes()),
        make_name=old_name,
    )


def scalar(value: float, core: str = "numpy.core") -> bytes:
    data = short_bytes(struct.pack("<f", value))
    return name(f"{core}.multiarray", "scalar") + dtype() + data + b"\x86R"


def network(
    function: str,
    options: dict[str, Any],
    variables: dict[str, np.ndarray],
    lod: float,
    source: str = "# not here",
    to_array=numpy1_array,
    core: str = "numpy.core",
) -> bytes:
    """A network of version 2."""
    pairs = [long_text("lod") + scalar(lod, core) + b"\x86"]
    for key, value in variables.items():
        pairs.append(long_text(key) + to_array(value) + b"\x86")
    state = {
        "version": plain(2),
        "name": long_text(function[0]),
        "static_kwargs": dict_of({k: plain(v) for k, v in options.items()}),
        "build_module_src": long_text(source),
        "build_func_name": long_text(function),
        "variables": list_of(*pairs),
    }
    return name("tfutil", "Network") + b")\x81" + dict_of(state) + b"b"
