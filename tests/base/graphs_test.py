"""Which graphs may run: those of computing alone, whatever their form."""

import tensorflow as tf
from absl.testing import parameterized
from tensorflow.core.framework import op_def_pb2
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow.python.client import pywrap_tf_session

from pgan_tf.base import errors, graphs
from tests import common
from tests.evaluation.features import miniature_inception, whole_inception

# What reaches for files, processes, machines, queues, terminals, or Python;
# or reads formats, whose parsers were made for trusted files.
REACHING = (
    "WriteFile ReadFile MatchingFiles PrintV2 Print PyFunc PyFuncStateless"
    " EagerPyFunc SaveV2 Save SaveSlices RestoreV2 Restore RestoreSlice"
    " MergeV2Checkpoints ShardedFilename GenerateVocabRemapping"
    " LoadAndRemapMatrix DecodeProtoV2 EncodeProto DebugIdentity"
    " DebugIdentityV2 DebugIdentityV3 DebugNumericSummary DebugNanCount"
    " InitializeTableFromTextFile InitializeTableFromTextFileV2"
    " ImmutableConst TFRecordReaderV2 TextLineReaderV2 WholeFileReaderV2"
    " FixedLengthRecordReaderV2 IdentityReaderV2 TFRecordDataset"
    " TextLineDataset MapDataset GeneratorDataset SnapshotDataset"
    " CacheDataset ParallelMapDataset DatasetToTFRecord DatasetToGraph"
    " LMDBReader RemoteCall _Send _Recv _HostSend _HostRecv RpcCall RpcServer"
    " RpcClient SummaryWriter CreateSummaryFileWriter WriteSummary"
    " WriteImageSummary WriteRawProtoSummary ImportEvent FlushSummaryWriter"
    " Abort XlaCustomCall XlaCustomCallV2 XlaLaunch TPUExecute Timestamp"
    " FIFOQueueV2 QueueEnqueueV2 BatchFunction CollectiveReduce"
    " DecodeImage DecodePng DecodeBmp DecodeGif DecodeRaw DecodeWav DecodeCSV"
    " ParseExampleV2 ParseTensor DecodeCompressed HashTableV2 AsString"
    " RegisterDataset DataServiceDataset DistributedSave SaveDatasetV2"
    " LoadDataset FileSystemSetConfiguration NotAnOperation"
).split()


def registered():
    found = op_def_pb2.OpList()
    buffer = pywrap_tf_session.TF_GetAllOpList()
    found.ParseFromString(pywrap_tf_session.TF_GetBuffer(buffer))
    return {each.name for each in found.op}


def in_nodes(operation):
    graph = tf.compat.v1.GraphDef()
    graph.node.add(name="x", op="Const")
    graph.node.add(name="y", op=operation)
    return graph


def in_a_function(operation):
    """Never called: that is for nobody to find out."""
    graph = tf.compat.v1.GraphDef()
    body = graph.library.function.add()
    body.signature.name = "__inference_1"
    body.node_def.add(name="y", op=operation)
    return graph


def as_a_function(operation):
    """A function that calls itself so, and is called."""
    graph = in_nodes(operation)
    graph.library.function.add().signature.name = operation
    return graph


FORMS = (in_nodes, in_a_function, as_a_function)


