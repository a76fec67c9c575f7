"""The kinds of files that become networks, or what these are given."""

import functools
import pathlib
import types
from typing import Any

import numpy as np

from pgan_tf.evaluation.features import inception_graph
from pgan_tf.networks import snapshots
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.nvidia import snapshots as nvidia
from pgan_tf.sampling import latent_table
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


KINDS = {
    "nvidia_pickle": Kind(write_pickle, read_pickle),
    "latents": Kind(write_latents, read_latents),
    "inception_pb": Kind(write_inception, read_inception),
    "keras_snapshot": Kind(
        write_snapshot, functools.partial(read_network, "a.keras")
    ),
}
