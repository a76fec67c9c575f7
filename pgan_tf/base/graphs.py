"""What graphs of TensorFlow that come in files may compute.

A graph is a program: there are operations that read and write files, call
Python, print, or reach for other machines. Only those that compute tensors
from tensors may run. They are listed here one by one, as new versions of
TensorFlow bring new operations, of which nothing is known yet.
"""

import math
from collections.abc import Iterable, Mapping
from typing import Any

# The register of the operations that this TensorFlow has; and what finds out
# the shapes inside of functions.
from tensorflow.python.framework import function_def_to_graph, op_def_registry

from pgan_tf.base import errors, memory

# Nodes and functions as TensorFlow's protocol buffers have them.
Node = Any
GraphDef = Any
MetaGraphDef = Any
SavedModel = Any

_STRUCTURE = """
    Const Placeholder PlaceholderV2 PlaceholderWithDefault Identity IdentityN
    NoOp Snapshot StopGradient PreventGradient EnsureShape CheckNumerics
    Assert FakeParam ControlTrigger
"""
_VARIABLES = """
    VarHandleOp ReadVariableOp AssignVariableOp AssignAddVariableOp
    AssignSubVariableOp VarIsInitializedOp VariableShape ResourceGather
    ResourceGatherNd DestroyResourceOp DisableCopyOnRead _ReadVariablesOp
    Variable VariableV2 Assign AssignAdd AssignSub IsVariableInitialized
"""
_CONTROL = """
    PartitionedCall StatefulPartitionedCall If StatelessIf While
    StatelessWhile Case StatelessCase For Switch Merge Enter Exit
    NextIteration LoopCond RefSwitch RefMerge RefEnter RefExit
    RefNextIteration
    TensorListReserve TensorListSetItem TensorListGetItem TensorListStack
    TensorListFromTensor TensorListLength TensorListElementShape
    TensorListGather TensorListScatter TensorListScatterV2
    TensorListPushBack TensorListPopBack TensorListConcat TensorListConcatV2
    TensorListSplit TensorListResize EmptyTensorList
    TensorArrayV3 TensorArrayReadV3 TensorArrayWriteV3 TensorArrayGatherV3
    TensorArrayScatterV3 TensorArraySizeV3 TensorArrayConcatV3
    TensorArraySplitV3 TensorArrayCloseV3
"""
_SHAPES = """
    Shape ShapeN Size Rank Reshape Squeeze ExpandDims Transpose
    ConjugateTranspose InvertPermutation Concat ConcatV2 ConcatOffset Pack
    Unpack Split SplitV Slice StridedSlice Tile Pad PadV2 MirrorPad Fill
    ZerosLike OnesLike BroadcastTo BroadcastArgs BroadcastGradientArgs
    Gather GatherV2 GatherNd ScatterNd TensorScatterUpdate TensorScatterAdd
    TensorScatterSub TensorScatterMax TensorScatterMin TensorStridedSliceUpdate
    Reverse ReverseV2 ReverseSequence Roll OneHot Range LinSpace Where
    Unique UniqueV2 UniqueWithCounts ListDiff DynamicPartition DynamicStitch
    ParallelDynamicStitch SpaceToDepth DepthToSpace SpaceToBatch
    SpaceToBatchND BatchToSpace BatchToSpaceND ExtractImagePatches
    ExtractVolumePatches Diag DiagPart MatrixDiag MatrixDiagV2 MatrixDiagV3
    MatrixDiagPart MatrixDiagPartV2 MatrixDiagPartV3 MatrixSetDiag
    MatrixSetDiagV2 MatrixSetDiagV3 MatrixBandPart Bitcast Cast
    DataFormatVecPermute DataFormatDimMap UnravelIndex
"""
_ARITHMETIC = """
    Add AddV2 AddN AccumulateNV2 Sub Mul MulNoNan Div DivNoNan RealDiv
    FloorDiv TruncateDiv Mod FloorMod TruncateMod Neg Abs Sign Reciprocal Inv
    Square Sqrt Rsqrt SquaredDifference Pow Exp Expm1 Log Log1p Xlogy Xlog1py
    Xdivy Sin Cos Tan Asin Acos Atan Atan2 Sinh Cosh Tanh Asinh Acosh Atanh
    Sigmoid Erf Erfc Erfinv Ndtri Lgamma Digamma Polygamma Zeta Igamma Igammac
    Betainc Round Rint Ceil Floor Maximum Minimum ClipByValue
    Complex ComplexAbs Real Imag Conj Angle
    IsNan IsInf IsFinite Equal NotEqual ApproximateEqual Less LessEqual
    Greater GreaterEqual LogicalAnd LogicalOr LogicalNot Select SelectV2
    BitwiseAnd BitwiseOr BitwiseXor Invert LeftShift RightShift
    PopulationCount Cumsum Cumprod CumulativeLogsumexp Cross
    Sum Mean Prod Max Min All Any ArgMax ArgMin EuclideanNorm L2Loss TopK
    TopKV2 InTopK InTopKV2 NthElement Bincount DenseBincount Bucketize
    HistogramFixedWidth LowerBound UpperBound SegmentSum SegmentMean
    SegmentMax SegmentMin SegmentProd UnsortedSegmentSum UnsortedSegmentMax
    UnsortedSegmentMin UnsortedSegmentProd
    MatMul BatchMatMul BatchMatMulV2 BatchMatMulV3 Einsum Cholesky Qr Svd Lu
    MatrixInverse MatrixSolve MatrixTriangularSolve MatrixDeterminant
    LogMatrixDeterminant SelfAdjointEigV2 MatrixSquareRoot MatrixExponential
    FFT IFFT FFT2D IFFT2D RFFT IRFFT RFFT2D IRFFT2D
"""
_NETWORKS = """
    Conv Conv2D Conv3D DepthwiseConv2dNative Conv2DBackpropInput
    Conv2DBackpropInputV2 Conv3DBackpropInputV2 Dilation2D BiasAdd BiasAddV1
    AvgPool AvgPool3D MaxPool MaxPoolV2 MaxPool3D MaxPoolWithArgmax
    FractionalAvgPool FractionalMaxPool
    BatchNormWithGlobalNormalization FusedBatchNorm FusedBatchNormV2
    FusedBatchNormV3 LRN Relu Relu6 LeakyRelu Elu Selu Softplus Softsign
    Softmax LogSoftmax SoftmaxCrossEntropyWithLogits
    SparseSoftmaxCrossEntropyWithLogits
    FakeQuantWithMinMaxArgs FakeQuantWithMinMaxVars
    FakeQuantWithMinMaxVarsPerChannel QuantizeAndDequantizeV2
    QuantizeAndDequantizeV3 QuantizeAndDequantizeV4 QuantizeV2 Dequantize
"""
_IMAGES = """
    ResizeBilinear ResizeNearestNeighbor ResizeBicubic ResizeArea
    ScaleAndTranslate CropAndResize ImageProjectiveTransformV2
    ImageProjectiveTransformV3 AdjustContrastv2 AdjustHue AdjustSaturation
    RGBToHSV HSVToRGB
"""
_RANDOM = """
    RandomUniform RandomUniformInt RandomStandardNormal TruncatedNormal
    Multinomial RandomShuffle StatelessRandomUniform StatelessRandomUniformV2
    StatelessRandomUniformInt StatelessRandomUniformIntV2
    StatelessRandomNormal StatelessRandomNormalV2 StatelessTruncatedNormal
    StatelessTruncatedNormalV2 StatelessMultinomial StatelessRandomGetAlg
    StatelessRandomGetKeyCounter StatelessRandomGetKeyCounterAlg
"""
# Those of derivatives: a saved model may hold how it was trained.
_DERIVATIVES = """
    AvgPoolGrad MaxPoolGrad MaxPoolGradV2 MaxPoolGradGrad BiasAddGrad
    Conv2DBackpropFilter Conv2DBackpropFilterV2 Conv3DBackpropFilterV2
    DepthwiseConv2dNativeBackpropInput DepthwiseConv2dNativeBackpropFilter
    FusedBatchNormGrad FusedBatchNormGradV2 FusedBatchNormGradV3 ReluGrad
    Relu6Grad LeakyReluGrad EluGrad SeluGrad SoftplusGrad SoftsignGrad
    SigmoidGrad TanhGrad SqrtGrad RsqrtGrad ReciprocalGrad InvGrad
    StridedSliceGrad MirrorPadGrad ResizeBilinearGrad ResizeBicubicGrad
    ResizeNearestNeighborGrad CropAndResizeGradImage CropAndResizeGradBoxes
    SymbolicGradient
"""
ALLOWED = frozenset(
    " ".join(
        (
            _STRUCTURE,
            _VARIABLES,
            _CONTROL,
            _SHAPES,
            _ARITHMETIC,
            _NETWORKS,
            _IMAGES,
            _RANDOM,
            _DERIVATIVES,
        )
    ).split()
)
# How a SavedModel saves and restores itself. Nothing calls that here, for
# TensorFlow reads its variables by itself.
SAVING = frozenset(
    "SaveV2 RestoreV2 MergeV2Checkpoints ShardedFilename StringJoin"
    " StaticRegexFullMatch".split()
)


