"""Compares any two sets of images, without a run."""

import pathlib

from pgan_tf.base import devices
from pgan_tf.evaluation import (
    comparison,
    plots,
    reals,
    result_files,
    results,
    rows,
)
from pgan_tf.evaluation.features import by_name as features_by_name
from pgan_tf.evaluation.features import digits
from pgan_tf.evaluation.features.extractor import INCEPTION, Extractor
from pgan_tf.evaluation.metrics import by_name as metrics_by_name
from pgan_tf.evaluation.options import Options
from pgan_tf.sampling import drawing


def evaluate(
    reals_path: pathlib.Path, fakes_path: pathlib.Path, options: Options
) -> results.Report:
    """Computes the metrics.

    Args:
        reals_path: A folder, a .zip or a dataset.
        fakes_path: The same, of images of the same size.
        options: How to compare them.

    Raises:
        UserError: On input that cannot be evaluated, or if no metric can be
            computed.
    """
    asked = metrics_by_name.parse(options.metrics)
    whole, fakes = reals.open_pair(reals_path, fakes_path)
    available = min(whole.num_images, fakes.num_images)
    reals.check_counts(whole, fakes, options.num_images)
    replicas = devices.Replicas(devices.make_strategy(options.devices))
    size = whole.resolution
    chosen = metrics_by_name.choose(
        asked,
        lambda: _open_extractor(whole, options, replicas),
        size,
        available,
        options.num_images,
        generator=False,
        open_digits=(
            (lambda: digits.open_classifier(options.mnist, replicas))
            if _may_be_digits(whole) and _may_be_digits(fakes)
            else None
        ),
    )
    compared = comparison.Comparison(
        chosen=chosen,
        whole=whole,
        mirror_augment=False,
        seed=options.seed,
        minibatch=options.minibatch or drawing.default_minibatch(size),
    )
    table = _make_table(compared, fakes, options)
    heading = [
        f"fakes {fakes.where}: {fakes.num_images} images of {size}x{size}, seed"
        f" {options.seed}",
        *rows.describe(whole, chosen.extractor),
    ]
    return table.report(heading)


def _may_be_digits(images: reals.ImageSet) -> bool:
    """Whether images are stacked digits; of files nobody can tell."""
    return images.dataset is None or images.dataset.is_stacked_digits


def _open_extractor(
    whole: reals.ImageSet, options: Options, replicas: devices.Replicas
) -> Extractor:
    return features_by_name.open_extractor(
        options.extractor_name(INCEPTION),
        options.inception,
        whole.dataset,
        whole.resolution,
        replicas,
    )


def _make_table(
    compared: comparison.Comparison, fakes: reals.ImageSet, options: Options
) -> rows.Rows:
    """The rows of the reals and of the fakes."""
    folder = options.out_dir
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    stored = result_files.ResultFiles(folder, options.force)
    table = rows.Rows(compared, stored, {"dataset": compared.whole.name})
    table.add_reals()
    drawn = reals.draw(fakes, compared.count, seed=options.seed)
    _, new = table.add(
        results.row_of_fakes(fakes.name),
        {"fakes_digest": fakes.digest},
        lambda missing: compared.of_images(drawn, fakes.name, missing),
    )
    if folder:
        for result in new:
            plots.save_arrays(folder, fakes.name, result.value)
    return table
