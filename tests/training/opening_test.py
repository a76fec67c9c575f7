"""What a training says before its first step."""

import glob
from unittest import mock

import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.base import devices
from pgan_tf.runs.options import OptimizerOptions, RunOptions
from pgan_tf.training import opening, speed
from tests import common

CPU = speed.Machine(190.0, 0.007, "this CPU")
PHYSICAL = "list_physical_devices"


class OpeningTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(
        # What TensorFlow sees, what the system has, how TensorFlow was built.
        (["GPU:0"], ["/dev/nvidia0"], True, "which --devices leaves out"),
        ([], [], True, "no GPU found"),
        ([], ["/dev/nvidia0"], False, "built without CUDA"),
        ([], ["/dev/nvidia0"], True, "its CUDA libraries are missing"),
    )
    def test_why_it_is_a_cpu(self, seen, there, built, told):
        with (
            mock.patch.object(tf.config, PHYSICAL, lambda kind: seen),
            mock.patch.object(glob, "glob", lambda pattern: there),
            mock.patch.object(tf.test, "is_built_with_cuda", lambda: built),
        ):
            self.assertIn(told, devices.why_no_gpu())

    @parameterized.parameters(
        (None, None, False, "known after the first tick"),
        (60.0, CPU, True, "about 1m 00s to go, as fast as it was so far"),
        (
            60.0,
            CPU,
            False,
            "about 1m 00s, modelled for this CPU at 190 GMAC/s; ticks will "
            "tell",
        ),
    )
    def test_how_long_it_will_take(self, seconds, machine, measured, told):
        self.assertEqual(opening.length(seconds, machine, measured), told)

    @parameterized.parameters(
        ("Tesla V100-SXM2-16GB", 1, speed.Machine(3300.0, name="V100")),
        ("Tesla V100-SXM2-16GB", 8, speed.Machine(26_400.0, name="8 x V100")),
        ("NVIDIA GeForce RTX 3090", 1, speed.Machine(7500.0, name="RTX 3090")),
        ("Tesla T4", 1, speed.Machine(1700.0, name="T4")),
        ("NVIDIA T400", 1, None),
        ("Some other", 1, None),
    )
    def test_what_trains(self, model, count, expected):
        with mock.patch.object(devices, "describe", lambda: model):
            found = opening.machine(RunOptions(), count)
        self.assertEqual(found, expected)

    def test_a_cpu_beside_a_gpu(self):
        dataset = mock.Mock(label_size=0, num_images=7, resolution=8)
        net = mock.Mock(trainable_variables=[])
        with (
            mock.patch.object(devices, "describe", lambda: "Tesla V100"),
            mock.patch.object(devices, "why_no_gpu", lambda: "left out"),
            mock.patch.object(speed, "this_cpu", lambda precision: CPU),
        ):
            for chosen, told, machine in (
                ("CPU:0", r"CPU, \d+ cores?; left out", CPU),
                ("GPU:0", "Tesla V100", speed.Machine(3300.0, name="V100")),
                ("", "Tesla V100", speed.Machine(3300.0, name="V100")),
            ):
                options = RunOptions(devices=chosen)
                self.assertEqual(opening.machine(options, 1), machine)
                facts = dict(
                    opening.facts(options, dataset, mock.Mock(G=net, D=net), 1)
                )
                self.assertRegex(facts["device"], told)
                self.assertNotIn("length", facts)

    def test_a_cpu_is_measured(self):
        with (
            mock.patch.object(devices, "describe", lambda: "CPU"),
            mock.patch.object(speed, "cpu_gmac_per_sec", lambda: 190.0),
            mock.patch.object(speed, "cpu_flags", lambda: "avx2 amx_bf16"),
        ):
            found = [
                opening.machine(
                    RunOptions(optimizer=OptimizerOptions(precision=name)), 1
                )
                for name in ("float32", "bfloat16")
            ]
        # Tiles of bfloat16 are three times as fast.
        self.assertEqual([m.peak_gmac_per_sec for m in found], [190.0, 570.0])
