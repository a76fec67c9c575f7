"""Pickles that Python 3.6 with NumPy 1, and whatever came later, can read.

Python's own pickler writes the names of the NumPy that runs it, and only the
classes that are there; the reader of our files is a program with others.
"""

import os
import pathlib
import pickle
import struct
from typing import Any

import numpy as np

from pgan_tf.base import files, pickle_globals
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.nvidia import snapshots as nvidia
from pgan_tf.networks.progressive.nvidia import states


def dump(value: Any, path: pathlib.Path) -> None:
    """Writes plain data, float32 arrays and networks, with protocol 4.

    Args:
        value: None, bool, int, float, str, tuples, lists and dicts of these,
            of float32 arrays and scalars, and of `pickle_globals.Record`s.
        path: The file; complete or not there.
    """
    with files.partial(path) as partial, open(partial, "wb") as file:
        file.write(pickle.PROTO + b"\x04")
        _write(value, file)
        file.write(pickle.STOP)


def _write(value: Any, file: Any) -> None:
    match value:
        case None:
            file.write(pickle.NONE)
        case bool():
            file.write(pickle.NEWTRUE if value else pickle.NEWFALSE)
        case int():
            file.write(pickle.BININT + struct.pack("<i", value))
        case float():
            file.write(pickle.BINFLOAT + struct.pack(">d", value))
        case str():
            text = value.encode()
            file.write(pickle.BINUNICODE + struct.pack("<I", len(text)) + text)
        case bytes():
            size = struct.pack("<Q", len(value))
            file.write(pickle.BINBYTES8 + size)
            file.write(value)
        case pickle_globals.Record():
            _write_global("tfutil", "Network", file)
            file.write(pickle.EMPTY_TUPLE + pickle.NEWOBJ)
            _write(value.state, file)
            file.write(pickle.BUILD)
        case _:
            _write_container(value, file)


def _write_container(value: Any, file: Any) -> None:
    if isinstance(value, np.ndarray):
        _write_array(value, file)
    elif isinstance(value, np.float32):
        _write_scalar(value, file)
    elif isinstance(value, dict):
        file.write(pickle.EMPTY_DICT + pickle.MARK)
        for item in value.items():
            _write(item[0], file)
            _write(item[1], file)
        file.write(pickle.SETITEMS)
    elif isinstance(value, list):
        file.write(pickle.EMPTY_LIST + pickle.MARK)
        for item in value:
            _write(item, file)
        file.write(pickle.APPENDS)
    elif isinstance(value, tuple):
        file.write(pickle.MARK)
        for item in value:
            _write(item, file)
        file.write(pickle.TUPLE)
    else:
        raise TypeError(f"no plain data: {type(value).__name__}")


def _write_array(array: np.ndarray, file: Any) -> None:
    """numpy.core.multiarray._reconstruct(ndarray, (0,), b"b"), then a state."""
    _write_global("numpy.core.multiarray", "_reconstruct", file)
    file.write(pickle.MARK)
    _write_global("numpy", "ndarray", file)
    _write((0,), file)
    _write(b"b", file)
    file.write(pickle.TUPLE + pickle.REDUCE + pickle.MARK)
    _write(1, file)
    _write(array.shape, file)
    _write_dtype(array.dtype, file)
    _write(False, file)
    _write(array.astype("<f4").tobytes(), file)
    file.write(pickle.TUPLE + pickle.BUILD)


def _write_scalar(value: np.float32, file: Any) -> None:
    _write_global("numpy.core.multiarray", "scalar", file)
    file.write(pickle.MARK)
    _write_dtype(value.dtype, file)
    _write(value.astype("<f4").tobytes(), file)
    file.write(pickle.TUPLE + pickle.REDUCE)


def _write_dtype(dtype: np.dtype, file: Any) -> None:
    """numpy.dtype("f4", 0, 1), then its state: little-endian, no fields."""
    if dtype != np.float32:
        raise TypeError(f"not float32 but {dtype}")
    _write_global("numpy", "dtype", file)
    _write(("f4", 0, 1), file)
    file.write(pickle.REDUCE)
    _write((3, "<", None, None, None, -1, -1, 0), file)
    file.write(pickle.BUILD)


def _write_global(module: str, name: str, file: Any) -> None:
    _write(module, file)
    _write(name, file)
    file.write(pickle.STACK_GLOBAL)


def save_pickle(
    path: str | os.PathLike[str],
    G: Generator,
    D: Discriminator,
    Gs: Generator,
) -> None:
    """Writes a snapshot as the reference does, but for its source text.

    That stays empty: programs that read options and variables can use the
    file; NVIDIA's own, which runs the text, needs its `networks.py` there.

    Raises:
        UserError: If the file cannot be written there.
    """
    records = tuple(
        pickle_globals.Record(state_of(network, nvidia.variables(network)))
        for network in (G, D, Gs)
    )
    dump(records, pathlib.Path(path))


def state_of(
    network: states.Network, variables: dict[str, np.ndarray]
) -> dict[str, Any]:
    """The state of a network; its source text is empty.

    Args:
        network: The network.
        variables: Its weights by the reference's names.
    """
    kind = type(network)
    config = network.get_config()
    (function,) = [
        name for name, known in states.KINDS.items() if known is kind
    ]
    dtypes = {policy: name for name, policy in states.POLICIES.items()}
    return {
        "version": 2,
        "name": network.name,
        "static_kwargs": {
            **{name: config[name] for name in states.OPTIONS[kind]},
            # bfloat16, which the reference lacks, becomes float32.
            "dtype": dtypes.get(network.dtype_policy.name, "float32"),
        },
        "build_module_src": "",
        "build_func_name": function,
        "variables": [("lod", np.float32(network.lod)), *variables.items()],
    }
