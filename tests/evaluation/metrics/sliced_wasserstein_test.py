from unittest import mock

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from pgan_tf.evaluation.metrics import sliced_wasserstein
from tests import common


def noise(count, size, seed=0):
    random = np.random.RandomState(seed)
    return random.randint(0, 256, (count, size, size, 3)).astype(np.uint8)


def patches_of(images, positions, batch):
    patches = sliced_wasserstein.Patches(images.shape[1])
    for start in range(0, len(images), batch):
        part = slice(start, start + batch)
        patches.add(images[part], [(x[part], y[part]) for x, y in positions])
    return patches


class PyramidTest(common.TestCase):
    def test_golden_steps(self):
        golden = common.golden("metrics_reference")
        self.assertAllClose(
            sliced_wasserstein.pyr_down(golden["pyr/in"]),
            golden["pyr/down"],
            atol=1e-6,
        )
        self.assertAllClose(
            sliced_wasserstein.pyr_up(golden["pyr/in"]),
            golden["pyr/up"],
            atol=1e-6,
        )

    def test_golden_bands(self):
        golden = common.golden("metrics_swd")
        bands = sliced_wasserstein.laplacian_pyramid(
            common.nhwc(golden["images"])
        )
        self.assertLen(bands, 2)
        for level, band in enumerate(bands):
            self.assertAllClose(
                band, golden[f"pyr_a_level{level}"], rtol=0, atol=1e-4
            )

    def test_bands_add_up_to_the_images(self):
        images = noise(2, 64)
        *bands, total = sliced_wasserstein.laplacian_pyramid(images)
        for band in reversed(bands):
            total = sliced_wasserstein.pyr_up(total) + band
        self.assertAllClose(common.nhwc(total), images, rtol=0, atol=1e-4)

    def test_sizes(self):
        self.assertEqual(sliced_wasserstein.resolutions(128), [128, 64, 32, 16])
        self.assertEqual(sliced_wasserstein.resolutions(16), [16])
        with self.assertRaisesRegex(ValueError, "8"):
            sliced_wasserstein.resolutions(8)


class PatchesTest(common.TestCase):
    def test_golden_orientation(self):
        golden = common.golden("metrics_reference")
        positions = tuple(golden[f"swd_patch/{a}"][None] for a in "xy")
        self.assertAllEqual(
            sliced_wasserstein.cut_patches(golden["swd_patch/img"], positions),
            golden["swd_patch/desc"],
        )

    def test_normalised_per_channel(self):
        patches = common.golden("metrics_swd")["desc_a"]
        patches = patches * np.array([1, 9, 0.1]).reshape(1, 3, 1, 1) + 40
        cloud = sliced_wasserstein.normalize(patches.astype(np.float32))
        channels = cloud.reshape(-1, 3, 49).astype(np.float64)
        self.assertAllClose(channels.mean(axis=(0, 2)), [0] * 3, atol=1e-4)
        self.assertAllClose(channels.std(axis=(0, 2)), [1] * 3, atol=1e-5)

    def test_constant_channel_stays_finite(self):
        cloud = sliced_wasserstein.normalize(
            np.full((4, 3, 7, 7), 5, np.float32)
        )
        self.assertAllEqual(cloud, np.zeros((4, 147)))

    def test_independent_of_the_batch(self):
        images = noise(10, 32)
        positions = sliced_wasserstein.draw_positions(
            np.random.RandomState(1), 10, 32
        )
        whole = patches_of(images, positions, 10)
        parts = patches_of(images, positions, 3)
        for band in range(2):
            self.assertAllEqual(whole.cloud(band), parts.cloud(band))

    def test_large_bands_are_kept_as_patches(self):
        images = noise(3, 64)
        positions = sliced_wasserstein.draw_positions(
            np.random.RandomState(1), 3, 64
        )
        whole = patches_of(images, positions, 2)
        expected = [whole.cloud(band) for band in range(3)]
        with mock.patch.object(sliced_wasserstein, "LARGEST_WHOLE", 16):
            cut = patches_of(images, positions, 2)
            for band in range(3):
                self.assertAllEqual(cut.cloud(band), expected[band])


