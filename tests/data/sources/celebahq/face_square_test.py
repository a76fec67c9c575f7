"""Tests of CelebA-HQ's crop."""

import numpy as np
import scipy.ndimage
from PIL import Image

from pgan_tf.data.sources.celebahq import face_square
from tests import common

# By case: width and height of the photo, landmarks.
CASES = {
    "enlarged": (150, 140, [[55, 60], [85, 62], [70, 75], [57, 90], [82, 92]]),
    "padded": (80, 90, [[12, 20], [28, 18], [22, 27], [15, 36], [29, 35]]),
    "shrunk": (
        *(1200, 1100),
        [[50, 400], [1150, 420], [600, 700], [200, 900], [1000, 910]],
    ),
}


def photo(width: int, height: int) -> np.ndarray:
    """Waves in different directions, uint8 [height,width,3]."""
    x, y = np.arange(width), np.arange(height)[:, None]
    waves = (
        np.sin(0.5 * x + 0.2 * y),
        np.sin(0.7 * y) + 0 * x,
        np.cos(0.3 * x - 0.1 * y),
    )
    pixels = np.rint(127.5 + 127.5 * np.stack(waves, axis=-1))
    return pixels.astype(np.uint8)


class FaceSquareTest(common.TestCase):
    def test_square_of_an_upright_face(self) -> None:
        face = [[100, 100], [140, 100], [7, 7], [105, 150], [135, 150]]
        quad, side = face_square.square(np.array(face))
        # Eyes 40 apart, mouth 50 below them: max(4 * 40, 3.6 * 50) = 180,
        # around (120.5, 100.5 + 50 / 10).
        self.assertAllClose(side, 180, rtol=1e-6, atol=1e-6)
        corners = [[30.5, 15.5], [30.5, 195.5], [210.5, 195.5], [210.5, 15.5]]
        self.assertAllClose(quad, corners, rtol=1e-6, atol=1e-6)

    def test_square_of_a_face_that_lies(self) -> None:
        # Turned clockwise by a quarter; the eyes are further apart.
        face = [[100, 100], [100, 160], [7, 7], [60, 110], [60, 150]]
        quad, side = face_square.square(np.array(face))
        # Four times 60, around (100.5 - 40 / 10, 130.5).
        self.assertAllClose(side, 240, rtol=1e-6, atol=1e-6)
        corners = [[216.5, 10.5], [-23.5, 10.5], [-23.5, 250.5], [216.5, 250.5]]
        self.assertAllClose(quad, corners, rtol=1e-6, atol=1e-6)

    def test_equals_the_original_program(self) -> None:
        golden = common.golden("face_square")
        for name, (width, height, landmarks) in CASES.items():
            quad, side = face_square.square(np.array(landmarks))
            self.assertAllEqual(quad, golden[f"{name}/quad"])
            self.assertEqual(side, golden[f"{name}/side"])
            image = Image.fromarray(photo(width, height))
            result = face_square.aligned(image, np.array(landmarks))
            pixels = np.asarray(result, float)
            self.assertEqual(pixels.shape, (1024, 1024, 3))
            for part, found in (
                ("centre", pixels[488:536, 488:536]),
                ("corner", pixels[:24, :24]),
            ):
                difference = np.abs(found - golden[f"{name}/{part}"])
                # Pillow's filters have become fixed-point arithmetic since.
                self.assertLessEqual(difference.max(), 2, name + part)
                self.assertLess(difference.mean(), 0.05, name + part)

    def test_continued_is_what_it_says(self) -> None:
        image = photo(21, 17)
        left, above, right, below = margins = (8, 5, 6, 10)
        found = face_square.continued(image, margins, 1.5)
        self.assertEqual(found.shape, (17 + 5 + 10, 21 + 8 + 6, 3))
        widths = ((above, below), (left, right), (0, 0))
        padded = np.pad(image.astype(float), widths, "reflect")
        blurred = scipy.ndimage.gaussian_filter(padded, (1.5, 1.5, 0))
        height, width, _ = padded.shape
        outside = np.zeros((height, width, 1))
        for y in range(height):
            for x in range(width):
                inwards = min(
                    x / left,
                    y / above,
                    (width - 1 - x) / right,
                    (height - 1 - y) / below,
                )
                outside[y, x] = 1 - inwards
        blur = np.minimum(np.maximum(3 * outside + 1, 0), 1)
        expected = padded * (1 - blur) + blurred * blur
        fade = np.maximum(outside, 0)
        median = np.median(expected.reshape(-1, 3), axis=0)
        expected = expected * (1 - fade) + median * fade
        self.assertAllClose(found, expected, rtol=0, atol=0.51)
        # Far inside nothing has changed, at the border all is one colour.
        self.assertAllEqual(found[13, 18], image[8, 10])
        self.assertAllEqual(found[0], np.tile(found[0, 0], (width, 1)))

    def test_blur_is_gaussian(self) -> None:
        pixels = photo(70, 40)[..., 0].astype(np.float32)
        found = face_square.blur_pixels(pixels, 7.3)
        expected = scipy.ndimage.gaussian_filter(pixels, 7.3)
        self.assertAllClose(found, expected, rtol=0, atol=1e-3)
