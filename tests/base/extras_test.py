"""What is said where an optional package is not installed."""

import sys
from unittest import mock

from absl.testing import parameterized

from pgan_tf.base import errors, extras
from pgan_tf.data.sources import hdf5, tfds_download, tfds_images
from pgan_tf.data.sources.celebahq import deltas
from tests import common, processes


class ExtrasTest(common.TestCase, parameterized.TestCase):
    def test_what_is_installed_is_imported(self):
        self.assertIs(extras.require("json", "x", "y"), sys.modules["json"])
        extras.check(["json", "csv"], "x", "y")

    @parameterized.parameters(
        ("h5py", "hdf5", lambda here: hdf5.Hdf5(here / "a.h5")),
        ("cryptography.fernet", "celebahq", deltas.Deltas),
        ("tensorflow_datasets", "tfds", lambda here: tfds_download.fetch()),
        (
            "tensorflow_datasets",
            "tfds",
            lambda here: tfds_images.TfdsImages("mnist", "train", here, 8),
        ),
    )
    def test_what_is_not_gets_a_line_that_names_the_extra(
        self, module, extra, use
    ):
        here = self.folder()
        (here / "a.h5").touch()
        message = rf'needs more packages: pip install "pgan_tf\[{extra}\]"$'
        with mock.patch.dict(sys.modules, {module: None}):
            with self.assertRaisesRegex(errors.UserError, message):
                use(here)

    def test_the_core_imports_none_of_them(self):
        """Nor does anything else that trains from images."""
        code = """
import sys
for name in ("lmdb", "cryptography", "tensorflow_datasets", "onnx",
             "onnxruntime", "tf2onnx", "ai_edge_litert", "imageio_ffmpeg",
             "tensorboard"):
    sys.modules[name] = None
from pgan_tf.base import video
from pgan_tf.commands.dataset import create, verbs
from pgan_tf.commands.generate import explore, export, images
from pgan_tf.evaluation import of_run, of_two_sets
from pgan_tf.training import trainer
"""
        processes.succeed("-c", code)
