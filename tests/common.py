"""What the tests share: goldens, ramps, tiny datasets."""

import pathlib

import numpy as np
import tensorflow as tf

GOLDEN_DIR = pathlib.Path(__file__).parent / "golden"


def golden(name: str) -> dict[str, np.ndarray]:
    """All arrays of `tests/golden/<name>.npz`."""
    with np.load(GOLDEN_DIR / f"{name}.npz") as file:
        return {key: file[key] for key in file.files}


def nhwc(array: np.ndarray) -> np.ndarray:
    """Channels-first images, as the goldens have them, to channels-last."""
    return array.transpose(0, 2, 3, 1)


def ramp(
    shape: tuple[int, ...], low: float = -1, high: float = 1
) -> np.ndarray:
    """A deterministic fill that no change of random generators can alter."""
    size = int(np.prod(shape))
    return np.linspace(low, high, size, dtype=np.float32).reshape(shape)


class TestCase(tf.test.TestCase):
    """`tf.test.TestCase` with our shared checks."""
