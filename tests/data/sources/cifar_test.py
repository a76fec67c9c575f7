"""Tests of CIFAR's pickles, the published ones and hostile ones."""

import collections
import os
import pickle
import tarfile
from typing import Any

import numpy as np

from pgan_tf.base import errors
from pgan_tf.data.sources import cifar
from tests import common
from tests.data.sources import published


class Hostile:
    """Runs a command when it is unpickled without care."""

    def __init__(self, command: str) -> None:
        self.command = command

    def __reduce__(self) -> tuple[Any, tuple[str]]:
        return os.system, (self.command,)


class CifarTest(common.TestCase):
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
        with self.assertRaisesRegex(errors.UserError, "cannot read .*tar.gz"):
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
                errors.UserError, "test: it asks for .*, which CIFAR's"
            ):
                cifar.read(folder, "cifar100", "test")
        self.assertFalse(trace.exists())

    def test_bad_files(self) -> None:
        folder = self.folder()
        published.write_cifar100(folder)
        file = folder / "test"
        data = file.read_bytes()
        floats = {b"data": np.zeros((1, 3072)), b"fine_labels": [1]}
        odd = {b"data": np.zeros((1, 3000), np.uint8), b"fine_labels": [1]}
        for content, message in (
            (b"", "test is truncated or no pickle"),
            (data[:9000], "test is truncated or no pickle"),
            (b"<html>not found</html>", "test is truncated or no pickle"),
            (pickle.dumps([]), "does not hold the files of cifar100"),
            (pickle.dumps({}), "does not hold the files of cifar100"),
            (pickle.dumps(floats), "pixels of type float64"),
            (pickle.dumps(odd), "does not hold the files of cifar100"),
        ):
            file.write_bytes(content)
            with self.assertRaisesRegex(errors.UserError, message) as caught:
                cifar.read(folder, "cifar100", "test")
            self.assertNotIn("\n", str(caught.exception))
