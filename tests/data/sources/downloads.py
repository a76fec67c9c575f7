"""What the documents' commands expect in the current folder, but small."""

import pathlib
import pickle
import shutil
import tarfile
import zipfile

import numpy as np
from PIL import Image

from tests import common
from tests.data.sources import published, shapes
from tests.evaluation.features import miniature_inception

COUNT = 24
CIFAR10 = (
    "airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse",
    "ship", "truck",
)  # fmt: skip


def write(folder: pathlib.Path) -> None:
    """Every download, in its own format, under the name in the documents."""
    _write_celeba(folder)
    _write_celebahq(folder)
    _write_digits(folder / "mnist")
    for write_one, packed, inside in (
        (published.write_cifar10, "cifar-10-python", "cifar-10-batches-py"),
        (published.write_cifar100, "cifar-100-python", "cifar-100-python"),
    ):
        _write_packed(folder, write_one, packed, inside)
    published.write_svhn(folder)
    (folder / "bedroom_train_lmdb").mkdir()
    published.write_lsun(folder / "bedroom_train_lmdb", COUNT)
    published.write_hdf5(folder / "celeba-hq-1024x1024.h5", 1024)
    shapes.Shapes(data_dir=folder / "prepared").download_and_prepare()
    _write_photos(folder)
    _write_networks(folder)


def _write_celeba(folder: pathlib.Path) -> None:
    names = [f"{number + 1:06d}.jpg" for number in range(COUNT)]
    for name, width, height in (
        ("img_align_celeba.zip", 178, 218),
        ("celeba_half_10k.zip", 89, 109),
    ):
        with zipfile.ZipFile(folder / name, "w") as file:
            for number, each in enumerate(names):
                photo = published.jpeg(picture(number, width, height))
                file.writestr(f"img_align_celeba/{each}", photo)
    rows = [
        f"{name} {1 - 2 * (number % 2)} {2 * (number % 3 == 0) - 1}"
        for number, name in enumerate(names)
    ]
    text = "\n".join([str(COUNT), "Smiling Male", *rows])
    (folder / "list_attr_celeba.txt").write_text(text + "\n")


def _write_celebahq(folder: pathlib.Path) -> None:
    ready = folder / "CelebA-HQ-img"
    ready.mkdir()
    rows = ["6", "Smiling Male"]
    for number in range(6):
        photo = published.jpeg(picture(number, 1024, 1024))
        (ready / f"{number}.jpg").write_bytes(photo)
        rows.append(f"{number}.jpg {1 - 2 * (number % 2)} 1")
    text = "\n".join(rows)
    (folder / "CelebAMask-HQ-attribute-anno.txt").write_text(text + "\n")
    published.write_celebahq(folder)
    (folder / "photos").rename(folder / "img_celeba")
    (folder / "deltas").rename(folder / "celeba-hq-deltas")


def _write_digits(folder: pathlib.Path) -> None:
    folder.mkdir()
    for prefix in ("train", "t10k"):
        classes = (np.arange(200) % 10).astype(np.uint8)
        images = published.noise(200, 28, 28) // 4
        for image, digit in zip(images, classes, strict=True):
            image[4 + 2 * digit : 6 + 2 * digit, 5:23] += 190
        for kind, data in (("images-idx3", images), ("labels-idx1", classes)):
            path = folder / f"{prefix}-{kind}-ubyte"
            path.write_bytes(published.idx(data))


def _write_packed(folder, write_one, packed: str, inside: str) -> None:
    """A set of one folder as the .tar.gz of it."""
    work = folder / "unpacked"
    work.mkdir()
    unpacked = work if inside == "cifar-10-batches-py" else work / inside
    unpacked.mkdir(exist_ok=True)
    write_one(unpacked)
    if inside != packed:  # CIFAR-10: the classes that documents name.
        names = [name.encode() for name in CIFAR10]
        meta = pickle.dumps({b"label_names": names})
        (unpacked / inside / "batches.meta").write_bytes(meta)
    if inside == packed:  # CIFAR-100's training images, which it leaves out.
        shutil.copy(unpacked / "test", unpacked / "train")
    with tarfile.open(folder / f"{packed}.tar.gz", "w:gz") as file:
        file.add(work / inside, inside)
    shutil.rmtree(work)


def _write_photos(folder: pathlib.Path) -> None:
    photos = folder / "photos"
    photos.mkdir()
    for number in range(COUNT):
        size = (300 + number, 280)
        Image.fromarray(picture(number, *size)).save(photos / f"{number}.jpg")
    Image.fromarray(picture(1, 320, 260)).save(folder / "photo.png")
    with zipfile.ZipFile(folder / "drawn.zip", "w") as file:
        for number in range(COUNT):
            drawn = published.jpeg(picture(number, 128, 128))
            file.writestr(f"{number}.jpg", drawn)


def _write_networks(folder: pathlib.Path) -> None:
    snapshot = common.GOLDEN_DIR / "ref_snapshot.pkl"
    shutil.copy(snapshot, folder / "network-final.pkl")
    for name, of in (
        ("celebaHQ16_december_s7_i96000-9c72988c.pth", "gan_zoo/plain_s1*.pt"),
        ("gen_R8_T55.pth.tar", "nashory/*/gen_*.pth.tar"),
    ):
        found = sorted((common.GOLDEN_DIR / "checkpoints").glob(of))
        shutil.copy(found[0], folder / name)
    graph = miniature_inception.graph_def().SerializeToString()
    (folder / "inception.pb").write_bytes(graph)


def latents(size: int) -> np.ndarray:
    """Four normal draws."""
    return np.random.RandomState(0).randn(4, size).astype(np.float32)


def picture(number: int, width: int, height: int) -> np.ndarray:
    """Soft colours, others for each number: uint8 [height,width,3]."""
    rows = np.linspace(0, 1, height)[:, None, None]
    columns = np.linspace(0, 1, width)[None, :, None]
    phases = np.array([1.0, 2.0, 3.0]) * (number + 1)
    waves = np.sin(5 * rows + phases) + np.cos(4 * columns + 2 * phases)
    return np.round(127.5 + 60 * waves).clip(0, 255).astype(np.uint8)
