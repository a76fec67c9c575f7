"""Evaluates the snapshots of a run: snapshots x metrics -> report."""

import dataclasses
import datetime
import pathlib
import time
from collections.abc import Sequence
from importlib import metadata
from typing import Any

import pgan_tf
from pgan_tf import (
    choice,
    comparison,
    config,
    errors,
    extractors,
    networks,
    results,
    run_folder,
    sampling,
    snapshots,
)
from pgan_tf.data import records
from pgan_tf.metrics import registry

# Packages that numbers may depend on, named with them.
VERSIONS_OF = ("tensorflow", "keras", "numpy", "scipy")


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
    """

    run_dir: pathlib.Path
    metrics: Sequence[str] = registry.DEFAULT
    features: str | None = None
    inception: pathlib.Path | None = None
    snapshot: str = "latest"
    num_images: int | None = None
    seed: int = 0
    data_dir: pathlib.Path | None = None
    minibatch: int | None = None


def evaluate(options: Options) -> results.Report:
    """Computes the metrics and appends them to the run folder's files.

    Raises:
        UserError: On input that cannot be evaluated, or if no metric can be
            computed.
    """
    registry.parse(options.metrics)  # refuses typing errors at once
    run_config = run_folder.read_config(options.run_dir)
    paths = select(options.run_dir, options.snapshot)
    dataset = open_dataset(options, run_config)
    resolution = snapshots.load_generator(paths[0]).resolution
    count = options.num_images or run_config.evaluation.eval_num_images
    check_dataset(dataset, resolution, count)
    chosen = choice.choose(
        options.metrics,
        named_extractor(options, run_config),
        options.inception,
        dataset,
        resolution,
        count or None,
    )
    setting = comparison.Comparison(
        metrics=chosen.metrics,
        extractor=chosen.extractor,
        dataset=dataset,
        resolution=resolution,
        mirror_augment=run_config.data.mirror_augment,
        seed=options.seed,
        minibatch=options.minibatch or sampling.default_minibatch(resolution),
    )
    return results.Report(
        heading=describe(options, setting),
        labels=chosen.labels,
        results=evaluate_rows(options, setting, paths),
        not_computed=chosen.not_computed,
    )


def select(run_dir: pathlib.Path, which: str) -> list[pathlib.Path]:
    """The snapshots that `--snapshot` names, earliest first."""
    if which.endswith(".keras"):
        path = pathlib.Path(which)
        run_folder.kimg_of(path)  # refuses other names
        return [path]
    known = run_folder.list_snapshots(run_dir)
    if not known:
        raise errors.UserError(
            f"{run_dir} has no snapshots yet; train.py writes them"
        )
    if which in ("all", "latest"):
        return known if which == "all" else known[-1:]
    kimg = int(which) if which.isdecimal() else None
    chosen = [p for p in known if run_folder.kimg_of(p) == kimg]
    if not chosen:
        kimgs = ", ".join(str(run_folder.kimg_of(path)) for path in known)
        raise errors.UserError(
            f"--snapshot={which}: give latest, all, a .keras file or one of"
            f" the run's kimg: {kimgs}"
        )
    return chosen


def named_extractor(options: Options, run_config: config.RunConfig) -> str:
    """What --features says, or --inception implies, or the run prefers."""
    if options.features:
        return options.features
    if options.inception:
        return extractors.INCEPTION
    return run_config.evaluation.eval_features


def open_dataset(
    options: Options, run_config: config.RunConfig
) -> records.Dataset:
    """The dataset of the run or the one given instead."""
    path = options.data_dir or pathlib.Path(run_config.data.data_dir)
    if not path.is_dir():
        raise errors.UserError(
            f"the dataset {path} is not there; say where it is with --data_dir"
        )
    return records.open_dataset(path)


def check_dataset(
    dataset: records.Dataset, resolution: int, count: int
) -> None:
    """Refuses a dataset of too few pixels or images."""
    if resolution > dataset.resolution:
        raise errors.UserError(
            f"the dataset {dataset.path} has {dataset.resolution} pixels, the"
            f" run {resolution}; give the run's own with --data_dir"
        )
    if count > dataset.num_images:
        raise errors.UserError(
            f"--num_images={count}, or the run's --eval_num_images: the dataset"
            f" {dataset.path} has {dataset.num_images} images, and as many"
            " reals as fakes are compared; give a lower number"
        )


def check_generator(
    generator: networks.Generator,
    path: pathlib.Path,
    setting: comparison.Comparison,
) -> None:
    """Refuses a snapshot of another run's kind."""
    dataset, size = setting.dataset, setting.resolution
    fits = (
        generator.resolution == size
        and generator.num_channels == dataset.num_channels
        and generator.label_size <= dataset.label_size
    )
    if not fits:
        raise errors.UserError(
            f"{path} draws {generator.resolution} pixels of"
            f" {generator.num_channels} channels from"
            f" {generator.label_size} labels, the reals have {size},"
            f" {dataset.num_channels} and {dataset.label_size}; give the"
            " dataset it was trained on with --data_dir"
        )


def evaluate_rows(
    options: Options,
    setting: comparison.Comparison,
    paths: Sequence[pathlib.Path],
) -> list[results.Result]:
    """The noise floor and then every snapshot, saved as soon as known."""
    reals = setting.reals()
    rows = []
    floor = setting.noise_floor(reals)
    if floor:
        rows += results.name(results.NOISE_FLOOR, setting.metrics, floor)
    for path in paths:
        started = time.monotonic()
        generator = snapshots.load_generator(path)
        check_generator(generator, path, setting)
        values = setting.fakes(generator, reals, path.stem)
        row = results.name(path.name, setting.metrics, values)
        facts = common_facts(options, setting)
        facts["snapshot"] = path.name
        facts["kimg"] = run_folder.kimg_of(path)
        facts["lod"] = float(generator.lod)
        facts["seconds"] = round(time.monotonic() - started, 1)
        for result, metric in zip(row, setting.metrics, strict=True):
            extra = dict(metric.facts)
            if metric.uses_features and setting.extractor:
                extra["extractor"] = setting.extractor.facts
            results.append(options.run_dir, result, {**facts, **extra})
        rows += row
    return rows


def common_facts(
    options: Options, setting: comparison.Comparison
) -> dict[str, Any]:
    """What decides how comparable a number is, beside the metric's own."""
    return {
        "dataset": setting.dataset.name,
        "dataset_digest": setting.dataset.digest,
        "resolution": setting.resolution,
        "mirror_augment": setting.mirror_augment,
        "quantised": "uint8",
        "seed": options.seed,
        "versions": {
            "pgan_tf": pgan_tf.__version__,
            **{name: metadata.version(name) for name in VERSIONS_OF},
        },
        "time": datetime.datetime.now().astimezone().isoformat("T", "seconds"),
    }


def describe(options: Options, setting: comparison.Comparison) -> list[str]:
    """The lines above the table."""
    dataset, size = setting.dataset, setting.resolution
    mirrored = ", half of the reals mirrored" if setting.mirror_augment else ""
    lines = [
        f"run {options.run_dir}: {size}x{size}, seed {options.seed}{mirrored}",
        f"dataset {dataset.path}: {dataset.num_images} images,"
        f" digest {dataset.digest[:8]}",
    ]
    if setting.extractor:
        note = setting.extractor.note
        text = f"features {setting.extractor.label}"
        lines.append(f"{text} ({note})" if note else text)
    return lines
