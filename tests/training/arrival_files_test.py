"""Options of plans, files, guard and evaluation: they arrive."""

import dataclasses
import json
import math
from unittest import mock

import numpy as np
import tensorflow as tf

from pgan_tf.base import errors
from pgan_tf.data.format import datasets
from pgan_tf.evaluation import of_run
from pgan_tf.evaluation.features import by_name as features_by_name
from pgan_tf.evaluation.options import Options
from pgan_tf.networks import snapshots
from pgan_tf.runs import folder as run_folder
from pgan_tf.runs.schedule import Schedule
from pgan_tf.sampling import latent_table
from pgan_tf.training import (
    pace,
    plan,
    position,
    speed,
    state,
    steps,
    time_left,
)
from tests.training import arrival_case
from tests.training.arrival_case import reads


class PlanTest(arrival_case.ArrivalCase):
    @reads("d_repeats")
    def test_plan_by_hand(self):
        """Steps of G: as many images as 2 steps of D show."""
        options = self.options()
        made = plan.make(options, 3, machine=speed.Machine(10.0))
        kimg = {8: (0, 72), 16: (48, 96), 32: (24, 60)}
        minibatch = {8: 6, 16: 4, 32: 2}
        tick = {8: 24, 16: 48, 32: 24}
        networks = plan.networks_cost(options, 3)
        for channels in (1, 3):
            nets = state.make_networks(
                options, channels, tf.distribute.get_strategy()
            )
            self.assertEqual(
                plan.networks_cost(options, channels).parameters(32),
                (nets.G.count_params(), nets.D.count_params()),
            )
        self.assertEqual([row.resolution for row in made.rows], [8, 16, 32])
        for row in made.rows:
            r = row.resolution
            fade, settled = kimg[r]
            found = [1000 * row.fade_kimg, 1000 * row.settled_kimg]
            self.assertAllClose(found, [fade, settled], rtol=1e-9, atol=1e-9)
            self.assertEqual(row.minibatch, minibatch[r])
            images = fade + settled
            self.assertEqual(row.steps, math.ceil(images / minibatch[r] / 2))
            self.assertEqual(row.ticks, math.ceil(images / tick[r]))
            # A step of G, with 2 of D: passes as `cost` explains them.
            d = networks.discriminator(r).macs * (2 * 12 + 2)
            g = networks.generator(r).macs * (2 * 1 + 3)
            gmac = minibatch[r] * (d + g) / 1e9
            self.assertAllClose(row.gmac, gmac, rtol=1e-9, atol=0)
            share = 0.6 if r == 8 else 0.75
            rate = share * 10 / gmac * minibatch[r] * 2
            self.assertAllClose(row.images_per_sec, rate, rtol=1e-9, atol=0)
        # Passes of 2 images at 16x16 take as much as a minibatch of 2.
        whole = plan.make(self.options(max_micro_batch_dict=None), 3)
        halved = plan.make(
            self.options(max_micro_batch_dict=None, minibatch_dict={16: 2}),
            3,
        )
        memory = [p.rows[1].memory_mb for p in (whole, halved, made)]
        self.assertGreater(memory[0], memory[1])
        self.assertEqual(memory[1], memory[2])

    def test_time_left_knows_the_steps_of_d(self):
        """From what 16x16 took to what 32x32 will."""
        options = self.options()
        schedule = Schedule.of_run(options)
        networks = plan.networks_cost(options, 3)
        left = time_left.TimeLeft(schedule, networks)
        left.took([pace.Stretch(16, False, 48, 48.0)])
        macs = [
            networks.discriminator(r).macs * (2 * 12 + 2)
            + networks.generator(r).macs * (2 * 1 + 3)
            for r in (16, 32)
        ]
        self.assertAllClose(
            left.seconds(250), 50 * macs[1] / macs[0], rtol=1e-6, atol=0
        )

    def test_reused_fakes_save_a_pass_of_g(self):
        changes = {"d_repeats": None, "max_micro_batch_dict": None}
        plain, reusing = (
            plan.make(self.options(xla=None, reuse_fakes=reuse, **changes), 3)
            for reuse in (None, True)
        )
        networks = plan.networks_cost(self.options(), 3)
        for before, after in zip(plain.rows, reusing.rows, strict=True):
            g = networks.generator(before.resolution).macs
            self.assertAllClose(
                before.gmac - after.gmac,
                before.minibatch * g / 1e9,
                rtol=1e-6,
                atol=0,
            )

    @reads("grid")
    def test_grid(self):
        run = self.run_of(self.options("grid"))
        drawn = []

        def draw(Gs, latents, labels, devices):
            drawn.append((latents, labels))
            return np.zeros((len(latents), 32, 32, 3), np.float32)

        with (
            mock.patch("pgan_tf.sampling.drawing.generate", draw),
            mock.patch.object(run.reports.writer, "picture") as picture,
        ):
            run.grid.save_fakes(run.nets.Gs, 1_234_567)
        self.assertTrue((run.run_dir / "fakes001234.567.png").exists())
        self.assertEqual(picture.call_args.args[0], "fakes")
        self.assertEqual(picture.call_args.args[2], 1_234_567)
        ((latents, labels),) = drawn
        # Of seed 77, a column each.
        expected = latent_table.latents(0, 3, 5, 77)
        self.assertAllEqual(latents, np.tile(expected, (2, 1)))
        # A row of 3 for each of 2 labels.
        self.assertAllEqual(labels, np.eye(2)[[0, 0, 0, 1, 1, 1]])


