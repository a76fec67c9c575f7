import time
import zipfile
from unittest import mock

import numpy as np
import pytest
import tensorflow as tf

from pgan_tf.base import devices, errors
from pgan_tf.evaluation.features import by_name as features_by_name
from pgan_tf.evaluation.features import inception_graph, inception_keras
from tests import common
from tests.evaluation.features import inception_graph_test as inception_test
from tests.evaluation.features import miniature_inception, whole_inception


class InceptionKerasTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.cache_folder()

    def write(self, graph):
        path = self.here / "whole.pb"
        path.write_bytes(graph.SerializeToString())
        return path

    def check_equal(self, graph, sizes):
        """The port, through a file, against the untouched graph."""
        path, _ = inception_keras.convert(self.write(graph))
        port = inception_keras.load(path, devices.Replicas())
        for height, width in sizes:
            images = inception_test.noise(2, height, width)
            expected = inception_test.raw_outputs(graph, images)
            for value, true in zip(port(images), expected, strict=True):
                self.assertEqual(value.shape, true.shape)
                scale = np.abs(true).max()
                self.assertAllClose(
                    value / scale, true / scale, rtol=0, atol=1e-5
                )
                # A constant would be equal too.
                self.assertGreater(true.std(), 0.1 * scale)

    def test_equal_to_the_graph(self):
        sizes = ((299, 299), (32, 32), (128, 128), (400, 350))
        self.check_equal(whole_inception.graph_def(narrower=16), sizes)

    @pytest.mark.slow
    def test_equal_to_the_graph_at_full_width(self):
        graph = whole_inception.graph_def()
        # The real file has 95,673,916 bytes with its picture of a panda.
        self.assertNear(graph.ByteSize(), inception_graph.GRAPH_BYTES, 20_000)
        units, weights = inception_keras.read_units(graph)
        self.assertLen(units, 94)
        self.assertEqual(weights.shape, (2048, 1008))
        # Kernels, four numbers per map, the logits' weights and biases: as
        # many as torch-fidelity's copy of this network has.
        kernels = sum(unit.kernel.size for unit in units.values())
        maps = sum(unit.bias.size for unit in units.values())
        total = kernels + 4 * maps + weights.size + weights.shape[1]
        self.assertEqual(total, 23_885_392)
        self.check_equal(graph, ((299, 299), (64, 64)))

    @pytest.mark.slow
    def test_faster_than_the_graph(self):
        """In CPU time, which other processes do not disturb."""
        graph = whole_inception.graph_def()
        path, _ = inception_keras.convert(self.write(graph))
        port = inception_keras.load(path, devices.Replicas())
        images = inception_test.noise(16, 128, 128)
        run = inception_test.raw_session(graph)
        seconds = {"port": [], "graph": []}
        for _ in range(4):
            for name in seconds:
                started = time.process_time()
                port(images) if name == "port" else run(images)
                seconds[name].append(time.process_time() - started)
        best = {name: min(each) for name, each in seconds.items()}
        print("the graph takes", best["graph"] / best["port"], "times longer")
        self.assertLess(best["port"], best["graph"])

    def test_quirks_can_be_told_apart(self):
        """Another pool at the quirk's place is another function."""
        graph = whole_inception.graph_def(narrower=16)
        for name, op in (
            ("mixed_10/tower_2/pool", "AvgPool"),
            ("mixed_9/tower_2/pool", "MaxPool"),
        ):
            changed = tf.compat.v1.GraphDef.FromString(
                graph.SerializeToString()
            )
            (node,) = [each for each in changed.node if each.name == name]
            node.op = op
            with self.assertRaisesRegex(errors.UserError, "differs from the"):
                inception_keras.convert(self.write(changed))

    def test_named_by_its_graph(self):
        source = self.write(whole_inception.graph_def(narrower=16))
        digest = inception_graph.load(source, devices.Replicas()).digest
        path, line = inception_keras.convert(source)
        self.assertIn(str(path), line)
        port = inception_keras.load(path, devices.Replicas())
        self.assertEqual(port.digest, digest)
        self.assertStartsWith(
            port.titled("FID", "FD"), f"FD[inception-{digest[:8]}-keras:"
        )
        with mock.patch.object(inception_graph, "GRAPH_SHA256", digest):
            # Found in the cache before the graph.
            port = features_by_name.from_inception(None, devices.Replicas())
            self.assertIn("Keras port", port.note)
            label = port.titled("FID", "FD")
            self.assertEqual(label, "FID (2015 weights, Keras port)")
            label = features_by_name.from_inception(
                source, devices.Replicas()
            ).titled("FID", "FD")
            self.assertEqual(label, "FID")

    def test_other_files(self):
        with self.assertRaisesRegex(errors.UserError, "not the 2015 Inception"):
            inception_keras.convert(self.write(miniature_inception.graph_def()))
        path = self.here / "mine.keras"
        path.write_bytes(b"torn")
        with self.assertRaisesRegex(errors.UserError, "convert again"):
            inception_keras.load(path, devices.Replicas())
        graph = whole_inception.graph_def(narrower=16)
        path, _ = inception_keras.convert(self.write(graph))
        with zipfile.ZipFile(path) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        origin = parts[inception_keras.ORIGIN].replace(b'_sha256": "', b"x")
        parts[inception_keras.ORIGIN] = origin
        with zipfile.ZipFile(path, "w") as archive:
            for name, data in parts.items():
                archive.writestr(name, data)
        with self.assertRaisesRegex(errors.UserError, "convert again"):
            inception_keras.load(path, devices.Replicas())


if __name__ == "__main__":
    tf.test.main()
