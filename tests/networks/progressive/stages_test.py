"""Which variables a stage trains, and which Gs averages."""

from absl.testing import parameterized

from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from tests import common


class VariablesTest(common.TestCase, parameterized.TestCase):
    def paths(self, variables) -> set[str]:
        found = [variable.path for variable in variables]
        self.assertLen(set(found), len(found))
        return set(found)

    def test_gs_averages_all_that_growth_has_used(self):
        G = Generator(resolution=32, fmap_base=32)
        used: set[str] = set()
        for resolution in (4, 8, 16, 32):
            for fading in (False, True):
                used |= self.paths(G.trainable_at(resolution, fading))
            averaged = self.paths(G.averaged_at(resolution))
            self.assertEqual(averaged, used)
        self.assertEqual(used, self.paths(G.weights))
        self.assertEqual(G.copied_state(), [])

    @parameterized.parameters(
        (Generator, "to_rgb"), (Discriminator, "from_rgb")
    )
    def test_what_is_trained(self, kind, end):
        """Both layers of each resolution, one end or two, and D's last."""
        network = kind(resolution=32, fmap_base=32)
        for i, resolution in enumerate((4, 8, 16, 32)):
            layers = 2 * (i + 1) + (kind is Discriminator)
            for fading in (False, True):
                ends = 2 if fading and i else 1
                found = self.paths(network.trainable_at(resolution, fading))
                # A kernel and a bias each.
                self.assertLen(found, 2 * (layers + ends))
                self.assertEqual(
                    {path.split("/")[-2] for path in found if end in path},
                    {
                        f"{r}x{r}_{end}"
                        for r in (resolution // 2, resolution)[-ends:]
                    },
                )

    def test_kernels_are_of_the_layers_in_use(self):
        G = Generator(resolution=16, fmap_base=32)
        for fading in (False, True):
            kernels = G.kernels_at(16, fading)
            self.assertLen(kernels, 6 + (2 if fading else 1))
