"""An extractor whose weights were never trained: for tests and smoke runs.

Distances on random features tell snapshots of one run apart, when seed and n
are the same; they are weak on what images mean and comparable with nothing
that is published. They are named FD-random[...].
"""

import hashlib

import numpy as np
import tensorflow as tf

from pgan_tf.base import devices
from pgan_tf.evaluation.features import resize
from pgan_tf.evaluation.features.extractor import Extractor

SIZE = 64
WIDTHS = (32, 64, 128)
CLASSES = 10


def make(replicas: devices.Replicas, seed: int = 0) -> Extractor:
    """Strided 3x3 convolutions, ReLU, mean and deviation over the image.

    Args:
        replicas: That run it.
        seed: Of the weights, drawn by NumPy, the same in any version.
    """
    kernels = draw_kernels(seed)
    logit_kernel = kernels[-1]

    def call(images: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        x = resize.bilinear(tf.cast(images, tf.float32), (SIZE, SIZE))
        x = x / 127.5 - 1
        for kernel in kernels[:-1]:
            x = tf.nn.relu(tf.nn.conv2d(x, kernel, strides=2, padding="SAME"))
        mean, variance = tf.nn.moments(x, axes=[1, 2])
        found = tf.concat([mean, tf.sqrt(variance + 1e-8)], axis=1)
        return found, tf.matmul(found, logit_kernel)

    data = b"".join(kernel.tobytes() for kernel in kernels)
    return Extractor(
        name=f"conv{'-'.join(map(str, WIDTHS))},seed{seed}",
        digest=hashlib.sha256(data).hexdigest(),
        run=replicas.spread(call),
        differentiable=lambda x: call(x)[0],
        random=True,
        resize=f"{resize.NAME} to {SIZE}x{SIZE}",
        note="untrained: comparable between snapshots of one run alone",
    )


def draw_kernels(seed: int) -> list[np.ndarray]:
    """Normal draws over the root of the fan-in, float32; of the logits last."""
    random = np.random.RandomState(seed)
    widths = (3, *WIDTHS)
    shapes: list[tuple[int, ...]] = [
        (3, 3, inputs, outputs)
        for inputs, outputs in zip(widths[:-1], widths[1:], strict=True)
    ]
    shapes.append((2 * WIDTHS[-1], CLASSES))
    kernels = []
    for shape in shapes:
        gain = np.sqrt(2 / np.prod(shape[:-1]))
        kernels.append((random.standard_normal(shape) * gain).astype("f4"))
    return kernels
