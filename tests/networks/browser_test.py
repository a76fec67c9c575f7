"""Generators for pages: what is packed, and the script that draws with it."""

import base64
import json
from types import SimpleNamespace
from typing import Any
from unittest import mock

import keras
import numpy as np
from absl.testing import parameterized

from pgan_tf.base import errors, images
from pgan_tf.networks import browser, families
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.tiny.generator import TinyGenerator
from pgan_tf.sampling import drawing, latent_table
from tests import browsers, common

SMALL: dict[str, Any] = {"resolution": 16, "fmap_base": 64, "fmap_max": 8}
LABEL = np.float32([0, 1])
# Of float16: 11 bits, over a dozen layers.
NEAR = {"rtol": 0, "atol": 0.03}


def networks() -> dict[str, Any]:
    """One of each kind of layers."""
    keras.utils.set_random_seed(0)
    return {
        "settled": Generator(num_channels=3, **SMALL),
        "fading": Generator(
            num_channels=1, label_size=2, lod=0.4, latent_size=5, **SMALL
        ),
        "growing": Generator(
            num_channels=3, lod=1.0, fused_scale=False,
            use_leakyrelu=False, use_pixelnorm=False, **SMALL,
        ),
        "lowest": Generator(num_channels=3, lod=2.0, **SMALL),
        "tiny": TinyGenerator(resolution=8, num_channels=3),
        "tiny_norm": TinyGenerator(resolution=8, batch_norm=True, lod=0.5),
    }  # fmt: skip


class Plain:
    """The steps in NumPy, one picture, channels first, as slow as is clear."""

    def __init__(self, packed: browser.Drawer) -> None:
        self.steps = packed.steps
        data = np.frombuffer(base64.b64decode(packed.weights), "<f2")
        self.weights = data.astype(np.float64)

    def __call__(self, latents: np.ndarray) -> np.ndarray:
        made: list[np.ndarray] = []
        for step in self.steps:
            inputs = [made[place] for place in step["inputs"]]
            if step["op"] == "latents":
                inputs = [latents]
            made.append(getattr(self, step["op"])(step, *inputs))
        return made[-1].transpose(1, 2, 0)

    def kernel(self, step: dict, *shape: int) -> np.ndarray:
        begin = step["kernel"]
        return self.weights[begin : begin + np.prod(shape)].reshape(shape)

    def bias(self, step: dict) -> np.ndarray:
        return self.weights[step["bias"] : step["bias"] + step["outputs"]]

    def latents(self, step, x):
        return x

    def label(self, step):
        return np.array(step["values"])

    def join(self, step, *parts):
        return np.concatenate(parts)

    def rms(self, step, x):
        return x / np.sqrt(np.mean(x**2, axis=0) + step["epsilon"])

    def dense(self, step, x):
        return x @ self.kernel(step, len(x), step["outputs"]) + self.bias(step)

    def reshape(self, step, x):
        return x.reshape(step["height"], step["width"], -1).transpose(2, 0, 1)

    def leaky(self, step, x):
        return np.where(x < 0, step["slope"] * x, x)

    def tanh(self, step, x):
        return np.tanh(x)

    def pad(self, step, x):
        border = step["border"]
        return np.pad(x, [(0, 0), (border, border), (border, border)])

    def repeat(self, step, x):
        return x.repeat(step["factor"], 1).repeat(step["factor"], 2)

    def conv(self, step, x):
        size, pad = step["size"], step["pad"]
        x = np.pad(x, [(0, 0), (pad, pad), (pad, pad)])
        kernel = self.kernel(step, step["outputs"], len(x), size, size)
        windows = np.lib.stride_tricks.sliding_window_view(
            x, (size, size), (1, 2)
        )
        sums = np.einsum("ihwyx,oiyx->ohw", windows, kernel)
        return sums + self.bias(step)[:, None, None]

    def doubling(self, step, x):
        """Every input scatters its 4x4 outputs, two pixels from the next."""
        count, height, width = x.shape
        kernel = self.kernel(step, step["outputs"], count, 4, 4)
        out = np.zeros((step["outputs"], 2 * height + 2, 2 * width + 2))
        for y in range(height):
            for left in range(width):
                spread = np.einsum("i,oiyx->oyx", x[:, y, left], kernel)
                out[:, 2 * y : 2 * y + 4, 2 * left : 2 * left + 4] += spread
        return out[:, 1:-1, 1:-1] + self.bias(step)[:, None, None]

    def add(self, step, a, b):
        return a + b

    def subtract(self, step, a, b):
        return a - b

    def multiply(self, step, a):
        return a * step["number"]


class PackTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(*networks())
    def test_the_steps_draw_the_same(self, name):
        network = networks()[name]
        label = LABEL if network.label_size else None
        packed = browser.pack(network, label)
        latents = latent_table.latents(0, 1, network.latent_size, 3)
        labels = None if label is None else label[None]
        (expected,) = drawing.generate(network, latents, labels)
        found = Plain(packed)(latents[0].astype(np.float64))
        self.assertAllClose(found, expected, **NEAR)
        if label is not None:
            # A label of no influence would pass as well.
            other = Plain(browser.pack(network, 1 - label))(latents[0])
            self.assertGreater(np.abs(other - expected).max(), 0.1)

    def test_multiplications(self):
        """Of 4x4, 3 channels: dense, 3x3, 1x1."""
        network = Generator(num_channels=3, lod=2.0, **SMALL)
        expected = 8 * 128 + 16 * (9 * 8 * 8 + 8 * 3)
        self.assertEqual(browser.pack(network, None).macs, expected)

    def packed_of(self, build) -> browser.Drawer:
        models = SimpleNamespace(stock_model=lambda *_: build())
        family = SimpleNamespace(models=lambda: models)
        with mock.patch.object(families, "of_network", return_value=family):
            return browser.pack(object(), None)

    def test_layers_that_pages_do_not_know(self):
        def model(*layers):
            x = inputs = keras.Input((8,), name="latents")
            for layer in layers:
                x = layer(x)
            return keras.Model({"latents": inputs}, {"images": x})

        norm = keras.layers.RMSNormalization()
        image = keras.layers.Reshape((2, 2, 2))
        cases = {
            "the kind LayerNormalization": [keras.layers.LayerNormalization()],
            "draw with relu": [keras.layers.Activation("relu")],
            "of 4x4 only": [image, keras.layers.Conv2DTranspose(1, 3)],
        }
        for message, layers in cases.items():
            with self.assertRaisesRegex(errors.UserError, message):
                self.packed_of(lambda layers=layers: model(*layers))

        def scaled():
            made = model(norm)
            norm.set_weights([np.full(8, 2.0)])
            return made

        with self.assertRaisesRegex(errors.UserError, "scaled norms"):
            self.packed_of(scaled)

        def huge():
            dense = keras.layers.Dense(4)
            made = model(dense)
            dense.set_weights([np.full((8, 4), 1e6), np.zeros(4)])
            return made

        with self.assertRaisesRegex(errors.UserError, "beyond float16"):
            self.packed_of(huge)


class ScriptTest(common.TestCase):
    def test_the_script_draws_the_same(self):
        """All networks in one page, as a browser starts slowly."""
        cases, expected = [], []
        for network in networks().values():
            label = LABEL if network.label_size else None
            latents = latent_table.latents(0, 1, network.latent_size, 3)
            labels = None if label is None else label[None]
            (drawn,) = drawing.generate(network, latents, labels)
            expected.append(drawn)
            packed = browser.pack(network, label)
            cases.append(
                {
                    "network": packed._asdict(),
                    "latents": latents[0].tolist(),
                }
            )  # fmt: skip
        page = f"""<!doctype html><body>
<script>{browser.script()}
const cases = {json.dumps(cases)};</script></body>"""
        found = browsers.said(page, """
            const all = [];
            for (const each of cases) {
              const image = await makeDrawer(each.network)(each.latents);
              all.push({...image, planes: [...image.planes],
                        pixels: [...toPixels(image)]});
            }
            say(JSON.stringify(all));""")  # fmt: skip
        for image, drawn in zip(json.loads(found), expected, strict=True):
            height, width, channels = drawn.shape
            planes = np.reshape(image["planes"], (channels, height, width))
            self.assertAllClose(planes.transpose(1, 2, 0), drawn, **NEAR)
            pixels = np.reshape(image["pixels"], (height, width, 4))
            self.assertAllEqual(pixels[..., 3], np.full((height, width), 255))
            wanted = images.to_rgb(images.to_uint8(drawn)).astype(int)
            self.assertLessEqual(np.abs(pixels[..., :3] - wanted).max(), 4)
