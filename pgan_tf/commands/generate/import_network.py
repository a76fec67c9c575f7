"""`import`: a generator of another program as a snapshot of ours."""

import argparse
import pathlib

from pgan_tf.commands.generate import inputs
from pgan_tf.networks import snapshots
from pgan_tf.networks.progressive.pytorch import published


def run(args: argparse.Namespace) -> None:
    """Reads, writes, and says what it is."""
    path, source = pathlib.Path(args.out), args.network
    if source.startswith(published.PREFIX):
        name = source.removeprefix(published.PREFIX)
        source = published.fetch(name, say)
    network = inputs.open_network(source)
    snapshots.save_generator(network, path)
    size = network.resolution
    labels = f", labels of size {network.label_size}"
    say(
        f"wrote {path}: a generator of {size}x{size} images with "
        f"{network.num_channels} channels at lod {network.lod:g}, latents of "
        f"size {network.latent_size}{labels if network.label_size else ''}"
    )


def say(line: str) -> None:
    print(line, flush=True)
