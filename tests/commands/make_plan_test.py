"""What train.py makes of its flags, ahead of any training."""

import dataclasses
from unittest import mock

from pgan_tf.base import errors
from pgan_tf.commands import train
from pgan_tf.runs.options import DataOptions, RunOptions
from pgan_tf.training import cluster, plan, speed
from tests import common

OPTIONS = RunOptions(
    run_dir="somewhere",
    devices="GPU:0,GPU:1",
    data=DataOptions(resolution=8),
)


CPU = speed.Machine(7.0, 0.007, "this CPU")


class MakePlanTest(common.TestCase):
    def planned(self, options=OPTIONS, peak=100.0, hosts=("a:1", "b:1")):
        """What the plan is made of, behind the options."""
        patches = (
            (train.cluster, "from_environment", cluster.Cluster(hosts, 0)),
            (train.speed, "measured_speeds", {8: 5.0}),
            (train.speed, "this_cpu", CPU),
            (train.small_machines, "advice", ["a line"]),
            (train.checks, "check_minibatches", None),
        )
        for module, name, value in patches:
            patch = mock.patch.object(module, name, return_value=value)
            setattr(self, name, self.enterContext(patch))
        with mock.patch.object(
            train.plan, "make", return_value=plan.Plan([], None, 0, 0)
        ) as made:
            self.made = train.make_plan(options, peak, False)
        return made.call_args.args[1:]

    def test_every_host_has_as_many_devices(self):
        found = self.planned()
        self.assertEqual(found, (3, 4, {8: 5.0}, speed.Machine(400.0)))
        self.measured_speeds.assert_called_once_with("somewhere")
        schedule, group_size = self.check_minibatches.call_args.args
        self.assertEqual(group_size, 4)
        self.assertEqual(
            self.planned(hosts=())[1::2], (2, speed.Machine(200.0))
        )

    def test_the_schedule_is_that_of_all_devices(self):
        with mock.patch.object(
            train.Schedule, "of_run", wraps=train.Schedule.of_run
        ) as made:
            self.planned()
        self.assertEqual(made.call_args.args[1], 4)

    def test_a_peak_is_measured_where_it_can_be(self):
        here = dataclasses.replace(OPTIONS, devices="")
        self.assertEqual(self.planned(here, None, ())[1::2], (1, CPU))
        self.this_cpu.assert_called_once_with("float32")
        self.assertEqual(self.made.advice, ["a line"])

    def test_a_gpu_that_is_not_here_is_that_of_the_reference(self):
        found = self.planned(peak=None)[3]
        self.assertEqual(found, speed.Machine(4 * 3300.0, name="4 x V100"))
        self.assertEqual(self.made.advice, ())

    def test_a_gpu_that_is_here_is_known_by_its_driver(self):
        here = dataclasses.replace(OPTIONS, devices="")
        models = ["NVIDIA A100-SXM4-40GB", "NVIDIA A100-SXM4-40GB"]
        with mock.patch.object(train.gpus, "models", return_value=models):
            found = self.planned(here, None, ())[3]
        self.assertEqual(found, speed.Machine(8200.0, name="2 x A100"))
        with mock.patch.object(train.gpus, "models", return_value=["Other"]):
            self.assertIsNone(self.planned(here, None, ())[3])


class MainTest(common.TestCase):
    def test_flags_of_the_plan_arrive(self):
        args = train.parse(["--plan", "--probe", "--peak_gmac_per_sec=3300"])
        with mock.patch.object(train, "make_plan") as made:
            train.main(args)
        _, peak, is_probed = made.call_args.args
        self.assertEqual((peak, is_probed), (3300.0, True))


class CheckTest(common.TestCase):
    def test_where_weights_come_from_is_of_no_interest_later(self):
        """A run that has begun has its own."""
        options = dataclasses.replace(OPTIONS, init_from="none.keras")
        for begun in (False, True):
            with (
                mock.patch.object(train.checks, "check", return_value=options),
                mock.patch.object(
                    train.run_folder, "is_begun", return_value=begun
                ),
            ):
                if begun:
                    self.assertIs(train.check(options), options)
                    continue
                with self.assertRaisesRegex(
                    errors.UserError, "--init_from=none.keras: no such"
                ):
                    train.check(options)
