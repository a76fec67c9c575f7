"""Flags that several sub-commands of generate.py have, and their values."""

import argparse
import math
import re

from pgan_tf.base import command_line, images

HIGHEST_SEED = 2**32 - 1


# More would be a slip of the keyboard: days of drawing.
MOST_SEEDS = 1_000_000


def add_network(parser: argparse.ArgumentParser) -> None:
    """Declares --network, which every verb that draws needs."""
    parser.add_argument(
        "--network",
        required=True,
        help="A network snapshot (.keras, or NVIDIA's .pkl), or a run folder: "
        "its latest one.",
    )


def add_class(parser: argparse.ArgumentParser) -> None:
    """Declares --class as `args.label`."""
    parser.add_argument(
        "--class",
        dest="label",
        metavar="CLASS",
        help="For networks that take labels: a class by its name or number, "
        "such as 7; of attributes any number of them, such as Smiling,Male, "
        "or none. Names come from the dataset of the run.",
    )


def add_truncation(parser: argparse.ArgumentParser) -> None:
    """Declares --truncation."""
    parser.add_argument(
        "--truncation",
        type=positive_number,
        help="Draw latents of seeds without values beyond +-this, such as "
        "0.7: tamer pictures, less variety. Default: no limit.",
    )


def add_minibatch(parser: argparse.ArgumentParser) -> None:
    """Declares --minibatch."""
    parser.add_argument(
        "--minibatch",
        type=command_line.positive,
        help="Images at a time on each device; default: by resolution. Does "
        "not change the pictures.",
    )


def add_shrink(parser: argparse.ArgumentParser) -> None:
    """Declares --shrink."""
    parser.add_argument(
        "--shrink",
        type=power_of_two,
        default=1,
        help="Make pictures smaller by this power of two, each pixel the mean "
        "of a box.",
    )


def add_video_out(parser: argparse.ArgumentParser, more: str = "") -> None:
    """Declares --out of a video; `more` is what else it may name."""
    parser.add_argument(
        "--out",
        required=True,
        help="The video: .mp4 (needs the package imageio-ffmpeg), .gif or "
        ".webp." + more,
    )


def add_fps(parser: argparse.ArgumentParser, default: int) -> None:
    """Declares --fps."""
    parser.add_argument(
        "--fps",
        type=fps,
        default=default,
        help=f"Frames per second (default {default}).",
    )


def seeds(text: str) -> list[int]:
    """Parses numbers and ranges: "0-2,7" is [0, 1, 2, 7]."""
    found: list[int] = []
    for part in text.split(","):
        match = re.fullmatch(r"\s*(\d{1,10})(?:-(\d{1,10}))?\s*", part)
        first, last = (0, -1) if match is None else _ends(match)
        if not first <= last <= HIGHEST_SEED:
            raise argparse.ArgumentTypeError(
                f"{part!r} is no number or range up to {HIGHEST_SEED}; give "
                "such as 0-99,200"
            )
        if len(found) + last - first >= MOST_SEEDS:
            raise argparse.ArgumentTypeError(
                f"{text} are more than {MOST_SEEDS} seeds"
            )
        found.extend(range(first, last + 1))
    return found


def _ends(match: re.Match[str]) -> tuple[int, int]:
    return int(match[1]), int(match[2] or match[1])


def grid(text: str) -> tuple[int, int]:
    """Parses "15x8": columns and rows."""
    return images.grid_shape(text)


def seed(text: str) -> int:
    """Parses one seed."""
    if not 0 <= int(text) <= HIGHEST_SEED:
        raise argparse.ArgumentTypeError(f"{text} is not 0 to {HIGHEST_SEED}")
    return int(text)


def fps(text: str) -> int:
    """Parses frames per second."""
    if not 1 <= int(text) <= 120:
        raise argparse.ArgumentTypeError(f"{text} is not 1 to 120")
    return int(text)


def positive_number(text: str) -> float:
    """Parses a number above 0."""
    if not 0 < float(text) < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not above 0")
    return float(text)


def places(text: str) -> int:
    """Parses how many pictures a slider has."""
    if not 3 <= int(text) <= 99:
        raise argparse.ArgumentTypeError(f"{text} is not 3 to 99")
    return int(text)


def power_of_two(text: str) -> int:
    """Parses 1, 2, 4, ...: how many times smaller."""
    value = int(text)
    if value < 1 or value & (value - 1):
        raise argparse.ArgumentTypeError(f"{text} is not a power of two")
    return value
