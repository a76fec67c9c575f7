import contextlib
import io
import tarfile
from unittest import mock

import numpy as np
import tensorflow as tf

from pgan_tf.base import devices, errors
from pgan_tf.evaluation.features import inception_graph
from tests import common
from tests.evaluation.features import miniature_inception


def load(path):
    return inception_graph.load(path, devices.Replicas())


def raw_session(graph_def):
    """The untouched graph in a session, as the first FID code ran it.

    Returns a function from images to pool_3 and softmax/weights.
    """
    graph = tf.Graph()
    with graph.as_default():
        placeholder = tf.compat.v1.placeholder(
            tf.float32, [None, None, None, 3]
        )
        outputs = tf.import_graph_def(
            graph_def,
            input_map={"ExpandDims:0": placeholder},
            return_elements=["pool_3:0", "softmax/weights:0"],
        )
    session = tf.compat.v1.Session(graph=graph)
    return lambda images: session.run(outputs, {placeholder: images})


def raw_outputs(graph_def, images):
    """Features and logits of the untouched graph."""
    pooled, weights = raw_session(graph_def)(images)
    features = pooled.reshape(len(images), -1)
    return features, features @ weights


def noise(count, height, width):
    random = np.random.RandomState(height)
    shape = (count, height, width, 3)
    return random.randint(0, 256, shape).astype(np.uint8)


class InceptionTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.cache_folder()
        self.graph = miniature_inception.graph_def()
        self.path = self.here / "miniature.pb"
        self.path.write_bytes(self.graph.SerializeToString())

    def test_equal_to_the_untouched_graph(self):
        extractor = load(self.path)
        for height, width in ((32, 32), (299, 299), (37, 51), (512, 400)):
            images = noise(3, height, width)
            features, logits = extractor(images)
            expected = raw_outputs(self.graph, images)
            self.assertEqual(features.shape, (3, miniature_inception.FEATURES))
            self.assertAllClose(features, expected[0], rtol=1e-5, atol=1e-6)
            self.assertAllClose(logits, expected[1], rtol=1e-5, atol=1e-5)

    def test_independent_of_the_batch(self):
        extractor = load(self.path)
        images = noise(5, 64, 64)
        features, logits = extractor(images)
        for i in range(5):
            one = extractor(images[i : i + 1])
            self.assertAllClose(one[0][0], features[i], rtol=1e-5, atol=1e-6)
            self.assertAllClose(one[1][0], logits[i], rtol=1e-5, atol=1e-5)

    def test_only_the_rewritten_graph_runs_in_a_function(self):
        # When this fails, TensorFlow has changed and rewrite() may go.
        def call(images):
            return tf.import_graph_def(
                self.graph,
                input_map={"ExpandDims:0": images},
                return_elements=["pool_3:0"],
            )

        spec = tf.TensorSpec([None, None, None, 3], tf.float32)
        function = tf.compat.v1.wrap_function(call, [spec])
        with self.assertRaises(tf.errors.UnimplementedError):
            function(tf.zeros([1, 32, 32, 3]))

    def test_rewritten_graph_has_no_trace_of_the_old(self):
        nodes = inception_graph.rewrite(self.graph).node
        operations = {node.op for node in nodes}
        old = {
            "BatchNormWithGlobalNormalization",
            "CheckNumerics",
            "DecodeJpeg",
        }
        self.assertEmpty(operations & old)
        inputs = [name for node in nodes for name in node.input]
        self.assertFalse([name for name in inputs if name.startswith("^")])

    def test_archive(self):
        path = self.here / "archive.tgz"
        with tarfile.open(path, "w:gz") as archive:
            archive.add(self.path, "./classify_image_graph_def.pb")
        self.assertEqual(
            inception_graph.read_graph(path), self.path.read_bytes()
        )
        whole = path.read_bytes()
        path.write_bytes(whole[: len(whole) // 2])
        with self.assertRaisesRegex(errors.UserError, "no whole"):
            inception_graph.read_graph(path)

    def test_named_fid_by_its_hash_alone(self):
        extractor = load(self.path)
        self.assertFalse(extractor.canonical)
        label = f"FD[miniature:{extractor.digest[:8]}:pool_3]"
        self.assertEqual(extractor.titled("FID", "FD"), label)
        self.assertIn("95673916", extractor.note)
        with mock.patch.object(
            inception_graph, "GRAPH_SHA256", extractor.digest
        ):
            extractor = load(self.path)
        self.assertEqual(extractor.titled("FID", "FD"), "FID")
        self.assertEqual(extractor.titled("IS", "CS"), "IS")

    def test_other_files(self):
        other = tf.compat.v1.GraphDef()
        other.node.add(name="pool_3", op="NoOp")
        contents = {
            "text.pb": (b"no graph at all", "not a TensorFlow graph"),
            "other.pb": (
                other.SerializeToString(),
                "no node ExpandDims, softmax/weights",
            ),
        }
        for name, (data, line) in contents.items():
            path = self.here / name
            path.write_bytes(data)
            with self.assertRaisesRegex(errors.UserError, line):
                load(path)
        with self.assertRaisesRegex(errors.UserError, "no such file"):
            load(self.here / "missing.pb")
        path = self.here / "empty.tgz"
        tarfile.open(path, "w:gz").close()
        with self.assertRaisesRegex(errors.UserError, "in it"):
            load(path)


class DownloadTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.cache_folder()
        self.target = self.here / "pgan_tf" / inception_graph.ARCHIVE_NAME

    @contextlib.contextmanager
    def served(self, data):
        def urlopen(url, timeout):
            self.assertEqual(url, inception_graph.URL)
            return io.BytesIO(data)

        with mock.patch("urllib.request.urlopen", urlopen):
            yield

    def test_downloaded_once(self):
        with mock.patch.object(inception_graph, "ARCHIVE_BYTES", 7):
            with self.served(b"archive"):
                self.assertEqual(inception_graph.find(), self.target)
        self.assertEqual(self.target.read_bytes(), b"archive")
        # Nothing is served any more.
        self.assertEqual(inception_graph.find(), self.target)

    def test_wrong_size_leaves_nothing_behind(self):
        with self.served(b"<html>portal</html>"):
            with self.assertRaisesRegex(errors.UserError, "19 bytes arrived"):
                inception_graph.find()
        self.assertEmpty(list(self.target.parent.iterdir()))

    def test_offline_says_what_to_fetch_and_where_to_put_it(self):
        unreachable = "http://127.0.0.1:9/inception.tgz"
        with mock.patch.object(inception_graph, "URL", unreachable):
            with self.assertRaises(errors.UserError) as caught:
                inception_graph.find()
        line = str(caught.exception)
        self.assertNotIn("\n", line)
        for part in (unreachable, str(self.target), "--inception="):
            self.assertIn(part, line)


if __name__ == "__main__":
    tf.test.main()
