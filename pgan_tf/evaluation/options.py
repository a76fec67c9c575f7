"""How to evaluate."""

import dataclasses
import pathlib
from collections.abc import Sequence

from pgan_tf.evaluation.features.extractor import INCEPTION
from pgan_tf.evaluation.metrics import by_name as metrics_by_name


@dataclasses.dataclass(frozen=True)
class Options:
    """How to evaluate a run, its classes, or two sets of images.

    Attributes:
        metrics: As `metrics.by_name.parse` knows them.
        features: As `features.by_name.open_extractor` knows them; None: see
            `extractor_name`.
        inception: The 2015 Inception file; None: from the cache.
        num_images: On each side; None: the run's --eval_num_images, or as
            published, or all there are.
        seed: Of the choice of reals, the latents and all other draws.
        minibatch: Images at a time; None: by resolution. Of no influence.
        devices: As of training; of no influence either.
        force: Compute again what the files of results already hold.
        snapshot: Of a run: "latest", "all", a kimg or a file.
        data_dir: Of a run: the dataset; None: the run's.
        truncation: Of a run's latents: a row of each snapshot for each of
            these, beside that of latents as they are.
        batch_statistics: Of a run: generators with batch normalisation draw
            with the statistics of each minibatch, as in training.
        mnist: Folder of MNIST's files, for the classifier of digits; None: it
            is in the cache.
        compare_to_paper: Of a run: say what was published of its dataset.
        out_dir: Of two sets: where the files of results go; None: nowhere.
    """

    metrics: Sequence[str] = metrics_by_name.DEFAULT
    features: str | None = None
    inception: pathlib.Path | None = None
    num_images: int | None = None
    seed: int = 0
    minibatch: int | None = None
    devices: str = ""
    force: bool = False
    snapshot: str = "latest"
    data_dir: pathlib.Path | None = None
    truncation: Sequence[float] = ()
    batch_statistics: bool = False
    mnist: pathlib.Path | None = None
    compare_to_paper: bool = False
    out_dir: pathlib.Path | None = None

    def extractor_name(self, preferred: str) -> str:
        """What `features` says or `inception` implies, else `preferred`."""
        if self.features:
            return self.features
        return INCEPTION if self.inception else preferred
