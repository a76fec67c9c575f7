"""The kinds of files that become networks, or what these are given."""

import functools
import io
import pathlib
import shutil
import types
import zipfile
from typing import Any

import numpy as np

from pgan_tf.evaluation.features import inception_graph
from pgan_tf.networks import snapshots
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.nvidia import snapshots as nvidia
from pgan_tf.networks.progressive.pytorch import snapshots as pytorch
from pgan_tf.sampling import latent_table
from tests import common
from tests.evaluation.features import miniature_inception
from tests.fuzz.trials import Kind
from tests.networks.progressive.nvidia import pickle_writer


def generator() -> Generator:
    return Generator(
        resolution=4, num_channels=1, fmap_base=4, fmap_max=4, latent_size=4
    )


def write_snapshot(folder: pathlib.Path) -> pathlib.Path:
    path = folder / "a.keras"
    snapshots.save_generator(generator(), path)
    return path


def write_pickle(folder: pathlib.Path) -> pathlib.Path:
    path = folder / "a.pkl"
    discriminator = Discriminator(
        resolution=4, num_channels=1, fmap_base=4, fmap_max=4
    )
    pickle_writer.save_pickle(path, generator(), discriminator, generator())
    return path


def read_network(name: str, folder: pathlib.Path) -> None:
    network = snapshots.load_generator(folder / name)
    assert isinstance(network, Generator)


def read_pickle(folder: pathlib.Path) -> None:
    nvidia.load_pickle(folder / "a.pkl")


def write_latents(folder: pathlib.Path) -> pathlib.Path:
    path = folder / "z.npy"
    np.save(path, np.linspace(-1, 1, 32, dtype=np.float32).reshape(4, 8))
    return path


def read_latents(folder: pathlib.Path) -> None:
    network: Any = types.SimpleNamespace(latent_size=8)
    found = latent_table.read_latents(str(folder / "z.npy"), network)
    assert found.shape[1] == 8 and np.isfinite(found).all()


def write_inception(folder: pathlib.Path) -> pathlib.Path:
    path = folder / "graph.pb"
    path.write_bytes(miniature_inception.graph_def().SerializeToString())
    return path


def read_inception(folder: pathlib.Path) -> None:
    path = folder / "graph.pb"
    graph = inception_graph.parse(inception_graph.read_graph(path), path)
    inception_graph.rewrite(graph)


CHECKPOINTS = common.GOLDEN_DIR / "checkpoints"


def write_copy(source: str, folder: pathlib.Path) -> pathlib.Path:
    path = folder / "a.pth"
    shutil.copy(CHECKPOINTS / source, path)
    return path


def write_inside(source: str, folder: pathlib.Path) -> pathlib.Path:
    """The pickle alone, which is what a network's file says."""
    path = folder / "a.pth"
    with zipfile.ZipFile(CHECKPOINTS / source) as archive:
        path.write_bytes(archive.read(_root(archive) + "data.pkl"))
    return path


def wrap_inside(source: str, pickled: bytes) -> bytes:
    """The archive of that file, with another pickle in it."""
    stream = io.BytesIO()
    with (
        zipfile.ZipFile(CHECKPOINTS / source) as archive,
        zipfile.ZipFile(stream, "w") as changed,
    ):
        changed.writestr("archive/data.pkl", pickled)
        root = _root(archive) + "data/"
        for name in archive.namelist():
            if name.startswith(root):
                changed.writestr(
                    f"archive/data/{name.removeprefix(root)}",
                    archive.read(name),
                )
    return stream.getvalue()


def _root(archive: zipfile.ZipFile) -> str:
    names = archive.namelist()
    (name,) = [name for name in names if name.endswith("data.pkl")]
    return name.removesuffix("data.pkl")


def read_networks(folder: pathlib.Path) -> None:
    assert pytorch.load_networks(folder / "a.pth")


def inside(source: str) -> Kind:
    return Kind(
        functools.partial(write_inside, source),
        read_networks,
        wrap=functools.partial(wrap_inside, source),
    )


def whole(source: str) -> Kind:
    return Kind(functools.partial(write_copy, source), read_networks)


KINDS = {
    "gan_zoo": inside("gan_zoo/plain_s0.pt"),
    "nashory": inside("nashory/r2_settled/gen_R2_T50.pth.tar"),
    "akanimax": inside("akanimax_v34/d3_noema/depth_3_epoch_1.bin"),
    "mmgeneration": inside(
        "mmgen/s16_published/pggan_golden_16_g8_20210408_181931-a76be574.pth"
    ),
    "torch_zip": whole("nashory/r2_settled/dis_R2_T50.pth.tar"),
    "torch_legacy": whole("nashory/r4_settled_py2/gen_R4_T50.pth.tar"),
    "nvidia_pickle": Kind(write_pickle, read_pickle),
    "latents": Kind(write_latents, read_latents),
    "inception_pb": Kind(write_inception, read_inception),
    "keras_snapshot": Kind(
        write_snapshot, functools.partial(read_network, "a.keras")
    ),
}
