"""What the guard sees, what it leaves, and how a run goes on after it."""

import dataclasses
import json
import pathlib
import signal
from unittest import mock

import numpy as np
import tensorflow as tf
from absl.testing import parameterized
from PIL import Image

from pgan_tf.base import errors
from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.runs import option_tree, run_state
from pgan_tf.runs.options import (
    DataOptions,
    GuardOptions,
    OptimizerOptions,
    RunOptions,
    ScheduleOptions,
    SnapshotsOptions,
)
from pgan_tf.training import (
    checkpoints,
    checks,
    guard,
    position,
    state,
    steps,
    stopping,
    trainer,
)
from tests import common, pages, processes
from tests.training import trainer_test

# Two calls of 16 images each in a tick; all at 4x4.
SCHEDULE = {
    "total_kimg": 0.096,
    "minibatch_base": 8,
    "minibatch_repeats": 2,
    "tick_kimg_base": 0.032,
}
HUGE = 1e4


def make_options(
    here: pathlib.Path,
    lrate: float = 1e-3,
    precision: str = "float32",
    minutes: float = 10.0,
    labels: int = 0,
    **limits: float,
) -> RunOptions:
    """Options of a run at 4x4; `limits` are the guard's."""
    return checks.check(
        RunOptions(
            run_dir=str(here / "run"),
            data=DataOptions(
                data_dir=str(here / "set"), resolution=4, max_label_size=labels
            ),
            networks=ProgressiveOptions(fmap_base=32, fmap_max=8),
            optimizer=OptimizerOptions(precision=precision),
            schedule=ScheduleOptions(
                g_lrate_base=lrate, d_lrate_base=lrate, **SCHEDULE
            ),
            snapshots=SnapshotsOptions(checkpoint_minutes=minutes, grid="4x3"),
            guard=GuardOptions(**limits),
        )
    )


def make_tick(**terms: float) -> position.Tick:
    """A tick of one call; the terms not given are 0.5."""
    tick = position.Tick(position.Position())
    tick.add(tf.constant([terms.get(name, 0.5) for name in steps.TERMS]), 8)
    return tick


def all_variables(nets: state.Networks) -> list[np.ndarray]:
    parts = (nets.G, nets.D, nets.Gs, nets.g_adam, nets.d_adam)
    return [np.asarray(v) for part in parts for v in part.variables]


