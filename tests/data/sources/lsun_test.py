"""Tests of LSUN's databases."""

import io
import pathlib
import pickle

import lmdb
import numpy as np
from PIL import Image

from pgan_tf.base import errors
from pgan_tf.data.sources import lsun, pictures
from tests import common
from tests.data.sources import published


def expected(data: bytes, resolution: int) -> np.ndarray:
    """As the reference makes it: the middle square, Lanczos."""
    image = Image.open(io.BytesIO(data))
    side = min(image.size)
    left, top = (image.width - side) // 2, (image.height - side) // 2
    square = image.crop((left, top, left + side, top + side))
    size = (resolution, resolution)
    return np.asarray(square.resize(size, Image.Resampling.LANCZOS))


class LsunTest(common.TestCase):
    def test_images_in_the_order_of_the_keys(self) -> None:
        folder = self.folder()
        files = published.write_lsun(folder)
        source = lsun.Lsun(folder, 16)
        self.assertLen(source, 5)
        self.assertEqual(source.label(0).shape, (0,))
        source = pickle.loads(pickle.dumps(source))
        for index in (4, 0, 1, 2, 3):
            image = source.image(index)
            self.assertAllEqual(image, expected(files[index], 16))
        sides = [min(Image.open(io.BytesIO(each)).size) for each in files]
        for size in (4, 4096):
            source = lsun.Lsun(folder, size)
            for index in range(3):
                source.image(index)
            smaller = sum(side < size for side in sides[:3])
            self.assertEqual(source.enlarged.count(range(3)), smaller)

    def test_some_of_many_keys(self) -> None:
        folder = self.folder()
        files = published.write_lsun(folder, 150)
        source = lsun.Lsun(folder, 8, num_images=140)
        self.assertLen(source, 140)
        for index in (0, 63, 64, 127, 128, 139):
            image = source.image(index)
            self.assertAllEqual(image, expected(files[index], 8))
        self.assertLen(lsun.Lsun(folder, 8, num_images=1000), 150)

    def test_form(self) -> None:
        folder = self.folder()
        published.write_lsun(folder)
        form = pictures.Form(crop="pad", channels="gray")
        source = lsun.Lsun(folder, 16, form=form)
        self.assertEqual(source.num_channels, 1)
        image = source.image(0)
        self.assertEqual(image.shape, (16, 16, 1))
        self.assertAllEqual(image[0], np.zeros((16, 1)))  # a bar
        self.assertEqual(source.options()["crop"], "pad")

    def refuse(self, message: str, path: pathlib.Path) -> None:
        with self.assertRaisesRegex(errors.UserError, message) as caught:
            lsun.Lsun(path, 16)
        self.assertNotIn("\n", str(caught.exception))

    def test_bad_databases(self) -> None:
        folder = self.folder()
        self.refuse("is not a folder with a data.mdb", folder)
        file = folder / "bedroom_lmdb.zip"
        file.write_text("a zip")
        self.refuse("is not a folder .*; unpack a .zip first", file)
        database = folder / "bedroom_lmdb"
        database.mkdir()
        published.write_lsun(database)
        self.refuse("is not a folder .*; try .*/bedroom_lmdb$", folder)
        path = database / "data.mdb"
        data = path.read_bytes()
        self.refuse("; leave the file's name out", path)
        path.write_bytes(data[:-5000])
        self.refuse("data.mdb is trunc.*: it has .* bytes instead", database)
        path.write_bytes(b"not found" * 1000)
        self.refuse("data.mdb is .* no LMDB database", database)
        empty = folder / "empty"
        lmdb.open(str(empty)).close()
        self.refuse("empty holds no images", empty)

    def test_bad_image_is_named(self) -> None:
        folder = self.folder()
        with lmdb.open(str(folder)) as database:
            with database.begin(write=True) as transaction:
                transaction.put(b"0ab1", b"no image")
        with self.assertRaisesRegex(errors.UserError, "key 0ab1 is no image"):
            lsun.Lsun(folder, 16).image(0)
