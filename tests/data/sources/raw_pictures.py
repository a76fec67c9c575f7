"""TIFF and PNG files byte by byte, of kinds that Pillow does not write."""

import struct
import zlib

import numpy as np

WHITE_IS_ZERO, BLACK_IS_ZERO, RGB, LAB = 0, 1, 2, 8
_UNSIGNED, _SIGNED, _FLOAT = 1, 2, 3
_FORMATS = {"u": _UNSIGNED, "i": _SIGNED, "f": _FLOAT}
_SHORT, _LONG, _SIGNED_LONG, _REAL = 3, 4, 9, 11
_CODES = {_SHORT: "H", _LONG: "I", _SIGNED_LONG: "i", _REAL: "f"}


def tiff(
    samples: np.ndarray,
    photometric: int | None = None,
    limits: tuple[float, float] | None = None,
    order: str = "<",
    deflate: bool = False,
    tags: dict[int, tuple[int, list[float]]] | None = None,
) -> bytes:
    """A TIFF of one strip.

    Args:
        samples: [H,W] or [H,W,C], of any type.
        photometric: By default black is zero, or RGB.
        limits: What tags say of the least and the greatest sample.
        order: "<" or ">".
        deflate: Packs the strip.
        tags: Others, each with its type and values.
    """
    height, width = samples.shape[:2]
    channels = samples.shape[2] if samples.ndim == 3 else 1
    data = samples.astype(samples.dtype.newbyteorder(order)).tobytes()
    if deflate:
        data = zlib.compress(data)
    if photometric is None:
        photometric = RGB if channels >= 3 else BLACK_IS_ZERO
    kind = samples.dtype.kind
    found = {
        256: (_LONG, [width]),
        257: (_LONG, [height]),
        258: (_SHORT, [samples.dtype.itemsize * 8] * channels),
        259: (_SHORT, [8 if deflate else 1]),
        262: (_SHORT, [photometric]),
        273: (_LONG, [8]),
        277: (_SHORT, [channels]),
        278: (_LONG, [height]),
        279: (_LONG, [len(data)]),
        339: (_SHORT, [_FORMATS[kind]] * channels),
    }
    if limits:
        first = 280 if kind == "u" and samples.dtype.itemsize <= 2 else 340
        number = {"u": _LONG, "i": _SIGNED_LONG, "f": _REAL}[kind]
        number = _SHORT if first == 280 else number
        for place, limit in enumerate(limits):
            found[first + place] = (number, [limit] * channels)
    return _tiff_of(data, found | (tags or {}), order)


def _tiff_of(
    data: bytes, tags: dict[int, tuple[int, list[float]]], order: str
) -> bytes:
    data += b"\0" * (len(data) % 2)
    start = 8 + len(data)
    end = start + 2 + 12 * len(tags) + 4
    entries, beyond = b"", b""
    for number in sorted(tags):
        kind, numbers = tags[number]
        content = struct.pack(f"{order}{len(numbers)}{_CODES[kind]}", *numbers)
        if len(content) <= 4:
            value = content.ljust(4, b"\0")
        else:
            value = struct.pack(f"{order}I", end + len(beyond))
            beyond += content
        entries += struct.pack(f"{order}HHI", number, kind, len(numbers))
        entries += value
    head = b"II*\0" if order == "<" else b"MM\0*"
    head += struct.pack(f"{order}I", start)
    count = struct.pack(f"{order}H", len(tags))
    return head + data + count + entries + bytes(4) + beyond


GRAY, GRAY_ALPHA, COLOR, COLOR_ALPHA = 0, 4, 2, 6


def png(
    samples: np.ndarray, kind: int, bits: int = 16, key: tuple[int, ...] = ()
) -> bytes:
    """A PNG file.

    Args:
        samples: Unsigned integers [H,W] or [H,W,C].
        kind: GRAY or another.
        bits: Of a sample: 1, 2, 4 (of gray), 8 or 16.
        key: The transparent color, a number per channel.
    """
    height, width = samples.shape[:2]
    if bits == 16:
        rows = samples.astype(">u2").reshape(height, -1).view(np.uint8)
    elif bits == 8:
        rows = samples.astype(np.uint8).reshape(height, -1)
    else:
        shifts = np.arange(bits - 1, -1, -1)
        planes = samples[..., np.newaxis].astype(int) >> shifts & 1
        rows = np.packbits(planes.reshape(height, -1), axis=1)
    lines = np.pad(rows, ((0, 0), (1, 0)))  # each begins with "no filter"
    chunks = [
        (b"IHDR", struct.pack(">IIBBBBB", width, height, bits, kind, 0, 0, 0)),
        (b"IDAT", zlib.compress(lines.tobytes())),
        (b"IEND", b""),
    ]
    if key:
        chunks.insert(1, (b"tRNS", struct.pack(f">{len(key)}H", *key)))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data))
        + name
        + data
        + struct.pack(">I", zlib.crc32(name + data))
        for name, data in chunks
    )
