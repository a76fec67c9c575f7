"""What a training says before its first step."""

import glob
from unittest import mock

import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.base import devices
from pgan_tf.training import opening
from tests import common

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
        (7, "7"),
        (999, "999"),
        (1000, "1k"),
        (84_512, "84.5k"),
        (999_499, "999k"),
        (999_500, "1M"),
        (23_100_000, "23.1M"),
    )
    def test_sizes_of_networks(self, parameters, told):
        self.assertEqual(opening.network_size(parameters), told)
