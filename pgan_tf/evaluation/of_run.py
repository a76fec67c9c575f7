"""Evaluates the snapshots of a run, at once or while it goes on."""

import dataclasses
import functools
import pathlib
import sys
import time
from collections.abc import Callable, Sequence
from typing import Any

from pgan_tf.base import derived, devices, errors, files
from pgan_tf.evaluation import (
    comparison,
    fakes,
    plots,
    published,
    reals,
    result_files,
    results,
    rows,
)
from pgan_tf.evaluation.features import by_name as features_by_name
from pgan_tf.evaluation.features import digits
from pgan_tf.evaluation.features.digit_classifier import DigitClassifier
from pgan_tf.evaluation.features.extractor import Extractor
from pgan_tf.evaluation.metrics import by_name as metrics_by_name
from pgan_tf.evaluation.metrics.metric import Metric
from pgan_tf.evaluation.options import Options
from pgan_tf.networks import snapshots
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs import report
from pgan_tf.runs.options import RunOptions
from pgan_tf.sampling import drawing

WATCH_SECONDS = 10.0
# Ends the name of a snapshot, ahead of a number, in rows of truncated latents.
_TRUNCATED = " truncation "


def evaluate(run_dir: pathlib.Path, options: Options) -> results.Report:
    """Computes the metrics and appends them to the run folder's files.

    Raises:
        UserError: On input that cannot be evaluated, or if no metric can be
            computed.
    """
    config = run_folder.read_config(run_dir)
    asked = metrics_by_name.parse(options.metrics)
    paths = run_folder.select_snapshots(run_dir, options.snapshot)
    opened = OpenedRun(run_dir, config, options, paths[0])
    write_page = functools.partial(report.write, run_dir, config)
    table = _Table(opened, asked, write_page)
    for path in paths:
        table.add_snapshot(path)
    return table.report()


def watch(
    run_dir: pathlib.Path, options: Options, say: Callable[[str], None]
) -> results.Report:
    """Evaluates snapshots as they appear, until the run ends or Ctrl-C.

    Args:
        run_dir: The run folder.
        options: A `snapshot` of "all" begins with the first one there is,
            "latest" with the last.
        say: Receives a line for each.

    Raises:
        UserError: As `evaluate`; if `options.snapshot` is one single file.
    """
    config = run_folder.read_config(run_dir)
    asked = metrics_by_name.parse(options.metrics)
    if options.snapshot not in ("all", "latest"):
        raise errors.UserError(
            f"--watch takes --snapshot=all or latest, not {options.snapshot}"
        )
    table: _Table | None = None
    seen: set[pathlib.Path] = set()
    say(f"watching {run_dir} for snapshots; Ctrl-C ends it with a table")
    try:
        while True:
            # Asked first: what a run leaves when it ends is then there.
            finished = run_folder.is_finished(run_dir)
            new = run_folder.list_snapshots(run_dir)
            if options.snapshot == "latest" and not seen:
                seen.update(new[:-1])
            for path in [path for path in new if path not in seen]:
                if table is None:
                    opened = OpenedRun(run_dir, config, options, path)
                    # Without `config`: the run may be continued with other
                    # options meanwhile.
                    write_page = functools.partial(report.write, run_dir)
                    table = _Table(opened, asked, write_page)
                say(results.sentence(table.add_snapshot(path)))
                seen.add(path)
            if finished:
                break
            time.sleep(WATCH_SECONDS)
    except KeyboardInterrupt:
        say("stopped watching")
    if table is None:
        raise errors.UserError(f"{run_dir} has no snapshots yet")
    return table.report()


