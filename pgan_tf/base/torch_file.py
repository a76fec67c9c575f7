"""Files of PyTorch (`torch.save`), read without PyTorch.

PyTorch's own loader calls what a file names. Here nothing of a file is run:
`safe_pickle` reads what surrounds the tensors, and of tensors only those are
read, by their place in the file, that somebody asks for.

There are two forms. A zip archive with one member that is a pickle,
`NAME/data.pkl`, and one for each storage, `NAME/data/KEY`, all of them stored
as they are. And the form before PyTorch 1.6, called legacy: five pickles in a
row (a magic number, a version, what the machine was, the content, the keys of
storages), then of each storage its number of elements and its bytes.
"""

import dataclasses
import io
import math
import os
import pathlib
import zipfile
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from pgan_tf.base import boundary, errors, memory, pickle_globals, safe_pickle
from pgan_tf.base.pickle_globals import Record, Refused

_MAGIC = 0x1950A86A20F9469CFC6C
# A pickle of protocol 2 with that number alone.
_LEGACY = b"\x80\x02\x8a\x0a" + _MAGIC.to_bytes(10, "little") + b"."
_ZIP = b"PK\x03\x04"
_LEGACY_VERSION = 1001
# Of a legacy file, the pickles; of a zip archive, the one.
_MOST_PICKLED = 16 << 20
_MOST_AXES = 8

_TYPES = {
    "torch.FloatStorage": "f4",
    "torch.DoubleStorage": "f8",
    "torch.HalfStorage": "f2",
    "torch.BFloat16Storage": "bfloat16",
    "torch.LongStorage": "i8",
    "torch.IntStorage": "i4",
    "torch.ShortStorage": "i2",
    "torch.CharStorage": "i1",
    "torch.ByteStorage": "u1",
    "torch.BoolStorage": "b1",
}


@dataclasses.dataclass(frozen=True)
class Storage:
    """A row of numbers that tensors are views of.

    Attributes:
        key: Its name in the file.
        type: A code of NumPy's, or "bfloat16".
        count: Of numbers.
    """

    key: str
    type: str
    count: int

    @property
    def itemsize(self) -> int:
        """Bytes of a number."""
        return 2 if self.type == "bfloat16" else np.dtype(self.type).itemsize


@dataclasses.dataclass(frozen=True, eq=False)
class Tensor:
    """A tensor whose numbers are still in the file: see `TorchFile.array`."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclasses.dataclass(frozen=True)
class TorchFile:
    """What is in a file.

    Attributes:
        where: The file, for messages.
        content: None, bool, int, float, str, tuples, lists, dicts, `Record`
            for the classes that were allowed, and `Tensor`.
        order: "<" or ">", of its numbers' bytes.
    """

    where: str
    content: Any
    order: str
    _read: Callable[[Storage], bytes]

    def array(self, tensor: Tensor) -> np.ndarray:
        """The numbers of a tensor, bfloat16 as float32.

        Raises:
            UserError: If the file does not have them, or they want more than
                `--max_memory`.
        """
        storage = tensor.storage
        memory.require(2 * storage.count * storage.itemsize, self.where)
        with boundary.reading(self.where, "PyTorch file"):
            data = self._read(storage)
            code = "u2" if storage.type == "bfloat16" else storage.type
            flat = np.frombuffer(data, self.order + code)
            if len(flat) != storage.count:
                raise ValueError(
                    f"storage {storage.key} has {len(flat)} numbers, not "
                    f"{storage.count}"
                )
            if storage.type == "bfloat16":
                flat = (flat.astype("u4") << 16).view("f4")
            # Its extent was checked when the pickle was read.
            return np.lib.stride_tricks.as_strided(
                flat[tensor.offset :],
                tensor.shape,
                [flat.itemsize * each for each in tensor.strides],
                writeable=False,
            ).astype(flat.dtype.newbyteorder("="))


def is_one(path: str | os.PathLike[str]) -> bool:
    """Whether a file begins as PyTorch's do, and is no other archive."""
    path = pathlib.Path(path)
    if not path.is_file():
        return False
    with open(path, "rb") as file:
        head = file.read(len(_LEGACY))
    if head == _LEGACY:
        return True
    if not head.startswith(_ZIP):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return any(map(_is_pickle, archive.namelist()))
    except Exception:  # A torn archive fails in every way there is.
        return False


