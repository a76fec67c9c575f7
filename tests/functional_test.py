"""Stateless functions against the reference's layers and plain NumPy."""

import numpy as np

from pgan_tf import functional
from tests import common


class GoldenTest(common.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.golden = common.golden("layers")

    def check(self, name, function, *arguments, atol=1e-6):
        x = self.golden[f"{name}/in"]
        expected = self.golden[f"{name}/out"]
        if x.ndim == 4:
            x, expected = common.nhwc(x), common.nhwc(expected)
        self.assertAllClose(function(x, *arguments), expected, atol=atol)

    def test_pixel_norm(self):
        self.check("pixel_norm_4d", functional.pixel_norm)
        self.check("pixel_norm_2d", functional.pixel_norm)

    def test_pixel_norm_epsilon_is_inside_the_root(self):
        self.check("pixel_norm_tiny", functional.pixel_norm)

    def test_leaky_relu(self):
        self.check("leaky_relu", functional.leaky_relu)

    def test_upscale2d(self):
        self.check("upscale2d_f2", functional.upscale2d, 2)
        self.check("upscale2d_f4", functional.upscale2d, 4)

    def test_downscale2d(self):
        self.check("downscale2d_f2", functional.downscale2d, 2)
        self.check("downscale2d_f4", functional.downscale2d, 4)

    def test_minibatch_stddev(self):
        for name, group in [
            ("mbstd_n8_g4", 4),
            ("mbstd_n8_g16", 16),
            ("mbstd_n8_g2", 2),
            ("mbstd_n3_g4", 4),
            ("mbstd_n1_g4", 4),
        ]:
            self.check(name, functional.minibatch_stddev, group)

    def test_reals(self):
        """Dynamic range and crossfade, as the reference processes reals."""
        arrays = common.golden("process_reals")
        for lod in ("0.00", "0.40", "1.00", "1.70", "2.00", "2.50"):
            pixels = common.nhwc(arrays[f"in_u8/lod{lod}"])
            reals = functional.scale_pixels(pixels)
            fraction = float(lod) % 1
            if fraction:
                reals = functional.fade_reals(reals, 1 - fraction)
            expected = common.native(
                common.nhwc(arrays[f"out/lod{lod}"]), pixels.shape[1]
            )
            self.assertAllClose(reals, expected, atol=1e-6)

    def test_mirror(self):
        arrays = common.golden("process_reals")
        pixels = common.nhwc(arrays["in_u8/lod0.40"])
        coins = arrays["mirror/mask"].reshape(-1)
        reals = functional.mirror(functional.scale_pixels(pixels), coins)
        expected = common.nhwc(arrays["mirror/out/lod0.40"])
        self.assertAllClose(
            functional.fade_reals(reals, 0.6), expected, atol=1e-6
        )


class FunctionalTest(common.TestCase):
    def test_lerp(self):
        self.assertAllClose(functional.lerp(2.0, 4.0, 0.0), 2.0)
        self.assertAllClose(functional.lerp(2.0, 4.0, 0.25), 2.5)
        self.assertAllClose(functional.lerp(2.0, 4.0, 1.0), 4.0)

    def test_minibatch_stddev_groups_are_strided(self):
        # Samples 0 and 2 are alike, 1 and 3 differ: two groups of two.
        x = np.zeros((4, 1, 1, 1), np.float32)
        x[3] = 2.0
        extra = functional.minibatch_stddev(x, 2)[:, 0, 0, 1]
        self.assertAllClose(extra, [1e-4, 1.0, 1e-4, 1.0], atol=1e-6)

    def test_minibatch_stddev_names_what_does_not_split(self):
        x = np.zeros((6, 4, 4, 2), np.float32)
        with self.assertRaisesRegex(
            ValueError, "minibatch of 6 .* groups of 4"
        ):
            functional.minibatch_stddev(x, 4)

    def test_fade_reals_ends(self):
        x = common.ramp((2, 4, 4, 3))
        self.assertAllClose(functional.fade_reals(x, 1.0), x)
        blocks = x.reshape(2, 2, 2, 2, 2, 3).mean((2, 4))
        blocks = blocks.repeat(2, axis=1).repeat(2, axis=2)
        self.assertAllClose(functional.fade_reals(x, 0.0), blocks, atol=1e-6)
