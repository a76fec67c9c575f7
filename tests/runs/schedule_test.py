"""The schedule against the reference's, row for row."""

import csv
import dataclasses
import math

from absl.testing import parameterized

from pgan_tf.runs import flags as run_flags
from pgan_tf.runs.options import ScheduleOptions
from pgan_tf.runs.schedule import Schedule, Stage
from tests import common

PRESETS = ("v1-1gpu", "v2-1gpu", "v2-2gpus", "v2-4gpus", "v2-8gpus")


def preset(name: str) -> tuple[ScheduleOptions, int]:
    """Schedule and number of GPUs of a CelebA-HQ flagfile."""
    options = run_flags.parse([f"--flagfile=celebahq-{name}"])
    return options.schedule, int(name[3])


def rows(file: str, name: str) -> list[dict[str, str]]:
    with (common.GOLDEN_DIR / file).open() as stream:
        return [row for row in csv.DictReader(stream) if row["preset"] == name]


class ScheduleTest(common.TestCase, parameterized.TestCase):
    def check_row(self, stage: Stage, row: dict[str, str]) -> None:
        self.assertAlmostEqual(stage.lod, float(row["lod"]), delta=1e-9)
        self.assertEqual(stage.resolution, int(row["resolution"]))
        self.assertEqual(stage.minibatch, int(row["minibatch"]))
        self.assertEqual(stage.g_lrate, float(row["G_lrate"]))
        self.assertEqual(stage.d_lrate, float(row["D_lrate"]))
        self.assertEqual(stage.tick_kimg, float(row["tick_kimg"]))

    @parameterized.parameters(*PRESETS)
    def test_whole_range(self, name):
        options, gpus = preset(name)
        expected = rows("schedule.csv", name)
        self.assertLen(expected, 352)
        for row in expected:
            nimg = round(float(row["kimg"]) * 1000)
            self.check_row(Schedule.derive(options, 1024, gpus).at(nimg), row)

    @parameterized.parameters(*PRESETS)
    def test_boundaries(self, name):
        options, gpus = preset(name)
        expected = rows("schedule_boundaries.csv", name)
        self.assertNotEmpty(expected)
        for row in expected:
            stage = Schedule.derive(options, 1024, gpus).at(int(row["nimg"]))
            self.check_row(stage, row)

    @parameterized.parameters(*PRESETS)
    def test_optimizer_resets(self, name):
        options, gpus = preset(name)
        found, nimg, lod, index = [], 0, None, 0
        while lod != 0:
            stage = Schedule.derive(options, 1024, gpus).at(nimg)
            if stage.grown_since(lod):
                found.append((index, nimg, stage.resolution))
            lod = stage.lod
            nimg += 4 * stage.minibatch
            index += 1
        expected = [
            (
                int(r["schedule_eval_index"]),
                int(r["nimg"]),
                int(r["resolution"]),
            )
            for r in rows("schedule_opt_resets.csv", name)
        ]
        self.assertEqual(found, expected)

    def test_lengths_by_resolution(self):
        options = ScheduleOptions(
            lod_training_kimg_dict={4: 54, 8: 19},
            lod_transition_kimg_dict={8: 13, 16: 8},
            lod_training_kimg=10,
            total_kimg=200,
        )
        lods = {
            0: 2.0,
            54_000: 2.0,
            60_500: 1.5,
            67_000: 1.0,
            86_000: 1.0,
            90_000: 0.5,
            94_000: 0.0,
            199_000: 0.0,
        }
        for nimg, lod in lods.items():
            self.assertAlmostEqual(
                Schedule.derive(options, 16).at(nimg).lod, lod, msg=str(nimg)
            )

    def test_without_fading_the_next_resolution_begins_at_once(self):
        options = ScheduleOptions(lod_training_kimg=10, lod_transition_kimg=0)
        self.assertEqual(Schedule.derive(options, 16).at(9_999).resolution, 4)
        self.assertEqual(Schedule.derive(options, 16).at(10_000).resolution, 8)
        self.assertIsNone(Schedule.derive(options, 16).at(10_000).alpha)

    def test_alpha_is_the_weight_of_the_new_layers(self):
        stage = Schedule.derive(ScheduleOptions(), 1024).at(0)
        self.assertIsNone(stage.alpha)
        fading = dataclasses.replace(stage, lod=2.25)
        self.assertEqual(fading.alpha, 0.75)

    def test_phases_join(self):
        phases = Schedule.derive(ScheduleOptions(), 64).phases
        for phase, following in zip(phases, phases[1:], strict=False):
            self.assertEqual(phase.end_kimg, following.start_kimg)
            self.assertNotEqual(phase.fading, following.fading)
        self.assertEqual(phases[-1].end_kimg, math.inf)

    def test_images_between_two_looks(self):
        """What D is shown counts: three minibatches for each step of G."""
        options = ScheduleOptions(
            minibatch_base=16, d_repeats=3, minibatch_repeats=2
        )
        schedule = Schedule.derive(options, 8)
        self.assertEqual(schedule.call_nimg(schedule.at(0)), 16 * 3 * 2)

    def test_stages_stop_where_the_training_does(self):
        options = ScheduleOptions(total_kimg=1500)
        found = [s.resolution for s in Schedule.derive(options, 1024).stages()]
        self.assertEqual(found, [4, 8, 8])


class DeriveTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(*PRESETS[1:])
    def test_the_rule_is_that_of_the_v2_presets(self, name):
        """Every number of those flagfiles comes out of --resolution=1024."""
        given, gpus = preset(name)
        found = Schedule.derive(ScheduleOptions(), 1024, gpus).options
        for r in (4, 8, 16, 32, 64, 128, 256, 512, 1024):
            minibatch = given.minibatch_dict.get(r, given.minibatch_base)
            self.assertEqual(found.minibatch_dict[r], minibatch, r)
            lrate = given.g_lrate_dict.get(r, 0.001)
            self.assertEqual(found.g_lrate_dict[r], lrate, r)
            self.assertEqual(found.d_lrate_dict[r], lrate, r)
        self.assertEqual(found.tick_kimg_dict, given.tick_kimg_dict)
        self.assertEqual(found.total_kimg, given.total_kimg)

    @parameterized.product(
        resolution=[4, 8, 16, 32, 64, 128, 256, 512, 1024],
        num_replicas=[1, 2, 3, 8],
    )
    def test_any_resolution_on_any_number_of_devices(
        self, resolution, num_replicas
    ):
        options = ScheduleOptions()
        stages = Schedule.derive(options, resolution, num_replicas).stages()
        self.assertEqual(stages[-1].resolution, resolution)
        for stage in stages:
            self.assertEqual(stage.minibatch % (4 * num_replicas), 0)
            self.assertBetween(stage.g_lrate, 0.001, 0.003)
        total = Schedule.derive(
            options, resolution, num_replicas
        ).options.total_kimg
        growth = 1200 * math.log2(resolution / 4)
        self.assertEqual(total, growth + 2400)

    def test_what_is_given_stays(self):
        options = ScheduleOptions(
            minibatch_dict={8: 24},
            g_lrate_base=0.002,
            d_lrate_dict={4: 0.005},
            tick_kimg_base=7,
            total_kimg=99,
            lod_initial_resolution=8,
        )
        found = Schedule.derive(options, 1024).options
        self.assertEqual(found.minibatch_dict[8], 24)
        self.assertEqual(found.minibatch_dict[4], 128)
        self.assertEqual(set(found.g_lrate_dict.values()), {0.002})
        self.assertEqual(found.d_lrate_dict[4], 0.005)
        # Rates rise only with a minibatch that is derived throughout.
        self.assertEqual(found.d_lrate_dict[1024], 0.001)
        self.assertEqual(set(found.tick_kimg_dict.values()), {7})
        self.assertEqual(found.total_kimg, 99)
        self.assertEqual(Schedule.derive(found, 1024).options, found)

    def test_rampup(self):
        """exp(-5 (1 - t)^2) over the first images, and then all of it."""
        options = ScheduleOptions(
            lrate_rampup_kimg=40, g_lrate_base=0.001, d_lrate_base=0.002
        )
        schedule = Schedule.derive(options, 8)
        for nimg, factor in (
            (0, math.exp(-5)),
            (20_000, math.exp(-1.25)),
            (30_000, math.exp(-0.3125)),
            (40_000, 1.0),
            (900_000, 1.0),
        ):
            stage = schedule.at(nimg)
            self.assertAllClose(
                (stage.g_lrate, stage.d_lrate),
                (0.001 * factor, 0.002 * factor),
                rtol=1e-12,
                atol=0,
            )
        self.assertIn("0.001  0.002", schedule.table()[1])

    def test_table(self):
        options = ScheduleOptions(max_micro_batch_dict={8: 50}, total_kimg=2000)
        lines = [
            line.split() for line in Schedule.derive(options, 1024, 2).table()
        ]
        rest = ["0.001", "0.001"]
        self.assertEqual(
            lines[1:],
            [
                ["4x4", "-", "at", "0", "256", "128", *rest, "160"],
                ["8x8", "at", "600", "at", "1200", "256", "32", *rest, "140"],
                [
                    "16x16",
                    "at",
                    "1800",
                    "at",
                    "2400",
                    "128",
                    "64",
                    *rest,
                    "120",
                ],
                ["2000", "kimg", "in", "all"],
            ],
        )


class PassesTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(
        (16, 1, None, 1), (16, 1, 16, 1), (16, 1, 15, 2), (16, 1, 5, 4),
        (16, 2, 8, 1), (16, 2, 4, 2), (12, 1, 5, 3), (16, 1, 1, 16),
    )  # fmt: skip
    def test_least_number_of_equal_passes(self, minibatch, gpus, most, passes):
        options = ScheduleOptions(
            minibatch_base=minibatch,
            max_micro_batch_dict={4: most} if most else {},
        )
        stage = Schedule.derive(options, 4, gpus).at(0)
        self.assertEqual((stage.minibatch, stage.passes), (minibatch, passes))
