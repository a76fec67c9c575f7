"""The kinds of files that datasets are made of, and datasets themselves."""

import functools
import gzip
import io
import pathlib
import struct
import tarfile
import zipfile
import zlib
from typing import Any

import numpy as np
from PIL import Image

from pgan_tf.base import flagfiles
from pgan_tf.data import inspect, verify
from pgan_tf.data.format import datasets, tfrecord
from pgan_tf.data.sources import cifar, hdf5, lsun, mnist, pictures, svhn
from pgan_tf.data.sources.celebahq import deltas
from tests import dataset_files
from tests.data.sources import published
from tests.fuzz.trials import Kind


def image(mode: str = "RGB") -> Image.Image:
    """Something between noise and a plane, so that all coders have work."""
    rows, columns = np.mgrid[:20, :24]
    waves = np.sin(rows / 3)[..., None] + np.cos(columns / 4)[..., None]
    pixels = (waves * [40, 50, 60] + 128).astype(np.uint8)
    if mode == "I;16":
        return Image.fromarray(pixels[..., 0].astype(np.uint16) * 257)
    return Image.fromarray(pixels).convert(mode)


def encoded(format: str, mode: str = "RGB", **options: Any) -> bytes:
    stream = io.BytesIO()
    image(mode).save(stream, format, **options)
    return stream.getvalue()


def exif() -> Image.Exif:
    found = Image.Exif()
    found[0x0112] = 6  # a quarter to the right
    found[0x010E] = "a picture"
    return found


def write_image(name: str, data: bytes, folder: pathlib.Path) -> pathlib.Path:
    path = folder / name
    path.write_bytes(data)
    return path


def read_images(folder: pathlib.Path, **options: Any) -> None:
    source = pictures.Pictures(folder, 8, **options)
    source.options()
    for index in range(len(source)):
        pixels = source.image(index)
        assert pixels.shape == (8, 8, 3) and pixels.dtype == np.uint8
        label = source.label(index)
        assert label.shape == (len(source.label_names),)
        assert np.isfinite(label).all()


def of_image(name: str, format: str, mode: str = "RGB", **options: Any) -> Kind:
    data = encoded(format, mode, **options)
    return Kind(functools.partial(write_image, name, data), read_images)


def with_checksums(data: bytes) -> bytes:
    """A PNG file whose parts have the checksums that they should have.

    So that what is changed is not noticed by them, but where it is used.
    """
    mended, at = data[:8], 8
    while at + 12 <= len(data):
        (size,) = struct.unpack_from(">I", data, at)
        part = data[at + 4 : at + 8 + size]
        mended += data[at : at + 4] + part + struct.pack(">I", zlib.crc32(part))
        at += 12 + size
    return mended + data[at:]


def with_record_checksums(data: bytes) -> bytes:
    """The same for records."""
    mended, at = b"", 0
    while at + 16 <= len(data):
        (size,) = struct.unpack_from("<Q", data, at)
        part = data[at + 12 : at + 12 + size]
        for each in (data[at : at + 8], part):
            mended += each + struct.pack("<I", tfrecord.masked_crc(each))
        at += 16 + size
    return mended + data[at:]


def of_png(mode: str, **options: Any) -> Kind:
    data = encoded("PNG", mode, **options)
    return Kind(
        functools.partial(write_image, "a.png", data),
        read_images,
        wrap=with_checksums,
    )


def write_zip(folder: pathlib.Path) -> pathlib.Path:
    path = folder / "files.zip"
    methods = (
        zipfile.ZIP_STORED,
        zipfile.ZIP_DEFLATED,
        zipfile.ZIP_BZIP2,
        zipfile.ZIP_LZMA,
    )
    with zipfile.ZipFile(path, "w") as file:
        for method in methods:
            file.writestr(f"a/{method}.bmp", encoded("BMP"), method)
        file.writestr("labels.csv", "file,class\n" + "".join(
            f"{method}.bmp,c{method}\n" for method in methods
        ))  # fmt: skip
    return path


def read_zip(folder: pathlib.Path) -> None:
    read_images(folder / "files.zip")


def write_labelled(name: str, text: str, folder: pathlib.Path) -> pathlib.Path:
    for number in range(4):
        (folder / f"{number}.png").write_bytes(encoded("PNG"))
    return write_image(name, text.encode(), folder)


def of_labels(name: str, text: str, **options: Any) -> Kind:
    return Kind(
        functools.partial(write_labelled, name, text),
        functools.partial(read_images, label_choice=name, **options),
    )


def write_tar(suffix: str, mode: str, folder: pathlib.Path) -> pathlib.Path:
    published.write_cifar100(folder)
    path = folder / f"cifar{suffix}"
    with tarfile.open(path, f"w:{mode}") as tar:
        for name in ("meta", "test"):
            tar.add(folder / name, f"cifar/{name}")
            (folder / name).unlink()
    return path


def check_arrays(source: Any) -> None:
    for index in range(len(source)):
        assert source.image(index).shape[:2] == (32, 32)
        assert source.label(index).sum() == 1


