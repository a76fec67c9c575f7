"""The work of `interpolate`: a walk, drawn frame by frame into a video."""

import argparse
import itertools
import pathlib
from collections.abc import Iterator

import numpy as np

from pgan_tf.base import images, video
from pgan_tf.commands.generate import inputs, output
from pgan_tf.commands.generate.drawing import check_shrink
from pgan_tf.networks.family import Generator
from pgan_tf.sampling import drawing, latent_table, walks


def walk(args: argparse.Namespace, path: pathlib.Path, frames: int) -> str:
    """Writes the video that the flags of `interpolate` ask for.

    Args:
        args: As `generation.interpolate` declares them.
        path: Of the video.
        frames: How many.

    Returns:
        A line that says what was written.
    """
    network = inputs.open_network(args.network)
    check_shrink(args.shrink, network)
    label = inputs.read_label(args.label, network, args.network)
    latents = path_of_latents(args, network, frames)
    cells = drawing.pixels(
        network,
        latents.reshape(-1, network.latent_size),
        inputs.rows_of(label, frames * latents.shape[1]),
        args.shrink,
        args.minibatch,
    )
    shown = in_grids(cells, args.grid, args.zoom)
    if output.is_strip(path):
        images.save_png(path, images.grid(np.stack(list(shown)), frames))
    else:
        video.write(path, shown, args.fps)
    return f"wrote {frames} frames to {path}"


def path_of_latents(
    args: argparse.Namespace, network: Generator, frames: int
) -> np.ndarray:
    """The walk: float32 [frames,cells,latent_size]."""
    size = network.latent_size
    if args.between is not None:
        stations = latent_table.latents_of_seeds(
            args.between, network, args.truncation
        )
        return walks.through(stations, frames)[:, None]
    cells = args.grid[0] * args.grid[1]
    noise = latent_table.latents(
        0, frames * cells, size, args.seed, args.truncation
    )
    noise = noise.reshape(frames, cells, size)
    return walks.smooth(noise, args.smoothing * args.fps)


def in_grids(
    cells: Iterator[np.ndarray], shape: tuple[int, int], zoom: int
) -> Iterator[np.ndarray]:
    """Frames of so many columns and rows, from cells that come one by one."""
    columns, rows = shape
    while frame := list(itertools.islice(cells, columns * rows)):
        yield images.grid(images.upscale(np.stack(frame), zoom), columns)
