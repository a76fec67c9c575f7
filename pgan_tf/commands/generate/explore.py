"""`explore`: a page to look into what a network has learned."""

import argparse

from pgan_tf.base import command_line
from pgan_tf.commands.generate import flags, output

DESCRIPTION = """Writes a page with sliders: see what the network has learned.

Each slider moves along a direction in latent space: the principal components
of the generator's first layer, and the attributes of the dataset that the run
was trained on, if it has any. All pictures are drawn beforehand and lie in the
one file, which any browser opens offline."""


EXAMPLES = """examples:
  python generate.py explore --network=runs/demo --out=explore.html
  python generate.py explore --network=runs/demo --seeds=3,17,42 \\
      --directions=12 --attributes=0 --out=explore.html
"""


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    add = parser.add_argument
    flags.add_network(parser)
    add("--out", required=True, help="The page, such as explore.html.")
    add(
        "--seeds",
        type=flags.seeds,
        default=list(range(6)),
        help="Of the pictures to start from (default 0-5).",
    )
    flags.add_class(parser)
    add(
        "--directions",
        type=command_line.positive,
        default=8,
        help="Principal directions (default 8).",
    )
    add(
        "--attributes",
        type=command_line.not_negative,
        default=8,
        help="At most so many attributes of the dataset, the clearest first "
        "(default 8); 0: none. A classifier of them is trained at first use, "
        "as by evaluate.py --features=labels.",
    )
    add(
        "--reach",
        type=flags.positive_number,
        default=5.0,
        help="How far sliders go from the middle; latents themselves have "
        "about 2 at most (default 5).",
    )
    add(
        "--places",
        type=flags.places,
        default=9,
        help="Pictures along each slider, 3 or more (default 9).",
    )
    add(
        "--size",
        type=flags.power_of_two,
        default=128,
        help="Pixels of the pictures at most (default 128).",
    )
    flags.add_minibatch(parser)


def run(args: argparse.Namespace) -> None:
    """Draws, writes and says where."""
    path = output.check_file(args.out)
    # TensorFlow takes seconds to import, which --help need not wait for.
    from pgan_tf.commands.generate import exploring

    print(exploring.explore(args, path))
