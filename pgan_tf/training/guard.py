"""Looks whether a training has failed, and leaves what explains it."""

import dataclasses
import math
import pathlib
from typing import Any

import numpy as np
import tensorflow as tf

from pgan_tf.base import errors, files, images, strict_json
from pgan_tf.data.format import datasets
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs.options import RunOptions
from pgan_tf.runs.schedule import Stage
from pgan_tf.sampling import drawing, latent_table
from pgan_tf.training import grid, state, steps
from pgan_tf.training.position import Position, Tick

# Images that are drawn to see whether they differ.
_NUM_FAKES = 8
# Lines of stats.jsonl that are kept.
_NUM_STATS = 20


class Guard:
    """Judges the state of a run; it only reads it.

    Args:
        options: Of the run.
        nets: Its networks and optimizers.
        dataset: Says how much images should differ.
    """

    def __init__(
        self,
        options: RunOptions,
        nets: state.Networks,
        dataset: datasets.Dataset,
    ) -> None:
        self._options = options.guard
        self._run_dir = pathlib.Path(options.run_dir)
        self._nets = nets
        self._latents = latent_table.latents(
            0, _NUM_FAKES, nets.G.latent_size, options.seed
        )
        # All of one label, so that only latents can make a difference.
        label = dataset.labels[:1, : options.data.max_label_size]
        self._labels = label.repeat(_NUM_FAKES, axis=0) if label.size else None
        # Where all reals are the same, as in benchmarks, fakes may be too.
        places = np.linspace(0, dataset.num_images - 1, _NUM_FAKES).astype(int)
        reals = dataset.read(4, places) / np.float32(127.5)
        self._least = self._options.guard_min_variation * variation(reals)

    def what_is_wrong(self, tick: Tick, stage: Stage) -> str:
        """Says what is wrong with the state; nothing if it is good.

        Args:
            tick: Has the terms since the last report.
            stage: Gives the lod that G is at.
        """
        terms = _means(tick)
        return (
            _not_finite(terms)
            or self._weights()
            or self._scores(terms)
            or self._steps(terms)
            or self._fakes(stage)
        )

    def diagnose(
        self,
        why: str,
        where: Position,
        tick: Tick,
        stage: Stage,
    ) -> pathlib.Path:
        """Writes a folder of what may explain a failure, and returns it."""
        folder = run_folder.new_diagnostics_path(self._run_dir, where.nimg)
        folder.parent.mkdir(exist_ok=True)
        stats = run_folder.read_ticks(self._run_dir)
        state = {
            "why": why,
            "nimg": where.nimg,
            "lod": stage.lod,
            "G_lrate": stage.g_lrate,
            "D_lrate": stage.d_lrate,
            "rollbacks": where.rollbacks,
            "terms": {k: _number(v) for k, v in _means(tick).items()},
        }
        with files.partial(folder) as partial:
            partial.mkdir()
            images.save_png(partial / "fakes.png", self._picture(stage))
            _write_json(partial / "state.json", state)
            _write_json(partial / "norms.json", norms(self._nets))
            (partial / "stats.jsonl").write_text(
                "".join(
                    strict_json.dumps(line) + "\n"
                    for line in stats[-_NUM_STATS:]
                )
            )
        return folder

    def lowered(self, failed: Position, restored: Position | None) -> Position:
        """Where to go on from after a failure: with lower rates.

        Raises:
            UserError: If there was no checkpoint to restore.
        """
        if restored is None:
            raise errors.UserError(
                f"--run_dir={self._run_dir}: the checkpoints are gone while "
                "the training runs, so it cannot roll back; start it again"
            )
        factor = failed.lrate_factor * self._options.rollback_lrate_factor
        return dataclasses.replace(
            restored, lrate_factor=factor, rollbacks=failed.rollbacks + 1
        )

    def check_count(
        self, why: str, where: Position, folder: pathlib.Path
    ) -> None:
        """Checks that a run which failed may still roll back.

        Raises:
            UserError: If it has done so --max_rollbacks times.
        """
        if where.rollbacks < self._options.max_rollbacks:
            return
        raise errors.UserError(
            f"the training failed at {where.nimg / 1000:.1f} kimg, and has "
            f"used its --max_rollbacks={self._options.max_rollbacks}: {why}; "
            f"{folder} shows its state, and the last good checkpoint is kept: "
            "the same command with a higher --max_rollbacks goes on from there"
        )

    def _weights(self) -> str:
        """Non-finite numbers in networks or moments of optimizers."""
        for field in dataclasses.fields(self._nets):
            part = getattr(self._nets, field.name)
            finite = [
                tf.reduce_all(tf.math.is_finite(variable))
                for variable in part.variables
                if variable.dtype == tf.float32
            ]
            if not tf.reduce_all(tf.stack(finite)):
                return f"variables of {field.name} are not finite"
        return ""

    def _scores(self, terms: dict[str, float]) -> str:
        bound = self._options.guard_max_score
        for name in ("D_real_scores", "D_fake_scores"):
            if bound and abs(terms.get(name, 0.0)) > bound:
                return (
                    f"{name} are {terms[name]:g} on average, beyond "
                    f"--guard_max_score={bound:g}"
                )
        return ""

    def _steps(self, terms: dict[str, float]) -> str:
        """Whether no step was taken, for gradients that are not finite.

        While float16's loss scale is above 1, it is still being sought.
        """
        for name in ("D", "G"):
            adam = self._nets.d_adam if name == "D" else self._nets.g_adam
            if terms.get(f"{name}_skipped_steps", 0.0) >= 1 and not (
                adam.loss_scale is not None and adam.loss_scale.log2 >= 0
            ):
                return f"no gradient of {name} was finite"
        return ""

    def _fakes(self, stage: Stage) -> str:
        if not self._least:
            return ""
        found = variation(self._draw(self._nets.G, stage))
        if not math.isfinite(found):
            return "what G draws is not finite"
        if found < self._least:
            return (
                "G draws the same image whatever its latents (they deviate by "
                f"{found:.2g}, less than {self._least:.2g}, "
                "--guard_min_variation of the reals' deviation)"
            )
        return ""

    def _draw(self, network: Any, stage: Stage) -> np.ndarray:
        return drawing.generate(
            network, self._latents, self._labels, lod=stage.lod, devices=()
        )

    def _picture(self, stage: Stage) -> np.ndarray:
        """G's fakes above those of Gs; grey where they are not finite."""
        drawn = [self._draw(n, stage) for n in (self._nets.G, self._nets.Gs)]
        fakes = np.nan_to_num(np.concatenate(drawn), posinf=0, neginf=0)
        return grid.arrange(images.to_uint8(fakes), _NUM_FAKES)


