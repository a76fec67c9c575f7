"""`.keras` files of strangers: one line each, and little memory."""

import io
import json
import resource
import struct
import zipfile
from unittest import mock

import h5py
import keras
import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.base import devices, errors, memory
from pgan_tf.evaluation.features import own_model
from pgan_tf.networks import keras_files, snapshots
from pgan_tf.networks.progressive.generator import Generator
from tests import common

MANY = 2**31
L = keras.layers


def model(units=4):
    images = keras.Input([None, None, 3])
    x = L.GlobalAveragePooling2D()(L.Conv2D(units, 3, padding="same")(images))
    return keras.Model(images, x)


def h5(fill):
    """The bytes of an HDF5 file that `fill` writes."""
    stream = io.BytesIO()
    with h5py.File(stream, "w") as file:
        fill(file)
    return stream.getvalue()


def claims(shape, **options):
    """Weights that are never written, or shrink to nothing."""
    return h5(lambda f: f.create_dataset("vars/0", shape, "f4", **options))


def shrunk_zeros(file):
    shape, chunks = (60_000_000,), (10_000_000,)
    data = file.create_dataset("0", shape, "f4", chunks=chunks, compression=9)
    data[:] = 0


def elsewhere(file):
    file.create_dataset("0", (4,), "f4", external=[("/etc/passwd", 0, 16)])


def virtual(file):
    layout = h5py.VirtualLayout((4,), "f4")
    layout[:] = h5py.VirtualSource("/etc/passwd", "x", (4,))
    file.create_virtual_dataset("0", layout)


def link(target):
    return lambda file: file.__setitem__("layers", target)


def with_cycle(file):
    group = file.create_group("a")
    group["b"] = group
    file.create_dataset("0", (MANY,), "f4")


# What stands in place of the weights.
WEIGHTS = {
    "never written": claims([MANY]),
    "never written, in chunks": claims([MANY, 4], chunks=(1024, 4)),
    "of many axes": claims([2**16, 2**16, 2**16]),
    "shrunk": h5(shrunk_zeros),
    "external": h5(elsewhere),
    "virtual": h5(virtual),
    "external link": h5(link(h5py.ExternalLink("/etc/passwd", "/"))),
    "soft link": h5(link(h5py.SoftLink("/nothing"))),
    "cycle": h5(with_cycle),
    "texts": h5(lambda f: f.create_dataset("0", data=["a"] * 9)),
    "empty": b"",
    "no HDF5": b"\x89HDF" + bytes(1000),
    "other": h5(lambda f: f.create_dataset("0", data=np.zeros(3))),
    "zeros": bytes(300_000_000),
}


def layer(class_name, module="keras.layers", **config):
    return {"class_name": class_name, "module": module, "config": config}


def sequential(*layers):
    whole = layer("Sequential", "keras", name="s", layers=list(layers))
    return {**whole, "registered_name": None}


def nested(depth, kind="list"):
    if kind == "list":
        return "[" * depth + "]" * depth
    return '{"a":' * depth + "1" + "}" * depth


INPUT = layer("InputLayer", batch_shape=[None, 8, 8, 3], dtype="float32")
FLAT = layer("Flatten")
# What stands in place of the description.
CONFIGS = {
    "no JSON": "{",
    "list": "[]",
    "null": "null",
    "number": "1e999",
    "deep list": nested(100_000),
    "deep object": nested(100_000, "object"),
    "fairly deep": nested(900, "object"),
    "white space": " " * 500_000_000,
    "large": json.dumps(sequential(INPUT, FLAT, layer("Dense", units=MANY))),
    "very large": json.dumps(
        sequential(INPUT, FLAT, layer("Dense", units=10**30))
    ),
    "negative": json.dumps(sequential(INPUT, FLAT, layer("Dense", units=-1))),
    "words": json.dumps(sequential(INPUT, FLAT, layer("Dense", units="x"))),
    "other shapes": json.dumps(
        sequential(INPUT, FLAT, layer("Dense", units=2))
    ),
}
# What must not be made, by where it is named.
CODE = {"class_name": "__lambda__", "config": {"code": "x"}}
OBJECTS = {
    "lambda layer": layer("Lambda", function=CODE),
    "lambda": layer("Activation", activation=CODE),
    "saved model": layer("TFSMLayer", filepath="/tmp/x"),
    "torch": layer("TorchModuleWrapper", module=""),
    "flax": layer("FlaxLayer", module=""),
    "file": layer("StringLookup", vocabulary="/etc/passwd"),
    "texts": layer("TextVectorization", vocabulary="/etc/passwd"),
    "numbers": layer("IntegerLookup", vocabulary="/etc/passwd"),
    "by path": layer("Lambda", "keras.src.layers.core.lambda_layer"),
    "without module": {"class_name": "Lambda", "config": {}},
    "download": layer("get_file", "keras.utils", fname="x", origin="file:///"),
    "function": {
        **layer("function", "keras.utils"),
        "config": "get_file",
        "registered_name": "function",
    },
    "os": layer("system", "os", command="true"),
    "subprocess": layer("Popen", "subprocess", args=["true"]),
    "another package": layer("Backbone", "keras_hub.models"),
    "not registered": {**layer("A", "b"), "registered_name": "b>A"},
    "odd names": layer("A\nB", "x\x1b[31m"),
    "no name": {"class_name": ["x"], "module": {}, "config": None},
}


