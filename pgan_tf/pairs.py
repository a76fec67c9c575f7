"""Compares any two sets of images, without a run."""

import dataclasses
import pathlib
from collections.abc import Sequence

from pgan_tf import (
    choice,
    comparison,
    curves,
    extractors,
    folders,
    image_sets,
    ledger,
    results,
    rows,
)
from pgan_tf.base import devices, errors
from pgan_tf.metrics import registry
from pgan_tf.sampling import drawing


@dataclasses.dataclass(frozen=True)
class Options:
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
    metrics: Sequence[str] = registry.DEFAULT
    features: str | None = None
    inception: pathlib.Path | None = None
    num_images: int | None = None
    seed: int = 0
    minibatch: int | None = None
    devices: str = ""
    out_dir: pathlib.Path | None = None
    force: bool = False


def evaluate(options: Options) -> results.Report:
    """Computes the metrics.

    Raises:
        UserError: On input that cannot be evaluated, or if no metric can be
            computed.
    """
    registry.parse(options.metrics)  # refuses typing errors at once
    reals, fakes = folders.open_pair(options.reals, options.fakes)
    available = min(reals.num_images, fakes.num_images)
    count = options.num_images
    if count and count > available:
        raise errors.UserError(
            f"--num_images={count}: {reals.where} has {reals.num_images}"
            f" images, {fakes.where} {fakes.num_images}; give a lower number"
        )
    replicas = devices.Replicas(devices.make_strategy(options.devices))
    dataset = reals.dataset if isinstance(reals, image_sets.Level) else None
    chosen = choice.choose(
        options.metrics,
        lambda: extractors.open_extractor(
            options.features or extractors.INCEPTION,
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
    book = ledger.Ledger(options.out_dir, options.force)
    table = rows.Rows(chosen, setting, book, {"dataset": reals.name})
    table.add_reals()
    drawn = image_sets.draw(fakes, setting.count, False, options.seed)
    _, new = table.add(
        fakes.name,
        {"fakes_digest": fakes.digest},
        lambda missing: setting.compare(drawn, fakes.name, missing),
    )
    for result in new if options.out_dir else ():
        assert options.out_dir
        curves.save_arrays(options.out_dir, fakes.name, result.value)
    size = f"{reals.height}x{reals.width}"
    heading = [
        f"fakes {fakes.where}: {fakes.num_images} images of {size}, seed"
        f" {options.seed}",
        *rows.describe(setting),
    ]
    return table.report(heading)
