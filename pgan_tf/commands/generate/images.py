"""`images`: pictures of seeds or of given latents, as PNG files."""

import argparse

from pgan_tf.base import errors
from pgan_tf.commands.generate import flags, output

DESCRIPTION = """Draws pictures: one PNG file for each seed, or a contact sheet.

A seed alone fixes its picture, whatever else is drawn with it, and on
whatever machine. All visible GPUs are used."""


EXAMPLES = """examples:
  python generate.py images --network=runs/demo --seeds=0-99,200 --out=pictures
  python generate.py images --network=runs/demo --grid=15x8 --out=pictures
  python generate.py images --network=runs/cifar10 --class=cat --seeds=0-9 \\
      --out=cats
  python generate.py images --network=runs/demo --latents=z.npy --out=pictures
"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    add = parser.add_argument
    flags.add_network(parser)
    add("--out", required=True, help="Folder for the PNG files.")
    add(
        "--seeds",
        type=flags.seeds,
        help="Numbers and ranges, such as 0-99,200. With --grid the default "
        "is 0, 1, ... until the grid is full.",
    )
    add(
        "--latents",
        help="Instead of seeds: float latents [N,latent_size] in a .npy file.",
    )
    flags.add_class(parser)
    flags.add_truncation(parser)
    add(
        "--grid",
        type=flags.grid,
        help="Columns x rows, such as 15x8: one file, grid.png.",
    )
    flags.add_shrink(parser)
    flags.add_minibatch(parser)


def run(args: argparse.Namespace) -> None:
    """Draws and says where."""
    if args.seeds is None and args.latents is None and args.grid is None:
        raise errors.UserError(
            "nothing to draw: give --seeds=0-9, --latents=z.npy or --grid=15x8"
        )
    if args.seeds is not None and args.latents is not None:
        raise errors.UserError("give --seeds or --latents, not both")
    folder = output.make_folder(args.out)
    if args.truncation is not None and args.latents is not None:
        raise errors.UserError(
            "--truncation is for --seeds; --latents are drawn as they are"
        )
    # TensorFlow takes seconds to import, which --help need not wait for.
    from pgan_tf.commands.generate import drawing

    print(drawing.draw(args, folder))
