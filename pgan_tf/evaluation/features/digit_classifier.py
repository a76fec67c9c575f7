"""What tells digits apart, whatever it was trained with; see `digits`."""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np


@dataclasses.dataclass(frozen=True)
class DigitClassifier:
    """Knows digits.

    Attributes:
        run: From uint8 [N,32,32,1] to logits [N,10].
        digest: sha256 in hex of its weights.
        error: Part of the 10,000 test digits that it takes for others.
    """

    run: Callable[[np.ndarray], Sequence[np.ndarray]]
    digest: str
    error: float

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """The digits of images uint8 [N,32,32,1], integers [N]."""
        (logits,) = self.run(pixels)
        return np.asarray(logits).argmax(axis=1)

    @property
    def note(self) -> str:
        """What is worth saying beside its numbers."""
        return (
            f"digits told by a classifier ({self.digest[:8]}) that errs at "
            f"{100 * self.error:.2f} % of MNIST's test digits"
        )
