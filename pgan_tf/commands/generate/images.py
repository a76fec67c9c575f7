"""`images`: pictures of seeds or of given latents, as PNG files.

Draws minibatch by minibatch, and saves at once.
"""

import argparse
import os
import pathlib
import re
from collections.abc import Sequence

import numpy as np

from pgan_tf.base import flag_kinds, flag_parser, images
from pgan_tf.commands.generate import checks, flags, inputs
from pgan_tf.networks.family import Generator
from pgan_tf.sampling import drawing, latent_table


def run(args: argparse.Namespace) -> None:
    """Draws the pictures that the flags ask for, and says where they are."""
    folder = pathlib.Path(args.out)
    network = inputs.open_network(args.network)
    inputs.check_shrink(args.shrink, network)
    label = inputs.read_label(args.label, network, args.network)
    names, latents = what_to_draw(args, network)
    if args.label is not None:
        names = [f"{name}-{_slug(args.label)}" for name in names]
    pictures = drawing.pixels(
        network,
        latents,
        inputs.rows_of(label, len(latents)),
        args.shrink,
        args.minibatch,
    )
    if args.grid is None:
        for name, picture in zip(names, pictures, strict=True):
            images.save_png(folder / f"{name}.png", picture)
        print(f"wrote {len(names)} pictures to {folder}")
        return
    sheet = images.grid(np.stack(list(pictures)), args.grid[0])
    path = folder / "grid.png"
    images.save_png(path, sheet)
    print(f"wrote {len(names)} pictures in one to {path}")


def of_seeds(
    network: Generator | str | os.PathLike[str],
    seeds: Sequence[int],
    label: str | None,
    truncation: float | None,
    minibatch: int | None,
) -> np.ndarray:
    """Pictures, uint8 [N,R,R,C]; see `pgan_tf.generate`.

    Raises:
        UserError: If there is no such network or class, or for a wrong value.
    """
    path = None
    if isinstance(network, str | os.PathLike):
        path = os.fspath(network)
        network = inputs.open_network(path)
    given = {"seeds": seeds, "truncation": truncation, "minibatch": minibatch}
    parser = flag_parser.Parser("generate", "", "")
    flags.declare_drawing(parser)
    args = parser.parse(flag_kinds.as_flags(given))
    vector = inputs.read_label(label, network, path)
    latents = latent_table.latents_of_seeds(
        args.seeds, network, args.truncation
    )
    labels = inputs.rows_of(vector, len(latents))
    drawn = drawing.pixels(network, latents, labels, minibatch=args.minibatch)
    return np.stack(list(drawn))


def what_to_draw(
    args: argparse.Namespace, network: Generator
) -> tuple[Sequence[str], np.ndarray]:
    """Names for the files, and latents [N,latent_size]."""
    columns, rows = args.grid or (0, 0)
    if args.latents is not None:
        latents = latent_table.read_latents(args.latents, network)
        names = [f"latent{i:04d}" for i in range(len(latents))]
    else:
        seeds = args.seeds
        if seeds is None:
            seeds = range(columns * rows)
        latents = latent_table.latents_of_seeds(seeds, network, args.truncation)
        names = [f"seed{seed:04d}" for seed in seeds]
    if args.grid:
        checks.check_room(args.grid, len(names))
    return names, latents


def _slug(text: str) -> str:
    """A name that is safe in a file name: letters of any script, digits."""
    return re.sub(r"\W+", "-", text)[:40].strip("-").lower() or "class"
