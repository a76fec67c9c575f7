"""What a machine reaches at most: the speed of a plain convolution."""

import math
import time

import tensorflow as tf

ATTEMPTS = 20


def convolution_peak(precision: str) -> float:
    """What the device reaches in a plain convolution.

    Of 3x3, over 128 feature maps of 32x32 pixels of 16 images.

    Args:
        precision: float32, bfloat16 or float16.

    Returns:
        10^9 multiplications per second, the most of several attempts.
    """
    count, size, fmaps, layers = 16, 32, 128, 8
    x = tf.ones([count, size, size, fmaps], precision)
    kernel = tf.fill([3, 3, fmaps, fmaps], tf.cast(1 / (9 * fmaps), precision))

    @tf.function
    def convolve(x: tf.Tensor) -> tf.Tensor:
        for _ in range(layers):
            x = tf.nn.conv2d(x, kernel, 1, "SAME")
        return x[0, 0, 0, 0]

    convolve(x).numpy()
    best = math.inf
    for _ in range(ATTEMPTS):
        start = time.perf_counter()
        convolve(x).numpy()
        best = min(best, time.perf_counter() - start)
    return layers * count * size**2 * 9 * fmaps**2 / best / 1e9
