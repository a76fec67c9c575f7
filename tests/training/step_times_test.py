"""What steps are expected to take, against times that are made up."""

import math

from absl.testing import parameterized

from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.runs.options import DataOptions, RunOptions, ScheduleOptions
from pgan_tf.runs.schedule import Schedule
from pgan_tf.training import plan, speed, step_times
from tests import common

OPTIONS = RunOptions(
    data=DataOptions(resolution=64),
    networks=ProgressiveOptions(fmap_base=1024, fmap_max=128),
    schedule=ScheduleOptions(minibatch_base=16, total_kimg=10_000),
)
CPU = speed.Machine(192.0, 0.007)
# The table of docs/performance.md, two cores, images/s settled.
MEASURED = {4: 1788.2, 8: 451.4, 16: 130.0, 32: 64.7, 64: 40.9}
SIZES = tuple(MEASURED)


def make(machine: speed.Machine | None) -> step_times.StepTimes:
    return step_times.StepTimes(
        Schedule.of_run(OPTIONS), plan.networks_cost(OPTIONS, 3), machine
    )


def by_hand(r: int) -> float:
    """Multiplications of an image at 4x4 or 8x8, settled, 128 maps."""
    # 14 times through D and 4 times through G. The dense layers are 128 to
    # 2048 in G, 2048 to 128 to 1 in D, with the deviation in one layer more.
    d = 128 * 48 + 16 * 9 * 129 * 128 + 2048 * 128 + 128
    g = 128 * 2048 + 16 * 9 * 128**2 + 128 * 48
    total = 14 * d + 4 * g
    if r == 8:  # Two more convolutions, one of which scales.
        total += 18 * (64 * (9 + 4) * 128**2 + (64 - 16) * 128 * 3)
    return total


class StepTimesTest(common.TestCase, parameterized.TestCase):
    def test_ahead_of_all_measurements(self):
        seconds = make(CPU).expected(8, {})
        expected = math.hypot(by_hand(8) / (0.85 * 192e9), 2 * 0.007 / 16)
        self.assertAllClose(seconds, expected, rtol=1e-6, atol=0)
        self.assertIsNone(make(None).expected(8, {}))

    def test_a_gpu_is_modelled_by_a_share_of_its_peak(self):
        gpu = speed.Machine(3300.0)
        seconds = make(gpu).expected(8, {})
        self.assertAllClose(
            seconds, by_hand(8) / (0.6 * 3300e9), rtol=1e-6, atol=0
        )

    def test_without_a_peak_the_ratio_of_the_work_tells(self):
        found = make(None).expected(8, {4: 2.0})
        expected = 2 * by_hand(8) / by_hand(4) * 0.4 / 0.6
        self.assertAllClose(found, expected, rtol=1e-6, atol=0)

    def test_what_was_measured_is_what_is_expected(self):
        known = {4: 0.5, 8: 0.25}
        self.assertEqual(make(CPU).expected(8, known), 0.25)

    @parameterized.parameters(*SIZES[:-1])
    def test_higher_resolutions_from_a_real_machine(self, last):
        """Each from all below, within a fifth."""
        known = {r: 1 / speed for r, speed in MEASURED.items() if r <= last}
        for r in SIZES:
            if r > last:
                found = make(CPU).expected(r, known)
                self.assertAllClose(found * MEASURED[r], 1, rtol=0.2, atol=0)

    @parameterized.parameters(0.5, 1.0, 3.0)
    def test_a_machine_that_is_busy(self, factor):
        """From two resolutions the peak of the machine itself follows."""
        times = {r: factor * make(CPU).expected(r, {}) for r in SIZES}
        known = {r: times[r] for r in (4, 8)}
        for r, expected in times.items():
            found = make(CPU).expected(r, known)
            self.assertAllClose(found, expected, rtol=0.2, atol=0)

    def test_the_nearest_measurement_counts_most(self):
        known = {4: 1e-3, 8: 8e-3, 32: 0.1}
        found = make(CPU).expected(64, known)
        doubled = make(CPU).expected(64, {**known, 32: 0.2})
        self.assertGreater(doubled, 1.5 * found)
