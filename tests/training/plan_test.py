"""What a training will take, against hand counts and against itself run."""

import dataclasses
import json
import math

import pytest
from absl.testing import parameterized

from pgan_tf.base import text
from pgan_tf.networks.progressive import cost as progressive_cost
from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.runs import flags as run_flags
from pgan_tf.runs.options import (
    DataOptions,
    RunOptions,
    ScheduleOptions,
    SnapshotsOptions,
)
from pgan_tf.training import checks, gpus, plan, speed
from tests import common, processes

CONFIGS = sorted((common.ROOT / "configs").glob("*.cfg"))

OPTIONS = RunOptions(
    data=DataOptions(resolution=16),
    networks=ProgressiveOptions(fmap_base=64, fmap_max=16, latent_size=16),
    schedule=ScheduleOptions(
        lod_training_kimg=10,
        lod_transition_kimg=5,
        lod_transition_kimg_dict={16: 7},
        total_kimg=36,
        minibatch_base=8,
        minibatch_dict={4: 16},
        tick_kimg_base=4,
        g_lrate_dict={8: 0.002},
    ),
    snapshots=SnapshotsOptions(
        network_snapshot_ticks=2, image_snapshot_ticks=0, grid="3x2"
    ),
)

CPU = speed.Machine(100.0, 0.007, "this CPU")

# Prints by how many MiB one step raised the peak of a process. Arguments:
# fmap_base, fmap_max, resolution, minibatch.
_MEASURE = """
import resource, sys
from pgan_tf.base import devices
from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.runs.options import DataOptions, RunOptions, ScheduleOptions
from pgan_tf.runs.schedule import Schedule
from pgan_tf.training import probe, state

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

base, widest, resolution, minibatch = map(int, sys.argv[1:])
before = peak()
options = RunOptions(
    data=DataOptions(resolution=resolution, max_label_size=0),
    networks=ProgressiveOptions(
        fmap_base=base, fmap_max=widest, latent_size=min(base, widest)
    ),
    schedule=ScheduleOptions(
        minibatch_base=minibatch,
        minibatch_repeats=1,
        lod_initial_resolution=resolution,
    ),
)
strategy = devices.make_strategy("")
nets = state.make_networks(options, 3, strategy)
stage = Schedule.of_run(options).at(0)
trial = probe.Trial(options, nets, strategy, stage)
trial.run(1)
trial.run(2)
print(peak() - before)
"""


