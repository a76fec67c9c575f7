"""What to evaluate, and how."""

import dataclasses
import pathlib
from collections.abc import Sequence

from pgan_tf.evaluation.metrics import by_name as metrics_by_name


@dataclasses.dataclass(frozen=True)
class Options:
    """What to evaluate and how.

    Attributes:
        run_dir: The run folder.
        metrics: As `registry.parse` knows them.
        features: "inception", "labels" or a .keras file; None: the run's.
        inception: The 2015 Inception file; None: from the cache.
        snapshot: "latest", "all", a kimg or a file.
        num_images: On each side; None: the run's --eval_num_images, or as
            published, or all there are.
        seed: Of the choice of reals, the latents and all other draws.
        data_dir: The dataset; None: the run's.
        minibatch: Images at a time; None: by resolution. Of no influence.
        devices: As of training; of no influence either.
        truncation: Of the latents: a row of each snapshot for each of these,
            beside that of latents as they are.
        force: Compute again what the run folder's files already hold.
        compare_to_paper: Say what was published of the same dataset.
    """

    run_dir: pathlib.Path
    metrics: Sequence[str] = metrics_by_name.DEFAULT
    features: str | None = None
    inception: pathlib.Path | None = None
    snapshot: str = "latest"
    num_images: int | None = None
    seed: int = 0
    data_dir: pathlib.Path | None = None
    minibatch: int | None = None
    devices: str = ""
    truncation: Sequence[float] = ()
    force: bool = False
    compare_to_paper: bool = False


@dataclasses.dataclass(frozen=True)
class PairOptions:
    """What to compare and how; see also `session.Options`.

    Attributes:
        reals: A folder, a .zip or a dataset.
        fakes: The same, of images of the same size.
        metrics: As `registry.parse` knows them.
        features: Of `extractors.open_extractor`; None: inception.
        inception: The 2015 Inception file; None: from the cache.
        num_images: On each side; None: as published, or all there are.
        seed: Of the choice of images and all other draws.
        minibatch: Images at a time; None: by resolution.
        devices: As of training.
        out_dir: Where metric-<name>.jsonl goes; None: nowhere.
        force: Compute again what those files already hold.
    """

    reals: pathlib.Path
    fakes: pathlib.Path
    metrics: Sequence[str] = metrics_by_name.DEFAULT
    features: str | None = None
    inception: pathlib.Path | None = None
    num_images: int | None = None
    seed: int = 0
    minibatch: int | None = None
    devices: str = ""
    out_dir: pathlib.Path | None = None
    force: bool = False