def check(graph: GraphDef, where: str, also: Iterable[str] = ()) -> None:
    """Refuses a graph that holds any other operation than those allowed.

    All of it counts: what is never called, and what functions do inside.

    Args:
        graph: A `GraphDef`.
        where: It comes from; begins the message.
        also: Operations that are allowed in its nodes, since they are cut
            off before it runs.

    Raises:
        UserError: Names them.
    """
    bodies = _bodies(graph)
    found = _others(graph.node, bodies) - set(also)
    for body in bodies.values():
        found |= _others(body, bodies)
    _refuse(found | _shadowing(bodies), where)


def check_saved_model(saved: SavedModel, where: str) -> None:
    """The same for all graphs in a `SavedModel`.

    Each holds how it saves itself, too; that must not be called otherwise.

    Raises:
        UserError: Names the operations that are not allowed.
    """
    # Without objects, as TensorFlow 1 wrote it, or with several graphs,
    # anything may be called.
    strict = len(saved.meta_graphs) > 1
    found: set[str] = set()
    for meta in saved.meta_graphs:
        objects = meta.object_graph_def.SerializeToString()
        found |= _of_one(meta, b"" if strict else objects)
    _refuse(found, where)


def check_sizes(graph: Any, where: str) -> None:
    """Refuses a graph with a tensor that is larger than memory may be.

    As far as sizes are known ahead of a run; others count as 1.

    Args:
        graph: A `tf.Graph` that was imported or traced.
        where: It comes from; begins the message.

    Raises:
        UserError: Names the operation.
    """
    graphs = [graph]
    with graph.as_default():
        for function in graph.as_graph_def().library.function:
            graphs.append(function_def_to_graph.function_def_to_graph(function))
    for each in graphs:
        for operation in each.get_operations():
            for tensor in operation.outputs:
                what = f"{where}: a tensor of {operation.type}"
                memory.require(_size(tensor), what)


