"""Tiny data sets in the formats in which the real ones are published."""

import pathlib
import pickle
import struct

import numpy as np
import scipy.io

NUM_IMAGES = 7


def noise(*shape: int) -> np.ndarray:
    """Reproducible uint8."""
    return np.random.default_rng(len(shape)).integers(0, 256, shape, np.uint8)


def idx(array: np.ndarray) -> bytes:
    """An array as an idx file."""
    head = bytes([0, 0, 8, array.ndim])
    sizes = b"".join(struct.pack(">I", size) for size in array.shape)
    return head + sizes + array.tobytes()


def write_mnist(
    folder: pathlib.Path, prefix: str = "train"
) -> tuple[np.ndarray, np.ndarray]:
    """Both files; returns images [N,28,28] and digits [N]."""
    images = noise(NUM_IMAGES, 28, 28)
    digits = np.arange(NUM_IMAGES, dtype=np.uint8)[::-1]
    (folder / f"{prefix}-images-idx3-ubyte").write_bytes(idx(images))
    (folder / f"{prefix}-labels-idx1-ubyte").write_bytes(idx(digits))
    return images, digits


def write_svhn(folder: pathlib.Path) -> tuple[np.ndarray, np.ndarray]:
    """train_32x32.mat; returns images [N,32,32,3] and classes 1..10 [N]."""
    images = noise(NUM_IMAGES, 32, 32, 3)
    classes = np.array([1, 10, 9, 2, 10, 5, 3], np.uint8)
    scipy.io.savemat(
        folder / "train_32x32.mat",
        {"X": images.transpose(1, 2, 3, 0), "y": classes[:, None]},
    )
    return images, classes


def python2_pickle(batch: dict[str, object], pixels: np.ndarray) -> bytes:
    """A batch as Python 2 and the NumPy of its days wrote it.

    Strings are byte strings (opcode U), as is the array's state; the array is
    built by numpy.core.multiarray._reconstruct.

    Args:
        batch: Strings, and lists of strings and of integers.
        pixels: For the key `data`, uint8 [n,3072].
    """

    def string(text: str) -> bytes:
        return b"U" + bytes([len(text)]) + text.encode()

    def value_of(value: object) -> bytes:
        if isinstance(value, str):
            return string(value)
        if isinstance(value, int):
            return b"J" + struct.pack("<i", value)
        assert isinstance(value, list)
        return b"](" + b"".join(value_of(each) for each in value) + b"e"

    data = pixels.tobytes()
    dtype = (
        b"cnumpy\ndtype\n" + string("u1") + b"K\x00K\x01\x87R"
        b"(K\x03" + string("|") + b"NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xff"
        b"K\x00tb"
    )
    array = (
        b"cnumpy.core.multiarray\n_reconstruct\ncnumpy\nndarray\nK\x00\x85"
        + string("b") + b"\x87R(K\x01"
        + b"".join(value_of(size) for size in pixels.shape) + b"\x86"
        + dtype + b"\x89T" + struct.pack("<I", len(data)) + data + b"tb"
    )  # fmt: skip
    items = b"".join(string(k) + value_of(v) for k, v in batch.items())
    return b"\x80\x02}(" + items + string("data") + array + b"u."


def write_cifar10(folder: pathlib.Path) -> tuple[np.ndarray, list[int]]:
    """Meta and five batches; returns images [5N,32,32,3] and classes."""
    images = noise(5 * NUM_IMAGES, 32, 32, 3)
    classes = [(3 * index) % 10 for index in range(len(images))]
    folder = folder / "cifar-10-batches-py"
    folder.mkdir()
    names = [f"class{index}" for index in range(10)]
    meta = pickle.dumps({b"label_names": [name.encode() for name in names]})
    (folder / "batches.meta").write_bytes(meta)
    for batch in range(5):
        part = slice(batch * NUM_IMAGES, (batch + 1) * NUM_IMAGES)
        rows = images[part].transpose(0, 3, 1, 2).reshape(NUM_IMAGES, -1)
        content = {"batch_label": "of a test", "labels": classes[part]}
        data = python2_pickle(content, rows)
        (folder / f"data_batch_{batch + 1}").write_bytes(data)
    return images, classes


def write_cifar100(folder: pathlib.Path) -> tuple[np.ndarray, list[int]]:
    """Meta and the test file; returns images and fine classes."""
    images = noise(NUM_IMAGES, 32, 32, 3)
    classes = [99, 0, 50, 1, 2, 98, 3]
    names = [f"class{index}".encode() for index in range(100)]
    meta = {b"fine_label_names": names, b"coarse_label_names": [b"c"] * 20}
    (folder / "meta").write_bytes(pickle.dumps(meta))
    rows = images.transpose(0, 3, 1, 2).reshape(NUM_IMAGES, -1)
    content = {"fine_labels": classes, "coarse_labels": [0] * NUM_IMAGES}
    (folder / "test").write_bytes(python2_pickle(content, rows))
    return images, classes