def of_tar(suffix: str, mode: str) -> Kind:
    return Kind(
        functools.partial(write_tar, suffix, mode),
        lambda folder: check_arrays(
            cifar.read(folder / f"cifar{suffix}", "cifar100", "test")
        ),
    )


def write_cifar(folder: pathlib.Path) -> pathlib.Path:
    published.write_cifar100(folder)
    return folder / "test"


def read_cifar(folder: pathlib.Path) -> None:
    check_arrays(cifar.read(folder, "cifar100", "test"))


def write_mnist(name: str, suffix: str, folder: pathlib.Path) -> pathlib.Path:
    published.write_mnist(folder)
    path = folder / name
    if not suffix:
        return path
    packed = folder / f"{name}{suffix}"
    packed.write_bytes(path.read_bytes())
    path.unlink()
    return packed


IMAGES, DIGITS = "train-images-idx3-ubyte", "train-labels-idx1-ubyte"


def of_mnist(name: str, suffix: str = "", **options: Any) -> Kind:
    return Kind(
        functools.partial(write_mnist, name, suffix),
        lambda folder: check_arrays(mnist.read(folder, "train")),
        # What is wrong with both together names the folder.
        (name, "--source_dir"),
        **options,
    )


def write_packed_mnist(folder: pathlib.Path) -> pathlib.Path:
    path = write_mnist(IMAGES, ".gz", folder)
    path.write_bytes(gzip.compress(path.read_bytes()))
    return path


def write_svhn(folder: pathlib.Path) -> pathlib.Path:
    published.write_svhn(folder)
    return folder / "train_32x32.mat"


def write_packed_svhn(folder: pathlib.Path) -> pathlib.Path:
    import scipy.io

    path = write_svhn(folder)
    content = scipy.io.loadmat(path)
    arrays = {key: content[key] for key in ("X", "y")}
    scipy.io.savemat(path, arrays, do_compression=True)
    return path


def write_hdf5(folder: pathlib.Path) -> pathlib.Path:
    published.write_hdf5(folder / "set.h5")
    return folder / "set.h5"


def write_hdf5_labels(folder: pathlib.Path) -> pathlib.Path:
    write_hdf5(folder)
    path = folder / "set-labels.npy"
    np.save(path, np.eye(published.NUM_IMAGES, 3, dtype=np.float32))
    return path


def read_hdf5(folder: pathlib.Path) -> None:
    source = hdf5.Hdf5(folder / "set.h5")
    for index in range(len(source)):
        assert source.image(index).shape[0] == source.resolution
        source.label(index)


def write_lsun(folder: pathlib.Path) -> pathlib.Path:
    published.write_lsun(folder)
    return folder / "data.mdb"


def read_lsun(folder: pathlib.Path) -> None:
    source = lsun.Lsun(folder, 8)
    for index in range(len(source)):
        assert source.image(index).shape == (8, 8, 3)


def write_dataset(ending: str, folder: pathlib.Path) -> pathlib.Path:
    labels = np.eye(6, 3, dtype=np.float32)
    dataset_files.save(folder / "set", published.noise(6, 8, 8, 3), labels)
    (path,) = (folder / "set").glob(f"*{ending}")
    return path


def read_dataset(folder: pathlib.Path) -> None:
    dataset = datasets.open_dataset(folder / "set")
    inspect.describe(dataset)
    list(inspect.sheet_labels(dataset, 4))
    assert isinstance(dataset.digest, str) and dataset.label_kind
    for fault in verify.faults(dataset):
        assert fault.isprintable()
    for resolution in dataset.levels:
        found = dataset.read(resolution, np.arange(dataset.num_images))
        assert found.shape[1:3] == (resolution, resolution)


def of_dataset(ending: str) -> Kind:
    return Kind(
        functools.partial(write_dataset, ending),
        read_dataset,
        # A file that is cut disagrees with another one, which is named.
        ("set",),
    )


PHOTO = b"a photo"
DELTAS = (
    "idx orig_idx orig_file proc_md5 final_md5\n"
    "0 1 000001.jpg 0123456789abcdef 0123456789abcdef\n"
    "1 2 000002.jpg 0123456789abcdef 0123456789abcdef\n"
)


def write_deltas(name: str, folder: pathlib.Path) -> pathlib.Path:
    (folder / "image_list.txt").write_text(DELTAS)
    delta = published.encrypted(bytes(3 * 1024**2), PHOTO, "000001.jpg")
    with zipfile.ZipFile(folder / "deltas00000.zip", "w") as file:
        file.writestr("delta00000.dat", delta)
    return folder / name


def read_deltas(folder: pathlib.Path) -> None:
    found = deltas.Deltas(folder)
    base = np.zeros((1024, 1024, 3), np.uint8)
    found.apply(found.entries[0], PHOTO, base)


FLAGS = "# A comment\n--resolution=32\n--lr=0.001\n--d_repeats=2\n--nofade\n"


def read_flagfile(folder: pathlib.Path) -> None:
    for line in flagfiles.expand([f"--flagfile={folder / 'run.cfg'}"]):
        assert isinstance(line, str)