def _size(tensor: Any) -> int:
    """Bytes that a tensor takes at least."""
    if tensor.shape.rank is None:
        return 0
    sizes = tensor.shape.as_list()
    return tensor.dtype.size * math.prod(1 if n is None else n for n in sizes)


def _of_one(meta: MetaGraphDef, objects: bytes) -> set[str]:
    """What is not allowed in one graph of a SavedModel."""
    bodies = _bodies(meta.graph_def)
    nodes = list(meta.graph_def.node)
    # The names of functions in a file of objects are those it may call.
    called = {name for name in bodies if name.encode() in objects}
    if objects:
        saver = meta.saver_def
        savers = {saver.save_tensor_name.split(":")[0], saver.restore_op_name}
        nodes = [node for node in nodes if node.name not in savers]
    else:
        called = set(bodies)
    called = _reached(called | _named(nodes), bodies)
    found = _others(nodes, bodies) | _shadowing(bodies)
    for name, body in bodies.items():
        found |= _others(body, bodies) - (set() if name in called else SAVING)
    return found


def _bodies(graph: GraphDef) -> Mapping[str, list[Node]]:
    """The nodes of each function in the library."""
    return {
        function.signature.name: list(function.node_def)
        for function in graph.library.function
    }


def _others(nodes: Iterable[Node], functions: Mapping[str, Any]) -> set[str]:
    """Operations of nodes that are neither allowed nor such functions."""
    return {node.op for node in nodes} - ALLOWED - set(functions)


def _shadowing(functions: Iterable[str]) -> set[str]:
    """Functions of an operation's name, which might be run in their place."""
    return {
        name
        for name in functions
        if name not in ALLOWED and op_def_registry.get(name) is not None
    }


def _reached(names: set[str], bodies: Mapping[str, list[Node]]) -> set[str]:
    """The functions of these names, and those that they call in turn."""
    reached: set[str] = set()
    while names:
        reached |= names
        called = [_named(bodies.get(name, ())) for name in names]
        names = set().union(*called) - reached
    return reached


def _named(nodes: Iterable[Node]) -> set[str]:
    """The names of functions that nodes may call, and of other things."""
    names: set[str] = set()
    for node in nodes:
        names.add(node.op)
        names |= _in_attributes(node.attr)
    return names


def _in_attributes(attributes: Mapping[str, Any]) -> set[str]:
    """The names of functions in attributes, and in theirs."""
    names: set[str] = set()
    for value in attributes.values():
        names.update(_text(each) for each in (value.s, *value.list.s))
        for function in (value.func, *value.list.func):
            names.add(function.name)
            names |= _in_attributes(function.attr)
    return names


def _text(data: bytes) -> str:
    """A name, if it is one; a constant may be anything."""
    return data.decode("utf-8", "replace")


def _refuse(found: set[str], where: str) -> None:
    if found:
        names = ", ".join(ascii(name)[1:-1] for name in sorted(found)[:5])
        more = f" and {len(found) - 5} more" if len(found) > 5 else ""
        raise errors.UserError(
            f"{where}: refused, since its graph does more than compute, with"
            f" {names}{more}"
        )
