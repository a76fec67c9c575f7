"""Names and layouts of the reference's variables.

That the layouts are right is shown by the golden networks; here is what they
do not cover.
"""

from absl.testing import parameterized

from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.nvidia import snapshots as nvidia
from tests import common

SIZES = {"resolution": 16, "num_channels": 3, "fmap_base": 64, "label_size": 2}


class NvidiaTest(common.TestCase, parameterized.TestCase):
    @parameterized.product(
        network=(Generator, Discriminator),
        fused=(True, False),
    )
    def test_there_and_back(self, network, fused):
        first = network(**SIZES, fused_scale=fused)
        second = network(**SIZES, fused_scale=fused)
        nvidia.assign(second, nvidia.variables(first))
        for a, b in zip(first.get_weights(), second.get_weights(), strict=True):
            self.assertAllEqual(a, b)

    def test_golden_variables_come_back(self):
        for name, network in (
            ("g_res32", common.golden_generator()),
            ("d_res32", common.golden_discriminator()),
        ):
            expected = common.golden_variables(name)
            found = nvidia.variables(network)
            self.assertEqual(set(found), set(expected))
            for key, value in expected.items():
                self.assertAllEqual(found[key], value)

    def test_names_at_1024(self):
        """Lists of 54 and 56, as in the published CelebA-HQ networks."""
        options = {"resolution": 1024, "num_channels": 3, "fmap_max": 16}
        g = nvidia.variables(Generator(**options))
        d = nvidia.variables(Discriminator(**options))
        self.assertLen(g, 54)
        self.assertLen(d, 56)
        self.assertIn("1024x1024/Conv0_up/weight", g)
        self.assertIn("ToRGB_lod8/bias", g)
        self.assertIn("4x4/Dense1/weight", d)
        self.assertIn("FromRGB_lod0/weight", d)

    def test_what_is_missing_is_named(self):
        generator = Generator(**SIZES)
        variables = nvidia.variables(generator)
        del variables["8x8/Conv1/weight"]
        with self.assertRaisesRegex(ValueError, "no variable 8x8/Conv1/weight"):
            nvidia.assign(generator, variables)
