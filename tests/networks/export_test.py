"""Exported generators, run where this package is not."""

import json
from unittest import mock

import numpy as np
from absl.testing import parameterized

from pgan_tf.base import errors
from pgan_tf.networks import export, export_formats
from pgan_tf.networks.progressive import stock_model
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.nvidia import snapshots as nvidia
from tests import common, documents, processes
from tests.networks.progressive import numpy_networks

HARNESS = """
import importlib.util, json, sys
import numpy as np
assert importlib.util.find_spec("pgan_tf") is None
for name, code in json.loads(sys.argv[1]):
    scope = {"inputs": dict(np.load("inputs.npz"))}
    exec(code, scope)
    np.save(f"of_{name}.npy", np.asarray(scope["images"]))
if sys.argv[2] == "light":
    assert not {"tensorflow", "keras"} & set(sys.modules)
"""


class ExportTest(common.TestCase, parameterized.TestCase):
    def run_elsewhere(self, folder, names, kind):
        """Runs models as the guide says, in a process without this package."""
        (folder / "harness.py").write_text(HARNESS)
        jobs = json.dumps([(name, documents.python(name)) for name in names])
        processes.succeed(
            "-I",
            folder / "harness.py",
            jobs,
            kind,
            cwd=folder,
            env={"TF_CPP_MIN_LOG_LEVEL": 2},
        )
        return [np.load(folder / f"of_{name}.npy") for name in names]

    def check(self, network, inputs, expected, lod, uint8):
        """Exports to all formats, and compares what others make of them."""
        folder = self.folder()
        np.savez(folder / "inputs.npz", **inputs)
        for name, format_ in export_formats.FORMATS.items():
            path = folder / f"model{format_.suffix}"
            worst = export.export(network, name, path, lod, uint8)
            self.assertLess(worst, 2 if uint8 else 1e-4)
        self.assertEmpty(list(folder.glob("partial-*")))
        for kind, names in (
            ("heavy", ("keras", "savedmodel")),
            ("light", ("onnx", "tflite")),
        ):
            for found in self.run_elsewhere(folder, names, kind):
                self.assertEqual(found.shape, expected.shape)
                if uint8:
                    self.assertEqual(found.dtype, np.uint8)
                    difference = np.abs(found - expected.astype(int))
                    self.assertLessEqual(difference.max(), 1)
                    self.assertLess(np.mean(difference > 0), 1e-2)
                else:
                    self.assertEqual(found.dtype, np.float32)
                    self.assertAllClose(found, expected, rtol=0, atol=5e-5)

    def test_the_references_network(self):
        Gs = nvidia.load_generator(common.GOLDEN_DIR / "ref_snapshot.pkl")
        golden = common.golden("ref_snapshot")
        inputs = {"latents": golden["latents"]}
        self.check(Gs, inputs, common.nhwc(golden["Gs_out"]), None, False)

    def test_labels_and_growth_and_pixels(self):
        network = Generator(
            resolution=16, num_channels=3, label_size=3, fmap_base=32, lod=1
        )
        random = np.random.RandomState(0)
        size = (5, network.latent_size)
        inputs = {
            "latents": random.standard_normal(size).astype(np.float32),
            "labels": np.eye(3, dtype=np.float32)[[0, 2, 1, 1, 0]],
        }
        drawn = numpy_networks.generator(
            nvidia.variables(network), *inputs.values(), lod=0.25
        )
        expected = np.clip(np.rint(drawn * 127.5 + 127.5), 0, 255)
        self.check(network, inputs, common.nhwc(expected), 0.25, True)


class RefusalTest(common.TestCase, parameterized.TestCase):
    def setUp(self):
        super().setUp()
        self.network = Generator(resolution=8, fmap_base=32)
        self.path = self.folder() / "model.keras"

    def test_what_draws_something_else_is_not_written(self):
        model = stock_model.build(self.network)
        weights = model.get_weights()
        weights[-1] = weights[-1] + 0.05  # the bias of the images
        model.set_weights(weights)
        with mock.patch.object(stock_model, "build", return_value=model):
            with self.assertRaisesRegex(errors.UserError, "by 0.05; a fault"):
                export.export(self.network, "keras", self.path)
        self.assertEmpty(list(self.path.parent.iterdir()))

    @parameterized.product(
        name=tuple(export_formats.FORMATS),
        uint8=(False, True),
        value=(np.nan, np.inf),
    )
    def test_networks_that_draw_no_numbers(self, name, uint8, value):
        weights = self.network.get_weights()
        weights[-1] = weights[-1] + value
        self.network.set_weights(weights)
        path = self.path.with_name(
            "model" + export_formats.FORMATS[name].suffix
        )
        with self.assertRaisesRegex(errors.UserError, "no numbers"):
            export.export(self.network, name, path, uint8=uint8)
        self.assertEmpty(list(path.parent.iterdir()))

    @parameterized.parameters(*export_formats.FORMATS)
    def test_one_value_that_is_no_number_is_not_written(self, name):
        """Whatever the program for the format makes of the network."""
        path = self.path.with_name(
            "model" + export_formats.FORMATS[name].suffix
        )
        inputs = export.fixed_inputs(self.network)
        drawn = export.source_images(self.network, inputs, None, False)
        drawn[1, 2, 3, 0] = np.nan
        running = mock.patch.dict(
            export.RUNNERS, {name: lambda made, given: drawn}
        )
        with running, self.assertRaisesRegex(errors.UserError, "by nan"):
            export.export(self.network, name, path)
        self.assertEmpty(list(path.parent.iterdir()))

    def test_missing_packages_are_named(self):
        with mock.patch("importlib.util.find_spec", return_value=None):
            message = r'needs more packages: pip install "pgan_tf\[export\]"'
            for name in ("onnx", "tflite"):
                with self.assertRaisesRegex(errors.UserError, message):
                    export.export(self.network, name, self.path)

    def test_lods_there_are_not(self):
        with self.assertRaisesRegex(errors.UserError, "--lod=3: .* 0 and 1"):
            export.export(self.network, "keras", self.path, lod=3)