class OpenedRun:
    """A run with the reals that its snapshots are compared with.

    Args:
        run_dir: The run folder.
        config: The options of its training.
        options: How to evaluate it.
        first: A snapshot, which tells the resolution.

    Attributes:
        run_dir, config, options: As given.
        dataset: Of the reals.
        whole: All of its images, at that resolution.
        count: Images on each side if that is said anywhere, else None.

    Raises:
        UserError: If the snapshot or the dataset cannot be read, or one does
            not fit the other.
    """

    def __init__(
        self,
        run_dir: pathlib.Path,
        config: RunOptions,
        options: Options,
        first: pathlib.Path,
    ) -> None:
        self.run_dir = run_dir
        self.config = config
        self.options = options
        self._replicas = devices.Replicas(
            devices.make_strategy(options.devices)
        )
        self._drawers: dict[pathlib.Path, drawing.Drawer] = {}
        count = options.num_images or config.evaluation.eval_num_images
        self.count = count or None
        path = options.data_dir or pathlib.Path(config.data.data_dir)
        self.dataset = reals.open_dataset(path)
        resolution = self._load(first).generator.resolution
        reals.check_dataset(
            self.dataset,
            resolution,
            options.num_images,
            config.evaluation.eval_num_images,
        )
        self.whole = reals.of_dataset(self.dataset, resolution)

    def drawer(self, path: pathlib.Path) -> drawing.Drawer:
        """The generator of a snapshot on all devices; see `_load`.

        Raises:
            UserError: If it cannot be read or does not fit the reals.
        """
        drawer = self._load(path)
        fakes.check(drawer.generator, path, self.dataset, self.whole.resolution)
        return drawer

    def _load(self, path: pathlib.Path) -> drawing.Drawer:
        """Loads a snapshot once for all its rows, and lets go of the last."""
        if path not in self._drawers:
            self._drawers.clear()
            with self._replicas.scope():
                generator = snapshots.load_generator(path)
            self._drawers[path] = drawing.Drawer(
                generator,
                self._replicas,
                batch_statistics=self.options.batch_statistics,
            )
        return self._drawers[path]

    def extractor(self) -> Extractor:
        """The extractor that flags or run name."""
        return features_by_name.open_extractor(
            self.options.extractor_name(self.config.evaluation.eval_features),
            self.options.inception,
            self.dataset,
            self.whole.resolution,
            self._replicas,
        )

    def digits(self) -> DigitClassifier:
        """The classifier of digits, with which modes are counted."""
        return digits.open_classifier(self.options.mnist, self._replicas)

    @property
    def minibatch(self) -> int:
        """Images at a time."""
        default = drawing.default_minibatch(self.whole.resolution)
        return self.options.minibatch or default

    def compare(
        self, chosen: metrics_by_name.Choice, whole: reals.ImageSet
    ) -> comparison.Comparison:
        """A comparison with all reals or with some of them."""
        return comparison.Comparison(
            chosen=chosen,
            whole=whole,
            mirror_augment=self.config.data.mirror_augment,
            seed=self.options.seed,
            minibatch=self.minibatch,
        )

    def kept_results(self, prefix: str) -> result_files.ResultFiles:
        """The files of results in the run folder."""
        return result_files.ResultFiles(
            self.run_dir, self.options.force, prefix
        )

    def heading(self) -> str:
        """What the table is about, beside reals and extractor."""
        size = self.whole.resolution
        mirrored = self.config.data.mirror_augment
        note = ", half of the reals mirrored" if mirrored else ""
        return (
            f"run {self.run_dir}: {size}x{size}, seed {self.options.seed}{note}"
        )


