"""No setting of Keras, of a file or the environment, changes a number."""

import json
import os
import pathlib
import subprocess
import sys
import types
from unittest import mock

import numpy as np
import pytest
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.base import keras_settings
from tests import common

# A value that matters, of every key that Keras reads in keras.json ...
OF_KEYS = {
    "floatx": ("float16", "float64", "bfloat16", None),
    "epsilon": (0.5, 1, "x"),
    "backend": ("jax", "torch", "openvino", "numpy", "theano", ""),
    "image_data_format": ("channels_first", "sideways"),
    "nnx_enabled": (True,),
}
SINGLE = [{key: each} for key, values in OF_KEYS.items() for each in values]
# ... of what such a file may also be ...
CONTENTS = [
    *(json.dumps({**keras_settings.DEFAULTS, **each}) for each in SINGLE),
    *map(json.dumps, SINGLE),
    *("", "{", "[]", "3", "null", "[" * 100_000, "\udcff"),
]
# ... and of every variable.
VARIABLES = (
    {"KERAS_BACKEND": "jax"},
    {"KERAS_BACKEND": "torch"},
    {"KERAS_BACKEND": ""},
    {"KERAS_MAX_EPOCHS": "0"},
    {"KERAS_MAX_EPOCHS": "x"},
    {"KERAS_MAX_STEPS_PER_EPOCH": "1"},
    {"KERAS_NNX_ENABLED": "true"},
    {"KERAS_HOME": "other"},
    {"TF_USE_LEGACY_KERAS": "1"},
)
WORST = {
    "floatx": "float16",
    "epsilon": 0.5,
    "backend": "jax",
    "image_data_format": "channels_first",
    "nnx_enabled": True,
}

# Numbers of everything that Keras computes here.
NUMBERS = """
import json, sys
{first}
import pgan_tf
import numpy as np
from pgan_tf.base import devices
from pgan_tf.evaluation.features import label_classifier, untrained
from pgan_tf.networks.progressive import stock_model
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
import keras
assert keras.config.backend() == "tensorflow"
random = np.random.RandomState(0)
pixels = random.randint(0, 256, (200, 16, 16, 3)).astype(np.uint8)
labels = np.eye(2, dtype=np.float32)[np.arange(200) % 2]
keras.utils.set_random_seed(0)
G = Generator(resolution=16, num_channels=3, fmap_base=64)
D = Discriminator(resolution=16, num_channels=3, fmap_base=64)
latents = random.standard_normal((4, G.latent_size)).astype(np.float32)
drawn = np.asarray(G(latents))
stock = stock_model.build(G)(dict(latents=latents))["images"]
model, accuracy = label_classifier.train(pixels, labels, False, seed=0)
found = dict(
    drawn=drawn,
    stock=stock,
    scores=D(drawn)[0],
    features=untrained.make(devices.Replicas())(pixels[:9])[0],
    learned=model(pixels[:9])[0],
    accuracy=accuracy,
)
print(json.dumps(
    {{k: np.asarray(v, np.float64).ravel().tolist() for k, v in found.items()}}
))
"""


class FileTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(*CONTENTS)
    def test_a_file_that_says_something_is_not_read(self, content):
        home = self.folder()
        (home / ".keras").mkdir()
        data = content.encode("utf-8", "surrogateescape")
        (home / ".keras" / "keras.json").write_bytes(data)
        self.assertEqual(self.settled({"HOME": str(home)}), os.devnull)
        # Wherever it lies.
        given = {"HOME": "/", "KERAS_HOME": str(home / ".keras")}
        self.assertEqual(self.settled(given), os.devnull)

    def settled(self, environment):
        """The KERAS_HOME of a process that has not imported Keras."""
        modules = {k: v for k, v in sys.modules.items() if k != "keras"}
        with (
            mock.patch.dict(os.environ, environment),
            mock.patch.object(sys, "modules", modules),
        ):
            keras_settings.settle()
            return os.environ.get("KERAS_HOME")

    def test_files_that_are_usual_stay_where_they_are(self):
        home = self.folder()
        self.assertIsNone(self.settled({"HOME": str(home)}))
        (home / ".keras").mkdir()
        path = home / ".keras" / "keras.json"
        path.write_text(json.dumps(keras_settings.DEFAULTS))
        self.assertIsNone(self.settled({"HOME": str(home)}))
        path.chmod(0)
        if os.getuid():
            self.assertEqual(self.settled({"HOME": str(home)}), os.devnull)

    @parameterized.parameters(*VARIABLES)
    def test_variables(self, **variable):
        with mock.patch.dict(os.environ, variable):
            keras_settings.settle()
            self.assertEqual(os.environ["KERAS_BACKEND"], "tensorflow")
            for name in keras_settings.UNWANTED:
                self.assertNotIn(name, os.environ)

    def test_an_imported_keras_of_another_backend_is_refused(self):
        other = types.SimpleNamespace(
            config=types.SimpleNamespace(backend=lambda: "jax")
        )
        with mock.patch.dict(sys.modules, keras=other):
            with self.assertRaisesRegex(ImportError, "runs on jax: import pg"):
                keras_settings.settle()

    def test_the_files_that_keras_reads_are_known(self):
        """A new key or variable of a new Keras turns this red."""
        import keras.src.backend.config as config

        source = pathlib.Path(config.__file__).read_text()
        keys = {part.split('"')[1] for part in source.split("_config.get(")[1:]}
        self.assertEqual(keys, set(OF_KEYS))
        names = {
            part.split('"')[0]
            for part in source.split('"')
            if part.startswith("KERAS_")
        }
        known = {name for each in VARIABLES for name in each}
        self.assertEqual(names - known, set())


class NumbersTest(common.TestCase, parameterized.TestCase):
    def numbers(self, settings, environment=(), first=""):
        home = self.folder()
        (home / ".keras").mkdir()
        text = json.dumps(settings)
        (home / ".keras" / "keras.json").write_text(text)
        done = subprocess.run(
            [sys.executable, "-c", NUMBERS.format(first=first)],
            cwd=common.ROOT,
            env={**os.environ, "HOME": str(home), **dict(environment)},
            capture_output=True,
            text=True,
        )
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout.splitlines()[-1])

    def compare(self, found, expected):
        self.assertEqual(set(found), set(expected))
        for name, values in expected.items():
            np.testing.assert_allclose(
                found[name], values, rtol=1e-4, atol=1e-5, err_msg=name
            )

    def test_all_at_once(self):
        expected = self.numbers(keras_settings.DEFAULTS)
        variables = {
            "KERAS_BACKEND": "jax",
            "KERAS_MAX_EPOCHS": "0",
            "KERAS_MAX_STEPS_PER_EPOCH": "1",
            "KERAS_NNX_ENABLED": "true",
        }
        self.compare(self.numbers(WORST, variables), expected)
        # Imported first, Keras has read its file.
        own = {**WORST, "backend": "tensorflow", "nnx_enabled": False}
        self.compare(self.numbers(own, (), "import keras"), expected)

    @pytest.mark.slow
    def test_each_alone(self):
        expected = self.numbers(keras_settings.DEFAULTS)
        for key, value in WORST.items():
            settings = {**keras_settings.DEFAULTS, key: value}
            self.compare(self.numbers(settings), expected)
        for variable in VARIABLES:
            found = self.numbers(keras_settings.DEFAULTS, variable)
            self.compare(found, expected)


if __name__ == "__main__":
    tf.test.main()
