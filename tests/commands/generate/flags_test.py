"""What the flags of generate.py accept."""

import argparse

from absl.testing import parameterized

from pgan_tf.base import command_line
from pgan_tf.commands.generate import flags
from tests import common


class FlagsTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(
        ("7", [7]),
        ("0-3,7", [0, 1, 2, 3, 7]),
        (" 5 , 4-4", [5, 4]),
        ("4294967295", [2**32 - 1]),
    )
    def test_seeds(self, text, expected):
        self.assertEqual(flags.seeds(text), expected)

    @parameterized.parameters(
        "", "x", "3-", "-3", "5-3", "1,,2", "1.5", "0-4294967296", "1-2-3"
    )
    def test_bad_seeds(self, text):
        with self.assertRaisesRegex(
            argparse.ArgumentTypeError, "'.*' is no number or range up to"
        ):
            flags.seeds(text)

    def test_too_many_seeds(self):
        self.assertLen(flags.seeds("0-999999"), 1_000_000)
        for text in ("0-1000000", "0-999999,5", "0-4294967295"):
            with self.assertRaisesRegex(
                argparse.ArgumentTypeError, "more than 1000000"
            ):
                flags.seeds(text)

    def test_numbers(self):
        self.assertEqual(command_line.positive("3"), 3)
        self.assertEqual(flags.power_of_two("8"), 8)
        for parse, text in (
            (command_line.positive, "0"),
            (flags.power_of_two, "6"),
            (flags.power_of_two, "0"),
        ):
            with self.assertRaises(argparse.ArgumentTypeError):
                parse(text)