def variation(batch: np.ndarray) -> float:
    """How much images [N,H,W,C] differ: the mean of the pixels' deviations."""
    with np.errstate(invalid="ignore", over="ignore"):
        return float(np.std(batch, axis=0, dtype=np.float32).mean())


def norms(nets: state.Networks) -> dict[str, dict[str, dict[str, float]]]:
    """Of every variable of G, D and Gs: its Euclidean norm and largest number.

    Numbers that are not finite are left out, and counted.
    """
    found: dict[str, dict[str, dict[str, float]]] = {}
    for name in ("G", "D", "Gs"):
        for variable in getattr(nets, name).weights:
            values = np.asarray(variable.value, np.float64).ravel()
            finite = values[np.isfinite(values)]
            found.setdefault(name, {})[variable.path] = {
                "norm": float(np.linalg.norm(finite)),
                "largest": float(np.abs(finite).max(initial=0)),
                "not_finite": len(values) - len(finite),
            }
    return found


def _means(tick: Tick) -> dict[str, float]:
    """The mean terms of the tick so far; none ahead of its first call."""
    means = np.atleast_1d(tick.means())
    if len(means) < len(steps.TERMS):
        return {}
    return dict(zip(steps.TERMS, means.tolist(), strict=True))


def _not_finite(terms: dict[str, float]) -> str:
    for name, value in terms.items():
        if not math.isfinite(value):
            return f"{name} is {value:g} on average"
    return ""


def _number(value: float) -> float | str:
    """The value, or its name where strict JSON has no number for it."""
    return value if math.isfinite(value) else str(value)


def _write_json(path: pathlib.Path, value: Any) -> None:
    path.write_text(strict_json.dumps(value, indent=2) + "\n")
