"""Compares any two sets of images, without a run."""

from pgan_tf.base import devices, errors
from pgan_tf.evaluation import comparison, plots, result_files, results, rows
from pgan_tf.evaluation.features import by_name as features_by_name
from pgan_tf.evaluation.metrics import by_name as metrics_by_name
from pgan_tf.evaluation.options import PairOptions
from pgan_tf.evaluation.reals import Level, draw_reals, open_pair
from pgan_tf.sampling import drawing


def evaluate(options: PairOptions) -> results.Report:
    """Computes the metrics.

    Raises:
        UserError: On input that cannot be evaluated, or if no metric can be
            computed.
    """
    metrics_by_name.parse(options.metrics)  # refuses typing errors at once
    reals, fakes = open_pair(options.reals, options.fakes)
    available = min(reals.num_images, fakes.num_images)
    count = options.num_images
    if count and count > available:
        raise errors.UserError(
            f"--num_images={count}: {reals.where} has {reals.num_images}"
            f" images, {fakes.where} {fakes.num_images}; give a lower number"
        )
    replicas = devices.Replicas(devices.make_strategy(options.devices))
    dataset = reals.dataset if isinstance(reals, Level) else None
    chosen = metrics_by_name.choose(
        options.metrics,
        lambda: features_by_name.open_extractor(
            options.features or features_by_name.INCEPTION,
            options.inception,
            dataset,
            reals.height,
            replicas,
        ),
        reals.height,
        available,
        count,
        generator=False,
    )
    setting = comparison.Comparison(
        metrics=chosen.metrics,
        extractor=chosen.extractor,
        collection=reals,
        mirror_augment=False,
        seed=options.seed,
        minibatch=options.minibatch or drawing.default_minibatch(reals.height),
    )
    if options.out_dir:
        options.out_dir.mkdir(parents=True, exist_ok=True)
    book = result_files.Ledger(options.out_dir, options.force)
    table = rows.Rows(chosen, setting, book, {"dataset": reals.name})
    table.add_reals()
    drawn = draw_reals(fakes, setting.count, False, options.seed)
    _, new = table.add(
        fakes.name,
        {"fakes_digest": fakes.digest},
        lambda missing: setting.compare(drawn, fakes.name, missing),
    )
    for result in new if options.out_dir else ():
        assert options.out_dir
        plots.save_arrays(options.out_dir, fakes.name, result.value)
    size = f"{reals.height}x{reals.width}"
    heading = [
        f"fakes {fakes.where}: {fakes.num_images} images of {size}, seed"
        f" {options.seed}",
        *rows.describe(setting),
    ]
    return table.report(heading)
