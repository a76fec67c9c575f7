"""`interpolate`: a video of a walk through latent space."""

import argparse
import itertools
import pathlib
from collections.abc import Iterator

import numpy as np

from pgan_tf.base import images, video
from pgan_tf.commands.generate import checks, inputs
from pgan_tf.networks.family import Generator
from pgan_tf.sampling import drawing, latent_table, walks


def run(args: argparse.Namespace) -> None:
    """Draws frame by frame into a video, and says where it is."""
    path, frames = pathlib.Path(args.out), checks.num_frames(args)
    network = inputs.open_network(args.network)
    inputs.check_shrink(args.shrink, network)
    label = inputs.read_label(args.label, network, args.network)
    latents = path_of_latents(args, network, frames)
    cells = drawing.pixels(
        network,
        latents.reshape(-1, network.latent_size),
        inputs.rows_of(label, frames * latents.shape[1]),
        args.shrink,
        args.minibatch,
    )
    height = args.grid[1] * network.resolution // args.shrink
    zoom = args.zoom or images.zoom_to_see(height, args.shrink)
    shown = in_grids(cells, args.grid, zoom)
    if checks.is_strip(path):
        images.save_png(path, images.grid(np.stack(list(shown)), frames))
    else:
        video.write(path, shown, args.fps)
    print(f"wrote {frames} frames to {path}")


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
