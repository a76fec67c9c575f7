"""Tests of the source of any images."""

import numpy as np
from PIL import Image

from pgan_tf import errors
from pgan_tf.data.sources import pictures
from tests import common


class PicturesTest(common.TestCase):
    def test_takes_the_centre_square(self) -> None:
        folder = self.folder()
        # Bands of 10: two at either end are cut off.
        wide = np.repeat(np.arange(5, dtype=np.uint8) * 50, 10)
        wide = np.tile(wide, (10, 1))
        Image.fromarray(wide).save(folder / "wide.png")
        (folder / "sub").mkdir()
        Image.fromarray(wide.T).save(folder / "sub" / "high.png")
        source = pictures.Pictures(folder, 8)
        self.assertLen(source, 2)
        for index in range(2):
            image = source.image(index)
            self.assertAllEqual(image, np.full((8, 8, 3), 100))
            self.assertEqual(image.dtype, np.uint8)
            self.assertEqual(source.label(index).shape, (0,))

    def test_bad_image_is_named(self) -> None:
        folder = self.folder()
        (folder / "bad.jpg").write_text("no image")
        with self.assertRaisesRegex(errors.UserError, "bad.jpg is no image"):
            pictures.Pictures(folder, 8).image(0)
