"""`interpolate`: a video of a walk through latent space."""

import argparse
import pathlib

from pgan_tf.base import command_line, errors, video
from pgan_tf.commands.generate import flags, output

DESCRIPTION = """Makes a video of a walk: pictures that turn into one another.

The walk is random, smoothed over time, one in each cell of a grid; or, with
--between, along arcs from one seed's picture to the next. Its end leads back
to its beginning, so that a player can repeat it without a jump."""


EXAMPLES = """examples:
  python generate.py interpolate --network=runs/demo --out=walk.mp4
  python generate.py interpolate --network=runs/demo --grid=4x3 --zoom=4 \\
      --duration=20 --smoothing=2 --out=walk.mp4
  python generate.py interpolate --network=runs/demo --between=3,17,42 \\
      --duration=6 --fps=20 --out=walk.webp
  python generate.py interpolate --network=runs/demo --between=3,17,42 \\
      --duration=12 --fps=1 --out=walk.png
"""


# More would make no strip that can be looked at.
MOST_IN_STRIP = 100


# A slip of the keyboard otherwise: an hour at 30 frames a second.
MOST_FRAMES = 108_000


def add_flags(parser: argparse.ArgumentParser) -> None:
    """Declares the flags."""
    add = parser.add_argument
    flags.add_network(parser)
    flags.add_video_out(parser, " A .png shows all frames in a row.")
    add(
        "--duration",
        type=flags.positive_number,
        default=60.0,
        help="Seconds (default 60).",
    )
    flags.add_fps(parser, 30)
    add(
        "--smoothing",
        type=flags.positive_number,
        default=1.0,
        help="How slowly pictures change: the Gaussian filter's sigma, in "
        "seconds (default 1).",
    )
    add(
        "--grid",
        type=flags.grid,
        default=(1, 1),
        help="Columns x rows of walks (default 1x1).",
    )
    add(
        "--seed",
        type=flags.seed,
        default=1000,
        help="Of the random walk (default 1000).",
    )
    add(
        "--between",
        type=flags.seeds,
        help="Instead of a random walk: seeds to go through, such as 3,17,42.",
    )
    flags.add_class(parser)
    flags.add_truncation(parser)
    add(
        "--zoom",
        type=command_line.positive,
        default=1,
        help="Repeat each pixel so many times both ways (default 1).",
    )
    flags.add_shrink(parser)
    flags.add_minibatch(parser)


def run(args: argparse.Namespace) -> None:
    """Draws, writes and says where."""
    path = pathlib.Path(args.out)
    frames = num_frames(args)
    if not output.is_strip(path):
        video.check(path)
    elif frames > MOST_IN_STRIP:
        raise errors.UserError(
            f"{path}: {frames} frames are too many for a row; give a lower "
            "--fps, such as 1"
        )
    if args.between is not None:
        check_between(args, frames)
    elif args.truncation is not None:
        raise errors.UserError(
            "--truncation is for the seeds of --between; a random walk is "
            "scaled to unit variance"
        )
    output.check_file(args.out)
    # TensorFlow takes seconds to import, which --help need not wait for.
    from pgan_tf.commands.generate import walking

    print(walking.walk(args, path, frames))


def num_frames(args: argparse.Namespace) -> int:
    """How many frames --duration and --fps come to."""
    frames = round(args.duration * args.fps)
    if not 2 <= frames <= MOST_FRAMES:
        raise errors.UserError(
            f"--duration={args.duration:g} at --fps={args.fps} makes {frames} "
            f"frames; 2 to {MOST_FRAMES} can be made"
        )
    return frames


def check_between(args: argparse.Namespace, frames: int) -> None:
    """Refuses what cannot be walked between seeds."""
    count = len(args.between)
    if count < 2:
        raise errors.UserError("--between needs two seeds or more, such as 3,7")
    if count > frames:
        raise errors.UserError(
            f"--between={count} seeds in {frames} frames; give a longer "
            "--duration"
        )
    if args.grid != (1, 1):
        raise errors.UserError("--between shows one picture; leave out --grid")
