"""Tests of the boundary: any failure is one line, save for what is no fault."""

import lzma
import struct
import zlib

import numpy as np
from absl.testing import absltest, parameterized

from pgan_tf.base import boundary, errors


class OfALibrary(BaseException):
    """What a library in another language raises as it panics."""


def deep(depth: int) -> None:
    deep(depth + 1)


FAILURES = {
    "struct": lambda: struct.unpack("<I", b"x"),
    "runtime": lambda: exec("raise RuntimeError('damaged AVIF')"),
    "lzma": lambda: lzma.decompress(b"no lzma"),
    "zlib": lambda: zlib.decompress(b"no zlib"),
    "not_implemented": lambda: exec("raise NotImplementedError('version')"),
    "unicode": lambda: b"\xff\xfe\xff".decode(),
    "index": lambda: [][1],
    "key": lambda: {}["missing"],
    "recursion": lambda: deep(0),
    "overflow": lambda: (2**70).to_bytes(4, "little"),
    "end": lambda: exec("raise EOFError()"),
    "memory": lambda: np.empty(2**60, np.uint8),
    "numpy": lambda: np.zeros(3).reshape(2),
    "assertion": lambda: exec("assert False"),
    "panic": lambda: exec("raise Panic('at\\nline 5')", {"Panic": OfALibrary}),
    "os_error": lambda: open("/nowhere/at/all"),
    "stop": lambda: next(iter([])),
    "zero": lambda: 1 // 0,
    "long": lambda: exec("raise ValueError('x\\n' * 100_000)"),
    "silent": lambda: exec("raise ValueError"),
    "control": lambda: exec("raise ValueError('\\x1b[2J\\x00')"),
}


class ReadingTest(parameterized.TestCase):
    @parameterized.named_parameters(FAILURES.items())
    def test_any_failure_becomes_one_line(self, fail):
        with self.assertRaises(errors.UserError) as caught:
            with boundary.reading("photos.zip/a.png", "image"):
                fail()
        line = str(caught.exception)
        self.assertIn("photos.zip/a.png", line)
        self.assertTrue(line.isprintable())
        self.assertLess(len(line), 400)
        self.assertIsNotNone(caught.exception.__cause__)

    @parameterized.parameters(KeyboardInterrupt, SystemExit, GeneratorExit)
    def test_what_is_no_fault_passes(self, kind):
        with self.assertRaises(kind):
            with boundary.reading("a.png", "image"):
                raise kind

    def test_a_line_that_is_one_passes_as_it_is(self):
        class Own(errors.UserError):
            pass

        own = Own("a line")
        with self.assertRaises(Own) as caught:
            with boundary.reading("archive"):
                with boundary.reading("member"):
                    raise own
        self.assertIs(caught.exception, own)

    def test_says_what_it_should_be_and_the_way_out(self):
        with self.assertRaisesRegex(
            errors.UserError,
            "^a.h5 is truncated or damaged, or no HDF5 archive: bad; move it$",
        ):
            with boundary.reading("a.h5", "HDF5 archive", "move it"):
                raise ValueError("bad")
        with self.assertRaisesRegex(errors.UserError, "no such file|No such"):
            with boundary.reading("/nowhere"):
                open("/nowhere")

    def test_odd_names_of_files(self):
        with self.assertRaises(errors.UserError) as caught:
            with boundary.reading("a\nb\x1b\udcff.png", "image"):
                raise ValueError
        self.assertTrue(str(caught.exception).isprintable())


if __name__ == "__main__":
    absltest.main()
