from unittest import mock

import numpy as np
import tensorflow as tf

from pgan_tf.evaluation.metrics import pyramid
from tests import common


def noise(count, size, seed=0):
    random = np.random.RandomState(seed)
    return random.randint(0, 256, (count, size, size, 3)).astype(np.uint8)


def patches_of(images, positions, batch):
    patches = pyramid.Patches(images.shape[1])
    for start in range(0, len(images), batch):
        part = slice(start, start + batch)
        patches.add(images[part], [(x[part], y[part]) for x, y in positions])
    return patches


class PyramidTest(common.TestCase):
    def test_golden_steps(self):
        golden = common.golden("metrics_reference")
        self.assertAllClose(
            pyramid.pyr_down(golden["pyr/in"]),
            golden["pyr/down"],
            rtol=1e-6,
            atol=1e-6,
        )
        self.assertAllClose(
            pyramid.pyr_up(golden["pyr/in"]),
            golden["pyr/up"],
            rtol=1e-6,
            atol=1e-6,
        )

    def test_golden_bands(self):
        golden = common.golden("metrics_swd")
        bands = pyramid.laplacian_pyramid(common.nhwc(golden["images"]))
        self.assertLen(bands, 2)
        for level, band in enumerate(bands):
            self.assertAllClose(
                band, golden[f"pyr_a_level{level}"], rtol=0, atol=1e-4
            )

    def test_bands_add_up_to_the_images(self):
        images = noise(2, 64)
        *bands, total = pyramid.laplacian_pyramid(images)
        for band in reversed(bands):
            total = pyramid.pyr_up(total) + band
        self.assertAllClose(common.nhwc(total), images, rtol=0, atol=1e-4)

    def test_sizes(self):
        self.assertEqual(pyramid.resolutions(128), [128, 64, 32, 16])
        self.assertEqual(pyramid.resolutions(16), [16])
        with self.assertRaisesRegex(ValueError, "8"):
            pyramid.resolutions(8)


class PatchesTest(common.TestCase):
    def test_golden_orientation(self):
        golden = common.golden("metrics_reference")
        positions = tuple(golden[f"swd_patch/{a}"][None] for a in "xy")
        self.assertAllEqual(
            pyramid.cut_patches(golden["swd_patch/img"], positions),
            golden["swd_patch/desc"],
        )

    def test_normalised_per_channel(self):
        patches = common.golden("metrics_swd")["desc_a"]
        patches = patches * np.array([1, 9, 0.1]).reshape(1, 3, 1, 1) + 40
        cloud = pyramid.normalize(patches.astype(np.float32))
        channels = cloud.reshape(-1, 3, 49).astype(np.float64)
        self.assertAllClose(
            channels.mean(axis=(0, 2)), [0] * 3, rtol=1e-6, atol=1e-4
        )
        self.assertAllClose(
            channels.std(axis=(0, 2)), [1] * 3, rtol=1e-6, atol=1e-5
        )

    def test_constant_channel_stays_finite(self):
        cloud = pyramid.normalize(np.full((4, 3, 7, 7), 5, np.float32))
        self.assertAllEqual(cloud, np.zeros((4, 147)))

    def test_independent_of_the_batch(self):
        images = noise(10, 32)
        positions = pyramid.draw_positions(np.random.RandomState(1), 10, 32)
        whole = patches_of(images, positions, 10)
        parts = patches_of(images, positions, 3)
        for band in range(2):
            self.assertAllEqual(whole.cloud(band), parts.cloud(band))

    def test_large_bands_are_kept_as_patches(self):
        images = noise(3, 64)
        positions = pyramid.draw_positions(np.random.RandomState(1), 3, 64)
        whole = patches_of(images, positions, 2)
        expected = [whole.cloud(band) for band in range(3)]
        with mock.patch.object(pyramid, "LARGEST_WHOLE", 16):
            cut = patches_of(images, positions, 2)
            for band in range(3):
                self.assertAllEqual(cut.cloud(band), expected[band])


if __name__ == "__main__":
    tf.test.main()
