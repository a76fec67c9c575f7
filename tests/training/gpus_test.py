"""What GPUs are expected to reach, against the document that says so."""

import pathlib
import re
from unittest import mock

from pgan_tf.training import gpus
from tests import common, documents


class GpusTest(common.TestCase):
    def test_the_document_has_the_same_numbers(self):
        text = (documents.DOCS / "times.md").read_text()
        rows = re.findall(r"(?m)^\| ([\w ]+) \| ([\d.]+) \| (\d+) \|", text)
        found = {
            name: (float(flops), float(peak)) for name, flops, peak in rows
        }
        expected = {
            name: (flops, gpus.peak(name))
            for name, flops in gpus.TERAFLOPS.items()
        }
        self.assertEqual(found, expected)

    def test_models_are_those_of_the_driver(self):
        here = self.folder()
        for bus, name in (("0", "Tesla T4"), ("1", "NVIDIA A100-SXM4-40GB")):
            (here / bus).mkdir()
            (here / bus / "information").write_text(
                f"Model: \t\t {name}\nIRQ:   \t\t 37\nBus Type: \t PCIe\n"
            )
        with mock.patch.object(gpus, "DRIVER", here):
            self.assertEqual(
                gpus.models(), ["Tesla T4", "NVIDIA A100-SXM4-40GB"]
            )
        with mock.patch.object(gpus, "DRIVER", pathlib.Path("/none")):
            self.assertEqual(gpus.models(), [])
