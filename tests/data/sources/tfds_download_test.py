"""Tests of fetching CelebA, without a network."""

import io
import urllib.request
from unittest import mock

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from pgan_tf.base import errors
from pgan_tf.data.sources import celeba, tfds_download
from tests import common


class FakeBuilder:
    """As much of a tensorflow-datasets builder as is used."""

    def __init__(self, data_dir: str, examples: list, error: Exception | None):
        self.data_dir = data_dir
        self.examples = examples
        self.error = error

    def download_and_prepare(self) -> None:
        if self.error:
            raise self.error

    def as_dataset(self, split: str, decoders: dict) -> list:
        assert split == "all" and "image" in decoders
        return self.examples


def jpeg(value: int) -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (178, 218), (value,) * 3).save(stream, "JPEG")
    return stream.getvalue()


class CelebaDownloadTest(common.TestCase):
    def fetch(self, error: Exception | None = None):
        examples = [
            {"image": jpeg(10), "attributes": {"Bald": True, "Young": False}},
            {"image": jpeg(90), "attributes": {"Bald": False, "Young": False}},
        ]
        builder = FakeBuilder(str(self.folder()), examples, error)
        with (
            mock.patch.object(tfds, "builder", return_value=builder),
            mock.patch.object(tfds, "as_numpy", side_effect=lambda x: x),
        ):
            return tfds_download.fetch()

    def test_result_is_read_by_the_source(self) -> None:
        source = celeba.CelebA(self.fetch(), 128)
        self.assertLen(source, 2)
        self.assertAllEqual(source.image(1), np.full((128, 128, 3), 90))
        self.assertEqual(source.label_names, ["Bald", "Young"])
        self.assertAllEqual(source.label(0), [1, 0])

    def test_offline_says_what_to_do(self) -> None:
        with self.assertRaisesRegex(
            errors.UserError, "cannot download.*img_align_celeba.zip"
        ) as caught:
            self.fetch(ConnectionError("no\nroute to host"))
        self.assertNotIn("\n", str(caught.exception))

    def test_host_is_tried_first(self) -> None:
        builder = FakeBuilder("/absent", [], None)
        with (
            mock.patch.object(tfds, "builder", return_value=builder),
            mock.patch.object(
                urllib.request, "urlopen", side_effect=OSError("no route")
            ),
            mock.patch.object(builder, "download_and_prepare") as prepare,
            self.assertRaisesRegex(errors.UserError, "google.com/: no route"),
        ):
            tfds_download.fetch()
        prepare.assert_not_called()
