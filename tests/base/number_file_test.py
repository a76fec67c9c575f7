"""Files of numbers: one array, or one line of error."""

import io
import struct

import numpy as np
from absl.testing import parameterized

from pgan_tf.base import errors, memory, number_file
from tests import common


def head(text: str, version: bytes = b"\x01\x00") -> bytes:
    """The begin of an .npy file with a head of any text."""
    data = text.encode()
    return b"\x93NUMPY" + version + struct.pack("<H", len(data)) + data


def npz() -> bytes:
    stream = io.BytesIO()
    np.savez(stream, a=np.zeros(3))
    return stream.getvalue()


def saved(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def claiming(shape: str, dtype: str = "<f4") -> bytes:
    text = f"{{'descr': '{dtype}', 'fortran_order': False, 'shape': {shape}}}\n"
    return head(text) + bytes(64)


HOSTILE = {
    "empty": b"",
    "text": b"not an array at all",
    "its name alone": b"\x93NUMPY",
    "no version": b"\x93NUMPY\x09\x09\x10\x00" + b" " * 16,
    "an unclosed head": head("{'descr': '<f4', 'shape': (3,"),
    "code for a head": head("__import__('os').system('true')"),
    "a deep head": head("(" * 5000),
    "12 TB": claiming("(3000000000000,)"),
    "10^40": claiming(f"({10**40},)"),
    "2^63": claiming(f"({2**63},)"),
    "an overflow": claiming(f"({2**32}, {2**32}, 4)"),
    "a negative shape": claiming("(-1, 4)"),
    "a shape of text": claiming("('a',)"),
    "a type of text": claiming("(4,)", "cat"),
    "objects": saved(np.array([print, {}], object)),
    "words": saved(np.array(["cat", "dog"])),
    "dates": saved(np.array(["2021-06-14"], "M8[D]")),
    "complex numbers": saved(np.zeros(3, complex)),
    "records": saved(np.zeros(3, [("a", "f4")])),
    "a torn file": saved(np.zeros((100, 4)))[:-9],
    "an archive": npz(),
    "a torn archive": npz()[:-9],
    "a pickle": b"\x80\x04cos\nsystem\n.",
}


class NumberFileTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(*sorted(HOSTILE))
    def test_hostile_files_are_one_line(self, name):
        path = self.folder() / "a.npy"
        path.write_bytes(HOSTILE[name])
        with self.assertRaises(errors.UserError) as caught:
            number_file.read(path, "--flag=a.npy")
        message = str(caught.exception)
        self.assertStartsWith(message, "--flag=a.npy: not ")
        self.assertNotIn("\n", message)
        self.assertLess(len(message), 400)

    def test_no_such_file(self):
        for path in (self.folder() / "absent", self.folder()):
            with self.assertRaisesRegex(errors.UserError, "^that: "):
                number_file.read(path, "that")

    @parameterized.parameters("?", "u1", "<i8", ">i4", "<f2", ">f4", "<f8")
    def test_numbers_of_any_type(self, dtype):
        path = self.folder() / "a.labels"  # any name will do
        expected = np.arange(12).reshape(3, 4).astype(dtype)
        for array in (expected, np.asfortranarray(expected)):
            path.write_bytes(saved(array))
            found = number_file.read(path, "that")
            self.assertAllEqual(np.array(found), expected)
            self.assertFalse(found.flags.writeable)

    def test_more_than_the_budget(self):
        self.addCleanup(memory.set_limit, memory.limit())
        path = self.folder() / "a.npy"
        np.save(path, np.zeros(1000))
        memory.set_limit(8000)
        with self.assertRaisesRegex(errors.UserError, "^that .*--max_memory"):
            number_file.read(path, "that")