class DistanceTest(common.TestCase):
    def setUp(self):
        super().setUp()
        golden = common.golden("metrics_swd")
        self.desc_a, self.dirs = golden["desc_a"], golden["dirs"]
        self.a = sliced_wasserstein.normalize(self.desc_a.copy())
        self.b = sliced_wasserstein.normalize(golden["desc_b"])

    def test_golden(self):
        value = sliced_wasserstein.distance(self.a, self.b, self.dirs)
        self.assertNear(value, 0.14843752980, 1e-6)

    def test_golden_drawn_directions(self):
        golden = common.golden("metrics_reference")
        # [2,8,16] drawn, to [8,32] of unit length.
        directions = np.concatenate(list(golden["sw_small/dirs_raw"]), axis=1)
        directions /= np.linalg.norm(directions, axis=0)
        value = sliced_wasserstein.distance(
            golden["sw_small/a"],
            golden["sw_small/b"],
            directions.astype(np.float32),
        )
        self.assertNear(value, float(golden["sw_small/dist"]), 1e-6)

    def test_golden_seed(self):
        """The reference's function with seed 5 on the stored patches."""
        random = np.random.RandomState(5)
        directions = sliced_wasserstein.draw_directions(random, 147)
        value = sliced_wasserstein.distance(self.a, self.b, directions)
        self.assertNear(value, 0.15511751174926758, 1e-6)

    def test_scipy_along_each_direction(self):
        distances = [
            scipy.stats.wasserstein_distance(self.a @ d, self.b @ d)
            for d in self.dirs.T
        ]
        value = sliced_wasserstein.distance(self.a, self.b, self.dirs)
        self.assertNear(value, np.mean(distances), 1e-6)

    def test_self_affine_and_shift(self):
        self.assertEqual(
            sliced_wasserstein.distance(self.a, self.a, self.dirs), 0
        )
        affine = sliced_wasserstein.normalize(self.desc_a * 3 + np.float32(11))
        self.assertNear(
            sliced_wasserstein.distance(self.a, affine, self.dirs), 0, 1e-6
        )
        shifted = self.a + np.float32(0.5)
        value = sliced_wasserstein.distance(self.a, shifted, self.dirs)
        self.assertNear(value, 0.43090564, 1e-6)

    def test_unequal_sets(self):
        with self.assertRaisesRegex(ValueError, "unequal"):
            sliced_wasserstein.distance(self.a, self.b[1:], self.dirs)

    def test_directions_have_unit_length(self):
        directions = sliced_wasserstein.draw_directions(
            np.random.RandomState(0), 147
        )
        self.assertEqual(directions.shape, (147, 512))
        lengths = np.linalg.norm(directions, axis=0)
        self.assertAllClose(lengths, np.ones(512), atol=1e-6)


class ReferenceTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.golden = common.golden("metrics_reference")
        self.golden |= common.golden("metrics_reference2")

    def test_golden_runs_with_the_reference_draws(self):
        """The reference's own numbers, from its draws in its order."""
        seed = int(self.golden["swd_seed"])
        for size in (64, 128):
            self.check_run(size, seed, self.golden[f"swd{size}/dist_x1e3"])

    @pytest.mark.slow
    def test_golden_runs_with_other_seeds(self):
        for size in (64, 128):
            others = self.golden[f"swd{size}/dist_other_seeds_x1e3"]
            for i, expected in enumerate(others):
                self.check_run(size, 1 + i, expected)

    def check_run(self, size, seed, expected):
        random = np.random.RandomState(seed)
        reals = self.fed("reals", size, random)
        # It compares the reals with themselves, which draws.
        to_itself = sliced_wasserstein.compare(reals, reals, random)
        self.assertAllEqual(to_itself, [0] * len(to_itself))
        fakes = self.fed("fakes", size, random)
        found = sliced_wasserstein.compare(reals, fakes, random)
        # It normalises by float32 sums, which are 1e-5 off.
        self.assertAllClose(found, expected[:-1], rtol=2e-5, atol=0)
        self.assertAllClose(np.mean(found), expected[-1], rtol=1e-5)

    def test_golden_patches(self):
        """The first of each band, as they are and normalised."""
        golden = common.golden("metrics_patches")
        for size in (64, 128):
            found = self.normalised(size)
            self.assertLen(found, 2 * (3 if size == 64 else 4))
            for (name, band), (raw, cloud) in found.items():
                where = f"swd{size}/{name}/{{}}_first48/level{band}"
                self.assertAllClose(
                    raw[:48], golden[where.format("raw")], rtol=0, atol=1e-4
                )
                self.assertAllClose(
                    cloud[:48], golden[where.format("final")], rtol=0, atol=1e-4
                )

    def test_golden_normalisation(self):
        """Mean and deviation of the patches, of the same random places."""
        for (name, band), (raw, _) in self.normalised(128).items():
            where = f"swd128/{name}/chan_{{}}/level{band}"
            for part in ("mean", "std"):
                self.assertAllClose(
                    getattr(raw, part)((0, 2, 3)),
                    self.golden[where.format(part)],
                    rtol=1e-4,
                    atol=2e-4,
                )

    def normalised(self, size):
        """By (set, band): patches [N,3,7,7], and the same normalised."""
        random = np.random.RandomState(int(self.golden["swd_seed"]))
        found = {}
        normalize = sliced_wasserstein.normalize

        def both(patches):
            raw = patches.copy()  # It is overwritten.
            return raw, normalize(patches)

        for name in ("reals", "fakes"):
            patches = self.fed(name, size, random)
            for band in range(size.bit_length() - 4):
                with mock.patch.object(sliced_wasserstein, "normalize", both):
                    found[name, band] = patches.cloud(band)
                # As the reference's comparison with itself does.
                if name == "reals":
                    sliced_wasserstein.draw_directions(random, 147)
        return found

    def test_golden_bands(self):
        for size in (64, 128):
            images = common.nhwc(self.golden[f"reals{size}"][:1])
            for level, band in enumerate(
                sliced_wasserstein.laplacian_pyramid(images)
            ):
                expected = self.golden[f"pyramid{size}/level{level}"]
                self.assertAllClose(band, expected, rtol=0, atol=1e-4)

    def fed(self, name, size, random):
        """Fed as the reference feeds it: 16 images, then draws for these."""
        images = common.nhwc(self.golden[f"{name}{size}"])
        patches = sliced_wasserstein.Patches(size)
        for start in range(0, 64, 16):
            positions = sliced_wasserstein.draw_positions(random, 16, size)
            patches.add(images[start : start + 16], positions)
        return patches


if __name__ == "__main__":
    tf.test.main()
