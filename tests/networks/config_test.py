"""What a network was made with is what it has, says and keeps."""

import inspect
from typing import Any

import keras
from absl.testing import parameterized

from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.tiny.discriminator import TinyDiscriminator
from pgan_tf.networks.tiny.generator import TinyGenerator
from tests import common

# Every argument, unlike its default.
ALL: dict[str, Any] = {
    "resolution": 16,
    "num_channels": 4,
    "name": "other",
    "dtype": "mixed_float16",
}
PROGRESSIVE = {
    **ALL,
    "label_size": 2,
    "fmap_base": 40,
    "fmap_decay": 0.5,
    "fmap_max": 12,
    "use_wscale": False,
    "use_leakyrelu": False,
    "fused_scale": False,
    "layout": "gan_zoo",
    "fmaps": "9,8,7,6",
    "lod": 1.25,
}
TINY = {**ALL, "batch_norm": True, "growing": False}
KINDS = (
    (
        Generator,
        {
            **PROGRESSIVE,
            "latent_size": 5,
            "normalize_latents": False,
            "use_pixelnorm": False,
            "pixelnorm_epsilon": 1e-4,
            "label_names": ["one", "two", "three"],
        },
    ),
    (Discriminator, {**PROGRESSIVE, "mbstd_group_size": 2}),
    (TinyGenerator, {**TINY, "latent_size": 5, "lod": 1.25}),
    (TinyDiscriminator, {**TINY, "divisor": 2, "minibatch_stddev": False}),
)


class ConfigTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(*KINDS)
    def test_all_arguments(self, kind, given):
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
    def test_all_arguments_in_a_file(self, kind, given):
        network = kind(**given)
        path = self.folder() / "network.keras"
        network.save(path)
        loaded = keras.saving.load_model(path, compile=False)
        self.assertEqual(loaded.get_config(), network.get_config())
        for found, kept in zip(loaded.weights, network.weights, strict=True):
            self.assertAllEqual(found, kept)
