"""Weights and work, counted without the networks and by them."""

import math

from absl.testing import parameterized

from pgan_tf.base import resolutions
from pgan_tf.networks import cost
from pgan_tf.networks.progressive import cost as progressive_cost
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.options import ProgressiveOptions
from tests import common

# Small-32: RGB, 16 images a step.
SMALL = progressive_cost.ProgressiveCost(
    ProgressiveOptions(fmap_base=1024, fmap_max=128), 3
)


def count(variables) -> int:
    return sum(math.prod(variable.shape) for variable in variables)


class ShapesTest(common.TestCase, parameterized.TestCase):
    def test_widths_of_the_paper(self):
        """Table 2 of Karras et al. 2018."""
        found = [
            progressive_cost.fmaps(r, 8192, 1.0, 512) for r in (4, 32, 64, 1024)
        ]
        self.assertEqual(found, [512, 512, 256, 16])

    def test_parameters_of_the_paper(self):
        """23.1 million each, for CelebA-HQ (table 2)."""
        paper = progressive_cost.ProgressiveCost(ProgressiveOptions(), 3)
        millions = [n / 1e6 for n in paper.parameters(1024)]
        self.assertAllClose(millions, [23.1, 23.1], rtol=0, atol=0.05)

    @parameterized.product(
        options=(
            {},
            {"mbstd_group_size": 0},
            {"fused_scale": False},
            {"latent_size": 5},
            {"layout": "gan_zoo", "fmaps": "7,9,8,6"},
            {"layout": "akanimax_3"},
        ),
        label_size=(0, 3),
    )
    def test_parameters_of_the_networks(self, options, label_size):
        section = ProgressiveOptions(fmap_base=128, fmap_max=16, **options)
        common_options = {
            "resolution": 16,
            "num_channels": 3,
            "label_size": label_size,
            "fmap_base": 128,
            "fmap_max": 16,
            "fused_scale": section.fused_scale,
            "layout": section.layout,
            "fmaps": section.fmaps,
        }
        G = Generator(latent_size=section.latent_size, **common_options)
        D = Discriminator(
            mbstd_group_size=section.mbstd_group_size, **common_options
        )
        counted = progressive_cost.ProgressiveCost(section, 3, label_size)
        self.assertEqual(
            counted.parameters(16), (G.count_params(), D.count_params())
        )
        for resolution, fading in ((4, False), (8, True), (16, False)):
            self.assertEqual(
                counted.generator(resolution, fading).parameters,
                count(G.trainable_at(resolution, fading)),
            )
            self.assertEqual(
                counted.discriminator(resolution, fading).parameters,
                count(D.trainable_at(resolution, fading)),
            )

    def test_work_of_an_iteration(self):
        """Counted from the convolutions of small-32's compiled steps."""
        found = [
            cost.iteration_macs(SMALL, r, 16) / 1e9
            for r in resolutions.up_to(128)
        ]
        expected = [0.8, 4.7, 20.4, 41.0, 61.6, 82.2]
        self.assertAllClose(found, expected, rtol=0, atol=0.05)

    def test_fading_adds_the_1x1_convolutions_of_the_lower_resolution(self):
        settled, fading = (
            cost.iteration_macs(SMALL, 32, 1, fading=f) for f in (False, True)
        )
        # 14 passes of fromRGB and 4 of toRGB, over 128 maps at 16x16.
        self.assertEqual(fading - settled, 18 * 3 * 128 * 16**2)

    def test_more_steps_of_d(self):
        """Each adds D's part: 12 passes through D, one through G."""
        one, two = (
            cost.iteration_macs(SMALL, 8, 1, d_repeats=n) for n in (1, 2)
        )
        added = 12 * SMALL.discriminator(8).macs + SMALL.generator(8).macs
        self.assertEqual(two - one, added)

    def test_fakes_of_both_steps(self):
        """G draws once for both: one pass of 4 less."""
        apart, together = (
            cost.iteration_macs(SMALL, 8, 16, reuse_fakes=reuse)
            for reuse in (False, True)
        )
        self.assertEqual(apart - together, 16 * SMALL.generator(8).macs)

    def test_work_of_a_layer_by_hand(self):
        """G at 4x4, of width 1: a dense layer, a 3x3, a 1x1."""
        tiny = progressive_cost.ProgressiveCost(
            ProgressiveOptions(fmap_base=2), 3
        )
        self.assertEqual(progressive_cost.fmaps(4, 2, 1.0, 512), 1)
        # Latents of 2, the width at 2x2.
        cost = tiny.generator(4)
        dense, conv = 2 * 16 * 1, 16 * 9
        self.assertEqual(cost.macs, dense + conv + 16 * 3)
        self.assertEqual(cost.activations, 16 + 16 + 3 * 16)

    def test_two_step_scaling_costs_nine_fourths(self):
        options = {"fmap_base": 128, "fmap_max": 16}
        by_form = [
            progressive_cost.ProgressiveCost(
                ProgressiveOptions(fused_scale=fused, **options), 3
            )
            for fused in (True, False)
        ]
        for name in ("generator", "discriminator"):
            fused, plain = (getattr(n, name)(8).macs for n in by_form)
            # One 3x3 convolution at 8x8 of 16 to 16 is 5 products cheaper.
            self.assertEqual(plain - fused, 5 * 64 * 16 * 16)
