"""`import`: a generator of NVIDIA's as a snapshot of ours."""

import argparse
import pathlib

from pgan_tf.networks import snapshots
from pgan_tf.networks.progressive.nvidia import snapshots as nvidia


def run(args: argparse.Namespace) -> None:
    """Reads, writes, and says what it is."""
    path = pathlib.Path(args.out)
    network = nvidia.load_generator(args.pkl)
    snapshots.save_generator(network, path)
    size = network.resolution
    labels = f", labels of size {network.label_size}"
    print(
        f"wrote {path}: a generator of {size}x{size} images with "
        f"{network.num_channels} channels at lod {network.lod:g}, latents of "
        f"size {network.latent_size}{labels if network.label_size else ''}"
    )