def load(
    path: str | os.PathLike[str], records: Iterable[str] = ()
) -> TorchFile:
    """Reads all of a file but its tensors' numbers.

    Args:
        path: The file.
        records: Full names of classes whose objects are read as `Record`s.

    Raises:
        UserError: If there is no such file, it is torn or none of PyTorch's,
            or holds anything else than data.
    """
    where = os.fspath(path)
    if not pathlib.Path(path).is_file():
        raise errors.UserError(f"{where}: no such file")
    with boundary.reading(path, "PyTorch file"):
        with open(path, "rb") as file:
            head = file.read(len(_LEGACY))
        if head == _LEGACY:
            return _load_legacy(where, records)
        if head.startswith(_ZIP):
            return _load_zip(where, records)
    raise errors.UserError(f"{where}: not a file of PyTorch's, or a torn one")


def _load_zip(where: str, records: Iterable[str]) -> TorchFile:
    with zipfile.ZipFile(where) as archive:
        pickles = [name for name in archive.namelist() if _is_pickle(name)]
        if len(pickles) != 1:
            raise ValueError("no data.pkl, or several")
        root = pickles[0].removesuffix("data.pkl")
        if archive.getinfo(pickles[0]).file_size > _MOST_PICKLED:
            raise ValueError("more around its tensors than any network has")
        data = _member(archive, pickles[0])
        order = b"little"
        if f"{root}byteorder" in archive.namelist():
            order = _member(archive, f"{root}byteorder")
    content = safe_pickle.loads(data, where, _allowed(records, {}))

    def read(storage: Storage) -> bytes:
        with zipfile.ZipFile(where) as archive:
            return _member(archive, f"{root}data/{storage.key}")

    orders = {b"little": "<", b"big": ">"}
    return TorchFile(where, content, orders[order], read)


def _is_pickle(name: str) -> bool:
    return name.endswith("/data.pkl")


def _member(archive: zipfile.ZipFile, name: str) -> bytes:
    """A member that takes as much of the file as it says of itself."""
    member = archive.getinfo(name)
    if member.compress_type != zipfile.ZIP_STORED:
        raise ValueError(f"{name} is compressed, which PyTorch never does")
    memory.require(member.file_size, f"{archive.filename}: {name}")
    return archive.read(name)


def _load_legacy(where: str, records: Iterable[str]) -> TorchFile:
    with open(where, "rb") as file:
        stream = io.BytesIO(file.read(_MOST_PICKLED))
    storages: dict[str, Storage] = {}
    plain = pickle_globals.Allowed()
    allowed = _allowed(records, storages)
    _magic, version, system, content, keys = (
        safe_pickle.loads(stream, where, each)
        for each in (plain, plain, plain, allowed, plain)
    )
    if version != _LEGACY_VERSION or type(system) is not dict:
        raise ValueError(f"of a version that is not {_LEGACY_VERSION}")
    order = "<" if system.get("little_endian") is not False else ">"
    begins = _legacy_begins(where, stream.tell(), keys, order, storages)

    def read(storage: Storage) -> bytes:
        with open(where, "rb") as file:
            file.seek(begins[storage.key])
            return file.read(storage.count * storage.itemsize)

    return TorchFile(where, content, order, read)


