"""Data sets for tensorflow-datasets, small and without a download."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import tensorflow_datasets as tfds

from tests.data.sources import published

NAMES = ["circle", "square", "star"]


class Shapes(tfds.core.GeneratorBasedBuilder):
    """A data set as a user would define one, of images of several sizes."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> tfds.core.DatasetInfo:
        features = {
            "image": tfds.features.Image(shape=(None, None, 3)),
            "label": tfds.features.ClassLabel(names=NAMES),
            "file": tfds.features.Text(),
        }
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features)
        )

    def _split_generators(self, manager: Any) -> dict[str, Any]:
        return {
            "train": self._generate_examples(7),
            "test": self._generate_examples(2),
        }

    def _generate_examples(self, count: int) -> Iterator[Any]:
        for number in range(count):
            yield (
                number,
                {
                    "image": image(number),
                    "label": number % 3 if number else -1,
                    "file": str(number),
                },
            )


class Words(tfds.core.GeneratorBasedBuilder):
    """A data set without images."""

    VERSION = tfds.core.Version("1.0.0")

    def _info(self) -> tfds.core.DatasetInfo:
        features = {"word": tfds.features.Text()}
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features)
        )

    def _split_generators(self, manager: Any) -> dict[str, Any]:
        return {"train": iter([(0, {"word": "a"})])}

    def _generate_examples(self) -> Iterator[Any]:
        raise NotImplementedError


def image(number: int) -> np.ndarray:
    """PNG files keep it as it is."""
    return published.noise(10 + number, 12, 3)
