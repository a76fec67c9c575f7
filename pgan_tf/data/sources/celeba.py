"""CelebA: aligned faces, cropped as in the paper's experiments.

The crop is 128 pixels around column 89, row 121 of the 178x218 images: columns
25..152, rows 57..184. Smaller copies of the aligned images get the same crop
to scale, at whole pixels, so that none is resampled needlessly.
"""

from typing import Any

import numpy as np

from pgan_tf.base import errors
from pgan_tf.data.sources import decode, pictures, resizing

WIDTH, HEIGHT = 178, 218
LEFT, TOP, SIDE = 25, 57, 128


class CelebA(pictures.ImageFiles):
    """Aligned images in a folder or .zip."""

    def image(self, index: int) -> np.ndarray:
        """One face, uint8 [R,R,3]."""
        name = self.names[index]
        where = self.archive.locate(name)
        image = decode.rgb(self.archive.read(name), where)
        height, width, _ = image.shape
        scale = width / WIDTH
        if abs(height - HEIGHT * scale) > 1:
            raise errors.UserError(
                f"{where} has {width}x{height} pixels, not the "
                f"shape of CelebA's aligned images, {WIDTH}x{HEIGHT}; "
                "use --source=images for other images"
            )
        left, top, side = (int(x * scale) for x in (LEFT, TOP, SIDE))
        self.enlarged.note(index, side < self.resolution)
        face = image[top : top + side, left : left + side]
        return resizing.resized(face, self.resolution)

    def options(self) -> dict[str, Any]:
        """What the manifest says of how the images were made."""
        crop = f"{SIDE}x{SIDE}+{LEFT}+{TOP} of {WIDTH}x{HEIGHT}"
        return {**super().options(), "crop": crop}
