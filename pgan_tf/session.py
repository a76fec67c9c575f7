"""One evaluation of a run: its setting, and the rows of its table so far."""

import dataclasses
import datetime
import pathlib
import time
from collections.abc import Sequence
from importlib import metadata
from typing import Any

import pgan_tf
from pgan_tf import (
    checks,
    choice,
    comparison,
    config,
    errors,
    extractors,
    image_sets,
    ledger,
    replicas,
    results,
    run_folder,
    sampling,
    selection,
    snapshots,
)
from pgan_tf.data import records
from pgan_tf.metrics import features, registry
from pgan_tf.training import summaries, trainer

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
        devices: As of training; of no influence either.
        force: Compute again what the run folder's files already hold.
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
    devices: str = ""
    force: bool = False


class Session:
    """One setting, and the rows computed in it so far.

    Args:
        options: What to evaluate and how.
        path: The first snapshot, which tells the resolution.
    """

    def __init__(self, options: Options, path: pathlib.Path) -> None:
        self._options = options
        self._devices = replicas.Replicas(
            trainer.make_strategy(options.devices)
        )
        run_config = run_folder.read_config(options.run_dir)
        dataset = open_dataset(options, run_config)
        resolution = snapshots.load_generator(path).resolution
        count = options.num_images or run_config.evaluation.eval_num_images
        checks.check_dataset(dataset, resolution, count)
        self._chosen = choice.choose(
            options.metrics,
            lambda: extractors.open_extractor(
                named_extractor(options, run_config),
                options.inception,
                dataset,
                resolution,
                self._devices,
            ),
            resolution,
            dataset.num_images,
            count or None,
        )
        self._level = image_sets.Level(dataset, resolution)
        self._setting = comparison.Comparison(
            metrics=self._chosen.metrics,
            extractor=self._chosen.extractor,
            collection=self._level,
            mirror_augment=run_config.data.mirror_augment,
            seed=options.seed,
            minibatch=options.minibatch
            or sampling.default_minibatch(resolution),
            devices=self._devices,
        )
        self._ledger = ledger.Ledger(options.run_dir, options.force)
        self._results: list[results.Result] = []
        self._writer: summaries.Writer | None = None

    def add_reals(self) -> None:
        """Adds the rows of reals, as far as the dataset has enough images."""
        setting = self._setting
        for row, compute in (
            (results.REALS, setting.reals),
            (results.NOISE_FLOOR, setting.noise_floor),
        ):
            started = time.monotonic()
            found = results.name(row, setting.metrics, compute() or {})
            notes = {"seconds": _seconds_since(started), "kimg": None}
            for result in found:
                facts = {**self._facts(result.key), "row": row}
                if row == results.NOISE_FLOOR:
                    facts["skipped_reals"] = setting.count
                if self._ledger.find(result.key, facts) is None:
                    self._ledger.add(result, facts, {**self._notes(), **notes})
            self._results += found

    def add_snapshot(self, path: pathlib.Path) -> list[results.Result]:
        """Adds the row of a snapshot, computing what is not yet known."""
        setting, started = self._setting, time.monotonic()
        digest = features.file_digest(path)
        facts = {
            metric.key: {
                **self._facts(metric.key),
                "row": path.name,
                "snapshot_sha256": digest,
            }
            for metric in setting.metrics
        }
        found = {key: self._ledger.find(key, facts[key]) for key in facts}
        values = {key: value for key, value in found.items() if value}
        missing = [each for each in setting.metrics if each.key not in values]
        if missing:
            with self._devices.scope():
                generator = snapshots.load_generator(path)
            checks.check_generator(generator, path, self._level)
            values |= setting.fakes(generator, path.stem, missing)
        row = results.name(path.name, setting.metrics, values)
        new = [each for each in row if found[each.key] is None]
        for result in new:
            notes = {
                **self._notes(),
                "snapshot": path.name,
                "kimg": selection.kimg_of(path),
                "lod": float(generator.lod),
                "seconds": _seconds_since(started),
            }
            self._ledger.add(result, facts[result.key], notes)
        self._plot(new, selection.kimg_of(path))
        self._results += row
        return row

    def report(self) -> results.Report:
        """Everything added so far."""
        if self._writer:
            self._writer.close()
            self._writer = None
        return results.Report(
            heading=self._heading(),
            labels=self._chosen.labels,
            results=self._results,
            not_computed=self._chosen.not_computed,
        )

    def _plot(self, new: Sequence[results.Result], kimg: int | None) -> None:
        """Adds points to TensorBoard's curves."""
        if not new or kimg is None:
            return
        if self._writer is None:
            # A folder of its own: TensorBoard shows it as a run beside that
            # of the training, whose event file it would stop reading at the
            # sight of a newer one.
            self._writer = summaries.Writer(
                self._options.run_dir / "tensorboard" / "evaluation"
            )
        for result in new:
            name = f"metrics/{result.label}"
            points = {name: result.value.value}
            for level, value in result.value.levels.items():
                points[f"{name}/{level}"] = value
            self._writer.scalars(points, kimg * 1000)
        self._writer.flush()

    def _facts(self, key: str) -> dict[str, Any]:
        """What decides a metric's numbers, beside the fakes."""
        (metric,) = (m for m in self._setting.metrics if m.key == key)
        return self._setting.facts(metric)

    def _notes(self) -> dict[str, Any]:
        """What else is worth knowing of a number."""
        now = datetime.datetime.now().astimezone()
        return {
            "dataset": self._level.name,
            "versions": {
                "pgan_tf": pgan_tf.__version__,
                **{name: metadata.version(name) for name in VERSIONS_OF},
            },
            "time": now.isoformat("T", "seconds"),
        }

    def _heading(self) -> list[str]:
        """The lines above the table."""
        dataset, setting = self._level.dataset, self._setting
        size = setting.collection.height
        mirrored = (
            ", half of the reals mirrored" if setting.mirror_augment else ""
        )
        lines = [
            f"run {self._options.run_dir}: {size}x{size}, seed"
            f" {setting.seed}{mirrored}",
            f"dataset {dataset.path}: {dataset.num_images} images,"
            f" digest {dataset.digest[:8]}",
        ]
        if setting.extractor:
            note = setting.extractor.note
            text = f"features {setting.extractor.label}"
            lines.append(f"{text} ({note})" if note else text)
        return lines


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


def _seconds_since(started: float) -> float:
    return round(time.monotonic() - started, 1)
