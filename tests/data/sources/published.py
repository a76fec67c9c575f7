"""Tiny data sets in the formats in which the real ones are published."""

import base64
import bz2
import hashlib
import io
import pathlib
import pickle
import struct
import zipfile

import h5py
import lmdb
import numpy as np
import scipy.io
from cryptography import fernet
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.kdf import pbkdf2
from PIL import Image

from pgan_tf.data.sources.celebahq import face_square

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


# Of every photo that `write_celebahq` writes.
LANDMARKS = [[22, 30], [38, 28], [32, 37], [25, 46], [39, 45]]
LANDMARK_NAMES = "lefteye_x lefteye_y righteye_x righteye_y nose_x nose_y ..."


def jpeg(pixels: np.ndarray) -> bytes:
    """An image file."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=95)
    return stream.getvalue()


def encrypted(delta: bytes, photo: bytes, name: str) -> bytes:
    """A delta as it is published."""
    key = pbkdf2.PBKDF2HMAC(
        algorithm=hashes.SHA256(),
        length=32,
        salt=name.encode("ascii"),
        iterations=100000,
    ).derive(photo)
    packed = bz2.compress(delta, 1)
    return fernet.Fernet(base64.urlsafe_b64encode(key)).encrypt(packed)


def md5(image: np.ndarray) -> str:
    """Of an image [H,W,C], in the order channels, rows, columns."""
    return hashlib.md5(image.transpose(2, 0, 1).tobytes()).hexdigest()


def aligned(photo: bytes) -> np.ndarray:
    """What a delta is added to, uint8 [1024,1024,3]."""
    image = Image.open(io.BytesIO(photo))
    return np.asarray(face_square.aligned(image, np.array(LANDMARKS)))


def write_celebahq(folder: pathlib.Path, count: int = 2) -> list[np.ndarray]:
    """Photos in photos/, the rest in deltas/; returns the final images."""
    (folder / "photos").mkdir()
    (folder / "deltas").mkdir()
    rows = ["idx         orig_idx    orig_file   proc_md5    final_md5"]
    landmarks = [str(2 * count), LANDMARK_NAMES]
    images = []
    with zipfile.ZipFile(folder / "deltas" / "deltas00000.zip", "w") as file:
        for number in range(count):
            # The order of the photos is not that of the images.
            name = f"{2 * count - number:06d}.jpg"
            photo = jpeg(noise(80, 60, 3) // 2 + 30 * (number + 1))
            (folder / "photos" / name).write_bytes(photo)
            base = aligned(photo)
            # Nowhere far from the photo, but all the way from 0 to 255.
            change = np.linspace(-99, 99, 1024).astype(int)[:, None]
            images.append(np.clip(base + change, 0, 255).astype(np.uint8))
            delta = (images[-1] - base).transpose(2, 0, 1).tobytes()
            secret = encrypted(delta, photo, name)
            file.writestr(f"delta{number:05d}.dat", secret)
            rows.append(
                f"{number}  {2 * count - number - 1}  {name}  {md5(base)}  "
                f"{md5(images[-1])}"
            )
            numbers = np.array(LANDMARKS).ravel()
            landmarks.append(f"{name} " + " ".join(map(str, numbers)))
    (folder / "deltas" / "image_list.txt").write_text("\n".join(rows))
    path = folder / "photos" / "list_landmarks_celeba.txt"
    path.write_text("\n".join(landmarks) + "\n")
    return images


def write_lsun(folder: pathlib.Path, count: int = 5) -> list[bytes]:
    """A database; returns its image files by key."""
    images = [
        jpeg(noise(40 + number, 50, 3) // 8 + 20 * (number % 10))
        for number in range(count)
    ]
    # Keys are hashes; what counts is their order.
    keys = [f"{number:03d}ab{'f' * 30}".encode() for number in range(count)]
    for key, image in sorted(zip(keys, images, strict=True))[::-1]:
        put(folder, key, image)
    return images


def put(folder: pathlib.Path, key: bytes, image: bytes) -> None:
    """Adds an entry to a database."""
    with lmdb.open(str(folder), map_size=1 << 24) as database:
        with database.begin(write=True) as transaction:
            transaction.put(key, image)


def write_hdf5(path: pathlib.Path, resolution: int = 16) -> np.ndarray:
    """An archive with labels; returns images [N,R,R,3]."""
    images = noise(NUM_IMAGES, 3, resolution, resolution)
    with h5py.File(path, "w") as file:
        size = 1
        while size <= resolution:
            file.create_dataset(
                f"data{size}x{size}",
                data=images[:, :, :size, :size],
                chunks=(2, 3, size, size),
                compression="gzip",
                compression_opts=4,
            )
            size *= 2
    labels = np.eye(3)[np.arange(NUM_IMAGES) % 3]
    np.save(path.with_name(f"{path.stem}-labels.npy"), labels)
    return images.transpose(0, 2, 3, 1)
