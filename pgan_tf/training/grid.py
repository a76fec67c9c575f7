"""The picture grids of a run: always the same latents, through Gs."""

import pathlib

import numpy as np

from pgan_tf.base import images
from pgan_tf.data.format import datasets
from pgan_tf.networks.family import Generator
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs import grid_layout, tensorboard
from pgan_tf.runs.options import RunOptions
from pgan_tf.sampling import drawing, latent_table

# Small images are enlarged to cells of so many pixels.
_CELL = 64


class Grid:
    """Draws the grids into the run folder and into TensorBoard.

    Args:
        options: Of the run.
        dataset: Gives reals and their labels.
        writer: Of TensorBoard's files.
    """

    def __init__(
        self,
        options: RunOptions,
        dataset: datasets.Dataset,
        writer: tensorboard.Writer,
    ) -> None:
        self._run_dir = pathlib.Path(options.run_dir)
        self._resolution = options.data.resolution
        self._dataset = dataset
        self._writer = writer
        self._columns, _ = grid_layout.grid_size(options)
        rows, self._indices = grid_layout.grid_cells(options, dataset.labels)
        self._latents = latent_table.latents(
            0, rows.max() + 1, options.networks.latent_size, options.seed
        )[rows]
        size = options.data.max_label_size
        labels = dataset.labels[self._indices, :size]
        self._labels = labels if size else None

    def save_reals(self) -> None:
        """Reals at the final resolution."""
        reals = self._dataset.read(self._resolution, self._indices)
        picture = arrange(reals, self._columns)
        images.save_png(run_folder.reals_path(self._run_dir), picture)
        self._writer.picture("reals", picture, 0)

    def save_fakes(self, Gs: Generator, nimg: int) -> None:
        """What Gs draws, after so many images."""
        fakes = drawing.generate(Gs, self._latents, self._labels, devices=())
        picture = arrange(images.to_uint8(fakes), self._columns)
        images.save_png(run_folder.fakes_path(self._run_dir, nimg), picture)
        self._writer.picture("fakes", picture, nimg)


def arrange(pixels: np.ndarray, columns: int) -> np.ndarray:
    """Lays out uint8 images [N,R,R,C] as one RGB picture, small ones larger."""
    factor = max(_CELL // pixels.shape[1], 1)
    pixels = images.to_rgb(images.upscale(pixels, factor))
    return images.grid(pixels, columns)