def _complain(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


class _Table:
    """The rows of a run's snapshots; begins with those of the reals.

    Args:
        opened: The run.
        asked: The metrics, see `metrics.by_name.parse`.
        write_page: Called after each snapshot with new numbers.
    """

    def __init__(
        self,
        opened: OpenedRun,
        asked: metrics_by_name.Asked,
        write_page: Callable[[], report.LeftOut],
    ) -> None:
        self._opened = opened
        self._write_page = write_page
        self._derived = derived.Derived(_complain)
        chosen = metrics_by_name.choose(
            asked,
            opened.extractor,
            opened.whole.resolution,
            opened.whole.num_images,
            opened.count,
            open_digits=(
                opened.digits if opened.dataset.is_stacked_digits else None
            ),
        )
        self._comparison = opened.compare(chosen, opened.whole)
        notes = {"dataset": opened.whole.name}
        self._rows, self._truncated = (
            rows.Rows(self._comparison, opened.kept_results(prefix), notes)
            for prefix in ("metric", "truncation")
        )
        self._curves = plots.Curves(opened.run_dir)
        self._rows.add_reals()

    def add_snapshot(self, path: pathlib.Path) -> list[results.Result]:
        """Adds the row of a snapshot, computing what is not yet known.

        And those of truncated latents, with their curve.
        """
        run_dir = self._opened.run_dir
        found, new = self._add(self._rows, path, None)
        if new:
            with self._derived.making("TensorBoard's curves"):
                self._curves.add(new, run_folder.kimg_of(path))
        sweep: plots.Sweep = {None: found}
        for limit in sorted(set(self._opened.options.truncation)):
            sweep[limit], more = self._add(self._truncated, path, limit)
            new += more
        if len(sweep) > 1:
            with self._derived.making("the plot of truncation"):
                plots.save_sweep(run_dir, path.stem, sweep)
        if new:
            with self._derived.making("report.html"):
                for name, why in self._write_page().items():
                    self._derived.left_out(f"{name} in report.html", why)
        return found

    def _add(
        self, table: rows.Rows, path: pathlib.Path, truncation: float | None
    ) -> tuple[list[results.Result], list[results.Result]]:
        """One row: all its results, and the new ones."""
        kimg = run_folder.kimg_of(path)
        notes: dict[str, Any] = {"snapshot": path.name, "kimg": kimg}
        facts: dict[str, Any] = {"snapshot_sha256": files.sha256_of_file(path)}
        row, name = path.name, path.stem
        title = run_folder.title_of(path.name)
        if truncation is not None:
            facts["truncation"] = truncation
            row += f"{_TRUNCATED}{truncation:g}"
            name += f"-truncation-{truncation:g}"
            title += f", truncation {truncation:g}"
        if self._opened.options.batch_statistics:
            facts["statistics_of"] = self._opened.minibatch

        def compute(missing: Sequence[Metric]) -> comparison.Values:
            drawer = self._opened.drawer(path)
            notes["lod"] = float(drawer.generator.lod)
            return self._comparison.of_generator(
                drawer, title, missing, truncation
            )

        found, new = table.add(row, facts, compute, lambda: notes, title)
        for result in new:
            with self._derived.making("the plots of distances"):
                plots.save_arrays(self._opened.run_dir, name, result.value)
        return found, new

    def report(self) -> results.Report:
        """Everything added so far."""
        with self._derived.making("TensorBoard's curves"):
            self._curves.close()
        whole, chosen = self._opened.whole, self._comparison.chosen
        heading = [self._opened.heading()]
        heading += rows.describe(whole, chosen.extractor)
        table = self._rows.report(heading)
        truncated = self._truncated.report(heading).results
        footnotes = table.footnotes
        if self._opened.options.compare_to_paper:
            footnotes += ["", *self._beside_published(table.results)]
        # Truncated latents below those as they are.
        places = {each.row: i for i, each in enumerate(table.results)}

        def place(result: results.Result) -> int:
            whole, _, _ = result.row.rpartition(_TRUNCATED)
            return places.get(result.row, places.get(whole, 0))

        found = sorted(table.results + truncated, key=place)
        return dataclasses.replace(table, results=found, footnotes=footnotes)

    def _beside_published(self, found: Sequence[results.Result]) -> list[str]:
        """Lines on the last snapshot."""
        last = found[-1]
        lines = published.compare(
            [each for each in found if each.row == last.row],
            self._opened.dataset,
            self._opened.whole.resolution,
            self._comparison.mirror_augment,
            self._comparison.chosen.extractor,
        )
        return [f"{last.shown} beside published numbers:", *lines]