class PlanTest(common.TestCase, parameterized.TestCase):
    def test_rows_by_hand(self):
        rows = plan.make(OPTIONS, num_channels=3).rows
        found = [(r.resolution, r.fade_kimg, r.settled_kimg) for r in rows]
        # The total cuts the last phase, which would never end.
        self.assertEqual(found, [(4, 0, 10), (8, 5, 10), (16, 7, 4)])
        self.assertEqual([r.minibatch for r in rows], [16, 8, 8])
        self.assertEqual([r.steps for r in rows], [625, 1875, 1375])
        self.assertEqual([r.g_lrate for r in rows], [0.001, 0.002, 0.001])
        self.assertEqual([r.ticks for r in rows], [3, 4, 3])
        self.assertEqual([r.snapshots for r in rows], [1, 2, 1])
        self.assertEqual([r.grids for r in rows], [0, 0, 1])

    def test_a_total_reached_early_leaves_resolutions_out(self):
        short = RunOptions(
            data=OPTIONS.data,
            networks=OPTIONS.networks,
            schedule=ScheduleOptions(
                lod_training_kimg=10, lod_transition_kimg=5, total_kimg=12
            ),
        )
        rows = plan.make(short, num_channels=3).rows
        found = [(r.resolution, r.fade_kimg, r.settled_kimg) for r in rows]
        self.assertEqual(found, [(4, 0, 10), (8, 2, 0)])

    def test_devices_share_the_minibatch(self):
        rows = plan.make(OPTIONS, num_channels=3, num_devices=2).rows
        self.assertEqual([r.minibatch for r in rows], [16, 8, 8])
        self.assertEqual([r.minibatch_per_device for r in rows], [8, 4, 4])

    def test_times(self):
        measured = {4: 1000.0, 8: 500.0, 16: 100.0}
        made = plan.make(OPTIONS, 3, measured=measured)
        self.assertTrue(all(row.is_measured for row in made.rows))
        self.assertAllClose(made.seconds, 10 + 30 + 110, rtol=1e-6, atol=1e-6)
        self.assertIn("time 2m 30s", made.table())
        self.assertNotIn("modelled", made.table())

    def test_modelled_times_follow_the_work(self):
        made = plan.make(
            OPTIONS, 3, measured={4: 1e9}, machine=speed.Machine(10)
        )
        self.assertEqual(
            [row.is_measured for row in made.rows], [True, False, False]
        )
        row = made.rows[2]
        # Three quarters of 10 GMAC/s, an iteration being for 8 images.
        self.assertAllClose(
            row.images_per_sec, 7.5 / row.gmac * 8, rtol=1e-6, atol=1e-6
        )
        self.assertIn("modelled for 10 GMAC/s", made.table())

    def test_it_fits_a_narrow_terminal(self):
        made = plan.make(OPTIONS, 3, machine=speed.Machine(10))
        wide = made.table().splitlines()
        narrow = made.table(80).splitlines()
        self.assertLessEqual(max(map(len, narrow)), 80)
        self.assertGreater(max(map(len, wide)), 80)
        titles = "size fade+settled batch steps MiB speed time".split()
        self.assertEqual(narrow[0].split(), titles)
        self.assertEqual(wide, made.table(300).splitlines())

    def test_small_speeds_can_be_read(self):
        table = plan.make(OPTIONS, 3, machine=speed.Machine(1e-3)).table()
        self.assertRegex(table, r"32m \d\ds per kimg\*|\dh \d\dm per kimg\*")
        self.assertNotRegex(table, r" 0\.0+[ *]")

    def test_other_gpus_are_in_proportion(self):
        gpu = gpus.machine("Tesla V100", 2)
        made = plan.make(OPTIONS, 3, num_devices=2, machine=gpu)
        line = next(
            x for x in made.table().splitlines() if x.startswith("other GPUs")
        )
        told = text.duration(made.seconds * 3300 / 4100)
        self.assertIn(f"2 x A100 {told}", line)
        self.assertNotIn("V100", line)
        self.assertNotIn(
            "other GPUs", plan.make(OPTIONS, 3, machine=CPU).table()
        )

    def test_what_compiling_takes_is_told_beside(self):
        """4x4, and two resolutions that fade in, then settle."""
        made = plan.make(OPTIONS, 3, machine=CPU)
        expected = 1.1 * (2 + 3.5 + 3 + 4.5 + 4)
        self.assertAllClose(made.setup_seconds, expected, rtol=1e-6, atol=0)
        self.assertIn("and about 19s of compiling", made.table())

    def test_advice_stands_below(self):
        made = dataclasses.replace(plan.make(OPTIONS, 3), advice=["a", "b"])
        self.assertEqual(made.table(80).splitlines()[-2:], ["a", "b"])

    def test_unknown_speed_is_said(self):
        made = plan.make(OPTIONS, 3)
        self.assertIsNone(made.seconds)
        self.assertIn("time unknown", made.table())
        self.assertIn("--peak_gmac_per_sec", made.table())

    def test_disk(self):
        made = plan.make(OPTIONS, 3)
        counted = progressive_cost.ProgressiveCost(OPTIONS.networks, 3)
        g_parameters, d_parameters = counted.parameters(16)
        self.assertEqual(made.rows[0].disk_bytes, 4 * g_parameters)
        # A grid of 3x2 cells, enlarged to 64 pixels, two bytes per pixel.
        self.assertEqual(
            made.rows[2].disk_bytes, 4 * g_parameters + 2 * 6 * 64 * 64
        )
        self.assertEqual(
            made.checkpoint_bytes, 8 * (4 * g_parameters + 3 * d_parameters)
        )

    def test_measured_speeds(self):
        here = self.folder()
        self.assertEqual(speed.measured_speeds(here / "none"), {})
        ticks = [(4, 90.0), (4, 100.0), (4, 400.0), (8, 20.0)]
        lines = [
            json.dumps({"nimg": 1, "resolution": r, "images_per_sec": s})
            for r, s in ticks
        ]
        text = "\n".join([*lines, '{"resolution": 8, "ima'])
        (here / "stats.jsonl").write_text(text)
        self.assertEqual(speed.measured_speeds(here), {4: 100.0, 8: 20.0})

    @parameterized.parameters(
        (1024, 128, 128, 16, 1851),
        (256, 32, 128, 8, 1318),
        (8192, 512, 32, 8, 2580),
        (64, 16, 16, 8, 822),
    )
    def test_memory_of_whole_trainings(self, base, widest, final, batch, peak):
        """Within a fifth of what train.py took, all resolutions in turn."""
        options = RunOptions(
            data=DataOptions(resolution=final, max_label_size=0),
            networks=ProgressiveOptions(
                fmap_base=base,
                fmap_max=widest,
                latent_size=min(base // 2, widest),
            ),
            schedule=ScheduleOptions(
                minibatch_base=batch,
                lod_training_kimg=0.064,
                lod_transition_kimg=0.064,
                total_kimg=2,
            ),
        )
        rows = plan.make(options, 3).rows
        self.assertBetween(rows[-1].process_mb, 0.8 * peak, 1.2 * peak)
        self.assertEqual(rows[-1].process_mb, max(r.process_mb for r in rows))

    @parameterized.parameters(*CONFIGS)
    def test_every_flagfile_has_a_plan(self, path):
        options = run_flags.parse([f"--flagfile={path}"])
        options, num_channels = checks.check_plan(options)
        made = plan.make(options, num_channels, machine=speed.Machine(3300))
        kimg = sum(row.kimg for row in made.rows)
        self.assertAllClose(
            kimg, options.schedule.total_kimg, rtol=1e-6, atol=1e-6
        )
        self.assertTrue(math.isfinite(made.seconds))

    def test_weeks_of_the_reference(self):
        """v2-1gpu at what a V100 reached with TensorFlow 1: two weeks."""
        options = run_flags.parse(["--flagfile=celebahq-v2-1gpu"])
        options, num_channels = checks.check_plan(options)
        made = plan.make(options, num_channels, machine=speed.Machine(3300))
        self.assertBetween(made.seconds / 86400, 12, 16)

    @parameterized.parameters(
        (1024, 128, 32, 16), (1024, 128, 128, 16), (8192, 512, 16, 16)
    )
    @pytest.mark.slow  # below, or parameterized would lose it
    def test_memory_is_within_a_fifth_of_what_is_measured(self, *sizes):
        base, widest, resolution, minibatch = sizes
        measured = processes.succeed("-c", _MEASURE, *sizes, timeout=1200)
        counted = progressive_cost.ProgressiveCost(
            ProgressiveOptions(fmap_base=base, fmap_max=widest), 3
        )
        estimate = speed.memory_mb(counted, resolution, resolution, minibatch)
        self.assertAllClose(estimate, float(measured), rtol=0.2, atol=0)

    def test_every_flagfile_is_in_the_table(self):
        table = (common.ROOT / "configs" / "README.md").read_text()
        for path in CONFIGS:
            name = path.stem
            if name.endswith("-fp16"):
                name = "celebahq-*-fp16"
            # What families share.
            if name in ("celebahq", "celeba128", "modes"):
                name += ".cfg"
            self.assertIn(f"`{name}`", table)

    def test_fp16_presets_exist_for_all(self):
        names = {path.stem for path in CONFIGS}
        plain = {n for n in names if n.startswith("celebahq-v")}
        plain = {n for n in plain if not n.endswith("-fp16")}
        self.assertLen(plain, 5)
        for name in plain:
            self.assertIn(f"{name}-fp16", names)
