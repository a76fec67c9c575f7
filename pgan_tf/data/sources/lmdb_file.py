"""The records of an LMDB database, read from its file.

LMDB's own library trusts every number in the file: one that is wrong ends the
process without a word. The file is a tree of pages, all of one size, integers
little-endian (64-bit builds, data version 1):

    page    u64 number, u16, u16 flags, u16 lower, u16 upper; from byte 16 on
            u16 offsets of its nodes, as many as lower tells
    node    u16, u16, u16, u16 key size, the key, the data; the first three
            are a page's number (branch), or size and flags of the data (leaf);
            large data lie in pages of their own, and a leaf has the first's
            number
    meta    pages 0 and 1: u32 magic, u32 version, and what _META says; of the
            two the one with the larger transaction counts
"""

import mmap
import os
import pathlib
import struct
from collections.abc import Iterator

import numpy as np

from pgan_tf.base import memory

DATA_FILE = "data.mdb"

_HEAD = 16  # bytes of a page before its offsets, or its content
_BRANCH, _LEAF, _OVERFLOW = 1, 2, 4  # flags of pages
_BIG = 1  # flag of a node whose data lie elsewhere
_MAGIC, _VERSION = 0xBEEFC0DE, 1
# Magic, version, address, size; the free pages' tree (its first number is
# the size of pages); flags, depth, three counts, entries and root of the main
# tree; the last page; the transaction.
_META = struct.Struct("<II16xI44xIHH24xQQQQ")
_NODE = struct.Struct("<HHHH")
_NO_PAGE = 2**64 - 1
_MAX_DEPTH = 32


class LmdbFile:
    """A database's records by number, in the order of their keys.

    Args:
        path: The folder's data.mdb.
        nodes: Where each record's node begins, int64 [N], if it is known.

    Raises:
        ValueError, IndexError, struct.error: It is damaged, or no database.
    """

    def __init__(
        self, path: pathlib.Path, nodes: np.ndarray | None = None
    ) -> None:
        with open(path, "rb") as stream:
            self._size = os.fstat(stream.fileno()).st_size
            self._data = mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ)
        self._page_size, root, depth, entries = self._read_meta()
        if nodes is None:
            # No record takes less than a node's head and its offset.
            memory.require(10 * min(entries, self._size), str(path))
            found = [] if root == _NO_PAGE else list(self._leaves(root, depth))
            nodes = np.concatenate([np.zeros(0, np.int64), *found])
            if len(nodes) != entries:
                raise ValueError(f"{len(nodes)} records instead of {entries}")
        self.nodes = nodes

    def record(self, number: int) -> tuple[bytes, bytes]:
        """Key and data."""
        start = int(self.nodes[number])
        low, high, flags, key_size = _NODE.unpack_from(self._data, start)
        start += _NODE.size
        key = self._data[start : start + key_size]
        start += key_size
        size = low | high << 16
        if flags & ~_BIG:
            raise ValueError("a key with several values")
        if flags & _BIG:
            (page,) = struct.unpack_from("<Q", self._data, start)
            start = self._page(page, _OVERFLOW) + _HEAD
        if start + size > self._size:
            raise ValueError("a record ends after the file")
        return key, self._data[start : start + size]

    def _read_meta(self) -> tuple[int, int, int, int]:
        """Size of pages; root, depth and entries of the main tree."""
        found = []
        page_size = 0
        for number in range(2):
            start = number * page_size + _HEAD
            if start + _META.size > self._size:
                raise ValueError("it ends within its head")
            magic, version, page_size, _, flags, depth, *rest = (
                _META.unpack_from(self._data, start)
            )
            if magic != _MAGIC or version != _VERSION:
                raise ValueError("it has not the head of a database")
            if not 256 <= page_size <= 1 << 16 or page_size & page_size - 1:
                raise ValueError(f"it has pages of {page_size} bytes")
            if flags:
                raise ValueError("it is of a kind that LSUN's are not")
            found.append((rest[3], rest[2], rest[1], depth, rest[0]))
        _, last, root, depth, entries = max(found)
        needed = page_size * (last + 1)
        if self._size < needed:
            raise ValueError(
                f"it is truncated: it has {self._size} bytes instead of "
                f"{needed}"
            )
        return page_size, root, depth, entries

    def _leaves(self, root: int, depth: int) -> Iterator[np.ndarray]:
        """Yields where the nodes of each leaf begin, in order."""
        if not 0 < depth <= _MAX_DEPTH:
            raise ValueError(f"its tree is {depth} pages deep")
        left = self._size // self._page_size
        waiting = [(root, depth)]
        while waiting:
            number, height = waiting.pop()
            left -= 1
            if left < 0:
                raise ValueError("its tree has pages several times")
            if height == 1:
                yield self._nodes(self._page(number, _LEAF))
                continue
            nodes = self._nodes(self._page(number, _BRANCH))
            for start in reversed(nodes.tolist()):
                low, high, top, _ = _NODE.unpack_from(self._data, start)
                child = low | high << 16 | top << 32
                waiting.append((child, height - 1))

    def _page(self, number: int, kind: int) -> int:
        """Where a page begins, which must be of that kind."""
        start = number * self._page_size
        if start + self._page_size > self._size:
            raise ValueError(f"a page {number} that is not there")
        told, flags = struct.unpack_from("<Q2xH", self._data, start)
        if told != number or flags & 7 != kind:
            raise ValueError(f"page {number} is another than it should be")
        return start

    def _nodes(self, page: int) -> np.ndarray:
        """Where a page's nodes begin, int64 [n]."""
        (lower,) = struct.unpack_from("<H", self._data, page + 12)
        if not _HEAD <= lower <= self._page_size:
            raise ValueError("a page without nodes")
        offsets = np.frombuffer(
            self._data, "<u2", (lower - _HEAD) // 2, page + _HEAD
        ).astype(np.int64)
        if np.any(offsets < lower) or np.any(
            offsets > self._page_size - _NODE.size
        ):
            raise ValueError("a node outside of its page")
        return offsets + page