CSV = "file,class\n0.png,cat\n1.png,dog\n2.png,cat\n3.png,10\n"
NUMBERS = "file,Smiling,Male\n0.png,0,1\n1.png,1,1\n2.png,0,0\n3.png,1,0\n"
JSON = '{"labels": [["0.png", 3], ["1.png", 0], ["2.png", 1], ["3.png", 3]]}'
LISTS = (
    '{"labels": [["0.png", [0.5, 1]], ["1.png", [0, 1]], ["2.png", [1, 0]], '
    '["3.png", [0, 0]]]}'
)
ATTRIBUTES = "4\nSmiling Male\n" + "".join(
    f"{number}.png  1 -1\n" for number in range(4)
)

KINDS: dict[str, Kind] = {
    "png": of_image("a.png", "PNG"),
    "png_palette": of_image("a.png", "PNG", "P", transparency=3),
    "png_16": of_image("a.png", "PNG", "I;16"),
    "png_alpha": of_image("a.png", "PNG", "RGBA"),
    "png_mended": of_png("RGB"),
    "png_16_mended": of_png("I;16"),
    "png_clear_mended": of_png("P", transparency=3),
    "apng": of_image(
        "a.png", "PNG", save_all=True, append_images=[image("L").convert("RGB")]
    ),
    "jpeg": of_image("a.jpg", "JPEG"),
    "jpeg_exif": of_image("a.jpg", "JPEG", exif=exif(), progressive=True),
    "webp": of_image("a.webp", "WEBP", lossless=False),
    "webp_moving": of_image(
        "a.webp", "WEBP", save_all=True, append_images=[image("L")]
    ),
    "gif": of_image("a.gif", "GIF", "P", save_all=True),
    "bmp": of_image("a.bmp", "BMP"),
    "tga": of_image("a.tga", "TGA", compression="tga_rle"),
    "ppm": of_image("a.ppm", "PPM"),
    "tiff": of_image("a.tif", "TIFF"),
    "tiff_lzw": of_image("a.tif", "TIFF", compression="tiff_lzw"),
    "tiff_deflate": of_image(
        "a.tif", "TIFF", "L", compression="tiff_adobe_deflate"
    ),
    "jpeg2000": of_image("a.jp2", "JPEG2000"),
    "avif": of_image("a.avif", "AVIF"),
    "zip": Kind(write_zip, read_zip),
    "tar": of_tar(".tar", ""),
    "tar_gz": of_tar(".tar.gz", "gz"),
    "tar_bz2": of_tar(".tar.bz2", "bz2"),
    "tar_xz": of_tar(".tar.xz", "xz"),
    "cifar": Kind(write_cifar, read_cifar, ("test", "--source_dir")),
    "mnist_images": of_mnist(IMAGES),
    "mnist_labels": of_mnist(DIGITS),
    "mnist_gz": Kind(
        write_packed_mnist,
        lambda folder: check_arrays(mnist.read(folder, "train")),
        (IMAGES, "--source_dir"),
    ),
    "mnist_in_gz": of_mnist(IMAGES, ".gz", wrap=gzip.compress),
    "svhn": Kind(
        write_svhn, lambda folder: check_arrays(svhn.read(folder, "train")),
        ("train_32x32.mat", "--source_dir"),
    ),
    "svhn_packed": Kind(
        write_packed_svhn,
        lambda folder: check_arrays(svhn.read(folder, "train")),
        ("train_32x32.mat", "--source_dir"),
    ),
    "hdf5": Kind(write_hdf5, read_hdf5),
    "hdf5_labels": Kind(write_hdf5_labels, read_hdf5),
    "lmdb": Kind(write_lsun, read_lsun, ("data.mdb", ", key ", ", record ")),
    "dataset_manifest": of_dataset("dataset.json"),
    "dataset_records": of_dataset("r03.tfrecords"),
    "dataset_mended": Kind(
        functools.partial(write_dataset, "r02.tfrecords"), read_dataset,
        ("set",), with_record_checksums,
    ),
    "dataset_small": of_dataset("r02.tfrecords"),
    "dataset_labels": of_dataset(".labels"),
    "labels_csv": of_labels("labels.csv", CSV),
    "labels_numbers": of_labels(
        "labels.csv", NUMBERS, label_attributes="Smiling"
    ),
    "labels_json": of_labels("dataset.json", JSON),
    "labels_lists": of_labels("dataset.json", LISTS),
    "labels_txt": of_labels("list_attr_celeba.txt", ATTRIBUTES),
    "deltas_list": Kind(
        functools.partial(write_deltas, "image_list.txt"), read_deltas,
        ("image_list.txt", "--delta_dir", ".zip"),
    ),
    "deltas_zip": Kind(
        functools.partial(write_deltas, "deltas00000.zip"), read_deltas
    ),
    "flagfile": Kind(
        functools.partial(write_image, "run.cfg", FLAGS.encode()),
        read_flagfile,
        ("run.cfg", "--flagfile"),
    ),
}  # fmt: skip
