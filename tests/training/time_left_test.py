"""Times left of runs of which all is known."""

import dataclasses
import math
import time
from unittest import mock

import numpy as np
from absl.testing import parameterized

from pgan_tf.networks.progressive.options import ProgressiveOptions
from pgan_tf.runs.options import DataOptions, RunOptions, ScheduleOptions
from pgan_tf.runs.schedule import Schedule
from pgan_tf.training import pace, plan, position, speed, time_left
from tests import common

OPTIONS = RunOptions(
    data=DataOptions(resolution=32),
    networks=ProgressiveOptions(fmap_base=512, fmap_max=64),
    schedule=ScheduleOptions(
        minibatch_base=16,
        lod_training_kimg_dict={4: 54, 8: 19.2, 16: 12.6},
        lod_transition_kimg_dict={8: 12.8, 16: 8.4, 32: 6.8},
        total_kimg=124,
        tick_kimg_base=4,
        tick_kimg_dict={4: 18, 8: 8},
    ),
)
SCHEDULE = Schedule.of_run(OPTIONS)
NETWORKS = plan.networks_cost(OPTIONS, 3)


@dataclasses.dataclass
class World:
    """What a made-up machine takes, in seconds.

    Attributes:
        images: Each image, by resolution.
        fading: How much more, while fading in.
        compiling: For each power of two of the resolution.
        first: The first call, in times of another.
        between: Between ticks: a little, and every third time a snapshot.
        start: The first pictures, and the first of all compilations.
        hiccup: The tick that takes four times as long; 0: none.
    """

    images: dict[int, float]
    fading: float = 1.03
    compiling: float = 1.2
    first: float = 3.0
    between: tuple[float, float] = (0.3, 1.5)
    start: float = 3.0
    hiccup: int = 0


# As two cores have it, and one on which much else is going on; then the model's
# guess is wrong by a half.
QUIET = World({4: 1 / 1900, 8: 1 / 1000, 16: 1 / 400, 32: 1 / 200})
BUSY = World(
    {4: 1 / 700, 8: 1 / 330, 16: 1 / 140, 32: 1 / 70}, compiling=4, start=10
)
CPU = speed.Machine(192.0, 0.007)


def walk(world: World, machine: speed.Machine) -> list[tuple]:
    """(what is left, what was said to be) after each tick.

    A hiccup that is still to come is left out: nobody can know of it.
    """
    clock = mock.Mock(return_value=1000.0)

    def passes(seconds: float) -> None:
        clock.return_value += seconds

    said, late = [], 0.0
    with mock.patch.object(time, "monotonic", clock):
        left = time_left.TimeLeft(SCHEDULE, NETWORKS, machine)
        where, nimg = position.Position(), 0
        tick, ended, stage = position.Tick(where), clock(), None
        passes(world.start)
        tick, count, was = position.Tick(where), 0, None
        while nimg < 1000 * SCHEDULE.total_kimg:
            stage = SCHEDULE.at(nimg)
            key = stage.resolution, stage.alpha is not None
            times = 4.0 if count + 1 == world.hiccup else 1.0
            if key != was:
                tick.pace.set_up(*key)
                passes(world.compiling * math.log2(key[0]))
                passes(world.start if was is None else 0)
                times, was = world.first, key
            call = SCHEDULE.call_nimg(stage)
            seconds = world.images[key[0]] * (world.fading if key[1] else 1)
            with tick.waiting():
                passes(times * seconds * call)
            late += (count + 1 == world.hiccup) * 3 * seconds * call
            tick.add(np.zeros(1), call)
            nimg += call
            done = nimg >= 1000 * SCHEDULE.total_kimg
            if done or tick.due(nimg, stage.tick_kimg):
                count += 1
                other = tick.started - ended
                left.took(tick.pace.stretches(), tick.pace.setups, other)
                said.append((clock() - late, left.seconds(nimg)))
                ended, where.nimg = clock(), nimg
                passes(world.between[count % 3 == 0])
                tick = position.next_tick(where, tick)
    end = said[-1][0]
    return [(end - when, seconds) for when, seconds in said]


class TimeLeftTest(common.TestCase, parameterized.TestCase):
    @parameterized.named_parameters(
        ("quiet", QUIET),
        # Its peak, too, was measured while it was busy.
        ("busy", BUSY, speed.Machine(70.0, 0.007)),
        ("slow_to_compile", dataclasses.replace(QUIET, compiling=6.0)),
        ("slow_to_begin", dataclasses.replace(QUIET, start=6.0)),
        ("slow_first_calls", dataclasses.replace(QUIET, first=10.0)),
        ("fading_is_slow", dataclasses.replace(QUIET, fading=1.1)),
        ("much_between", dataclasses.replace(QUIET, between=(2.0, 6.0))),
        *(
            (f"hiccup_{k}", dataclasses.replace(QUIET, hiccup=k))
            for k in (2, 3, 5, 6, 7, 9, 10, 11, 12, 14, 15, 16)
        ),
    )
    def test_within_a_quarter_from_the_second_tick_on(self, world, machine=CPU):
        told = walk(world, machine)
        self.assertLen(told, 17)
        for left, said in told[1:-1]:
            self.assertAllClose(said, left, rtol=0.25, atol=0)
        self.assertAllClose(told[-1], (0.0, 0.0), rtol=0, atol=1e-6)

    def test_close_once_all_is_measured(self):
        """At 32x32, with the same pause each time."""
        world = dataclasses.replace(QUIET, fading=1, between=(0.5, 0.5))
        for left, said in walk(world, CPU)[-4:]:
            # A last tick that is short is counted as a part of one.
            self.assertAllClose(said, left, rtol=1e-3, atol=1.0)

    def test_without_a_model_nothing_is_known_at_first(self):
        left = time_left.TimeLeft(SCHEDULE, NETWORKS)
        self.assertIsNone(left.seconds(0))
        left.took([pace.Stretch(4, False, 1000, 1.0)])
        self.assertGreater(left.seconds(0), 124)

    def test_ticks_before_a_restart_are_remembered(self):
        left = time_left.TimeLeft(SCHEDULE, NETWORKS)
        left.remember([])
        self.assertFalse(left.is_measured)
        left.remember(
            {"resolution": r, "images_per_sec": rate}
            for r, rate in (
                *((32, rate) for rate in (1, 100.0, 100.0, 7.0, 100, 100, 90)),
                (32, None),
                (64, 5.0),
                ("x", 5.0),
                (32, "fast"),
                (32, float("inf")),
            )
        )
        self.assertTrue(left.is_measured)
        # The last five count, of which a hiccup is one; and a set-up of 32x32.
        expected = 40.0 + 1.1 * 5
        self.assertAllClose(left.seconds(120_000), expected, rtol=1e-6, atol=0)

    def test_with_a_model_the_whole_is(self):
        """Images by the model, and seven set-ups by what docs have."""
        left = time_left.TimeLeft(SCHEDULE, NETWORKS, CPU)
        setups = 1.1 * (2 + 3.5 + 3 + 4.5 + 4 + 5.5 + 5)
        self.assertBetween(left.seconds(0) - setups, 100, 250)
        self.assertAllClose(left.seconds(124_000), 0, rtol=0, atol=1e-9)
