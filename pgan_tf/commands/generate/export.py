"""`export`: a generator as a model for other programs."""

import argparse
import pathlib

from pgan_tf.commands.generate import inputs
from pgan_tf.networks import export


def run(args: argparse.Namespace) -> None:
    """Exports, and says what came of it."""
    path = pathlib.Path(args.out)
    network = inputs.open_network(args.network)
    worst = export.export(network, args.format, path, args.lod, args.uint8)
    unit = "of 255" if args.uint8 else "in a range of -1..1"
    print(
        f"wrote {path}: run once, its images differ by at most {worst:.1g} "
        f"{unit} from the network's"
    )
