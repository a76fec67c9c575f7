"""CelebA: aligned faces, cropped as in the paper's experiments.

The crop is 128 pixels around column 89, row 121 of the 178x218 images: columns
25..152, rows 57..184. Smaller copies of the aligned images get the same crop
to scale, at whole pixels, so that none is resampled needlessly.
"""

import os
from collections.abc import Sequence
from typing import Any

import numpy as np

from pgan_tf import errors
from pgan_tf.data.sources import archive, decode

WIDTH, HEIGHT = 178, 218
LEFT, TOP, SIDE = 25, 57, 128
ATTRIBUTES_FILE = "list_attr_celeba.txt"


class CelebA:
    """Aligned images in a folder or .zip; see `source.Source`.

    If the list of attributes lies beside the images, they are the labels.
    """

    num_channels = 3

    def __init__(self, path: str | os.PathLike[str], resolution: int) -> None:
        self.archive = archive.Archive(path)
        self.names = self.archive.image_names()
        self.resolution = resolution
        self.label_names: Sequence[str] = ()
        self.label_kind: str | None = None
        self.labels: np.ndarray | None = None
        attributes = self.archive.find(ATTRIBUTES_FILE)
        if attributes is not None:
            self.label_kind = "multihot"
            self.label_names, self.labels = self._read_labels(attributes)

    def __len__(self) -> int:
        return len(self.names)

    def image(self, index: int) -> np.ndarray:
        """One face, uint8 [R,R,3]."""
        name = self.names[index]
        where = self.archive.locate(name)
        image = decode.rgb(self.archive.read(name), where)
        scale = image.width / WIDTH
        if abs(image.height - HEIGHT * scale) > 1:
            raise errors.UserError(
                f"{where} has {image.width}x{image.height} pixels, not the "
                f"shape of CelebA's aligned images, {WIDTH}x{HEIGHT}; "
                "use --source=images for other images"
            )
        left, top, side = (int(x * scale) for x in (LEFT, TOP, SIDE))
        return decode.crop_resized(image, left, top, side, self.resolution)

    def label(self, index: int) -> np.ndarray:
        """Its attributes as zeros and ones, float32 [K]."""
        if self.labels is None:
            return np.zeros(0, np.float32)
        return self.labels[index].astype(np.float32)

    def options(self) -> dict[str, Any]:
        """For the manifest."""
        crop = f"{SIDE}x{SIDE}+{LEFT}+{TOP} of {WIDTH}x{HEIGHT}"
        return {"source_dir": self.archive.path.name, "crop": crop}

    def _read_labels(self, file: str) -> tuple[list[str], np.ndarray]:
        """Names and bool [N,K] from the list that comes with CelebA.

        Its second line names the attributes; the others hold a file name and
        1 or -1 for each.
        """
        where = self.archive.locate(file)
        lines = self.archive.read(file).decode(errors="replace").splitlines()
        names = lines[1].split() if len(lines) > 1 else []
        rows = {}
        for line in lines[2:]:
            file_name, *values = line.split() or [""]
            if len(values) == len(names):
                rows[file_name] = np.array([each == "1" for each in values])
        labels = []
        for image_name in self.names:
            base_name = os.path.basename(image_name)
            if base_name not in rows:
                raise errors.UserError(
                    f"{where} has no attributes for {base_name}; "
                    "remove that file to do without labels"
                )
            labels.append(rows[base_name])
        return names, np.stack(labels)