def _legacy_begins(
    where: str,
    position: int,
    keys: Any,
    order: str,
    storages: Mapping[str, Storage],
) -> dict[str, int]:
    """Where in the file the numbers of each storage begin."""
    if type(keys) is not list or {*map(type, keys)} - {str}:
        raise ValueError("its storages have no names")
    begins = {}
    with open(where, "rb") as file:
        for key in keys:
            file.seek(position)
            (count,) = np.frombuffer(file.read(8), f"{order}i8")
            if count != storages[key].count:
                raise ValueError(f"storage {key} is not of its size")
            begins[key] = position + 8
            position = begins[key] + int(count) * storages[key].itemsize
    if position > os.path.getsize(where):
        raise ValueError("torn: not all of its tensors are there")
    return begins


def _allowed(
    records: Iterable[str], storages: dict[str, Storage]
) -> pickle_globals.Allowed:
    """What PyTorch's files hold beside plain data; notes their storages."""

    def storage(name: Any) -> Storage:
        found = _storage(name)
        if storages.setdefault(found.key, found) != found:
            raise Refused("it has two storages of one name")
        return found

    return pickle_globals.Allowed(
        makers={
            "collections.OrderedDict": _ordered_dict,
            "torch._utils._rebuild_tensor": _tensor,
            "torch._utils._rebuild_tensor_v2": _tensor,
            "torch._utils._rebuild_parameter": _parameter,
            **dict.fromkeys(_TYPES, _no_call),
            **dict.fromkeys(records, Record),
        },
        keys=(str, int),
        persistent=storage,
        dict_attributes=True,
    )


def _storage(name: Any) -> Storage:
    """What a file refers to as ("storage", type, key, device, count, ...).

    Legacy files have a sixth, the place of a view in another storage, which
    is None in all that PyTorch has written since 0.4.
    """
    if type(name) is not tuple or len(name) not in (5, 6):
        raise Refused("it refers to what is no storage of a tensor")
    kind, type_, key, _device, count = name[:5]
    if (
        kind != "storage"
        or type(key) is not str
        or name[5:] not in ((), (None,))
    ):
        raise Refused("it refers to what is no storage of a tensor")
    if type(type_) is not pickle_globals.Named or type_.name not in _TYPES:
        raise Refused("it has a tensor of no known numbers")
    return Storage(key, _TYPES[type_.name], _whole(count))


def _tensor(
    storage: Any, offset: Any, shape: Any, strides: Any, *_rest: Any
) -> Tensor:
    """A tensor, if it lies in its storage; gradients and hooks left out."""
    if type(storage) is not Storage:
        raise Refused("it has a tensor without a storage")
    if type(shape) is not tuple or type(strides) is not tuple:
        raise Refused("it has a tensor without a shape")
    if len(shape) != len(strides) or len(shape) > _MOST_AXES:
        raise Refused(f"it has a tensor of more than {_MOST_AXES} axes")
    shape, strides = tuple(map(_whole, shape)), tuple(map(_whole, strides))
    last = _whole(offset) + sum(
        (size - 1) * stride for size, stride in zip(shape, strides, strict=True)
    )
    count = math.prod(shape)
    if count and last >= storage.count or count > storage.count:
        raise Refused("it has a tensor larger than its storage")
    return Tensor(storage, offset, shape, strides)


def _parameter(data: Any, *_rest: Any) -> Tensor:
    if type(data) is not Tensor:
        raise Refused("it has a parameter that is no tensor")
    return data


def _ordered_dict(pairs: Any = ()) -> dict[Any, Any]:
    """An OrderedDict, of which Python 2 gives the pairs at once."""
    if type(pairs) not in (tuple, list):
        raise Refused("it has a dict of what are no pairs")
    result = {}
    for pair in pairs:
        if type(pair) not in (tuple, list) or len(pair) != 2:
            raise Refused("it has a dict of what are no pairs")
        if type(pair[0]) not in (str, int):
            raise Refused("it has keys of a dict that are no names")
        result[pair[0]] = pair[1]
    return result


def _no_call(*_arguments: Any) -> None:
    raise Refused("it makes a storage by itself")


def _whole(value: Any) -> int:
    if type(value) is not int or not 0 <= value < 2**40:
        raise Refused("it has a tensor of a size that is no number")
    return value
