"""`import`: a generator of NVIDIA's as a snapshot of ours."""

import argparse
import pathlib

from pgan_tf.base import errors
from pgan_tf.commands.generate import output

DESCRIPTION = """Reads NVIDIA's pickles: writes a generator as .keras file.

Takes snapshots of the TensorFlow 1 release (network-snapshot-*.pkl,
network-final.pkl) and of the Theano release before it. The code that such a
file carries is neither run nor needed. Other verbs take a .pkl file as
--network as well; a .keras file is a third of the size, for it holds only Gs
(the average of the generator's weights, which draws the best pictures)."""


EXAMPLES = """examples:
  python generate.py import --pkl=network-final.pkl --out=celebahq.keras
  python generate.py import --pkl=network-snapshot-009800.pkl --out=G.keras
"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    add = parser.add_argument
    add("--pkl", required=True, help="NVIDIA's network snapshot.")
    add("--out", required=True, help="The .keras file to write.")


def run(args: argparse.Namespace) -> None:
    """Reads, writes, and says what it is."""
    if pathlib.Path(args.out).suffix != ".keras":
        raise errors.UserError(f"--out={args.out}: name a .keras file")
    path = output.check_file(args.out)
    # TensorFlow takes seconds to import, which --help need not wait for.
    from pgan_tf.networks import snapshots
    from pgan_tf.networks.progressive.nvidia import snapshots as nvidia

    network = nvidia.load_generator(args.pkl)
    snapshots.save_generator(network, path)
    size = network.resolution
    labels = f", labels of size {network.label_size}"
    print(
        f"wrote {path}: a generator of {size}x{size} images with "
        f"{network.num_channels} channels at lod {network.lod:g}, latents of "
        f"size {network.latent_size}{labels if network.label_size else ''}"
    )
