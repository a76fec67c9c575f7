"""The schedule against the reference's, row for row."""

import contextlib
import csv
import dataclasses
import math
import pathlib

from absl import flags
from absl.testing import parameterized

from pgan_tf import config, schedule
from tests import common

ROOT = pathlib.Path(__file__).parent.parent
PRESETS = ("v1-1gpu", "v2-1gpu", "v2-2gpus", "v2-4gpus", "v2-8gpus")


def preset(name: str) -> tuple[config.ScheduleConfig, int]:
    """Schedule and number of GPUs of a CelebA-HQ flagfile."""
    values = flags.FlagValues()
    config.define_flags("test", values)
    path = f"configs/celebahq-{name}.cfg"
    with contextlib.chdir(ROOT):
        values(["train.py", f"--flagfile={path}"])
    return config.from_flags(values).schedule, int(name[3])


def rows(file: str, name: str) -> list[dict[str, str]]:
    with (common.GOLDEN_DIR / file).open() as stream:
        return [row for row in csv.DictReader(stream) if row["preset"] == name]


class ScheduleTest(common.TestCase, parameterized.TestCase):
    def check_row(self, stage: schedule.Stage, row: dict[str, str]) -> None:
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
            self.check_row(schedule.at(nimg, options, 1024, gpus), row)

    @parameterized.parameters(*PRESETS)
    def test_boundaries(self, name):
        options, gpus = preset(name)
        expected = rows("schedule_boundaries.csv", name)
        self.assertNotEmpty(expected)
        for row in expected:
            stage = schedule.at(int(row["nimg"]), options, 1024, gpus)
            self.check_row(stage, row)

    @parameterized.parameters(*PRESETS)
    def test_optimizer_resets(self, name):
        options, gpus = preset(name)
        found, nimg, lod, index = [], 0, None, 0
        while lod != 0:
            stage = schedule.at(nimg, options, 1024, gpus)
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
        options = config.ScheduleConfig(
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
                schedule.at(nimg, options, 16).lod, lod, msg=str(nimg)
            )

    def test_without_fading_the_next_resolution_begins_at_once(self):
        options = config.ScheduleConfig(
            lod_training_kimg=10, lod_transition_kimg=0
        )
        self.assertEqual(schedule.at(9_999, options, 16).resolution, 4)
        self.assertEqual(schedule.at(10_000, options, 16).resolution, 8)
        self.assertIsNone(schedule.at(10_000, options, 16).alpha)

    def test_alpha_is_the_weight_of_the_new_layers(self):
        stage = schedule.at(0, config.ScheduleConfig(), 1024)
        self.assertIsNone(stage.alpha)
        fading = dataclasses.replace(stage, lod=2.25)
        self.assertEqual(fading.alpha, 0.75)

    def test_phases_join(self):
        phases = schedule.phases(config.ScheduleConfig(), 64)
        for phase, following in zip(phases, phases[1:], strict=False):
            self.assertEqual(phase.end_kimg, following.start_kimg)
            self.assertNotEqual(phase.fading, following.fading)
        self.assertEqual(phases[-1].end_kimg, math.inf)

    def test_stages_stop_where_the_training_does(self):
        options = config.ScheduleConfig(total_kimg=1500)
        found = [s.resolution for s in schedule.stages(options, 1024)]
        self.assertEqual(found, [4, 8, 8])
