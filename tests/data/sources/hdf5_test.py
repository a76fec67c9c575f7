"""Tests of the archives of the Theano version."""

import pathlib
import pickle

import h5py
import numpy as np

from pgan_tf.base import errors
from pgan_tf.data.sources import hdf5
from tests import common
from tests.data.sources import published


class Hdf5Test(common.TestCase):
    def test_largest_level_and_labels(self) -> None:
        path = self.folder() / "set.h5"
        images = published.write_hdf5(path)
        source = hdf5.Hdf5(path)
        self.assertEqual((source.resolution, source.num_channels), (16, 3))
        self.assertEqual(source.label_kind, "onehot")
        self.assertEqual(source.label_names, ["0", "1", "2"])
        source = pickle.loads(pickle.dumps(source))
        for index in (6, 0, 3):
            self.assertAllEqual(source.image(index), images[index])
            self.assertAllEqual(source.label(index), np.eye(3)[index % 3])
        self.assertEqual(source.label(0).dtype, np.float32)

    def test_another_level_without_labels(self) -> None:
        path = self.folder() / "set.h5"
        images = published.write_hdf5(path)
        path.with_name("set-labels.npy").unlink()
        source = hdf5.Hdf5(path, 8)
        self.assertAllEqual(source.image(2), images[2, :8, :8])
        self.assertIsNone(source.label_kind)
        self.assertEqual(source.label(0).shape, (0,))

    def test_labels_may_be_multihot(self) -> None:
        path = self.folder() / "set.h5"
        published.write_hdf5(path)
        labels = np.ones((published.NUM_IMAGES, 2), np.int8)
        np.save(path.with_name("set-labels.npy"), labels)
        self.assertEqual(hdf5.Hdf5(path).label_kind, "multihot")

    def refuse(self, message: str, path: pathlib.Path) -> None:
        with self.assertRaisesRegex(errors.UserError, message) as caught:
            hdf5.Hdf5(path)
        self.assertNotIn("\n", str(caught.exception))

    def test_bad_archives(self) -> None:
        folder = self.folder()
        self.refuse("is no file; name the .h5 archive", folder)
        path = folder / "set.h5"
        published.write_hdf5(path)
        with self.assertRaisesRegex(
            errors.UserError, "no images of --resolution=64, but of 4, 8, 16"
        ):
            hdf5.Hdf5(path, 64)
        data = path.read_bytes()
        path.write_bytes(data[:-300])
        self.refuse("set.h5 is truncated or damaged, or no HDF5 file", path)
        path.write_text("not found")
        self.refuse("set.h5 is truncated or damaged, or no HDF5 file", path)
        for name, value, message in (
            ("images", np.zeros((2, 3, 8, 8), np.uint8), "has no dataset"),
            ("data2x2", np.zeros((2, 3, 2, 2), np.uint8), "has no dataset"),
            ("data8x8", np.zeros((2, 3, 8, 8)), "data8x8: float64"),
            ("data8x8", np.zeros((2, 8, 8, 3), np.uint8), "2, 8, 8, 3"),
            ("data8x8", np.zeros((2, 3, 4, 4), np.uint8), "are no images"),
            ("data8x8", np.zeros((0, 3, 8, 8), np.uint8), "are no images"),
            ("data8x8/x", np.zeros(3, np.uint8), "has no dataset"),
        ):
            with h5py.File(path, "w") as file:
                file[name] = value
            self.refuse(message, path)

    def test_damaged_image_is_named(self) -> None:
        path = self.folder() / "set.h5"
        published.write_hdf5(path)
        with h5py.File(path) as file:
            chunk = file["data16x16"].id.get_chunk_info(1)  # images 2 and 3
        data = bytearray(path.read_bytes())
        start = chunk.byte_offset
        data[start : start + 200] = bytes(200)
        path.write_bytes(data)
        source = hdf5.Hdf5(path)
        source.image(1)
        with self.assertRaisesRegex(
            errors.UserError, "set.h5, image 2 is truncated"
        ):
            source.image(2)

    def test_bad_labels(self) -> None:
        path = self.folder() / "set.h5"
        published.write_hdf5(path)
        labels = path.with_name("set-labels.npy")
        np.save(labels, np.zeros((3, 2)))
        self.refuse(r"the shape \[3, 2\] instead of \[7,K\]", path)
        np.save(labels, np.array([{}] * 7, object), allow_pickle=True)
        self.refuse("set-labels.npy: not (an|one) array", path)
        np.save(labels, np.full((7, 1), "cat"))
        self.refuse("set-labels.npy: not (an|one) array", path)
        labels.write_text("not found")
        self.refuse("set-labels.npy: not (an|one) array", path)

    def test_claims_of_images_that_are_not_there(self) -> None:
        path = self.folder() / "set.h5"
        for count in (2**31, 2**20):
            with h5py.File(path, "w") as file:
                file.create_dataset(
                    "data4x4",
                    (count, 3, 4, 4),
                    np.uint8,
                    chunks=(1, 3, 4, 4),
                    compression="gzip",
                )
                file["data4x4"][7] = 1
            self.refuse("set.h5.*are not there", path)

    def test_arrays_of_other_files(self) -> None:
        """Links, mapped and external files: the archive is what is read."""
        folder = self.folder()
        other = folder / "other.h5"
        published.write_hdf5(other)
        path = folder / "set.h5"
        secret = folder / "secret.txt"
        secret.write_bytes(bytes(48 * 5))
        layout = h5py.VirtualLayout((5, 3, 4, 4), np.uint8)
        layout[:] = h5py.VirtualSource(str(other), "data4x4", (7, 3, 4, 4))[:5]
        for write in (
            lambda file: file.create_virtual_dataset("data4x4", layout),
            lambda file: file.create_dataset(
                "data4x4", (5, 3, 4, 4), np.uint8, external=str(secret)
            ),
            lambda file: file.__setitem__(
                "data4x4", h5py.ExternalLink(str(other), "data4x4")
            ),
            lambda file: file.__setitem__("data4x4", h5py.SoftLink("/none")),
        ):
            with h5py.File(path, "w") as file:
                write(file)
            self.refuse("has no dataset", path)
