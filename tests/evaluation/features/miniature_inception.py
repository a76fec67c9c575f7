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
    jpeg_input(graph)
    conv_unit(graph, "conv", "Mul", [5, 5, 3, 16], 16, True, random)
    conv_unit(graph, "mixed", "conv", [3, 3, 16, 24], 2, False, random)
    # 299 -> 19 -> 10 -> 1
    window = [1, 10, 10, 1]
    node(
        graph,
        "pool_3",
        "AvgPool",
        ["mixed"],
        T=tf.float32,
        ksize=window,
        strides=[1, 1, 1, 1],
        padding=b"VALID",
    )
    output(graph, random)
    return graph


def jpeg_input(graph):
    jpeg = tf.io.encode_jpeg(np.zeros((8, 8, 3), np.uint8)).numpy()
    const(graph, "DecodeJpeg/contents", jpeg)
    node(graph, "DecodeJpeg", "DecodeJpeg", ["DecodeJpeg/contents"], channels=3)
    node(graph, "Cast", "Cast", ["DecodeJpeg"], SrcT=tf.uint8, DstT=tf.float32)
    const(graph, "ExpandDims/dim", np.int32(0))
    node(
        graph,
        "ExpandDims",
        "ExpandDims",
        ["Cast", "ExpandDims/dim"],
        T=tf.float32,
    )
    const(graph, "ResizeBilinear/size", np.array([299, 299], np.int32))
    node(
        graph,
        "ResizeBilinear",
        "ResizeBilinear",
        ["ExpandDims", "ResizeBilinear/size"],
        T=tf.float32,
        align_corners=False,
    )
    const(graph, "Sub/y", np.float32(128))
    node(graph, "Sub", "Sub", ["ResizeBilinear", "Sub/y"], T=tf.float32)
    const(graph, "Mul/y", np.float32(0.0078125))
    node(graph, "Mul", "Mul", ["Sub", "Mul/y"], T=tf.float32)


def conv_unit(
    graph, name, source, shape, stride, scale, random, padding=b"SAME"
):
    """Convolution, batch normalisation, check, ReLU, named as there."""
    kernel = random.randn(*shape) / np.sqrt(np.prod(shape[:3]))
    const(graph, f"{name}/conv2d_params", kernel.astype(np.float32))
    node(
        graph,
        f"{name}/Conv2D",
        "Conv2D",
        [source, f"{name}/conv2d_params"],
        T=tf.float32,
        strides=[1, stride, stride, 1],
        padding=padding,
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
        const(graph, f"{norm}/{part}", values)
    node(
        graph,
        norm,
        "BatchNormWithGlobalNormalization",
        [f"{name}/Conv2D"] + [f"{norm}/{part}" for part in ranges],
        T=tf.float32,
        variance_epsilon=0.001,
        scale_after_normalization=scale,
    )
    check = f"{name}/CheckNumerics"
    node(graph, check, "CheckNumerics", [norm], T=tf.float32, message=b"nan")
    control = f"{name}/control_dependency"
    node(graph, control, "Identity", [norm, f"^{check}"], T=tf.float32)
    node(graph, name, "Relu", [control], T=tf.float32)


def output(graph, random, features=FEATURES, classes=CLASSES):
    const(graph, "pool_3/_reshape/shape", np.array([1, features], np.int32))
    node(
        graph,
        "pool_3/_reshape",
        "Reshape",
        ["pool_3", "pool_3/_reshape/shape"],
        T=tf.float32,
        Tshape=tf.int32,
    )
    weights = random.randn(features, classes).astype(np.float32)
    const(graph, "softmax/weights", weights)
    node(
        graph,
        "softmax/logits/MatMul",
        "MatMul",
        ["pool_3/_reshape", "softmax/weights"],
        T=tf.float32,
    )
    const(graph, "softmax/biases", np.full(classes, 7, np.float32))
    node(
        graph,
        "softmax/logits",
        "BiasAdd",
        ["softmax/logits/MatMul", "softmax/biases"],
        T=tf.float32,
    )
    node(graph, "softmax", "Softmax", ["softmax/logits"], T=tf.float32)


def const(graph, name, value):
    node = graph.node.add(name=name, op="Const")
    tensor = tf.make_tensor_proto(value)
    node.attr["value"].tensor.CopyFrom(tensor)
    node.attr["dtype"].type = tensor.dtype


def node(graph, name, op, inputs, **attributes):
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
