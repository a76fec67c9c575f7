"""Damaged and hostile variants of a file, each a function of a number."""

import random
import re

# Where programs that read lengths and offsets go wrong.
INTEGERS = (
    *(0, 1, 2, 3, 7, 8, 16, 127, 128, 255, 256, 1000, 4096, 65535, 65536),
    *(2**24, 2**26, 2**28, 2**30, 2**31 - 1, 2**31, 2**32 - 2, 2**32 - 1),
    *(2**40, 2**62, 2**63 - 1, 2**63, 2**64 - 1),
)
MAGIC = (
    b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff\xe0", b"GIF89a", b"RIFF\0\1\0\0WEBP",
    b"BM", b"II*\0", b"MM\0*", b"PK\x03\x04", b"\x1f\x8b\x08\0", b"BZh9",
    b"\xfd7zXZ\0", b"\x89HDF\r\n\x1a\n", b"\x93NUMPY\1\0", b"\x80\x04\x95",
    b"%!PS-Adobe-3.0 EPSF", b"\0\0\0\x1cftypavif", b"P6 9 9 255\n",
)  # fmt: skip
WORDS = (
    b"", b"NaN", b"Infinity", b"-Infinity", b"1e999", b"-1", b"0", b"1e308",
    b"null", b"true", b"[]", b"{}", b'""', b'"a\\u0000b"', b"'", b'"', b",",
    b"9" * 30, b"9" * 5000, b"0x10", b"\xff\xfe", b"\xf0\x9f\x92\xa9", b"\0",
    b"../../etc/passwd", b"/dev/zero", b"\n\n", b"\r", b"a\tb", b"20210614",
    b"[" * 3000, b'{"a":' * 3000, b"--flagfile=/dev/stdin", b"-" * 300,
)  # fmt: skip
_TOKEN = re.compile(rb'"[^"\n]{0,80}"|[-+.\w]+|[^\w\s]')


def mutant(
    content: bytes, number: int, others: tuple[bytes, ...] = ()
) -> bytes:
    """A variant of a file's content.

    Args:
        content: The file as it should be.
        number: Which variant; the same number gives the same one.
        others: Further files whose parts may be mixed in.
    """
    rng = random.Random(f"{number} of {len(content)}")
    ways = [_flip, _truncate, _integer, _splice, _insert, _cut, _magic, _fill]
    if _is_text(content):
        ways += [_word, _word, _word, _lines]
    data = bytearray(content)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        rng.choice(ways)(data, rng, (content, *others))
    if bytes(data) == content:
        _flip(data, rng, ())
    return bytes(data)


def _is_text(content: bytes) -> bool:
    return not set(content[:2000]) & set(range(9))


def _place(data: bytearray, rng: random.Random) -> int:
    """A place; heads and ends, where structure is, come more often."""
    if not data:
        return 0
    end = rng.choice((64, 512, len(data), len(data)))
    place = rng.randrange(min(end, len(data)))
    return place if rng.random() < 0.7 else len(data) - 1 - place


def _flip(data: bytearray, rng: random.Random, _: tuple[bytes, ...]) -> None:
    for _ in range(rng.choice((1, 1, 3, 20)) if data else 0):
        data[_place(data, rng)] ^= 1 << rng.randrange(8)


def _fill(data: bytearray, rng: random.Random, _: tuple[bytes, ...]) -> None:
    place, size = _place(data, rng), rng.choice((1, 2, 4, 16, 200))
    part = data[place : place + size]
    data[place : place + size] = bytes([rng.choice((0, 255, 127))]) * len(part)


def _truncate(
    data: bytearray, rng: random.Random, _: tuple[bytes, ...]
) -> None:
    del data[_place(data, rng) :]


def _integer(data: bytearray, rng: random.Random, _: tuple[bytes, ...]) -> None:
    size = rng.choice((1, 2, 4, 4, 8))
    place = _place(data, rng)
    order = rng.choice(("little", "big"))
    old = int.from_bytes(data[place : place + size], order)
    value = rng.choice((*INTEGERS, old + 1, old - 1, 2 * old, old << 8))
    changed = (value % (1 << 8 * size)).to_bytes(size, order)
    data[place : place + size] = changed


def _splice(
    data: bytearray, rng: random.Random, others: tuple[bytes, ...]
) -> None:
    other = rng.choice(others)
    start = _place(bytearray(other), rng)
    part = other[start : start + rng.choice((1, 8, 64, 500))]
    place = _place(data, rng)
    replaced = rng.choice((0, len(part)))
    data[place : place + replaced] = part


def _insert(data: bytearray, rng: random.Random, _: tuple[bytes, ...]) -> None:
    place = _place(data, rng)
    size = rng.choice((1, 2, 4, 100, 5000))
    data[place:place] = rng.choice((bytes(size), rng.randbytes(size)))


def _cut(data: bytearray, rng: random.Random, _: tuple[bytes, ...]) -> None:
    place = _place(data, rng)
    del data[place : place + rng.choice((1, 2, 4, 8, 100))]


def _magic(data: bytearray, rng: random.Random, _: tuple[bytes, ...]) -> None:
    magic = rng.choice(MAGIC)
    data[: rng.choice((0, len(magic)))] = magic


def _word(data: bytearray, rng: random.Random, _: tuple[bytes, ...]) -> None:
    found = list(_TOKEN.finditer(bytes(data[:20_000])))
    if found:
        token = rng.choice(found)
        other = rng.choice((*WORDS, rng.choice(found)[0]))
        data[token.start() : token.end()] = other


def _lines(data: bytearray, rng: random.Random, _: tuple[bytes, ...]) -> None:
    lines = bytes(data).split(b"\n")
    line = lines.pop(rng.randrange(len(lines)))
    for _ in range(rng.choice((0, 2, 50))):
        lines.insert(rng.randint(0, len(lines)), line)
    data[:] = b"\n".join(lines)
