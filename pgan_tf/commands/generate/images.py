"""`images`: pictures of seeds or of given latents, as PNG files.

Single pictures are for programs too, and as large as the network draws them:
drawn minibatch by minibatch, and saved at once. Contact sheets are to look at.
"""

import argparse
import math
import os
import pathlib
import re
from collections.abc import Sequence

import numpy as np

from pgan_tf.base import flag_kinds, flag_parser, images
from pgan_tf.commands.generate import checks, flags, inputs
from pgan_tf.networks.family import Generator
from pgan_tf.sampling import drawing, latent_table

# Seeds that are drawn where none are named.
FIRST = 16


def run(args: argparse.Namespace) -> None:
    """Draws the pictures that the flags ask for, and says where they are."""
    path = pathlib.Path(args.out)
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
    is_file = checks.is_one_picture(args.out)
    columns = columns_of_sheet(args.grid, is_file, len(names))
    if columns:
        path = path if is_file else path / "grid.png"
        save_sheet(args, path, list(pictures), columns)
        print(f"wrote {len(names)} pictures in one to {path}")
        return
    for name, picture in zip(names, pictures, strict=True):
        file = path if is_file else path / f"{name}.png"
        images.save_png(file, _zoomed(picture, args.zoom or 1))
    count = "1 picture" if len(names) == 1 else f"{len(names)} pictures"
    print(f"wrote {count} to {path}")


def columns_of_sheet(
    grid: tuple[int, int] | None, is_file: bool, count: int
) -> int:
    """Columns of the contact sheet; 0: every picture has a file of its own.

    Several pictures in one file are about as many across as down.
    """
    if grid is not None:
        return grid[0]
    return math.ceil(math.sqrt(count)) if is_file and count > 1 else 0


def save_sheet(
    args: argparse.Namespace,
    path: pathlib.Path,
    pictures: Sequence[np.ndarray],
    columns: int,
) -> None:
    """Writes a contact sheet, as large as --zoom says or as eyes want it."""
    sheet = images.grid(np.stack(pictures), columns)
    zoom = args.zoom or images.zoom_to_see(len(sheet), args.shrink)
    images.save_png(path, _zoomed(sheet, zoom))


def _zoomed(picture: np.ndarray, zoom: int) -> np.ndarray:
    return images.upscale(picture[None], zoom)[0]


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
            seeds = range(columns * rows or FIRST)
        latents = latent_table.latents_of_seeds(seeds, network, args.truncation)
        names = [f"seed{seed:04d}" for seed in seeds]
    if args.grid:
        checks.check_room(args.grid, len(names))
    return names, latents


def _slug(text: str) -> str:
    """A name that is safe in a file name: letters of any script, digits."""
    return re.sub(r"\W+", "-", text)[:40].strip("-").lower() or "class"