class FilesTest(arrival_case.ArrivalCase):
    def test_a_snapshot_says_how_many_images_were_shown(self):
        run = self.run_of(self.options("named"))
        run.position.nimg = 1_234_567
        with (
            mock.patch.object(run.grid, "save_fakes") as fakes,
            mock.patch.object(snapshots, "save_generator") as saved,
            mock.patch.object(run.reports.writer, "weights") as weights,
        ):
            run.take_snapshots(run.stage(), done=True)
        name = "network-snapshot-001234.keras"
        saved.assert_called_once_with(run.nets.Gs, run.run_dir / name)
        fakes.assert_called_once_with(run.nets.Gs, 1_234_567)
        found = [call.args for call in weights.call_args_list]
        self.assertEqual(
            [(n, k) for n, _, k in found], [("G", 1_234_567), ("D", 1_234_567)]
        )
        for name, arrays, _ in found:
            network = getattr(run.nets, name)
            self.assertLen(arrays, len(network.weights))

    def test_labels_that_are_not_used_are_said(self):
        line = "the dataset has 3 labels, which are not used"
        for size, said in ((None, True), (2, False), (-1, False)):
            run = self.run_of(self.options(f"of {size}", max_label_size=size))
            log = (run.run_dir / "log.txt").read_text()
            self.assertEqual(line in log, said)

    def test_minibatches_are_checked_on_the_devices_there_are(self):
        options = self.options("odd", minibatch_base=7)
        with self.assertRaisesRegex(errors.UserError, "a minibatch of 7 per"):
            self.run_of(options)


class ResumeTest(arrival_case.ArrivalCase):
    def test_what_may_change_between_two_starts(self):
        """Where, how fast and how long; nothing that makes it another run."""
        free = {
            "devices",
            "deterministic",
            "xla",
            "max_micro_batch_dict",
            "total_kimg",
            "image_snapshot_ticks",
            "network_snapshot_ticks",
            "checkpoint_minutes",
            "weight_histograms",
            "guard_max_score",
            "guard_min_variation",
            "max_rollbacks",
            "rollback_lrate_factor",
            "eval_features",
            "eval_num_images",
        }
        # Its value at default is refused before the folder is looked at.
        others = {"mbstd_group_size": 1, "latent_size": 6}
        options = self.options("begun")
        (self.here / "begun").mkdir()
        run_folder.begin(self.here / "begun", options, self.digest())
        self.assertEqual(self.options("begun"), options)
        for name in arrival_case.VALUES:
            change = {name: others.get(name)}
            if name in free:
                self.assertNotEqual(self.options("begun", **change), options)
                continue
            with self.assertRaisesRegex(
                errors.UserError, f"another configuration .*{name}: "
            ):
                self.options("begun", **change)

    def digest(self) -> str:
        return datasets.open_dataset(self.here / "set").digest


