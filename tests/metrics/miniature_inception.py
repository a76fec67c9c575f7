"""A small graph with the node names, operations and version of the real one."""

import numpy as np
import tensorflow as tf

FEATURES = 24
CLASSES = 11


def graph_def() -> tf.compat.v1.GraphDef:
    """Two convolution units instead of 94; weights from a fixed seed."""
    graph = tf.compat.v1.GraphDef()
    graph.versions.producer = 8
    random = np.random.RandomState(0)
    _input(graph)
    _conv_unit(graph, "conv", "Mul", [5, 5, 3, 16], 16, True, random)
    _conv_unit(graph, "mixed", "conv", [3, 3, 16, 24], 2, False, random)
    # 299 -> 19 -> 10 -> 1
    window = [1, 10, 10, 1]
    _node(
        graph,
        "pool_3",
        "AvgPool",
        ["mixed"],
        T=tf.float32,
        ksize=window,
        strides=[1, 1, 1, 1],
        padding=b"VALID",
    )
    _output(graph, random)
    return graph


def _input(graph):
    jpeg = tf.io.encode_jpeg(np.zeros((8, 8, 3), np.uint8)).numpy()
    _const(graph, "DecodeJpeg/contents", jpeg)
    _node(
        graph, "DecodeJpeg", "DecodeJpeg", ["DecodeJpeg/contents"], channels=3
    )
    _node(graph, "Cast", "Cast", ["DecodeJpeg"], SrcT=tf.uint8, DstT=tf.float32)
    _const(graph, "ExpandDims/dim", np.int32(0))
    _node(
        graph,
        "ExpandDims",
        "ExpandDims",
        ["Cast", "ExpandDims/dim"],
        T=tf.float32,
    )
    _const(graph, "ResizeBilinear/size", np.array([299, 299], np.int32))
    _node(
        graph,
        "ResizeBilinear",
        "ResizeBilinear",
        ["ExpandDims", "ResizeBilinear/size"],
        T=tf.float32,
        align_corners=False,
    )
    _const(graph, "Sub/y", np.float32(128))
    _node(graph, "Sub", "Sub", ["ResizeBilinear", "Sub/y"], T=tf.float32)
    _const(graph, "Mul/y", np.float32(0.0078125))
    _node(graph, "Mul", "Mul", ["Sub", "Mul/y"], T=tf.float32)


def _conv_unit(graph, name, source, shape, stride, scale, random):
    """Convolution, batch normalisation, check, ReLU, named as there."""
    kernel = random.randn(*shape) / np.sqrt(np.prod(shape[:3]))
    _const(graph, f"{name}/conv2d_params", kernel.astype(np.float32))
    _node(
        graph,
        f"{name}/Conv2D",
        "Conv2D",
        [source, f"{name}/conv2d_params"],
        T=tf.float32,
        strides=[1, stride, stride, 1],
        padding=b"SAME",
    )
    ranges = {
        "moving_mean": (-0.2, 0.2),
        "moving_variance": (0.2, 2),
        "beta": (-0.5, 0.5),
        "gamma": (0.5, 2),
    }
    norm = f"{name}/batchnorm"
    for part, (low, high) in ranges.items():
        values = random.uniform(low, high, shape[3]).astype(np.float32)
        _const(graph, f"{norm}/{part}", values)
    _node(
        graph,
        norm,
        "BatchNormWithGlobalNormalization",
        [f"{name}/Conv2D"] + [f"{norm}/{part}" for part in ranges],
        T=tf.float32,
        variance_epsilon=0.001,
        scale_after_normalization=scale,
    )
    check = f"{name}/CheckNumerics"
    _node(graph, check, "CheckNumerics", [norm], T=tf.float32, message=b"nan")
    control = f"{name}/control_dependency"
    _node(graph, control, "Identity", [norm, f"^{check}"], T=tf.float32)
    _node(graph, name, "Relu", [control], T=tf.float32)


def _output(graph, random):
    _const(graph, "pool_3/_reshape/shape", np.array([1, FEATURES], np.int32))
    _node(
        graph,
        "pool_3/_reshape",
        "Reshape",
        ["pool_3", "pool_3/_reshape/shape"],
        T=tf.float32,
        Tshape=tf.int32,
    )
    weights = random.randn(FEATURES, CLASSES).astype(np.float32)
    _const(graph, "softmax/weights", weights)
    _node(
        graph,
        "softmax/logits/MatMul",
        "MatMul",
        ["pool_3/_reshape", "softmax/weights"],
        T=tf.float32,
    )
    _const(graph, "softmax/biases", np.full(CLASSES, 7, np.float32))
    _node(
        graph,
        "softmax/logits",
        "BiasAdd",
        ["softmax/logits/MatMul", "softmax/biases"],
        T=tf.float32,
    )
    _node(graph, "softmax", "Softmax", ["softmax/logits"], T=tf.float32)


def _const(graph, name, value):
    node = graph.node.add(name=name, op="Const")
    tensor = tf.make_tensor_proto(value)
    node.attr["value"].tensor.CopyFrom(tensor)
    node.attr["dtype"].type = tensor.dtype


def _node(graph, name, op, inputs, **attributes):
    node = graph.node.add(name=name, op=op, input=inputs)
    for key, value in attributes.items():
        attribute = node.attr[key]
        if isinstance(value, tf.DType):
            attribute.type = value.as_datatype_enum
        elif isinstance(value, bool):
            attribute.b = value
        elif isinstance(value, int):
            attribute.i = value
        elif isinstance(value, float):
            attribute.f = value
        elif isinstance(value, bytes):
            attribute.s = value
        else:
            attribute.list.i.extend(value)
