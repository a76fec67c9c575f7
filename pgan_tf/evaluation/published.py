"""Published numbers of progressive GANs, and how an evaluation differs.

A number only stands here if it could be read in the paper, a repository or a
public listing; some rows of the paper's table 1 are left out for that reason.
"""

import dataclasses
import json
from collections.abc import Sequence

from pgan_tf.data.format import datasets
from pgan_tf.evaluation import results
from pgan_tf.evaluation.features.extractor import Extractor

PAPER = "Karras et al. 2018"
LISTED = f"{PAPER}, as listed on paperswithcode.com"
RETRAINED = "retrained by mmgeneration, configs/pggan/README.md"


@dataclasses.dataclass(frozen=True)
class Published:
    """A number and its protocol.

    Attributes:
        data: A key of `DATASETS`.
        resolution: Pixels.
        key: The metric.
        value: The number; of SWD the average over the levels, times 1000.
        count: Images on each side.
        where: Who says so.
    """

    data: str
    resolution: int
    key: str
    value: float
    count: int
    where: str


@dataclasses.dataclass(frozen=True)
class Data:
    """What the numbers of a dataset were computed on.

    Attributes:
        words: Any of these in a dataset's name or source tells it.
        num_images: Of the whole dataset; None if that is not known.
        mirror_augment: Of the training; None if that is not known.
    """

    words: tuple[str, ...]
    num_images: int | None = None
    mirror_augment: bool | None = None


# The first that matches counts.
DATASETS = {
    "CelebA-HQ": Data(("celebahq", "celeba-hq", "celeba_hq"), 30_000, True),
    "CelebA": Data(("celeba",), 202_599, True),
    "LSUN bedroom": Data(("bedroom",)),
    "LSUN church": Data(("church",)),
    "LSUN cat": Data(("lsun_cat", "lsun-cat", "cat_train")),
    "CIFAR-10": Data(("cifar10", "cifar-10"), 50_000),
}

NUMBERS = (
    Published("CelebA", 128, "swd", 2.96, 16_384, f"{PAPER}, table 1 (h)"),
    Published("CelebA", 128, "msssim", 0.2828, 20_000, f"{PAPER}, table 1 (h)"),
    Published("CelebA", 128, "swd", 8.15, 16_384, RETRAINED),
    Published("CelebA", 128, "msssim", 0.3023, 20_000, RETRAINED),
    Published("CelebA-HQ", 1024, "swd", 5.44, 16_384, PAPER),
    Published("CelebA-HQ", 1024, "fid", 7.30, 50_000, LISTED),
    Published("CelebA-HQ", 1024, "swd", 4.655, 16_384, RETRAINED),
    Published("CelebA-HQ", 1024, "msssim", 0.3379, 20_000, RETRAINED),
    Published("LSUN bedroom", 256, "fid", 8.34, 50_000, LISTED),
    Published("LSUN bedroom", 128, "swd", 4.72, 16_384, RETRAINED),
    Published("LSUN bedroom", 128, "msssim", 0.0602, 20_000, RETRAINED),
    Published("LSUN church", 256, "fid", 6.42, 50_000, LISTED),
    Published("LSUN cat", 256, "fid", 37.52, 50_000, LISTED),
    Published(
        "CIFAR-10", 32, "is", 8.80, 50_000, f"{PAPER}, abstract (best run)"
    ),
)


def known_as(dataset: datasets.Dataset) -> str | None:
    """The key of `DATASETS` that a dataset's name or manifest tells."""
    manifest = dataset.manifest or {}
    kept = {k: v for k, v in manifest.items() if k not in ("files", "labels")}
    text = f"{dataset.name} {json.dumps(kept, default=str)}".lower()
    for name, data in DATASETS.items():
        if any(word in text for word in data.words):
            return name
    return None


def compare(
    found: Sequence[results.Result],
    dataset: datasets.Dataset,
    resolution: int,
    mirror_augment: bool,
    extractor: Extractor | None,
) -> list[str]:
    """Lines that set a snapshot's numbers beside published ones.

    Args:
        found: The results of a snapshot.
        dataset: Of the reals.
        resolution: Of the reals.
        mirror_augment: Whether half of the reals were flipped.
        extractor: If any metric looks at features.
    """
    name = known_as(dataset)
    if name is None:
        return [
            f"no published numbers for {dataset.name}: there are some for"
            f" {', '.join(DATASETS)}"
        ]
    lines = []
    for result in found:
        matching = [
            each
            for each in NUMBERS
            if (each.data, each.key) == (name, result.key)
        ]
        what = "" if matching else f"; none is published for {name}"
        lines.append(
            f"{result.label} {results.number(result.value.value)}{what}"
        )
        for each in matching:
            lines.append(_sentence(result, each))
            differs = _differences(each, dataset, resolution, mirror_augment)
            if result.count != each.count:
                differs.append(f"n={result.count:,}, published {each.count:,}")
            on_features = each.key in ("fid", "is")
            if on_features and extractor and not extractor.canonical:
                differs.append(
                    f"features {extractor.label}, published 2015 Inception"
                )
            text = "; ".join(differs) or "nothing that is known"
            lines.append(f"    what differs: {text}")
    return lines


def _sentence(result: results.Result, number: Published) -> str:
    ours, theirs = result.value.value, number.value
    size = f"{number.resolution}x{number.resolution}"
    return (
        f"  published {theirs:g}, so {ours - theirs:+.4g} here: {number.data}"
        f" {size}, {number.where}"
    )


def _differences(
    number: Published,
    dataset: datasets.Dataset,
    resolution: int,
    mirror_augment: bool,
) -> list[str]:
    """What differs of the reals."""
    data = DATASETS[number.data]
    lines = []
    if resolution != number.resolution:
        lines.append(f"resolution {resolution}, published {number.resolution}")
    if data.num_images not in (None, dataset.num_images):
        lines.append(
            f"a dataset of {dataset.num_images:,} images, published"
            f" {data.num_images:,}"
        )
    if data.mirror_augment not in (None, mirror_augment):
        flipped = {True: "mirrored", False: "not mirrored"}
        lines.append(
            f"reals {flipped[mirror_augment]}, published"
            f" {flipped[not mirror_augment]}"
        )
    return lines
