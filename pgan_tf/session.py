"""One evaluation of a run: its setting, and the rows of its table so far."""

import dataclasses
import pathlib
from collections.abc import Sequence
from typing import Any

from pgan_tf import (
    checks,
    choice,
    comparison,
    curves,
    extractors,
    image_sets,
    ledger,
    published,
    results,
    rows,
)
from pgan_tf.base import devices, errors, files
from pgan_tf.data.format import datasets
from pgan_tf.metrics import features, registry, suite
from pgan_tf.networks import snapshots
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs import report, tensorboard
from pgan_tf.runs.options import RunOptions
from pgan_tf.sampling import drawing


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
    metrics: Sequence[str] = registry.DEFAULT
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


class Opened:
    """What an evaluation of a run begins with.

    Args:
        options: What to evaluate and how.
        path: The first snapshot, which tells the resolution.

    Attributes:
        replicas: That do the work.
        level: The reals.
        count: Images on each side if that is said anywhere, else None.
        mirror_augment: Whether half of the reals are flipped, as in training.
        minibatch: Images at a time.
    """

    def __init__(self, options: Options, path: pathlib.Path) -> None:
        self.options = options
        self.replicas = devices.Replicas(devices.make_strategy(options.devices))
        self._run_config = run_folder.read_config(options.run_dir)
        dataset = open_dataset(options, self._run_config)
        resolution = snapshots.load_generator(path).resolution
        count = (
            options.num_images or self._run_config.evaluation.eval_num_images
        )
        checks.check_dataset(dataset, resolution, count)
        self.level = image_sets.Level(dataset, resolution)
        self.count = count or None
        self.mirror_augment = self._run_config.data.mirror_augment
        default = drawing.default_minibatch(resolution)
        self.minibatch = options.minibatch or default

    def extractor(self) -> features.Extractor:
        """The extractor that flags or run name."""
        return extractors.open_extractor(
            named_extractor(self.options, self._run_config),
            self.options.inception,
            self.level.dataset,
            self.level.resolution,
            self.replicas,
        )

    def compare(
        self, chosen: choice.Choice, collection: image_sets.Collection
    ) -> comparison.Comparison:
        """A setting with these reals."""
        return comparison.Comparison(
            metrics=chosen.metrics,
            extractor=chosen.extractor,
            collection=collection,
            mirror_augment=self.mirror_augment,
            seed=self.options.seed,
            minibatch=self.minibatch,
            replicas=self.replicas,
        )

    def generator(self, path: pathlib.Path) -> Generator:
        """A snapshot, on all devices."""
        with self.replicas.scope():
            generator = snapshots.load_generator(path)
        checks.check_generator(generator, path, self.level)
        return generator

    def heading(self) -> str:
        """What the table is about, beside reals and extractor."""
        size = self.level.resolution
        mirrored = ", half of the reals mirrored" if self.mirror_augment else ""
        return (
            f"run {self.options.run_dir}: {size}x{size}, seed"
            f" {self.options.seed}{mirrored}"
        )


class Session:
    """One setting, and the rows computed in it so far.

    Args:
        options: What to evaluate and how.
        path: The first snapshot.
    """

    def __init__(self, options: Options, path: pathlib.Path) -> None:
        self._opened = opened = Opened(options, path)
        chosen = choice.choose(
            options.metrics,
            opened.extractor,
            opened.level.resolution,
            opened.level.num_images,
            opened.count,
        )
        self._setting = opened.compare(chosen, opened.level)
        self._rows, self._truncated = (
            rows.Rows(
                chosen,
                self._setting,
                ledger.Ledger(options.run_dir, options.force, prefix),
                {"dataset": opened.level.name},
            )
            for prefix in ("metric", "truncation")
        )
        self._writer: tensorboard.Writer | None = None

    def add_reals(self) -> None:
        """Adds the rows of reals, as far as the dataset has enough images."""
        self._rows.add_reals()

    def add_snapshot(self, path: pathlib.Path) -> list[results.Result]:
        """Adds the row of a snapshot, computing what is not yet known.

        And those of truncated latents, with their curve.
        """
        found, new = self._add(self._rows, path, None)
        if new:
            self._plot(new, run_folder.kimg_of(path))
            report.write(self._opened.options.run_dir)
        sweep: curves.Rows = {None: found}
        for limit in sorted(set(self._opened.options.truncation)):
            sweep[limit], _ = self._add(self._truncated, path, limit)
        if len(sweep) > 1:
            curves.save_sweep(self._opened.options.run_dir, path.stem, sweep)
        return found

    def _add(
        self, table: rows.Rows, path: pathlib.Path, truncation: float | None
    ) -> tuple[list[results.Result], list[results.Result]]:
        """One row: all its results, and the new ones."""
        kimg = run_folder.kimg_of(path)
        notes: dict[str, Any] = {"snapshot": path.name, "kimg": kimg}
        fakes: dict[str, Any] = {"snapshot_sha256": files.sha256_of_file(path)}
        title, name = path.name, path.stem
        if truncation is not None:
            fakes["truncation"] = truncation
            title += f" truncation {truncation:g}"
            name += f"-truncation-{truncation:g}"

        def compute(missing: Sequence[suite.Metric]) -> comparison.Values:
            generator = self._opened.generator(path)
            notes["lod"] = float(generator.lod)
            return self._setting.fakes(generator, name, missing, truncation)

        found, new = table.add(title, fakes, compute, lambda: notes)
        for result in new:
            curves.save_arrays(self._opened.options.run_dir, name, result.value)
        return found, new

    def report(self) -> results.Report:
        """Everything added so far."""
        if self._writer:
            self._writer.close()
            self._writer = None
        heading = [self._opened.heading(), *rows.describe(self._setting)]
        table = self._rows.report(heading)
        truncated = self._truncated.report(heading).results
        everything = dataclasses.replace(
            table, results=table.results + truncated
        )
        if self._opened.options.compare_to_paper:
            last = table.results[-1].row
            lines = published.compare(
                [each for each in table.results if each.row == last],
                self._opened.level,
                self._opened.mirror_augment,
                self._setting.extractor,
            )
            title = f"{last} beside published numbers:"
            return dataclasses.replace(everything, footnotes=[title, *lines])
        return everything

    def _plot(self, new: Sequence[results.Result], kimg: int | None) -> None:
        """Adds points to TensorBoard's curves."""
        if kimg is None:
            return
        if self._writer is None:
            # A folder of its own: TensorBoard shows it as a run beside that
            # of the training, whose event file it would stop reading at the
            # sight of a newer one.
            self._writer = tensorboard.Writer(
                self._opened.options.run_dir / "tensorboard" / "evaluation"
            )
        for result in new:
            name = f"metrics/{result.label}"
            points = {name: result.value.value}
            for level, value in result.value.levels.items():
                points[f"{name}/{level}"] = value
            self._writer.scalars(points, kimg * 1000)
        self._writer.flush()


def named_extractor(options: Options, run_config: RunOptions) -> str:
    """What --features says, or --inception implies, or the run prefers."""
    if options.features:
        return options.features
    if options.inception:
        return extractors.INCEPTION
    return run_config.evaluation.eval_features


def open_dataset(options: Options, run_config: RunOptions) -> datasets.Dataset:
    """The dataset of the run or the one given instead."""
    path = options.data_dir or pathlib.Path(run_config.data.data_dir)
    if not path.is_dir():
        raise errors.UserError(
            f"the dataset {path} is not there; say where it is with --data_dir"
        )
    return datasets.open_dataset(path)
