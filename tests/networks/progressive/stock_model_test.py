"""Generators of stock layers: the same function, and nothing of ours."""

import keras
import numpy as np
from absl.testing import parameterized

from pgan_tf.networks.progressive import stock_model
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.nvidia import snapshots as nvidia
from tests import common

SIZES = {"resolution": 16, "num_channels": 3, "fmap_base": 32}


class StockModelTest(common.TestCase, parameterized.TestCase):
    def test_the_references_images(self):
        Gs = nvidia.load_generator(common.GOLDEN_DIR / "ref_snapshot.pkl")
        golden = common.golden("ref_snapshot")
        drawn = stock_model.build(Gs)({"latents": golden["latents"]})
        expected = common.nhwc(golden["Gs_out"])
        self.assertAllClose(drawn["images"], expected, rtol=0, atol=2e-5)
        drawn = stock_model.build(Gs, uint8=True)(
            {"latents": golden["latents"]}
        )
        pixels = np.asarray(drawn["images"])
        self.assertEqual(pixels.dtype, np.uint8)
        expected = common.nhwc(golden["Gs_out_uint8"]).astype(int)
        self.assertLessEqual(np.abs(pixels - expected).max(), 1)
        self.assertLess(np.mean(pixels != expected), 1e-3)

    @parameterized.parameters("0.00", "1.25", "2.00", "3.00")
    def test_the_references_images_mid_growth(self, lod):
        golden = common.golden("g_res32")
        for kind in ("fused", "nofused"):
            network = common.golden_generator(kind == "fused")
            model = stock_model.build(network, float(lod))
            drawn = model({"latents": golden["latents"]})["images"]
            expected = common.nhwc(golden[f"out_{kind}_linear/lod{lod}"])
            self.assertAllClose(drawn, expected, rtol=0, atol=2e-5)

    @parameterized.parameters(
        {"use_pixelnorm": False},
        {"normalize_latents": False},
        {"use_leakyrelu": False},
        {"use_wscale": False},
        {"pixelnorm_epsilon": 0.1},
        {"label_size": 3, "lod": 0.5},
        {"dtype": "mixed_float16"},
        {"num_channels": 1, "latent_size": 5},
    )
    def test_options(self, **options):
        keras.utils.set_random_seed(0)
        network = Generator(**{**SIZES, **options})
        random = np.random.RandomState(0)
        for weight in network.weights:  # biases, too
            weight.assign(random.standard_normal(weight.shape))
        inputs = {
            "latents": random.standard_normal((3, network.latent_size)),
        }
        if network.label_size:
            inputs["labels"] = np.eye(3)
        expected = network(**inputs)
        drawn = stock_model.build(network)(inputs)["images"]
        self.assertEqual(drawn.dtype, "float32")
        # Halves have 11 bits, at every layer.
        half = network.dtype_policy.name == "mixed_float16"
        self.assertAllClose(
            common.native(np.asarray(drawn), expected.shape[1]),
            expected,
            rtol=1e-2 if half else 1e-5,
            atol=0.1 if half else 1e-4,
        )

    def test_no_class_of_ours(self):
        network = Generator(**SIZES, label_size=2, lod=0.5)
        model = stock_model.build(network, uint8=True)
        for layer in model.layers:
            self.assertStartsWith(type(layer).__module__, "keras.")
        self.assertNotIn("pgan_tf", model.to_json())

    def test_lods_there_are_not(self):
        network = Generator(**SIZES)
        with self.assertRaisesRegex(ValueError, "not between 0 and 2"):
            stock_model.build(network, 2.5)
