"""The whole graph's structure, with random weights, as wide as wished."""

import numpy as np
import tensorflow as tf

from tests.evaluation.features import miniature_inception

CLASSES = 1008


class _Graph:
    """Appends units as the 2015 file has them, widths over `narrower`."""

    def __init__(self, narrower):
        self.narrower = narrower
        self.proto = tf.compat.v1.GraphDef()
        self.proto.versions.producer = 8
        self.random = np.random.RandomState(0)
        self.widths = {"Mul": 3}

    def unit(self, name, source, size, width, stride=1, padding=b"SAME"):
        width //= self.narrower
        shape = [*size, self.widths[source], width]
        arguments = (shape, stride, True, self.random, padding)
        miniature_inception.conv_unit(self.proto, name, source, *arguments)
        self.widths[name] = width
        return name

    def pool(self, name, source, op, size, stride, padding):
        miniature_inception.node(
            self.proto,
            name,
            op,
            [source],
            T=tf.float32,
            ksize=[1, size, size, 1],
            strides=[1, stride, stride, 1],
            padding=padding,
        )
        self.widths[name] = self.widths[source]
        return name

    def join(self, name, sources):
        axis = f"{name}/concat_dim"
        miniature_inception.const(self.proto, axis, np.int32(3))
        miniature_inception.node(
            self.proto,
            name,
            "Concat",
            [axis, *sources],
            T=tf.float32,
            N=len(sources),
        )
        self.widths[name] = sum(self.widths[each] for each in sources)
        return name

    def chain(self, prefix, source, *steps):
        for i, (size, width, *rest) in enumerate(steps):
            name = f"{prefix}conv_{i}" if i else f"{prefix}conv"
            source = self.unit(name, source, size, width, *rest)
        return source


def graph_def(narrower=1):
    """All 94 convolutions; `narrower` divides 16."""
    g = _Graph(narrower)
    one, three = (1, 1), (3, 3)
    miniature_inception.jpeg_input(g.proto)
    x = g.unit("conv", "Mul", three, 32, 2, b"VALID")
    x = g.unit("conv_1", x, three, 32, 1, b"VALID")
    x = g.unit("conv_2", x, three, 64)
    x = g.pool("pool", x, "MaxPool", 3, 2, b"VALID")
    x = g.unit("conv_3", x, one, 80, 1, b"VALID")
    x = g.unit("conv_4", x, three, 192, 1, b"VALID")
    x = g.pool("pool_1", x, "MaxPool", 3, 2, b"VALID")
    for n, width in (("mixed", 32), ("mixed_1", 64), ("mixed_2", 64)):
        a = g.chain(f"{n}/", x, (one, 64))
        b = g.chain(f"{n}/tower/", x, (one, 48), ((5, 5), 64))
        c = g.chain(f"{n}/tower_1/", x, (one, 64), (three, 96), (three, 96))
        d = g.pool(f"{n}/tower_2/pool", x, "AvgPool", 3, 1, b"SAME")
        d = g.chain(f"{n}/tower_2/", d, (one, width))
        x = g.join(f"{n}/join", [a, b, c, d])
    half = (2, b"VALID")
    a = g.chain("mixed_3/", x, (three, 384, *half))
    b = g.chain("mixed_3/tower/", x, (one, 64), (three, 96), (three, 96, *half))
    c = g.pool("mixed_3/pool", x, "MaxPool", 3, *half)
    x = g.join("mixed_3/join", [a, b, c])
    row, column = (1, 7), (7, 1)
    for n, w in (
        ("mixed_4", 128),
        ("mixed_5", 160),
        ("mixed_6", 160),
        ("mixed_7", 192),
    ):
        a = g.chain(f"{n}/", x, (one, 192))
        b = g.chain(f"{n}/tower/", x, (one, w), (row, w), (column, 192))
        steps = ((one, w), (column, w), (row, w), (column, w), (row, 192))
        c = g.chain(f"{n}/tower_1/", x, *steps)
        d = g.pool(f"{n}/tower_2/pool", x, "AvgPool", 3, 1, b"SAME")
        d = g.chain(f"{n}/tower_2/", d, (one, 192))
        x = g.join(f"{n}/join", [a, b, c, d])
    a = g.chain("mixed_8/tower/", x, (one, 192), (three, 320, *half))
    steps = ((one, 192), (row, 192), (column, 192), (three, 192, *half))
    b = g.chain("mixed_8/tower_1/", x, *steps)
    c = g.pool("mixed_8/pool", x, "MaxPool", 3, *half)
    x = g.join("mixed_8/join", [a, b, c])
    for n, pool in (("mixed_9", "AvgPool"), ("mixed_10", "MaxPool")):
        a = g.chain(f"{n}/", x, (one, 320))
        b = g.chain(f"{n}/tower/", x, (one, 384))
        b = _fork(g, f"{n}/tower", b)
        c = g.chain(f"{n}/tower_1/", x, (one, 448), (three, 384))
        c = _fork(g, f"{n}/tower_1", c)
        d = g.pool(f"{n}/tower_2/pool", x, pool, 3, 1, b"SAME")
        d = g.chain(f"{n}/tower_2/", d, (one, 192))
        x = g.join(f"{n}/join", [a, b, c, d])
    x = g.pool("pool_3", x, "AvgPool", 8, 1, b"VALID")
    miniature_inception.output(g.proto, g.random, g.widths[x], CLASSES)
    return g.proto


def _fork(g, prefix, source):
    a = g.unit(f"{prefix}/mixed/conv", source, (1, 3), 384)
    b = g.unit(f"{prefix}/mixed/conv_1", source, (3, 1), 384)
    return g.join(f"{prefix}/mixed/join", [a, b])
