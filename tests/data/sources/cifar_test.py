"""Tests of CIFAR's pickles, the published ones and hostile ones."""

import collections
import os
import pickle
import tarfile
from typing import Any

import numpy as np
from absl.testing import parameterized

from pgan_tf.base import errors
from pgan_tf.data.sources import cifar
from tests import common
from tests.base import pickle_bytes
from tests.data.sources import published


class Hostile:
    """Runs a command when it is unpickled without care."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (self.command,)


U1 = pickle_bytes.dtype(code=pickle_bytes.text("u1"))
NDARRAY = pickle_bytes.name("numpy", "ndarray")


def call(callee: bytes, *arguments: bytes) -> bytes:
    return callee + pickle_bytes.tuple_of(*arguments) + b"R"


HOSTILE_ARRAYS = {
    "objects": pickle_bytes.reconstructed(
        (3072,),
        pickle_bytes.long_bytes(b"A" * 8 * 3072),
        element=pickle_bytes.dtype(code=pickle_bytes.text("O8")),
    ),
    "ndarray_of_objects": call(
        NDARRAY,
        pickle_bytes.tuple_of(pickle_bytes.plain(3072)),
        pickle_bytes.text("O"),
        pickle_bytes.long_bytes(b"A" * 8 * 3072),
    ),
    "ndarray_of_any_size": call(
        NDARRAY,
        pickle_bytes.tuple_of(
            pickle_bytes.plain(1_500_000), pickle_bytes.plain(3072)
        ),
        U1,
    ),
    "strides_of_0": call(
        NDARRAY,
        pickle_bytes.tuple_of(
            pickle_bytes.plain(1_000_000), pickle_bytes.plain(3072)
        ),
        U1,
        pickle_bytes.long_bytes(b"A"),
        b"K\x00",
        pickle_bytes.tuple_of(b"K\x00", b"K\x00"),
    ),
    "reconstructed_of_any_size": call(
        pickle_bytes.name("numpy.core.multiarray", "_reconstruct"),
        NDARRAY,
        pickle_bytes.tuple_of(pickle_bytes.plain(2**31 - 1)),
        pickle_bytes.text("b"),
    ),
    "a_shape_without_bytes": pickle_bytes.reconstructed(
        (2**20, 3072), b"C\x01A", element=U1
    ),
}


class CifarTest(common.TestCase, parameterized.TestCase):
    def test_test_data_are_in_the_format(self) -> None:
        rows = published.noise(2, 3072)
        data = published.python2_pickle({"labels": [4, 700]}, rows)
        content = pickle.loads(data, encoding="bytes")
        self.assertEqual(content[b"labels"], [4, 700])
        self.assertAllEqual(content[b"data"], rows)

    def test_cifar10_from_a_folder_and_the_archive(self) -> None:
        folder = self.folder()
        images, classes = published.write_cifar10(folder)
        tar_file = folder / "cifar-10-python.tar.gz"
        with tarfile.open(tar_file, "w:gz") as tar:
            tar.add(folder / "cifar-10-batches-py", "cifar-10-batches-py")
        for path in (folder, folder / "cifar-10-batches-py", tar_file):
            source = cifar.read(path, "cifar10", "train")
            self.assertAllEqual(source.images, images)
            self.assertAllEqual(source.classes, classes)
            self.assertEqual(source.label_names[9], "class9")
            self.assertLen(source.label_names, 10)
            self.assertAllEqual(source.label(1), np.eye(10)[3])
            with self.assertRaisesRegex(errors.UserError, "no file test_batch"):
                cifar.read(path, "cifar10", "test")
        tar_file.write_bytes(tar_file.read_bytes()[:3000])
        with self.assertRaisesRegex(errors.UserError, "tar.gz is truncated"):
            cifar.read(tar_file, "cifar10", "train")

    def test_cifar100_has_fine_classes(self) -> None:
        folder = self.folder()
        images, classes = published.write_cifar100(folder)
        source = cifar.read(folder, "cifar100", "test")
        self.assertAllEqual(source.images, images)
        self.assertAllEqual(source.classes, classes)
        self.assertLen(source.label_names, 100)

    def test_pickles_of_todays_numpy(self) -> None:
        folder = self.folder()
        images, classes = published.write_cifar100(folder)
        rows = images.transpose(0, 3, 1, 2).reshape(len(images), -1)
        content = {b"data": np.array(rows), b"fine_labels": classes}
        (folder / "test").write_bytes(pickle.dumps(content, protocol=4))
        source = cifar.read(folder, "cifar100", "test")
        self.assertAllEqual(source.images, images)

    def test_runs_nothing(self) -> None:
        folder = self.folder()
        published.write_cifar100(folder)
        trace = folder / "trace"
        hostile = (
            Hostile(f"touch {trace}"),
            np.array([Hostile(f"touch {trace}")], object),
            collections.OrderedDict(),
        )
        for each in hostile:
            (folder / "test").write_bytes(pickle.dumps(each))
            with self.assertRaisesRegex(
                errors.UserError, "test: refused, and nothing in it run"
            ):
                cifar.read(folder, "cifar100", "test")
        self.assertFalse(trace.exists())

    def test_bad_files(self) -> None:
        folder = self.folder()
        published.write_cifar100(folder)
        file = folder / "test"
        data = file.read_bytes()
        floats = {b"data": np.zeros((1, 3072)), b"fine_labels": [1]}
        texts = {b"data": "x" * 3072, b"fine_labels": [1]}
        odd = {b"data": np.zeros((1, 3000), np.uint8), b"fine_labels": [1]}
        for content, message in (
            (b"", "test: no pickle, or a torn one"),
            (data[:9000], "test: no pickle, or a torn one"),
            (b"<html>not found</html>", "test: no pickle, or a torn one"),
            (pickle.dumps([]), "no file of cifar100"),
            (pickle.dumps({}), "no file of cifar100"),
            (pickle.dumps(floats), "other numbers than u1"),
            (pickle.dumps(odd), "no file of cifar100"),
            (pickle.dumps(texts), "no file of cifar100"),
        ):
            file.write_bytes(content)
            with self.assertRaisesRegex(errors.UserError, message) as caught:
                cifar.read(folder, "cifar100", "test")
            self.assertNotIn("\n", str(caught.exception))

    @parameterized.named_parameters(HOSTILE_ARRAYS.items())
    def test_arrays_that_would_crash_or_swell(self, content: bytes) -> None:
        """Bytes as pointers, sizes without bytes, strides of 0."""
        folder = self.folder()
        published.write_cifar100(folder)
        batch = b"}(\x8c\x04data" + content + b"\x8c\x0bfine_labels](K\x01eu"
        (folder / "test").write_bytes(pickle_bytes.whole(batch))
        with self.assertRaisesRegex(errors.UserError, folder.name):
            cifar.read(folder, "cifar100", "test")
