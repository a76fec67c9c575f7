"""What stands where in the picture grids of a run."""

import numpy as np

from pgan_tf.base import images
from pgan_tf.runs.options import RunOptions


def grid_size(options: RunOptions) -> tuple[int, int]:
    """Columns and rows of the picture grids; with labels, a row for each.

    Raises:
        UserError: If --grid is not two numbers such as 15x8.
    """
    text = options.snapshots.grid
    resolution, classes = options.data.resolution, options.data.max_label_size
    if text:
        return images.grid_shape(text)
    columns = min(max(1920 // resolution, 3), 15)
    if classes > 0:
        return columns, min(classes, max(2160 // resolution, 2), 32)
    return columns, min(max(1080 // resolution, 2), 8)


def grid_cells(
    options: RunOptions, labels: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """What stands in the cells of the grids, row by row.

    Without labels every cell has a latent and an image of its own. With
    labels each row is one of them: images that have it, all rows with the
    same latents. A label that no image has gets the first images.

    Args:
        options: With the number of labels filled in.
        labels: Of the dataset's images, [M,K].

    Returns:
        For each cell the number of its latent, and that of its image, whose
        label the fake has too.
    """
    columns, rows = grid_size(options)
    classes = options.data.max_label_size
    if classes <= 0:
        cells = np.arange(columns * rows)
        return cells, cells % len(labels)
    found = []
    for row in range(rows):
        having = np.flatnonzero(labels[:, row % classes] > 0)
        having = having if len(having) else np.arange(len(labels))
        places = row // classes * columns + np.arange(columns)
        found.append(having[places % len(having)])
    return np.tile(np.arange(columns), rows), np.concatenate(found)
