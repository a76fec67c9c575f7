"""Tests of objects that worker processes have in common."""

import multiprocessing
import pathlib

import numpy as np

from pgan_tf.data import parallel
from tests import common


def _tell(shared: parallel.Shared, out: pathlib.Path) -> None:
    """In a process of its own: writes down what it received."""
    first, empty, second, text = shared.load()
    lines = [
        text,
        first.sum(),
        empty.shape,
        second.sum(),
        first.flags.writeable,
        # Mapped from the file: no part of this process's own memory.
        first.flags.owndata,
        second.ctypes.data % second.itemsize,
    ]
    out.write_text("\n".join(map(str, lines)))


class SharingTest(common.TestCase):
    def test_another_process_sees_the_object(self) -> None:
        first = np.arange(1001, dtype=np.uint8)
        second = np.arange(50.0).reshape(5, 10).T  # not in C's order
        shared = parallel.Shared([first, np.zeros((0, 3)), second, "text"])
        out = self.folder() / "out"
        child = multiprocessing.get_context("spawn").Process(
            target=_tell, args=(shared, out)
        )
        child.start()
        shared.close()
        child.join()
        self.assertEqual(
            out.read_text().split("\n"),
            [
                *("text", str(first.sum()), "(0, 3)", "1225.0"),
                *("False", "False", "0"),
            ],
        )
        # The arrays are not in what is sent.
        self.assertLess(len(shared.head), 1000)

    def test_hash_depends_on_every_part(self) -> None:
        def things() -> list:
            return [np.arange(5), np.zeros((2, 3)), {"a": 1}, "text"]

        known = parallel.hash_of(things())
        self.assertEqual(parallel.hash_of(things()), known)
        changed = [np.arange(6), np.zeros((3, 2)), {"a": 2}, "texts"]
        for index, other in enumerate(changed):
            altered = things()
            altered[index] = other
            self.assertNotEqual(parallel.hash_of(altered), known)