class GuardCase(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()
        trainer_test.make_dataset(self.here / "set")

    def run_of(self, options: RunOptions) -> trainer.Run:
        run = trainer.Run(options)
        self.addCleanup(run.close)
        return run

    def stats(self) -> list[dict]:
        return trainer_test.stats(str(self.here / "run"))

    def diagnosis(self, name: str) -> dict:
        folder = self.here / "run" / "diagnostics" / name
        return json.loads((folder / "state.json").read_text())


class JudgementTest(GuardCase, parameterized.TestCase):
    def look(self, tick: position.Tick | None = None, **options: object) -> str:
        self.run_now = self.run_of(make_options(self.here, **options))
        return self.look_again(tick)

    def look_again(self, tick: position.Tick | None = None) -> str:
        run = self.run_now
        return run.guard.what_is_wrong(tick or make_tick(), run.stage())

    def test_a_good_state_with_and_without_a_call(self):
        self.assertEqual(self.look(), "")
        self.assertEqual(
            self.look_again(position.Tick(position.Position())), ""
        )

    def test_terms_that_are_not_finite(self):
        self.assertEqual(
            self.look(make_tick(G_loss=float("nan"))),
            "G_loss is nan on average",
        )
        self.assertEqual(
            self.look_again(make_tick(D_mixed_norms=float("inf"))),
            "D_mixed_norms is inf on average",
        )

    def test_scores_on_both_sides_of_the_bound(self):
        self.look(guard_max_score=40)
        for name in ("D_real_scores", "D_fake_scores"):
            for sign in (-1, 1):
                inside = make_tick(**{name: sign * 39.5})
                self.assertEqual(self.look_again(inside), "")
                outside = make_tick(**{name: sign * 41})
                self.assertEqual(
                    self.look_again(outside),
                    f"{name} are {sign * 41} on average, beyond "
                    "--guard_max_score=40",
                )

    def test_no_bound_for_scores(self):
        tick = make_tick(D_real_scores=1e30)
        self.assertEqual(self.look(tick, guard_max_score=0), "")

    @parameterized.parameters("G", "D", "Gs", "g_adam", "d_adam")
    def test_one_bad_number_anywhere(self, part):
        self.look()
        variables = getattr(self.run_now.nets, part).variables
        for variable in (variables[1], variables[-1]):
            good = np.array(variable)
            bad = good.copy()
            bad.flat[-1] = np.inf
            variable.assign(bad)
            self.assertEqual(
                self.look_again(), f"variables of {part} are not finite"
            )
            variable.assign(good)
        self.assertEqual(self.look_again(), "")

    @parameterized.parameters("G", "D")
    def test_no_step_taken(self, name):
        tick = make_tick(**{f"{name}_skipped_steps": 1.0})
        self.assertEqual(self.look(tick), f"no gradient of {name} was finite")
        some = make_tick(**{f"{name}_skipped_steps": 0.99})
        self.assertEqual(self.look_again(some), "")

    def test_the_loss_scale_may_be_sought_for_a_tick(self):
        tick = make_tick(D_skipped_steps=1.0, G_skipped_steps=1.0)
        self.assertEqual(self.look(tick, precision="float16"), "")
        scale = self.run_now.nets.g_adam.loss_scale.log2
        scale.assign(-0.5)
        self.assertEqual(self.look_again(tick), "no gradient of G was finite")
        self.assertEqual(self.look_again(), "")

    def test_a_constant_generator(self):
        for labels in (0, 3):
            self.assertEqual(self.look(labels=labels), "")
            G = self.run_now.nets.G
            kernel = np.array(G.conv0[0].kernel)
            # The labels, if any, still make a difference.
            kernel[: G.latent_size] = 0
            G.conv0[0].kernel.assign(kernel)
            self.assertStartsWith(
                self.look_again(), "G draws the same image whatever its"
            )
            self.folder_of_another_run()

    def test_a_constant_generator_is_as_good_as_constant_reals(self):
        data = DataOptions(data_dir="black:4")
        options = checks.check(
            dataclasses.replace(make_options(self.here), data=data)
        )
        self.run_now = self.run_of(options)
        for variable in self.run_now.nets.G.weights:
            variable.assign(tf.zeros_like(variable))
        self.assertEqual(self.look_again(), "")

    def test_fakes_that_are_not_finite(self):
        self.look()
        kernel = self.run_now.nets.G.to_rgb[0].kernel
        signs = np.resize([1, -1], kernel.shape)
        kernel.assign(signs * np.float32(3e38))
        self.assertEqual(self.look_again(), "what G draws is not finite")

    def test_it_only_reads(self):
        self.look()
        before = all_variables(self.run_now.nets)
        self.look_again()
        after = all_variables(self.run_now.nets)
        for expected, found in zip(before, after, strict=True):
            self.assertEqual(found.tobytes(), expected.tobytes())

    def folder_of_another_run(self) -> None:
        self.here = self.folder()
        trainer_test.make_dataset(self.here / "set")


class DiagnosisTest(GuardCase):
    def test_variation_in_closed_form(self):
        batch = np.zeros((4, 1, 2, 1), np.float32)
        batch[:2, 0, 0] = 6.0  # deviation 3; of the other pixel 0
        self.assertEqual(guard.variation(batch), 1.5)

    def test_what_it_leaves(self):
        run = self.run_of(make_options(self.here))
        for tick in range(25):
            run.reports.log.stats({"tick": tick, "nimg": 8 * tick})
        kernel = run.nets.G.to_rgb[0].kernel
        bad = np.zeros(kernel.shape, np.float32)
        bad.flat[:4] = 3, -4, np.nan, np.inf
        kernel.assign(bad)
        where = position.Position(nimg=4800, rollbacks=1)
        tick = make_tick(G_loss=float("nan"), D_loss=2.0)
        for name in ("4800", "4800-2"):
            folder = run.guard.diagnose("so", where, tick, run.stage())
            self.assertEqual(folder, run.run_dir / "diagnostics" / name)
        state = self.diagnosis("4800")
        terms = state.pop("terms")
        self.assertEqual(list(terms), list(steps.TERMS))
        self.assertEqual((terms["G_loss"], terms["D_loss"]), ("nan", 2.0))
        self.assertEqual(
            state,
            {
                "why": "so",
                "nimg": 4800,
                "lod": 0.0,
                "G_lrate": 1e-3,
                "D_lrate": 1e-3,
                "rollbacks": 1,
            },
        )
        norms = json.loads((folder / "norms.json").read_text())
        self.assertEqual(
            {name: len(found) for name, found in norms.items()},
            {n: len(getattr(run.nets, n).weights) for n in ("G", "D", "Gs")},
        )
        self.assertEqual(
            norms["G"][kernel.path],
            {"norm": 5.0, "largest": 4.0, "not_finite": 2},
        )
        lines = (folder / "stats.jsonl").read_text().splitlines()
        self.assertEqual(
            [json.loads(line)["tick"] for line in lines], list(range(5, 25))
        )
        with Image.open(folder / "fakes.png") as picture:
            pixels = np.asarray(picture)
        self.assertEqual(pixels.shape, (2 * 64, 8 * 64, 3))
        self.assertGreater(pixels[64:].std(), 10)
        self.assertLen(list(folder.parent.iterdir()), 2)


class RollbackTest(GuardCase):
    def test_a_huge_rate_stops_at_last(self):
        options = make_options(self.here, lrate=HUGE, max_rollbacks=2)
        with self.assertRaises(errors.UserError) as caught:
            trainer.train(options)
        last = self.here / "run" / "diagnostics" / "32-3"
        why = self.diagnosis("32-3")["why"]
        self.assertRegex(why, "not finite|on average|of (G|D) was finite")
        self.assertEqual(
            str(caught.exception),
            "the training failed at 0.0 kimg, and has used its "
            f"--max_rollbacks=2: {why}; "
            f"{last} shows its state, and the last good checkpoint is kept: "
            "the same command with a higher --max_rollbacks goes on from there",
        )
        self.assertEqual(
            [self.diagnosis(n)["D_lrate"] for n in ("32", "32-2", "32-3")],
            [HUGE, HUGE / 2, HUGE / 4],
        )
        log = (self.here / "run" / "log.txt").read_text()
        self.assertEqual(log.count("rolled back to 0.0 kimg"), 2)
        self.assertIn("with learning rates times 0.25\n", log)

        # The same command may roll back more often, from the same state.
        more = make_options(self.here, lrate=HUGE, max_rollbacks=3)
        run = self.run_of(more)
        self.assertEqual(run.position.nimg, 0)
        self.assertEqual(run.position.rollbacks, 2)
        self.assertEqual(run.stage().g_lrate, HUGE / 4)
        fresh = state.make_networks(run.options, 3, run.strategy)
        for found, expected in zip(
            all_variables(run.nets), all_variables(fresh), strict=True
        ):
            self.assertAllEqual(found, expected)
        self.assertEmpty(self.stats())

    def test_without_rollbacks_it_stops_at_once(self):
        options = make_options(self.here, lrate=HUGE, max_rollbacks=0)
        with self.assertRaisesRegex(
            errors.UserError, "its --max_rollbacks=0: "
        ):
            trainer.train(options)
        self.assertTrue((self.here / "run" / "checkpoints" / "ckpt-0").is_dir())

    def test_a_lower_rate_brings_it_to_the_end(self):
        factor = 1e-7
        options = make_options(
            self.here, lrate=HUGE, rollback_lrate_factor=factor
        )
        trainer.train(options)
        self.assertEqual([t["nimg"] for t in self.stats()], [32, 64, 96])
        for tick in self.stats():
            self.assertEqual(tick["G_lrate"], HUGE * factor)
            self.assertTrue(np.isfinite(tick["D_loss"]))
        run = self.run_of(options)
        self.assertEqual(run.position.rollbacks, 1)
        self.assertEqual(run.stage().d_lrate, HUGE * factor)
        self.assertLen(list((self.here / "run" / "diagnostics").iterdir()), 1)
        back = run_state.Rollback("32", 0.0, factor)
        # The page tells it, also after the run has been continued.
        self.assertEqual(run_state.read(self.here / "run").rollbacks, (back,))
        (line,) = pages.Page(self.here / "run").lines("Failures")
        self.assertEndsWith(line, f"with learning rates times {factor:g}")

    def test_a_bad_state_is_never_saved(self):
        """Every call is saved, and the third call leaves a bad state."""
        options = make_options(self.here, minutes=0)
        calls, shown, saved = [], [], []
        compile, save = trainer.Run.compile, checkpoints.Checkpoints.save

        def compile_bad(run, stage):
            function = compile(run, stage)

            def call(*arguments):
                terms = function(*arguments)
                calls.append(int(arguments[2]))
                shown.append(arguments[0].numpy().tobytes())
                if len(calls) == 3:
                    run.nets.Gs.weights[2].assign(
                        run.nets.Gs.weights[2].value + np.nan
                    )
                return terms

            return call

        def save_watched(self, where):
            saved.append((where.nimg, where.lrate_factor))
            save(self, where)

        with (
            mock.patch.object(trainer.Run, "compile", compile_bad),
            mock.patch.object(checkpoints.Checkpoints, "save", save_watched),
        ):
            trainer.train(options)
        # The third call is made again, with the same images.
        self.assertEqual(calls, [0, 16, 32, 32, 48, 64, 80])
        self.assertEqual(shown[2], shown[3])
        self.assertNotEqual(shown[3], shown[4])
        self.assertEqual(
            saved,
            [(0, 1), (16, 1), (32, 1)]
            + [(n, 0.5) for n in (32, 48, 64, 80, 96)],
        )
        self.assertEqual(
            self.diagnosis("48")["why"], "variables of Gs are not finite"
        )
        self.assertEqual([t["nimg"] for t in self.stats()], [32, 64, 96])
        self.assertEqual(
            [t["G_lrate"] for t in self.stats()], [1e-3, 5e-4, 5e-4]
        )

    def test_a_bad_state_is_not_saved_by_a_stop_in_compilation(self):
        run = self.run_of(make_options(self.here))
        run.nets.G.weights[0].assign(run.nets.G.weights[0].value + np.nan)
        stop = stopping.StopRequest()
        processes.keep_signals(self)
        stop.listen()
        signal.raise_signal(signal.SIGTERM)
        with mock.patch.object(run.checkpoints, "save") as save:
            run.train(stop)
        save.assert_not_called()

    def test_checkpoints_that_are_gone(self):
        run = self.run_of(make_options(self.here))
        with self.assertRaisesRegex(errors.UserError, "checkpoints are gone"):
            run.guard.lowered(position.Position(8), None)

    def test_a_good_run_is_what_it_is_without(self):
        options = make_options(self.here, minutes=0)
        trainer.train(options)
        self.assertFalse((self.here / "run" / "diagnostics").exists())
        with_guard = all_variables(self.run_of(options).nets)
        self.here = self.folder()
        options = dataclasses.replace(options, run_dir=str(self.here / "run"))
        with mock.patch.object(guard.Guard, "what_is_wrong", return_value=""):
            trainer.train(options)
        without = all_variables(self.run_of(options).nets)
        for found, expected in zip(with_guard, without, strict=True):
            self.assertEqual(found.tobytes(), expected.tobytes())


class OptionsTest(common.TestCase):
    def test_ranges(self):
        for limits in (
            {"rollback_lrate_factor": 1.0},
            {"rollback_lrate_factor": 0.0},
            {"max_rollbacks": -1},
            {"guard_min_variation": 1.0},
            {"guard_max_score": -1.0},
        ):
            options = RunOptions(guard=GuardOptions(**limits))
            with self.assertRaisesRegex(errors.UserError, list(limits)[0]):
                option_tree.check_ranges(options)

    def test_positions_of_older_checkpoints(self):
        where = position.Position.from_json('{"nimg": 5, "tick": 1}')
        self.assertEqual((where.lrate_factor, where.rollbacks), (1.0, 0))