class GuardTest(arrival_case.ArrivalCase):
    def tick(self, **terms: float) -> position.Tick:
        tick = position.Tick(position.Position())
        values = [terms.get(name, 0.5) for name in steps.TERMS]
        tick.add(tf.constant(values), 8)
        return tick

    @reads("guard_max_score", "guard_min_variation")
    def test_guard(self):
        run = self.run_of(self.options("guard", precision=None))
        stage = run.stage()
        why = run.guard.what_is_wrong(self.tick(D_real_scores=41.0), stage)
        self.assertIn("beyond --guard_max_score=40", why)
        for layer in run.nets.G.to_rgb:
            layer.kernel.assign(tf.zeros_like(layer.kernel))
        why = run.guard.what_is_wrong(self.tick(D_real_scores=39.0), stage)
        # Of images 0, 3, 6 ... 23, which are of one value each.
        values = 10 * np.linspace(0, 23, 8).astype(int) / 127.5
        self.assertIn(f"less than {0.5 * np.std(values):.2g}, --guard", why)

    def test_the_guard_looks_at_g_as_it_is(self):
        """At the stage's lod; in a picture G is above Gs."""
        run = self.run_of(self.options("looks", precision=None))
        stage = dataclasses.replace(
            run.stage(), lod=1.25, g_lrate=0.25, d_lrate=0.125
        )
        drawn = []

        def draw(network, latents, labels, lod, devices):
            drawn.append((network.name, lod))
            # All of one label, of a latent each.
            self.assertAllEqual(latents, latent_table.latents(0, 8, 5, 77))
            self.assertAllEqual(labels, np.tile([[1.0, 0.0]], (8, 1)))
            return np.zeros((8, 16, 16, 3), np.float32)

        with mock.patch("pgan_tf.sampling.drawing.generate", draw):
            run.guard.what_is_wrong(self.tick(), stage)
            folder = run.guard.diagnose(
                "so", position.Position(nimg=96), self.tick(), stage
            )
        self.assertEqual(drawn, [("G", 1.25), ("G", 1.25), ("Gs", 1.25)])
        left = json.loads((folder / "state.json").read_text())
        found = [left[key] for key in ("lod", "G_lrate", "D_lrate")]
        self.assertEqual(found, [1.25, 0.25, 0.125])

    @reads("max_rollbacks", "rollback_lrate_factor")
    def test_rolling_back(self):
        run = self.run_of(self.options("back"))
        first, second = position.Position(), position.Position(rollbacks=1)
        run.guard.check_count("so", first, self.here)
        with self.assertRaisesRegex(errors.UserError, "max_rollbacks=1: so"):
            run.guard.check_count("so", second, self.here)

        lowered = run.guard.lowered(first, position.Position(nimg=8))
        self.assertEqual((lowered.lrate_factor, lowered.nimg), (0.125, 8))
        self.assertEqual(lowered.rollbacks, 1)
        run.position = run.guard.lowered(lowered, position.Position())
        self.assertEqual(run.position.rollbacks, 2)
        factor = 0.125**2 * math.exp(-5)  # ahead of the rise
        self.assertAllClose(
            [run.stage().g_lrate, run.stage().d_lrate],
            [0.004 * factor, 0.005 * factor],
            rtol=1e-9,
            atol=0,
        )


class EvaluationTest(arrival_case.ArrivalCase):
    @reads("eval_features", "eval_num_images")
    def test_evaluation(self):
        """What the run says, unless evaluate.py is told otherwise."""
        path = self.here / "network.keras"
        snapshots.save_generator(self.networks().Gs, path)
        for given, count, features in (
            ({}, 20, "random"),
            ({"num_images": 5}, 5, "random"),
            ({"features": "labels"}, 20, "labels"),
        ):
            options = Options(devices="CPU:0", **given)
            opened = of_run.OpenedRun(
                self.here / "run", self.options(), options, path
            )
            self.assertEqual(opened.count, count)
            with mock.patch.object(features_by_name, "open_extractor") as made:
                opened.extractor()
            self.assertEqual(made.call_args.args[0], features)
