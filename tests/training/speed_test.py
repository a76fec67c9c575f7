"""Times left, durations, and the log files."""

import dataclasses
import json

from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.runs.options import DataOptions, RunOptions, ScheduleOptions
from pgan_tf.runs.schedule import Schedule
from pgan_tf.training import plan, reports, speed
from tests import common


class TimeLeftTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.options = RunOptions(
            networks=ProgressiveOptions(fmap_base=64, fmap_max=16),
            schedule=ScheduleOptions(
                lod_training_kimg=10, lod_transition_kimg=10, total_kimg=100
            ),
        )

    def time_left(self) -> speed.TimeLeft:
        options = dataclasses.replace(
            self.options, data=DataOptions(resolution=8)
        )
        return speed.TimeLeft(
            Schedule.of_run(options), plan.networks_cost(options, 3)
        )

    def test_measured_resolutions(self):
        left = self.time_left()
        left.measured(0, 1_000, seconds=1.0)
        left.measured(20_000, 21_000, seconds=5.0)
        # 4 kimg left at 4x4, then 90 kimg at 8x8.
        self.assertAllClose(
            left.seconds(6_000), 4 * 1 + 90 * 5, rtol=1e-6, atol=1e-6
        )
        self.assertAllClose(left.seconds(60_000), 40 * 5, rtol=1e-6, atol=1e-6)
        self.assertAllClose(left.seconds(100_000), 0, rtol=1e-6, atol=1e-6)

    def test_later_resolutions_cost_more(self):
        left = self.time_left()
        left.measured(1_000, 3_000, seconds=2.0)
        self.assertAllClose(
            left.seconds(0), 10 * 1 + 90 * cost_of_8x8(), rtol=1e-6, atol=1e-6
        )

    def test_a_tick_of_two_resolutions(self):
        left = self.time_left()
        # Of 8 kimg the last two are 8x8.
        left.measured(4_000, 12_000, seconds=3 * (6 + 2 * cost_of_8x8()))
        self.assertAllClose(
            left.seconds(12_000), 88 * 3 * cost_of_8x8(), rtol=1e-6, atol=1e-6
        )
        self.assertAllClose(
            left.seconds(9_000),
            3 + 90 * 3 * cost_of_8x8(),
            rtol=1e-6,
            atol=1e-6,
        )
        # From 4x4 at 1 second per kimg, and 8x8 at 10, half as fast as that.
        left.measured(0, 1_000, seconds=1.0)
        left.measured(20_000, 21_000, seconds=10.0)
        left.measured(9_000, 11_000, seconds=2 * (1 + 10))
        self.assertAllClose(left.seconds(99_000), 20, rtol=1e-6, atol=1e-6)
        self.assertAllClose(
            left.seconds(9_000), 2 + 90 * 20, rtol=1e-6, atol=1e-6
        )


def cost_of_8x8():
    """What an image of 8x8 takes, where one of 4x4 takes 1."""
    # Multiplications for an image, all widths 16: 14 through D and 4 through
    # G. The dense layers: 16 to 256 in G, 256 to 16 to 1 in D, whose 3x3
    # convolution at 4x4 has the deviation besides.
    at_4 = 14 * (16 * 48 + 16 * 9 * 17 * 16 + 4096 + 16)
    at_4 += 4 * (4096 + 16 * 9 * 256 + 16 * 48)
    # Two more 3x3 convolutions, of which the scaling one has 4 products.
    at_8 = at_4 + 18 * (64 * 13 * 256 + (64 - 16) * 48)
    # Of its peak a machine reaches 0.4 at 4x4, 0.6 at 8x8.
    return at_8 / at_4 * 0.4 / 0.6


class LogTest(common.TestCase):
    def test_lines_are_appended(self):
        folder = self.folder()
        for i in (1, 2):
            log = reports.Log(folder)
            log.line(f"line {i}")
            log.stats({"nimg": i})
            log.close()
        self.assertEqual((folder / "log.txt").read_text(), "line 1\nline 2\n")
        stats = (folder / "stats.jsonl").read_text().splitlines()
        self.assertEqual([json.loads(x)["nimg"] for x in stats], [1, 2])

    def test_forget_stats_after(self):
        folder = self.folder()
        log = reports.Log(folder)
        self.addCleanup(log.close)
        log.forget_stats_after(10)
        lines = [json.dumps({"nimg": nimg}) for nimg in (8, 16, 24)]
        # The last line is torn, as a kill may leave it.
        (folder / "stats.jsonl").write_text("\n".join(lines)[:-3])
        log.forget_stats_after(16)
        stats = (folder / "stats.jsonl").read_text().splitlines()
        self.assertEqual([json.loads(x)["nimg"] for x in stats], [8, 16])
