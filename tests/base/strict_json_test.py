"""JSON without NaN and infinity."""

import json
import math

import numpy as np

from pgan_tf.base import strict_json
from tests import common


class DumpsTest(common.TestCase):
    def test_what_is_not_finite_is_null(self):
        value = {
            "nan": math.nan,
            "list": [1.5, math.inf, (-math.inf, 2)],
            "deep": {"numpy": np.float64("nan"), "text": "NaN"},
        }
        text = strict_json.dumps(value)
        self.assertEqual(
            json.loads(text, parse_constant=self.fail),
            {
                "nan": None,
                "list": [1.5, None, [None, 2]],
                "deep": {"numpy": None, "text": "NaN"},
            },
        )

    def test_finite_numbers_come_back_bit_for_bit(self):
        values = [0.1, -0.0, 5e-324, 1.7976931348623157e308, 2**60, True, None]
        self.assertEqual(json.loads(strict_json.dumps(values)), values)

    def test_style(self):
        self.assertEqual(strict_json.dumps([1], indent=1), "[\n 1\n]")