class CheckTest(common.TestCase, parameterized.TestCase):
    def refused(self, check, *arguments):
        with self.assertRaisesRegex(errors.UserError, "^x.pb: ") as caught:
            check(*arguments, "x.pb")
        self.assertNotIn("\n", str(caught.exception))
        return str(caught.exception)

    @parameterized.parameters(REACHING)
    def test_reaching_out_is_refused_in_every_form(self, operation):
        self.assertNotIn(operation, graphs.ALLOWED)
        forms = FORMS if operation in registered() else FORMS[:2]
        for form in forms:
            self.assertIn(
                operation, self.refused(graphs.check, form(operation))
            )
            saved = saved_model_pb2.SavedModel()
            meta = saved.meta_graphs.add()
            meta.graph_def.CopyFrom(form(operation))
            line = self.refused(graphs.check_saved_model, saved)
            self.assertIn(operation, line)

    def test_everything_else_is_refused_too(self):
        """Not a list of what is bad: whatever is not known to compute."""
        others = registered() - graphs.ALLOWED
        self.assertGreater(len(others), 1000)
        for operation in others:
            for form in FORMS:
                self.refused(graphs.check, form(operation))

    def test_every_name_on_the_list_is_an_operation(self):
        runtime_only = {"_ReadVariablesOp"}
        self.assertEmpty(graphs.ALLOWED - registered() - runtime_only)
        self.assertEmpty(graphs.ALLOWED & graphs.SAVING)

    def test_strange_names_stay_on_one_line(self):
        for name in ("a\nb", "\x1b[31m", "'", "ü" * 3):
            line = self.refused(graphs.check, in_nodes(name))
            self.assertTrue(line.isascii() and line.isprintable(), line)
        many = tf.compat.v1.GraphDef()
        for i in range(1000):
            many.node.add(name=f"n{i}", op=f"Unknown{i:03}")
        line = self.refused(graphs.check, many)
        self.assertIn("Unknown004 and 995 more", line)
        self.assertLess(len(line), 200)

    def test_inception_of_2015_passes(self):
        for graph in (
            miniature_inception.graph_def(),
            whole_inception.graph_def(narrower=16),
        ):
            graphs.check(graph, "x.pb", also=["DecodeJpeg"])
            self.assertIn("DecodeJpeg", self.refused(graphs.check, graph))


class SaverTest(common.TestCase):
    """What a SavedModel saves itself with may be there, not be called."""

    def setUp(self):
        super().setUp()
        self.saved = saved_model_pb2.SavedModel()
        self.meta = self.saved.meta_graphs.add()
        library = self.meta.graph_def.library
        for name, operations in {
            "serve": ["MatMul", "inner"],
            "inner": ["Relu"],
            "save": ["SaveV2"],
        }.items():
            body = library.function.add()
            body.signature.name = name
            for i, operation in enumerate(operations):
                body.node_def.add(name=f"n{i}", op=operation)
        call = self.meta.graph_def.node.add(name="saver", op="PartitionedCall")
        call.attr["f"].func.name = "save"
        self.meta.saver_def.save_tensor_name = "saver:0"
        self.meta.object_graph_def.concrete_functions["serve"].SetInParent()
        self.inner = library.function[1]

    def refused(self):
        with self.assertRaisesRegex(errors.UserError, "SaveV2"):
            graphs.check_saved_model(self.saved, "x")

    def test_its_own_saver_passes(self):
        graphs.check_saved_model(self.saved, "x")

    def test_called_as_an_operation(self):
        self.inner.node_def.add(name="more", op="save")
        self.refused()

    def test_called_by_an_attribute(self):
        call = self.inner.node_def.add(name="more", op="PartitionedCall")
        call.attr["f"].func.name = "save"
        self.refused()

    def test_called_from_a_list(self):
        call = self.inner.node_def.add(name="more", op="Case")
        call.attr["branches"].list.func.add().name = "save"
        self.refused()

    def test_called_by_an_attribute_of_an_attribute(self):
        call = self.inner.node_def.add(name="more", op="If")
        branch = call.attr["then_branch"].func
        branch.name = "inner"
        branch.attr["g"].func.name = "save"
        self.refused()

    def test_named_in_a_text(self):
        call = self.inner.node_def.add(name="more", op="Identity")
        call.attr["backward_function_name"].s = b"save"
        self.refused()

    def test_called_by_another_node(self):
        call = self.meta.graph_def.node.add(name="x", op="PartitionedCall")
        call.attr["f"].func.name = "save"
        self.refused()

    def test_called_by_an_object(self):
        self.meta.object_graph_def.concrete_functions["save"].SetInParent()
        self.refused()

    def test_without_objects_as_tensorflow_1_wrote_it(self):
        self.meta.ClearField("object_graph_def")
        self.refused()

    def test_beside_a_second_graph(self):
        self.saved.meta_graphs.add()
        self.refused()


if __name__ == "__main__":
    tf.test.main()
