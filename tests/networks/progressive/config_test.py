"""What a network was made with is what it has, says and keeps."""

import inspect
from typing import Any

import keras
from absl.testing import parameterized

from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from tests import common

# Every argument, unlike its default.
SHARED: dict[str, Any] = {
    "resolution": 16,
    "num_channels": 3,
    "label_size": 2,
    "fmap_base": 40,
    "fmap_decay": 0.5,
    "fmap_max": 12,
    "use_wscale": False,
    "use_leakyrelu": False,
    "fused_scale": False,
    "lod": 1.25,
    "name": "Gs",
    "dtype": "mixed_float16",
}
OF_G = {
    "latent_size": 5,
    "normalize_latents": False,
    "use_pixelnorm": False,
    "pixelnorm_epsilon": 1e-4,
}
OF_D = {"mbstd_group_size": 2}
KINDS = ((Generator, OF_G), (Discriminator, OF_D))


class ConfigTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(*KINDS)
    def test_all_arguments(self, kind, own):
        given = {**SHARED, **own}
        parameters = inspect.signature(kind).parameters
        self.assertEqual(set(given), set(parameters))
        network = kind(**given)
        for name, value in given.items():
            self.assertNotEqual(value, parameters[name].default, name)
            if name != "dtype":
                self.assertEqual(getattr(network, name), value, name)
        self.assertEqual(network.dtype_policy.name, "mixed_float16")

        config = network.get_config()
        self.assertEqual(set(config), set(given))
        for name in set(given) - {"dtype"}:
            self.assertEqual(config[name], given[name], name)
        again = kind.from_config(config)
        self.assertEqual(again.get_config(), config)
        self.assertEqual(again.dtype_policy.name, "mixed_float16")

    @parameterized.parameters(*KINDS)
    def test_all_arguments_in_a_file(self, kind, own):
        network = kind(**{**SHARED, **own})
        path = self.folder() / "network.keras"
        network.save(path)
        loaded = keras.saving.load_model(path, compile=False)
        self.assertEqual(loaded.get_config(), network.get_config())
        for found, kept in zip(loaded.weights, network.weights, strict=True):
            self.assertAllEqual(found, kept)


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
