"""Tests of reading what tensorflow-datasets has prepared."""

import pathlib
import pickle
from unittest import mock

import numpy as np
import tensorflow_datasets as tfds

from pgan_tf.base import errors
from pgan_tf.data.sources import pictures, tfds_download, tfds_images
from tests import common
from tests.data.sources import shapes


class TfdsImagesTest(common.TestCase):
    def prepare(self, kind: type = shapes.Shapes, **options: str) -> str:
        """A folder in which the data set is prepared."""
        folder = str(self.folder())
        kind(data_dir=folder, **options).download_and_prepare()
        return folder

    def in_order(self, folder: str) -> list[int]:
        """The numbers in the order in which tensorflow-datasets has them."""
        dataset = tfds.load(
            "shapes", split="train", data_dir=folder, shuffle_files=False
        )
        return [int(each["file"]) for each in tfds.as_numpy(dataset)]

    def test_images_and_classes(self) -> None:
        folder = self.prepare()
        # Every format has the order that follows from the keys.
        order = self.in_order(folder)
        self.assertCountEqual(order, range(7))
        for path in (folder, self.prepare(file_format="array_record")):
            source = tfds_images.TfdsImages("shapes", "train", path, 8)
            self.assertLen(source, 7)
            self.assertEqual(source.label_names, shapes.NAMES)
            self.assertEqual(source.label_kind, "onehot")
            # As it travels to the workers.
            source = pickle.loads(pickle.dumps(source))
            large = tfds_images.TfdsImages("shapes", "train", path, 512)
            for index, each in ((5, source), (2, large), (4, large)):
                each.image(index)
                small = min(shapes.image(order[index]).shape[:2])
                is_enlarged = small < each.resolution
                self.assertEqual(each.enlarged.count([index]), is_enlarged)
            self.assertEqual(large.enlarged.count(range(7)), 2)
            for index in (6, 0, 3):
                number = order[index]
                expected = pictures.Form().apply(shapes.image(number), 8)
                self.assertAllEqual(source.image(index), expected)
                # Of the first, the class is not known.
                label = np.eye(3)[number % 3] if number else np.zeros(3)
                self.assertAllEqual(source.label(index), label)

    def test_parts_of_splits(self) -> None:
        folder = self.prepare()
        whole = tfds_images.TfdsImages("shapes", "train", folder, 4)
        part = tfds_images.TfdsImages("shapes", "train[2:5]", folder, 4)
        self.assertLen(part, 3)
        self.assertAllEqual(part.image(0), whole.image(2))
        self.assertAllEqual(part.image(2), whole.image(4))
        both = tfds_images.TfdsImages("shapes", "test+train", folder, 4)
        self.assertLen(both, 9)
        self.assertAllEqual(both.image(2), whole.image(0))
        some = tfds_images.TfdsImages("shapes", "train", folder, 4, 5)
        self.assertLen(some, 5)

    def test_mocked_data_sets_of_the_catalog(self) -> None:
        for name, size in (("mnist", 10), ("tf_flowers", 5)):
            with (
                tfds.testing.mock_data(num_examples=3),
                mock.patch.object(tfds_download, "reach"),
            ):
                source = tfds_images.TfdsImages(
                    name, "train", None, 16, download=True
                )
                self.assertLen(source, 3)
                self.assertLen(source.label_names, size)
                self.assertEqual(source.image(2).shape, (16, 16, 3))
                self.assertEqual(source.label(2).sum(), 1)
                # The same again.
                other = tfds_images.TfdsImages(
                    name, "train", None, 16, download=True
                )
                self.assertAllEqual(source.image(1), other.image(1))
        self.assertIn("dandelion", source.label_names)

    def test_nothing_is_downloaded_unasked(self) -> None:
        folder = str(self.folder())
        with self.assertRaisesRegex(
            errors.UserError,
            f"tf_flowers/3.0.1 is not in {folder}/tf_flowers/3.0.1; "
            "--tfds_download lets .* download it .up to 229 MB",
        ):
            tfds_images.TfdsImages("tf_flowers", "train", folder, 4)

    def test_no_network_is_told_at_once(self) -> None:
        folder = str(self.folder())
        with (
            mock.patch.object(
                tfds_download, "reach", side_effect=OSError("no\nroute")
            ) as reach,
            mock.patch.object(
                tfds.core.DatasetBuilder, "download_and_prepare"
            ) as prepare,
            self.assertRaisesRegex(
                errors.UserError,
                "cannot prepare tf_flowers/3.0.1: OSError: no; .*tfds_data_dir",
            ) as caught,
        ):
            tfds_images.TfdsImages(
                "tf_flowers", "train", folder, 4, download=True
            )
        (urls,), _ = reach.call_args
        self.assertIn("flower_photos.tgz", " ".join(urls))
        self.assertNotIn("\n", str(caught.exception))
        prepare.assert_not_called()

    def test_what_is_prepared_needs_no_network(self) -> None:
        folder = self.prepare()
        with mock.patch.object(tfds_download, "reach", side_effect=OSError):
            source = tfds_images.TfdsImages(
                "shapes", "train", folder, 4, download=True
            )
        self.assertLen(source, 7)

    def refuse(self, message: str, name: str, split: str, folder: str) -> None:
        with self.assertRaisesRegex(errors.UserError, message) as caught:
            tfds_images.TfdsImages(name, split, folder, 4)
        self.assertNotIn("\n", str(caught.exception))

    def test_bad_names(self) -> None:
        folder = self.prepare()
        self.refuse("--tfds_name=shape: .*not", "shape", "train", folder)
        self.refuse("--tfds_split=dev .*: .*dev", "shapes", "dev", folder)
        self.refuse("--tfds_split=train.5", "shapes", "train[5", folder)
        folder = self.prepare(shapes.Words)
        self.refuse(
            "--tfds_name=words has no images, but word",
            "words", "train", folder,
        )  # fmt: skip

    def test_damaged_files(self) -> None:
        folder = self.prepare()
        (file,) = pathlib.Path(folder).rglob("*train.tfrecord*")
        data = bytearray(file.read_bytes())
        source = tfds_images.TfdsImages("shapes", "train", folder, 4)
        data[-30] ^= 1
        file.write_bytes(data)
        with self.assertRaisesRegex(
            errors.UserError, "example 6 of the split is .* damaged"
        ):
            source.image(6)
        file.write_bytes(data[:-20])
        with self.assertRaisesRegex(errors.UserError, "example 6 .*truncated"):
            source.image(6)
        file.write_bytes(b"not found" * 9)
        self.refuse("does not consist of TFRecords", "shapes", "train", folder)

    def test_gray_images(self) -> None:
        folder = self.prepare()
        form = pictures.Form(channels="gray")
        source = tfds_images.TfdsImages("shapes", "train", folder, 4, form=form)
        self.assertEqual(source.image(0).shape, (4, 4, 1))
        self.assertEqual(
            source.options(),
            {
                "tfds_name": "shapes/1.0.0",
                "tfds_split": "train",
                "crop": "center",
                "channels": "gray",
                "resize_filter": None,
            },
        )
