"""FID of each class by itself: which ones a generator draws well."""

import dataclasses
import functools
import pathlib
from collections.abc import Callable, Sequence

import numpy as np

from pgan_tf.base import errors, files
from pgan_tf.evaluation import (
    comparison,
    result_files,
    results,
    rows,
    run_setting,
)
from pgan_tf.evaluation.features.extractor import Extractor
from pgan_tf.evaluation.metrics import by_name as metrics_by_name
from pgan_tf.evaluation.metrics.metric import Metric
from pgan_tf.evaluation.options import Options
from pgan_tf.evaluation.reals import Level, OfClass
from pgan_tf.runs import folder as run_folder
from pgan_tf.sampling import drawing


def evaluate(options: Options) -> results.Report:
    """FID of fakes of each class against its reals, a row per class.

    As many images as the class has, but no more than asked for or published:
    their number is in the row's name. Fakes get the labels of the reals they
    are compared with; where labels are attributes, those that have it.

    Raises:
        UserError: On input that cannot be evaluated: networks or reals
            without labels, metrics other than fid.
    """
    if set(options.metrics) - {"fid", "fid50k"}:
        raise errors.UserError(
            f"--per_class computes fid, not {','.join(options.metrics)}; give"
            " --metrics=fid"
        )
    paths = run_folder.select_snapshots(options.run_dir, options.snapshot)
    opened = run_setting.Opened(options, paths[0])
    label_size = opened.drawer(paths[0]).generator.label_size
    if not label_size:
        raise errors.UserError(
            f"--per_class: {paths[0]} draws from no labels, so that there are"
            " no classes"
        )
    extractor = functools.cache(opened.extractor)
    classes = split(opened.level, label_size)
    if not classes:
        raise errors.UserError(
            f"--per_class: no class of {opened.level.where} has two images"
        )
    settings = [_setting(opened, extractor, each) for each in classes]
    for path in paths:
        drawer = functools.cache(functools.partial(opened.drawer, path))
        for each in settings:
            each.add(path, drawer)
    first = settings[0].rows.report([])
    return dataclasses.replace(
        first,
        heading=[
            f"{opened.heading()}, each class by itself",
            *rows.describe(opened.compare(settings[0].chosen, opened.level)),
            *warnings([each.count for each in settings], extractor()),
        ],
        results=[
            result
            for path in paths
            for each in settings
            for result in each.rows.report([]).results
            if result.row.startswith(path.name)
        ],
    )


def warnings(counts: Sequence[int], extractor: Extractor) -> list[str]:
    """A line if there are few images for the size of the features."""
    blank = np.zeros([1, 32, 32, 3], np.uint8)
    size = extractor(blank)[0].shape[1]
    few = sum(count <= size for count in counts)
    if not few:
        return []
    return [
        f"warning: {few} of {len(counts)} classes have no more images than"
        f" features ({size}): their distances are much too large, the more so"
        " the fewer images; compare only equal n"
    ]


@dataclasses.dataclass(frozen=True)
class _Setting:
    """One class: its reals, its metric, its rows."""

    title: str
    label: int
    chosen: metrics_by_name.Choice
    setting: comparison.Comparison
    rows: rows.Rows

    @property
    def count(self) -> int:
        return self.setting.count

    def add(
        self, path: pathlib.Path, drawer: Callable[[], drawing.Drawer]
    ) -> None:
        """Adds the row of a snapshot."""

        def compute(missing: Sequence[Metric]) -> comparison.Values:
            return self.setting.fakes(drawer(), self.title, missing)

        self.rows.add(
            f"{path.name} {self.title}, n={self.count}",
            {
                "snapshot_sha256": files.sha256_of_file(path),
                "class": self.label,
            },
            compute,
            lambda: {
                "class_name": self.title,
                "snapshot": path.name,
                "kimg": run_folder.kimg_of(path),
            },
        )


def _setting(
    opened: run_setting.Opened,
    extractor: Callable[[], Extractor],
    reals: OfClass,
) -> _Setting:
    limit = opened.options.num_images or reals.num_images
    chosen = metrics_by_name.choose(
        ["fid"],
        extractor,
        reals.height,
        min(reals.num_images, limit),
    )
    setting = opened.compare(chosen, reals)
    options = opened.options
    book = result_files.Ledger(
        options.run_dir, options.force, prefix="per-class"
    )
    return _Setting(
        title=opened.level.dataset.label_names[reals.label],
        label=reals.label,
        chosen=chosen,
        setting=setting,
        rows=rows.Rows(chosen, setting, book, {"dataset": reals.name}),
    )


def split(level: Level, label_size: int) -> list[OfClass]:
    """The images of each label; those that have none are left out."""
    labels = level.labels[:, :label_size]
    return [
        OfClass(level, label, np.flatnonzero(labels[:, label] > 0.5))
        for label in range(label_size)
        if (labels[:, label] > 0.5).sum() >= 2
    ]
