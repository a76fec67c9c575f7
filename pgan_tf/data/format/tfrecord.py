"""One image as one TFRecord, byte by byte.

A TFRecord file is a chain of frames, integers little-endian:

    uint64  length of the payload
    uint32  masked CRC-32C of those eight bytes
    bytes   the payload
    uint32  masked CRC-32C of the payload

The payload is a `tf.train.Example`, that is a protocol buffer: every field is
a tag (field number and wire type), and for wire type 2 a length and that many
bytes, which may be a message again:

    Example     1: Features
    Features    1: map entry, one per feature
    entry       1: key, a string       2: value, a Feature
    Feature     1: BytesList           3: Int64List
    BytesList   1: bytes
    Int64List   1: integers, packed into one field or one field each

Ours has two features: `shape` (channels, height, width) and `data` (the pixels
in that order). All images of one resolution have equally many pixels, hence
records of one length that differ in the pixels and the last checksum only.
"""

import dataclasses
import functools
import math
import os
import struct
from collections.abc import Iterator
from typing import BinaryIO

import google_crc32c
import numpy as np

_FRAME_HEAD = 12  # bytes of the length and its checksum
_FRAME_TAIL = 4  # bytes of the payload's checksum
SHAPE, DATA = "shape", "data"  # the features' names
_VARINT_BITS = 70  # ten bytes, for 64 bits
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5  # wire types


@dataclasses.dataclass(frozen=True)
class Layout:
    """What all records of one resolution have in common.

    Attributes:
        shape: Channels, height, width.
        prefix: The record's bytes before the pixels.
        length: Bytes of the whole record, frame included.
    """

    shape: tuple[int, int, int]
    prefix: bytes
    length: int

    @property
    def pixels(self) -> slice:
        """Where in a record the pixels lie."""
        start = len(self.prefix)
        return slice(start, start + int(np.prod(self.shape)))


def masked_crc(data: bytes | np.ndarray) -> int:
    """TFRecord's checksum: CRC-32C rotated right by 15 bits plus a constant."""
    crc = google_crc32c.value(data)
    return ((crc >> 15 | crc << 17) + 0xA282EAD8) & 0xFFFFFFFF


@functools.cache
def layout(num_channels: int, resolution: int) -> Layout:
    """The layout of the records that `encode` writes."""
    shape = (num_channels, resolution, resolution)
    num_pixels = num_channels * resolution * resolution
    integers = b"".join(_write_varint(size) for size in shape)
    shape_list = _field(3, _field(1, integers))
    # Of the messages around the pixels only the heads are built: the pixels
    # are the last bytes of all of them.
    data_head = _open_field(1, num_pixels)
    data_head = _open_field(1, len(data_head) + num_pixels) + data_head
    data_head = _open_field(2, len(data_head) + num_pixels) + data_head
    data_head = _field(1, DATA.encode()) + data_head
    data_head = _open_field(1, len(data_head) + num_pixels) + data_head
    shape_entry = _field(1, _field(1, SHAPE.encode()) + _field(2, shape_list))
    features = shape_entry + data_head
    example = _open_field(1, len(features) + num_pixels) + features
    size = struct.pack("<Q", len(example) + num_pixels)
    prefix = size + struct.pack("<I", masked_crc(size)) + example
    return Layout(shape, prefix, len(prefix) + num_pixels + _FRAME_TAIL)


def encode(images: np.ndarray) -> np.ndarray:
    """Images as consecutive records.

    The bytes are those of `tf.io.TFRecordWriter` on Examples serialised with
    their features in the order `shape`, `data`.

    Args:
        images: uint8 [N,C,R,R].

    Returns:
        uint8 [N,L], L being the length of a record.
    """
    count, num_channels, resolution, _ = images.shape
    form = layout(num_channels, resolution)
    records = np.empty((count, form.length), np.uint8)
    records[:, : len(form.prefix)] = np.frombuffer(form.prefix, np.uint8)
    records[:, form.pixels] = images.reshape(count, -1)
    payloads = records[:, _FRAME_HEAD:-_FRAME_TAIL]
    checksums = np.array([masked_crc(row) for row in payloads], "<u4")
    records[:, -_FRAME_TAIL:] = checksums[:, np.newaxis].view(np.uint8)
    return records


def frame_length(head: bytes) -> int:
    """Bytes of the record whose first twelve bytes are given.

    Raises:
        ValueError: These do not begin a record.
    """
    if len(head) < _FRAME_HEAD:
        raise ValueError("it ends within a record")
    size, crc = struct.unpack("<QI", head[:_FRAME_HEAD])
    if crc != masked_crc(head[:8]):
        raise ValueError("it does not consist of TFRecords")
    return _FRAME_HEAD + size + _FRAME_TAIL


def is_intact(record: bytes) -> bool:
    """Whether the payload of a whole record has the checksum that it tells."""
    crc = masked_crc(record[_FRAME_HEAD:-_FRAME_TAIL])
    return record[-_FRAME_TAIL:] == struct.pack("<I", crc)


