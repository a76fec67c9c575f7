"""What flags of generate.py take."""

from absl.testing import parameterized

from pgan_tf.commands.generate import values
from tests import common


class ValuesTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(
        ("7", [7]),
        ("0-3,7", [0, 1, 2, 3, 7]),
        (" 5 , 4-4", [5, 4]),
        ("4294967295", [2**32 - 1]),
    )
    def test_seeds(self, text, expected):
        self.assertEqual(values.seeds(text), expected)

    @parameterized.parameters(
        "", "x", "3-", "-3", "5-3", "1,,2", "1.5", "0-4294967296", "1-2-3"
    )
    def test_bad_seeds(self, text):
        with self.assertRaisesRegex(
            ValueError, "'.*' is no number or range up to"
        ):
            values.seeds(text)

    def test_too_many_seeds(self):
        self.assertLen(values.seeds("0-999999"), 1_000_000)
        for text in ("0-1000000", "0-999999,5", "0-4294967295"):
            with self.assertRaisesRegex(ValueError, "more than 1000000"):
                values.seeds(text)

    @parameterized.parameters("6", "0", "-2", "x")
    def test_no_powers_of_two(self, text):
        self.assertEqual(values.power_of_two("8"), 8)
        with self.assertRaises(ValueError):
            values.power_of_two(text)
