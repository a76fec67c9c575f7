"""The rows of a table as they are computed, and as they are kept."""

import datetime
import time
from collections.abc import Callable, Mapping, Sequence
from importlib import metadata
from typing import Any

from pgan_tf.base import version
from pgan_tf.evaluation import comparison, reals, result_files, results
from pgan_tf.evaluation.features.extractor import Extractor
from pgan_tf.evaluation.metrics.metric import Metric

# Packages that numbers may depend on, named with them.
VERSIONS_OF = ("tensorflow", "keras", "numpy", "scipy")


class Rows:
    """Computes the rows of a table, but only what is not known yet.

    Args:
        compared: What all rows have in common.
        stored: Where known numbers are found and new ones kept.
        notes: What to keep with each number, beside the usual.
    """

    def __init__(
        self,
        compared: comparison.Comparison,
        stored: result_files.ResultFiles,
        notes: Mapping[str, Any],
    ) -> None:
        self._compared = compared
        self._stored = stored
        self._notes = notes
        self._results: list[results.Result] = []

    def add_reals(self) -> None:
        """Adds the rows of reals, as far as there are enough images."""
        compared = self._compared
        for row, compute in (
            (results.REALS, compared.of_reals),
            (results.NOISE_FLOOR, compared.of_second_reals),
        ):
            started = time.monotonic()
            found = results.name(row, compared.chosen.metrics, compute() or {})
            notes = {**self._common(started), "kimg": None}
            for result in found:
                facts = {**self._facts()[result.key], "row": row}
                if row == results.NOISE_FLOOR:
                    facts["skipped_reals"] = compared.count
                if self._stored.find(result.key, facts) is None:
                    self._stored.add(result, facts, notes)
            self._results += found

    def add(
        self,
        row: str,
        fakes: Mapping[str, Any],
        compute: Callable[[Sequence[Metric]], comparison.Values],
        notes: Callable[[], Mapping[str, Any]] = dict,
        title: str = "",
    ) -> tuple[list[results.Result], list[results.Result]]:
        """Adds the row of a set of fakes.

        Args:
            row: Its name.
            fakes: What decides its numbers, beside what is common.
            compute: Gives the values of some metrics.
            notes: Asked after that; what else to keep with the numbers.
            title: What people call it, if not so.

        Returns:
            All results of the row, and those that were computed now.
        """
        started = time.monotonic()
        metrics = self._compared.chosen.metrics
        facts = {
            key: {**each, "row": row, **fakes}
            for key, each in self._facts().items()
        }
        known = {
            key: self._stored.find(key, each) for key, each in facts.items()
        }
        values = {key: value for key, value in known.items() if value}
        missing = [each for each in metrics if each.key not in values]
        if missing:
            values |= compute(missing)
        found = results.name(row, metrics, values, title)
        new = [each for each in found if known[each.key] is None]
        for result in new:
            kept = {**self._common(started), **notes()}
            self._stored.add(result, facts[result.key], kept)
        self._results += found
        return found, new

    def report(self, heading: list[str]) -> results.Report:
        """Everything added so far."""
        return results.Report(
            heading=heading,
            labels=self._compared.chosen.labels,
            results=self._results,
            not_computed=self._compared.chosen.not_computed,
            footnotes=self._compared.too_few(),
        )

    def _facts(self) -> dict[str, dict[str, Any]]:
        """What decides each metric's numbers, beside the fakes."""
        compared = self._compared
        return {
            each.key: compared.facts(each) for each in compared.chosen.metrics
        }

    def _common(self, started: float) -> dict[str, Any]:
        """What else is worth knowing of any number."""
        now = datetime.datetime.now().astimezone()
        return {
            **self._notes,
            "seconds": round(time.monotonic() - started, 1),
            "versions": {
                "pgan_tf": version.VERSION,
                **{name: metadata.version(name) for name in VERSIONS_OF},
            },
            "time": now.isoformat("T", "seconds"),
        }


def describe(whole: reals.ImageSet, extractor: Extractor | None) -> list[str]:
    """Lines for above a table: the reals and the extractor."""
    lines = [
        f"reals {whole.where}: {whole.num_images} images, digest"
        f" {whole.digest[:8]}"
    ]
    if extractor:
        note = f" ({extractor.note})" if extractor.note else ""
        lines.append(f"features {extractor.label}{note}")
    return lines
