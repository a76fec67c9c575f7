"""Any images: the centre square of each, at the wanted size."""

from typing import Any

import numpy as np

from pgan_tf.data.sources import decode, image_files


class Pictures(image_files.ImageFiles):
    """All images in a folder or .zip, by name."""

    def image(self, index: int) -> np.ndarray:
        """The centre square of one image, uint8 [R,R,3]."""
        name = self.names[index]
        data = self.archive.read(name)
        image = decode.rgb(data, self.archive.locate(name))
        side = min(image.size)
        left, top = (image.width - side) // 2, (image.height - side) // 2
        return decode.crop_resized(image, left, top, side, self.resolution)

    def options(self) -> dict[str, Any]:
        """For the manifest."""
        return {**super().options(), "crop": "center"}
