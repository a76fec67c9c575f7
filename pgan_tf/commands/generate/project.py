"""`project`: the latent of a given picture."""

import argparse
import pathlib

from pgan_tf.base import command_line, video
from pgan_tf.commands.generate import flags, output

DESCRIPTION = """Finds the latent of a picture: the one that draws it best.

Searches by gradient descent from the best of many random latents. Writes
target.png (the picture as the network would draw it), picture.png (what it
draws), latent.npy (for `images --latents`), a video of the search, and
project.json with the distance at every step."""


EXAMPLES = """examples:
  python generate.py project --network=runs/celeba --target=photo.png --out=me
  python generate.py project --network=runs/celeba --target=photo.png \\
      --steps=1000 --restarts=8 --video=webp --out=me
  python generate.py images --network=runs/celeba --latents=me/latent.npy \\
      --out=me
"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    add = parser.add_argument
    flags.add_network(parser)
    add(
        "--target",
        required=True,
        help="An image file; its largest square in the middle counts. Crop "
        "photos as those of the dataset are.",
    )
    add("--out", required=True, help="Folder for the results.")
    flags.add_class(parser)
    add(
        "--steps",
        type=command_line.positive,
        default=500,
        help="Of gradient descent (default 500).",
    )
    add(
        "--restarts",
        type=command_line.positive,
        default=4,
        help="Searches from different latents, of which the best counts "
        "(default 4).",
    )
    add(
        "--seed",
        type=flags.seed,
        default=0,
        help="Of the latents to start from (default 0).",
    )
    add(
        "--features",
        help="Whose features of the pictures are compared too: random, labels "
        "(a classifier of the run's dataset), inception (once converted) or "
        "a model of your own, .keras or SavedModel, as evaluate.py takes them.",
    )
    add(
        "--video",
        choices=[*(each[1:] for each in video.FORMATS), "none"],
        default="mp4",
        help="Of the search (default mp4).",
    )


def run(args: argparse.Namespace) -> None:
    """Searches, writes and says where."""
    if args.video != "none":
        video.check(pathlib.Path(args.out) / f"search.{args.video}")
    folder = output.make_folder(args.out)
    # TensorFlow takes seconds to import, which --help need not wait for.
    from pgan_tf.commands.generate import projecting

    print(projecting.project(args, folder))