def parse(record: bytes) -> Layout:
    """Finds shape and pixels in any record with features `shape`, `data`.

    Protocol buffers leave the order of a map and the packing of integers to
    the writer, so that records made by other programs or versions may differ
    from ours in both.

    Raises:
        ValueError: Not such a record, or pixels that do not fit the shape.
    """
    end = frame_length(record) - _FRAME_TAIL
    if end + _FRAME_TAIL != len(record):
        raise ValueError("it ends within a record")
    shape: list[int] = []
    data = (0, 0)
    try:
        for key, feature in _features(record, _FRAME_HEAD, end):
            if key == SHAPE.encode():
                shape = _integers(record, feature)
            elif key == DATA.encode():
                data = _nested(record, feature, 1, 1)
    except (IndexError, TypeError) as error:
        raise ValueError("a record is no tf.train.Example") from error
    if len(shape) != 3 or not data[1] or math.prod(shape) != data[1] - data[0]:
        raise ValueError("a record has no image in features shape and data")
    return Layout(
        (shape[0], shape[1], shape[2]), record[: data[0]], len(record)
    )


# A span is the begin and the end of a message within a buffer.
_Span = tuple[int, int]


def _features(
    buffer: bytes, begin: int, end: int
) -> Iterator[tuple[bytes, _Span]]:
    """Yields key and Feature message of every feature of an Example."""
    for number, features in _fields(buffer, (begin, end)):
        if number != 1:
            continue
        for _, entry in _fields(buffer, features):
            parts = dict(_fields(buffer, entry))
            key_begin, key_end = parts.get(1, (0, 0))
            yield buffer[key_begin:key_end], parts.get(2, (0, 0))


def _integers(buffer: bytes, feature: _Span) -> list[int]:
    """The values of an Int64List, packed or not."""
    values = []
    for _, value in _fields(buffer, _nested(buffer, feature, 3)):
        if isinstance(value, int):
            values.append(value)
            continue
        at, end = value
        while at < end:
            number, at = _read_varint(buffer, at)
            values.append(number)
    return values


def _nested(buffer: bytes, span: _Span, *path: int) -> _Span:
    """Descends through the given field numbers; (0, 0) if one is absent."""
    for number in path:
        span = dict(_fields(buffer, span)).get(number, (0, 0))
    return span


def _fields(buffer: bytes, span: _Span) -> Iterator[tuple[int, _Span]]:
    """Yields number and content of a message's fields.

    The content is a span, or an int for wire type 0 (which only `_integers`
    can meet in a valid Example; elsewhere it fails as a TypeError).
    """
    at, end = span
    while at < end:
        tag, at = _read_varint(buffer, at)
        number, wire_type = tag >> 3, tag & 7
        if wire_type == _VARINT:
            value, at = _read_varint(buffer, at)
            yield number, value  # type: ignore[misc]
        elif wire_type == _BYTES:
            size, at = _read_varint(buffer, at)
            if at + size > end:
                raise IndexError("a field ends after its message")
            yield number, (at, at + size)
            at += size
        elif wire_type in (_FIXED64, _FIXED32):
            at += 8 if wire_type == _FIXED64 else 4
        else:
            raise IndexError(f"no such wire type: {wire_type}")


def _read_varint(buffer: bytes, at: int) -> tuple[int, int]:
    """An integer, seven bits a byte, lowest first, and where it ends."""
    value = shift = 0
    while True:
        byte = buffer[at]
        at += 1
        value |= (byte & 0x7F) << shift
        if byte < 0x80:
            return value, at
        shift += 7
        if shift >= _VARINT_BITS:
            raise IndexError("a number that does not end")


def _write_varint(value: int) -> bytes:
    parts = bytearray()
    while value >= 0x80:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    parts.append(value)
    return bytes(parts)


def _open_field(number: int, size: int) -> bytes:
    """Tag and length of a field whose content follows."""
    return bytes([number << 3 | _BYTES]) + _write_varint(size)


def _field(number: int, content: bytes) -> bytes:
    return _open_field(number, len(content)) + content


def record_starts(stream: BinaryIO) -> np.ndarray:
    """Where the records of a file begin, in bytes, integers [N].

    Raises:
        ValueError: It does not consist of records.
    """
    starts, at = [], 0
    while head := stream.read(_FRAME_HEAD):
        starts.append(at)
        at += frame_length(head)
        stream.seek(at)
    return np.array(starts, np.int64)


def read_payload(stream: BinaryIO) -> bytes:
    """The content of the record that begins where a file stands.

    Raises:
        ValueError: It is cut off, or its checksums are wrong.
    """
    head = stream.read(_FRAME_HEAD)
    length = frame_length(head)
    # No more than there is: reading makes room for whatever is claimed.
    record = head + stream.read(min(length, _size_of(stream)) - _FRAME_HEAD)
    if len(record) != length or not is_intact(record):
        raise ValueError("a record is truncated or damaged")
    return record[_FRAME_HEAD:-_FRAME_TAIL]


def _size_of(stream: BinaryIO) -> int:
    return os.fstat(stream.fileno()).st_size
