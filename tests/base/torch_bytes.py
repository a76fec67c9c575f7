"""Files of PyTorch put together byte by byte, after the format's facts."""

import io
import struct
import zipfile
from typing import Any

import numpy as np

from tests.base import pickle_bytes
from tests.base.pickle_bytes import long_text, old_name, plain, tuple_of

TYPES = {
    "f4": "FloatStorage",
    "f8": "DoubleStorage",
    "f2": "HalfStorage",
    "i8": "LongStorage",
    "u1": "ByteStorage",
}
MAGIC = b"\x80\x02\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."


class Writer:
    """Collects storages while it pickles nested data.

    Args:
        legacy: For the format before zip archives.
    """

    def __init__(self, legacy: bool = False) -> None:
        self._legacy = legacy
        self.storages: list[bytes] = []
        self.counts: list[int] = []

    def value(self, value: Any) -> bytes:
        """Of dicts, lists, arrays and plain values; bytes stay as they are."""
        if isinstance(value, bytes):
            return value
        if isinstance(value, dict):
            pairs = {key: self.value(each) for key, each in value.items()}
            return pickle_bytes.dict_of(pairs)
        if isinstance(value, list):
            return pickle_bytes.list_of(*map(self.value, value))
        if isinstance(value, np.ndarray):
            return self.tensor(value, value.shape)
        return plain(value)

    def tensor(
        self,
        array: np.ndarray,
        shape: tuple[int, ...],
        strides: tuple[int, ...] | None = None,
        offset: int = 0,
        kind: str = "",
        count: int | None = None,
        function: str = "_rebuild_tensor_v2",
    ) -> bytes:
        """A tensor on an array's numbers; by default all of them in order."""
        if strides is None:
            sizes = np.cumprod([1, *shape[::-1]])[:-1]
            strides = tuple(map(int, sizes[::-1]))
        kind = kind or TYPES[array.dtype.str[1:]]
        key = str(len(self.storages))
        self.storages.append(array.tobytes())
        self.counts.append(array.size)
        name = [
            long_text("storage"),
            old_name("torch", kind),
            long_text(key),
            long_text("cuda:0"),
            plain(array.size if count is None else count),
        ]
        if self._legacy:
            name.append(plain(None))
        hooks = old_name("collections", "OrderedDict") + b")R"
        arguments = [
            tuple_of(*name) + b"Q",
            plain(offset),
            tuple_of(*map(plain, shape)),
            tuple_of(*map(plain, strides)),
            plain(False),
            hooks,
        ]
        if function == "_rebuild_tensor":
            arguments = arguments[:4]
        return old_name("torch._utils", function) + tuple_of(*arguments) + b"R"

    def file(self, content: bytes, order: str = "little") -> bytes:
        """The file around what was pickled."""
        pickled = pickle_bytes.whole(content, 2)
        if self._legacy:
            return self._legacy_file(pickled, order)
        return archive(pickled, self.storages, order)

    def _legacy_file(self, pickled: bytes, order: str) -> bytes:
        system = {"protocol_version": 1001, "little_endian": order == "little"}
        keys = [str(i) for i in range(len(self.storages))]
        parts = [
            MAGIC,
            pickle_bytes.whole(plain(1001), 2),
            pickle_bytes.whole(self.value(system), 2),
            pickled,
            pickle_bytes.whole(self.value(keys), 2),
        ]
        for count, data in zip(self.counts, self.storages, strict=True):
            parts += [struct.pack("<q" if order == "little" else ">q", count)]
            parts += [data]
        return b"".join(parts)


def archive(
    pickled: bytes,
    storages: list[bytes],
    order: str = "little",
    compression: int = zipfile.ZIP_STORED,
) -> bytes:
    """A zip archive as PyTorch writes it."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as file:
        file.writestr("archive/data.pkl", pickled)
        file.writestr("archive/byteorder", order)
        for i, data in enumerate(storages):
            file.writestr(f"archive/data/{i}", data)
    return stream.getvalue()


def saved(content: Any, legacy: bool = False) -> bytes:
    """A file of nested data, as `torch.save` makes it."""
    writer = Writer(legacy)
    return writer.file(writer.value(content))
