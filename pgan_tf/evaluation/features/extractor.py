"""Feature extractors: images in, features and logits out.

A number computed on features is named by the network they come from: FID and
IS are those of the 2015 Inception file and of nothing else. The other files
of this folder each make a kind of `Extractor`.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from pgan_tf.base import boundary, errors
from pgan_tf.data import values
from pgan_tf.data.format import datasets

# As `devices.Replicas.spread` compiles them.
Run = Callable[[np.ndarray], Sequence[np.ndarray]]
# What --features may say, beside paths.
INCEPTION, LABELS, RANDOM = "inception", "labels", "random"


@dataclasses.dataclass(frozen=True)
class Extractor:
    """A network that turns images into features.

    Attributes:
        name: Short, such as "inception", "labels" or a file's stem.
        digest: sha256 in hex of the weights or of their file.
        run: From uint8 [N,H,W,3] to features float32 [N,D] and, where the
            network classifies, logits float32 [N,K].
        differentiable: The features alone, from float32 tensors [N,H,W,3] in
            0..255 to [N,D]; None if gradients do not go through.
        canonical: Whether these are the weights of the 2015 Inception file.
        ported: Whether those were converted into another program.
        random: Whether the weights were never trained.
        classifies: Whether there are logits.
        attributes: Whether the logits are of independent sigmoids.
        layer: Where the features are taken, if the name does not say.
        resize: How images come to the size that the network takes.
        note: What is worth saying beside its numbers, such as an accuracy.
    """

    name: str
    digest: str
    run: Run
    differentiable: Callable[[Any], Any] | None = None
    canonical: bool = False
    ported: bool = False
    random: bool = False
    classifies: bool = True
    attributes: bool = False
    layer: str = ""
    resize: str = "none"
    note: str = ""

    def __call__(
        self, images: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray | None]:
        """Features float32 [N,D] and logits float32 [N,K] or None.

        Args:
            images: uint8 [N,H,W,3], RGB; or float32, about 0 to 255.

        Raises:
            UserError: If a feature or logit is not finite.
        """
        outputs = self.run(images)
        for output in outputs:
            if not np.isfinite(output).all():
                raise errors.UserError(
                    f"the extractor {self.label} gives values that are not"
                    " finite; choose another with --features"
                )
        return outputs[0], outputs[1] if self.classifies else None

    @property
    def label(self) -> str:
        """A name that tells it from others, such as "mine:1a2b3c4d:pool"."""
        if self.random:
            return self.name
        layer = [self.layer] if self.layer and not self.canonical else []
        return ":".join([self.name, self.digest[:8], *layer])

    def titled(self, canonical: str, other: str) -> str:
        """What a number of these features is called.

        Such as `canonical` "FID" for the 2015 Inception network, and with
        `other` "FD" then "FD[labels:1a2b3c4d]" for anything else.
        """
        if self.random:
            return f"{other}-random[{self.label}]"
        if not self.canonical:
            return f"{other}[{self.label}]"
        port = " (2015 weights, Keras port)" if self.ported else ""
        return canonical + port

    @property
    def facts(self) -> dict[str, str]:
        """What is saved beside its numbers."""
        facts = {
            "name": self.name,
            "sha256": self.digest,
            "layer": self.layer,
            "resize": self.resize,
            "note": self.note,
        }
        return {name: value for name, value in facts.items() if value}


def of_file(run: Run, where: str) -> Run:
    """The same of a network from a file, whose fault it is if it fails."""

    def call(images: np.ndarray) -> Sequence[np.ndarray]:
        with boundary.reading(where, "network that takes these images"):
            return run(images)

    return call


def check_labels(dataset: datasets.Dataset | None) -> None:
    """Refuses to learn features from the labels of a dataset without classes.

    Args:
        dataset: Of the reals; None if they come from other files.
    """
    way_out = "give inception, random or a .keras file"
    if dataset is None or not dataset.label_size:
        where = f"the dataset {dataset.path}" if dataset else "a folder"
        raise errors.UserError(
            f"--features=labels: {where} has no labels; {way_out}"
        )
    where = f"--features=labels: {dataset.path}"
    values.refuse_values(dataset.label_kind, where, way_out)


class Unavailable(errors.UserError):
    """There is no file and none can be downloaded."""
