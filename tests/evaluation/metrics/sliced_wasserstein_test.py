from unittest import mock

import numpy as np
import pytest
import scipy.stats
import tensorflow as tf

from pgan_tf.evaluation.metrics import pyramid, sliced_wasserstein
from tests import common


class DistanceTest(common.TestCase):
    def setUp(self):
        super().setUp()
        golden = common.golden("metrics_swd")
        self.desc_a, self.dirs = golden["desc_a"], golden["dirs"]
        self.a = pyramid.normalize(self.desc_a.copy())
        self.b = pyramid.normalize(golden["desc_b"])

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
        affine = pyramid.normalize(self.desc_a * 3 + np.float32(11))
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
        self.assertAllClose(lengths, np.ones(512), rtol=1e-6, atol=1e-6)


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
        self.assertAllClose(np.mean(found), expected[-1], rtol=1e-5, atol=0)

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
        normalize = pyramid.normalize

        def both(patches):
            raw = patches.copy()  # It is overwritten.
            return raw, normalize(patches)

        for name in ("reals", "fakes"):
            patches = self.fed(name, size, random)
            for band in range(size.bit_length() - 4):
                with mock.patch.object(pyramid, "normalize", both):
                    found[name, band] = patches.cloud(band)
                # As the reference's comparison with itself does.
                if name == "reals":
                    sliced_wasserstein.draw_directions(random, 147)
        return found

    def test_golden_bands(self):
        for size in (64, 128):
            images = common.nhwc(self.golden[f"reals{size}"][:1])
            for level, band in enumerate(pyramid.laplacian_pyramid(images)):
                expected = self.golden[f"pyramid{size}/level{level}"]
                self.assertAllClose(band, expected, rtol=0, atol=1e-4)

    def fed(self, name, size, random):
        """Fed as the reference feeds it: 16 images, then draws for these."""
        images = common.nhwc(self.golden[f"{name}{size}"])
        patches = pyramid.Patches(size)
        for start in range(0, 64, 16):
            positions = pyramid.draw_positions(random, 16, size)
            patches.add(images[start : start + 16], positions)
        return patches


if __name__ == "__main__":
    tf.test.main()
