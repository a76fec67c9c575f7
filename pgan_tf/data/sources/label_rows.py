"""Labels of many images in few bytes: a class is a number, not K of them."""

import dataclasses

import numpy as np

from pgan_tf.base import memory


@dataclasses.dataclass(frozen=True, eq=False)
class LabelRows:
    """Labels of N images.

    Attributes:
        data: Integers [N], each the column that holds the 1; -1 for none.
            Or float32 [N,K].
        size: K.
    """

    data: np.ndarray
    size: int

    def __len__(self) -> int:
        return len(self.data)

    @property
    def is_classes(self) -> bool:
        """Whether they are classes, as far as this is known."""
        return self.data.ndim == 1

    def row(self, index: int) -> np.ndarray:
        """One image's label, float32 [K]."""
        if not self.is_classes:
            return self.data[index]
        label = np.zeros(self.size, np.float32)
        if self.data[index] >= 0:
            label[self.data[index]] = 1
        return label

    def take(self, indices: np.ndarray) -> "LabelRows":
        """The labels of some of the images."""
        return LabelRows(self.data[indices], self.size)

    def require_memory(self, count: int, where: str) -> None:
        """Asks for what the dataset's labels of `count` images will take.

        They are read into memory as a whole by all who use the dataset.

        Raises:
            UserError: It is more than --max_memory.
        """
        memory.require(
            8 * count * self.size,  # on the way there are two of them
            f"{where}: labels of {self.size} columns for {count} images",
        )


NO_LABELS = LabelRows(np.zeros((0, 0), np.float32), 0)
