"""Evaluates the snapshots of a run, at once or while it goes on."""

import dataclasses
import pathlib
import time
from collections.abc import Callable, Sequence
from typing import Any

from pgan_tf.base import errors, files
from pgan_tf.evaluation import (
    comparison,
    plots,
    published,
    result_files,
    results,
    rows,
    run_setting,
)
from pgan_tf.evaluation.metrics import by_name as metrics_by_name
from pgan_tf.evaluation.metrics.metric import Metric
from pgan_tf.evaluation.options import Options
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs import report, tensorboard

WATCH_SECONDS = 10.0


def evaluate(options: Options) -> results.Report:
    """Computes the metrics and appends them to the run folder's files.

    Raises:
        UserError: On input that cannot be evaluated, or if no metric can be
            computed.
    """
    run_folder.read_config(options.run_dir)  # refuses other folders
    metrics_by_name.parse(options.metrics)  # refuses typing errors at once
    paths = run_folder.select_snapshots(options.run_dir, options.snapshot)
    opened = Session(options, paths[0])
    opened.add_reals()
    for path in paths:
        opened.add_snapshot(path)
    return opened.report()


def watch(options: Options, say: Callable[[str], None]) -> results.Report:
    """Evaluates snapshots as they appear, until the run ends or Ctrl-C.

    Args:
        options: A `snapshot` of "all" begins with the first one there is,
            "latest" with the last.
        say: Receives a line for each.

    Raises:
        UserError: As `evaluate`; if `options.snapshot` is one single file.
    """
    run_folder.read_config(options.run_dir)
    metrics_by_name.parse(options.metrics)  # refuses typing errors at once
    if options.snapshot not in ("all", "latest"):
        raise errors.UserError(
            f"--watch takes --snapshot=all or latest, not {options.snapshot}"
        )
    opened: Session | None = None
    seen: set[pathlib.Path] = set()
    try:
        while True:
            # Asked first: what a run leaves when it ends is then there.
            finished = run_folder.is_finished(options.run_dir)
            new = run_folder.list_snapshots(options.run_dir)
            if options.snapshot == "latest" and not seen:
                seen.update(new[:-1])
            for path in [path for path in new if path not in seen]:
                if opened is None:
                    opened = Session(options, path)
                    opened.add_reals()
                say(results.sentence(opened.add_snapshot(path)))
                seen.add(path)
            if finished:
                break
            time.sleep(WATCH_SECONDS)
    except KeyboardInterrupt:
        say("stopped watching")
    if opened is None:
        raise errors.UserError(f"{options.run_dir} has no snapshots yet")
    return opened.report()


class Session:
    """One setting, and the rows computed in it so far.

    Args:
        options: What to evaluate and how.
        path: The first snapshot.
    """

    def __init__(self, options: Options, path: pathlib.Path) -> None:
        self._opened = opened = run_setting.Opened(options, path)
        chosen = metrics_by_name.choose(
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
                result_files.Ledger(options.run_dir, options.force, prefix),
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
        sweep: plots.Rows = {None: found}
        for limit in sorted(set(self._opened.options.truncation)):
            sweep[limit], _ = self._add(self._truncated, path, limit)
        if len(sweep) > 1:
            plots.save_sweep(self._opened.options.run_dir, path.stem, sweep)
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

        def compute(missing: Sequence[Metric]) -> comparison.Values:
            drawer = self._opened.drawer(path)
            notes["lod"] = float(drawer.generator.lod)
            return self._setting.fakes(drawer, name, missing, truncation)

        found, new = table.add(title, fakes, compute, lambda: notes)
        for result in new:
            plots.save_arrays(self._opened.options.run_dir, name, result.value)
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
