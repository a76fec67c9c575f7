"""FID of each class by itself: which ones a generator draws well."""

import dataclasses
import functools
import pathlib
from collections.abc import Callable, Sequence

import numpy as np

from pgan_tf.base import errors, files
from pgan_tf.evaluation import comparison, of_run, reals, results, rows
from pgan_tf.evaluation.features.extractor import Extractor
from pgan_tf.evaluation.metrics import by_name as metrics_by_name
from pgan_tf.evaluation.metrics.metric import Metric
from pgan_tf.evaluation.options import Options
from pgan_tf.runs import folder as run_folder
from pgan_tf.sampling import drawing


def evaluate(run_dir: pathlib.Path, options: Options) -> results.Report:
    """FID of fakes of each class against its reals, a row per class.

    As many images as the class has, but no more than asked for or published:
    their number is in the row's name. Fakes get the labels of the reals they
    are compared with; where labels are attributes, those that have it.

    Raises:
        UserError: On input that cannot be evaluated: networks or reals
            without labels, metrics other than fid.
    """
    metrics_by_name.check_per_class(options.metrics)
    config = run_folder.read_config(run_dir)
    paths = run_folder.select_snapshots(run_dir, options.snapshot)
    opened = of_run.OpenedRun(run_dir, config, options, paths[0])
    classes = _open_classes(opened, paths[0])
    found = []
    for path in paths:
        digest = files.sha256_of_file(path)
        drawer = functools.partial(opened.drawer, path)
        for each in classes:
            found += each.add(path, digest, drawer)
    chosen = classes[0].comparison.chosen
    assert chosen.extractor
    counts = [each.comparison.count for each in classes]
    return results.Report(
        heading=[
            f"{opened.heading()}, each class by itself",
            *rows.describe(opened.whole, chosen.extractor),
            *warnings(counts, chosen.extractor),
        ],
        labels=chosen.labels,
        results=found,
        not_computed=chosen.not_computed,
    )


def warnings(counts: Sequence[int], extractor: Extractor) -> list[str]:
    """A line if there are few images for the size of the features."""
    blank = np.zeros([1, 32, 32, 3], np.uint8)
    size = extractor(blank)[0].shape[1]
    # Of N images a covariance has the rank N - 1 at most.
    few = sum(count <= size for count in counts)
    if not few:
        return []
    return [
        f"warning: {few} of {len(counts)} classes have no more images than"
        f" features ({size}): their distances are much too large, the more so"
        " the fewer images; compare only equal n"
    ]


def split(whole: reals.ImageSet, label_size: int) -> dict[int, reals.ImageSet]:
    """The images of each label; those that have none or one are left out."""
    classes = {
        label: reals.of_class(whole, label) for label in range(label_size)
    }
    return {k: each for k, each in classes.items() if each.num_images >= 2}


@dataclasses.dataclass(frozen=True)
class _Class:
    """A class: its column of the labels, its name, its reals, its rows."""

    label: int
    name: str
    comparison: comparison.Comparison
    rows: rows.Rows

    def add(
        self,
        path: pathlib.Path,
        digest: str,
        drawer: Callable[[], drawing.Drawer],
    ) -> list[results.Result]:
        """Adds the row of a snapshot: of its file, its sha256, its images."""

        def compute(missing: Sequence[Metric]) -> comparison.Values:
            return self.comparison.of_generator(drawer(), self.name, missing)

        found, _ = self.rows.add(
            f"{path.name} {self.name}, n={self.comparison.count}",
            {"snapshot_sha256": digest, "class": self.label},
            compute,
            lambda: {
                "class_name": self.name,
                "snapshot": path.name,
                "kimg": run_folder.kimg_of(path),
            },
            f"{run_folder.title_of(path.name)}  {self.name}",
        )
        return found


def _open_classes(
    opened: of_run.OpenedRun, first: pathlib.Path
) -> list[_Class]:
    """The classes that the first snapshot draws and the reals show."""
    label_size = opened.drawer(first).generator.label_size
    if not label_size:
        raise errors.UserError(
            f"--per_class: {first} draws from no labels, so that there are no"
            " classes"
        )
    classes = split(opened.whole, label_size)
    if not classes:
        raise errors.UserError(
            f"--per_class: no class of {opened.whole.where} has two images"
        )
    extractor = functools.cache(opened.extractor)
    return [
        _open_class(opened, label, each, extractor)
        for label, each in classes.items()
    ]


def _name(names: Sequence[str], label: int) -> str:
    """What a class is called, with its number where others are called so."""
    name = names[label]
    return name if names.count(name) == 1 else f"{name} ({label})"


def _open_class(
    opened: of_run.OpenedRun,
    label: int,
    whole: reals.ImageSet,
    extractor: Callable[[], Extractor],
) -> _Class:
    available = min(
        whole.num_images, opened.options.num_images or whole.num_images
    )
    asked = metrics_by_name.parse(["fid"])
    chosen = metrics_by_name.choose(
        asked, extractor, whole.resolution, available
    )
    compared = opened.compare(chosen, whole)
    notes = {"dataset": whole.name}
    return _Class(
        label=label,
        name=_name(opened.dataset.label_names, label),
        comparison=compared,
        rows=rows.Rows(compared, opened.kept_results("per-class"), notes),
    )
