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


def changed(change):
    graph = miniature_inception.graph_def()
    nodes = {node.name: node for node in graph.node}
    change(graph, nodes)
    return graph.SerializeToString()


def insert(operation, **attributes):
    """An operation between the last unit and the features."""

    def change(graph, nodes):
        miniature_inception.node(
            graph, "more", operation, ["mixed"], T=tf.float32, **attributes
        )
        nodes["pool_3"].input[0] = "more"

    return changed(change)


def in_a_function(graph, nodes):
    body = graph.library.function.add()
    body.signature.name = "inner"
    body.node_def.add(name="write", op="WriteFile")


def ahead(graph, nodes):
    """Where the JPEG comes from, which is cut off."""
    nodes["DecodeJpeg/contents"].op = "ReadFile"


def by_control(graph, nodes):
    graph.node.add(name="write", op="WriteFile")
    nodes["pool_3"].input.append("^write")


def second_jpeg(graph, nodes):
    """Beside the input, where it would not be cut off."""
    miniature_inception.node(
        graph, "second", "DecodeJpeg", ["DecodeJpeg/contents"], channels=3
    )
    miniature_inception.node(
        graph,
        "cast",
        "Cast",
        ["second"],
        SrcT=tf.uint8,
        DstT=tf.float32,
    )
    nodes["Sub"].input[0] = "cast"


def set_attribute(name, key, value):
    def change(graph, nodes):
        del nodes[name].attr[key]
        nodes[name].attr[key].CopyFrom(value)

    return changed(change)


def lose(name):
    def change(graph, nodes):
        graph.node.remove(nodes[name])

    return changed(change)


def drop_input(graph, nodes):
    del nodes["conv/batchnorm"].input[2:]


def circle(graph, nodes):
    nodes["conv"].input[0] = "mixed"


def enlarge(graph, nodes):
    size = tf.make_tensor_proto(np.array([2**16, 2**16], np.int32))
    nodes["ResizeBilinear/size"].attr["value"].tensor.CopyFrom(size)


class HostileTest(common.TestCase):
    """Files of strangers: one line, and nothing is run."""

    def setUp(self):
        super().setUp()
        self.path = self.folder() / "hostile.pb"

    def refused(self, data, reason):
        self.path.write_bytes(data)
        with self.assertRaisesRegex(errors.UserError, reason) as caught:
            load(self.path)
        line = str(caught.exception)
        self.assertTrue(line.isprintable(), line)
        self.assertLess(len(line), 500)

    def test_operations_that_do_more_than_compute(self):
        cases = {
            changed(in_a_function): "WriteFile",
            changed(ahead): "ReadFile",
            changed(by_control): "WriteFile",
            changed(second_jpeg): "DecodeJpeg",
            **{
                insert(name): name
                for name in (
                    "DebugIdentityV2",
                    "DebugNumericSummary",
                    "Print",
                    "PrintV2",
                    "PyFunc",
                    "GenerateVocabRemapping",
                    "DecodeProtoV2",
                )
            },
        }
        for data, name in cases.items():
            with self.subTest(name):
                self.refused(data, f"refused, since .* with {name}")

    def test_malformed_graphs(self):
        wrong = tf.compat.v1.AttrValue(type=tf.int64.as_datatype_enum)
        text = tf.compat.v1.AttrValue(s=b"none")
        cases = {
            "an input is lost": lose("conv/conv2d_params"),
            "no size": lose("ResizeBilinear/size"),
            "few inputs": changed(drop_input),
            "circle": changed(circle),
            "type": set_attribute("conv/Conv2D", "T", wrong),
            "padding": set_attribute("conv/Conv2D", "padding", text),
            "strides": set_attribute("pool_3", "strides", wrong),
        }
        for name, data in cases.items():
            with self.subTest(name):
                self.refused(data, "hostile.pb")

    def test_larger_than_memory_may_be(self):
        self.refused(changed(enlarge), "ResizeBilinear would take 51.5 GB")

    def test_changed_bytes(self):
        """A fuzz: it loads, or there is one line."""
        whole = miniature_inception.graph_def().SerializeToString()
        random = np.random.RandomState(0)
        for _ in range(25):
            data = bytearray(whole)
            # Beyond the weights, which may be anything.
            for at in random.randint(0, len(data), 30):
                data[at] = random.randint(256)
            self.path.write_bytes(data)
            try:
                load(self.path)
            except errors.UserError as error:
                self.assertTrue(str(error).isprintable(), error)

    def test_archives_that_unpack_to_anything(self):
        for mode, name in (("w:gz", "bomb.tgz"), ("w:gz", "other.pb")):
            path = self.path.with_name(name)
            with tarfile.open(path, mode) as archive:
                info = tarfile.TarInfo(inception_graph.GRAPH_NAME)
                info.size = 200_000_000
                archive.addfile(info, io.BytesIO(bytes(info.size)))
            with self.assertRaisesRegex(errors.UserError, "unpacks to more"):
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