class HostileTest(common.TestCase, parameterized.TestCase):
    def setUp(self):
        super().setUp()
        self.path = self.folder() / "of a stranger.keras"

    def write(self, original, compression=zipfile.ZIP_DEFLATED, **replaced):
        """A model's file with other members in place of its own."""
        original.save(self.path)
        with zipfile.ZipFile(self.path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        for name, data in replaced.items():
            parts[name.replace("_", ".")] = data
        with zipfile.ZipFile(self.path, "w", compression) as archive:
            for name, data in parts.items():
                archive.writestr(name, data)

    def refused(self, reason=""):
        """By all who read such files; peak memory stays low."""
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        for read in (
            snapshots.load_generator,
            keras_files.load,
            lambda path: own_model.load(path, 8, devices.Replicas()),
        ):
            with self.assertRaisesRegex(errors.UserError, reason) as caught:
                read(self.path)
            line = str(caught.exception)
            self.assertIn("of a stranger.keras", line)
            self.assertTrue(line.isprintable(), line)
            self.assertLess(len(line), 600)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        # In KB: a bomb of this test takes 300 MB at least, most far more.
        self.assertLess(after - before, 600_000)

    @parameterized.parameters(*WEIGHTS)
    def test_weights(self, name):
        for original in (Generator(resolution=4, fmap_base=16), model()):
            self.write(original, model_weights_h5=WEIGHTS[name])
            self.refused()

    @parameterized.parameters(*CONFIGS)
    def test_descriptions(self, name):
        self.write(model(), config_json=CONFIGS[name])
        self.refused()

    @parameterized.parameters(*OBJECTS)
    def test_objects_that_do_more_than_compute(self, name):
        """In the place of a layer, within one, or anywhere at all."""
        each = OBJECTS[name]
        for config in (
            sequential(INPUT, each),
            sequential(INPUT, layer("TimeDistributed", layer=each)),
            sequential(INPUT, layer("Conv2D", filters=4, activation=each)),
            sequential(INPUT, {**FLAT, "build_config": {"x": [[each]]}}),
        ):
            self.write(model(), config_json=json.dumps(config))
            with self.assertRaisesRegex(errors.UserError, "refused, since"):
                keras_files.load(self.path)
            self.refused()

    def test_a_generator_is_looked_at_as_closely(self):
        generator = Generator(resolution=4, fmap_base=16)
        config = json.loads(self.config_of(generator))
        for change in (
            {"dtype": OBJECTS["lambda layer"]},
            {"fmap_base": 2**40, "fmap_max": 2**40},
            {"fmap_base": "x"},
            {"latent_size": 2**40},
            {"resolution": 2**40},
            {"resolution": 5},
            {"resolution": None},
            {"num_channels": -3},
            {"label_size": 2**33},
            {"surplus": 1},
        ):
            changed = {**config, "config": {**config["config"], **change}}
            self.write(generator, config_json=json.dumps(changed))
            self.refused()
        for lod in (99.0, float("nan"), -1.0):
            changed = {**config, "config": {**config["config"], "lod": lod}}
            self.write(generator, config_json=json.dumps(changed))
            with self.assertRaisesRegex(errors.UserError, "is not between"):
                snapshots.load_generator(self.path)

    def test_what_was_refused_takes_no_memory_later(self):
        """Keras gives variables their memory whenever it thinks of it."""
        config = sequential(INPUT, FLAT, layer("Dense", units=2**26))
        self.write(model(), config_json=json.dumps(config))
        with self.assertRaisesRegex(errors.UserError, "without all its"):
            keras_files.load(self.path)
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        images = keras.Input([4, 4, 3])
        keras.Model(images, L.Flatten()(keras.ops.relu(2 * images)))
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        self.assertLess(after - before, 300_000)

    def config_of(self, original):
        original.save(self.path)
        with zipfile.ZipFile(self.path) as archive:
            return archive.read("config.json")

    def test_members(self):
        self.write(model())
        whole = self.path.read_bytes()
        with zipfile.ZipFile(self.path, "a") as archive:
            archive.writestr("assets/x", b"1")
        self.refused("assets/x")
        self.path.write_bytes(whole)
        with zipfile.ZipFile(self.path, "a") as archive:
            archive.writestr("model.weights.npz", b"1")
        self.refused("npz")
        self.path.write_bytes(whole)
        with mock.patch("warnings.warn"), zipfile.ZipFile(self.path, "a") as a:
            a.writestr("config.json", b"{}")
        self.refused("two members of one name")
        for name in ("config.json", "model.weights.h5"):
            with zipfile.ZipFile(self.path, "w") as archive:
                archive.writestr(name, b"{}")
            self.refused()

    def test_sizes_that_the_directory_claims(self):
        """4 GB in the file or beyond it: neither is there."""
        self.write(model(), zipfile.ZIP_STORED)
        whole = self.path.read_bytes()
        for offsets in ((24,), (20, 24)):
            self.path.write_bytes(self.claiming(whole, offsets))
            self.refused()
        # Stored members are as long as their contents: this one is whole.
        self.path.write_bytes(self.claiming(whole, (20,)))
        keras_files.load(self.path)
        # But weights are not thereby worth 4 GB.
        self.write(model(), model_weights_h5=WEIGHTS["shrunk"])
        data = self.claiming(self.path.read_bytes(), (20,))
        self.path.write_bytes(data)
        self.refused()

    def claiming(self, whole, offsets):
        """A zip file whose directory says 4 GB at some places."""
        data, at = bytearray(whole), 0
        while (at := data.find(b"PK\1\2", at)) >= 0:
            for offset in offsets:
                struct.pack_into("<I", data, at + offset, 2**32 - 2)
            at += 4
        return bytes(data)

    def test_changed_bytes(self):
        """A fuzz: it loads, or there is one line."""
        self.write(model(), zipfile.ZIP_STORED)
        whole = self.path.read_bytes()
        random = np.random.RandomState(0)
        for _ in range(60):
            data = bytearray(whole)
            for at in random.randint(0, len(data), 8):
                data[at] = random.randint(256)
            cut = random.randint(len(data)) if random.rand() < 0.3 else None
            self.path.write_bytes(data[:cut])
            try:
                keras_files.load(self.path)
            except errors.UserError as error:
                self.assertTrue(str(error).isprintable(), error)

    def test_more_than_the_budget(self):
        self.write(model(), zipfile.ZIP_STORED)
        self.addCleanup(memory.set_limit, memory.limit())
        memory.set_limit(10_000)
        self.refused("max_memory")


class LegitimateTest(common.TestCase):
    """What people have for features passes, and computes the same."""

    def check(self, original):
        path = self.folder() / "mine.keras"
        original.save(path)
        images = np.random.RandomState(0).rand(2, 32, 32, 3).astype("f4")
        found = tf.nest.flatten(keras_files.load(path)(images, training=False))
        expected = tf.nest.flatten(original(images, training=False))
        for one, other in zip(found, expected, strict=True):
            self.assertAllEqual(one, other)

    def test_layers_of_many_kinds(self):
        inputs = keras.Input([32, 32, 3])
        x = L.Rescaling(1 / 255)(inputs)
        for each in (
            L.RandomFlip(),
            L.Resizing(24, 24),
            L.Normalization(mean=[1.0, 2.0, 3.0], variance=[1.0, 1.0, 2.0]),
            L.CenterCrop(16, 16),
            L.Conv2D(8, 3, activation="gelu", kernel_regularizer="l2"),
            L.BatchNormalization(),
            L.SeparableConv2D(8, 3, padding="same"),
            L.GroupNormalization(4),
            L.Conv2DTranspose(8, 3, strides=2, kernel_constraint="non_neg"),
            L.LayerNormalization(),
            L.UpSampling2D(2, interpolation="bilinear"),
            L.ZeroPadding2D(),
            L.PReLU(shared_axes=[1, 2]),
            L.Activation(keras.activations.silu),
            L.SpatialDropout2D(0.1),
            L.MaxPooling2D(4),
            L.Reshape([-1, 8]),
        ):
            x = each(x)
        x = x + L.MultiHeadAttention(2, 4)(x, x)
        x = L.Bidirectional(L.GRU(4, return_sequences=True))(x)
        x = keras.ops.relu(x[:, 1:]) / 2.0
        x = L.GlobalAveragePooling1D()(x)
        original = keras.Model(inputs, (x, L.Dense(3, activation="softmax")(x)))
        original.compile("adam", "mse", metrics=["mae"])
        self.check(original)

    def test_models_within_models(self):
        inner = keras.Sequential([keras.Input([32, 32, 3]), L.Conv2D(4, 3)])
        inner.compile("sgd", "mse")
        outer = keras.Sequential(
            [keras.Input([32, 32, 3]), inner, L.GlobalMaxPooling2D()]
        )
        self.check(outer)

    def test_a_published_architecture(self):
        self.check(
            keras.applications.MobileNetV3Small(
                weights=None,
                input_shape=(32, 32, 3),
                include_top=False,
                pooling="avg",
            )
        )

    def test_classes_of_the_program_that_calls(self):
        @keras.saving.register_keras_serializable("of_a_test")
        class Twice(L.Layer):
            def call(self, x):
                return 2 * x

        inputs = keras.Input([32, 32, 3])
        self.check(keras.Model(inputs, L.Flatten()(Twice()(inputs))))

    def test_half_precision(self):
        generator = common.retyped(
            Generator(resolution=8, fmap_base=32), "mixed_float16"
        )
        path = self.folder() / "half.keras"
        snapshots.save_generator(generator, path)
        latents = common.ramp((2, generator.latent_size))
        self.assertAllEqual(
            snapshots.load_generator(path)(latents), generator(latents)
        )


if __name__ == "__main__":
    tf.test.main()
