import dataclasses

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.base import errors
from pgan_tf.evaluation.features.extractor import Extractor
from tests import common


class ExtractorTest(common.TestCase, parameterized.TestCase):
    @parameterized.product(
        of_logits=(False, True), value=(np.nan, np.inf, -np.inf)
    )
    def test_one_value_that_is_not_finite(self, of_logits, value):
        features, logits = np.zeros((2, 3)), np.zeros((2, 5))
        (logits if of_logits else features)[1, 2] = value
        extractor = Extractor("mine", "0" * 64, lambda _: (features, logits))
        with self.assertRaisesRegex(errors.UserError, "not finite"):
            extractor(np.zeros((2, 4, 4, 3), np.uint8))

    def test_what_is_kept_tells_extractors_apart(self):
        made = Extractor(
            "mine",
            "0123456789" * 6,
            lambda _: (),
            layer="pool",
            resize="none at all",
            note="of mine",
        )
        self.assertEqual(made.label, "mine:01234567:pool")
        self.assertEqual(
            made.facts,
            {
                "name": "mine",
                "sha256": "0123456789" * 6,
                "layer": "pool",
                "resize": "none at all",
                "note": "of mine",
            },
        )
        # The 2015 network's layer is what its name stands for.
        canonical = dataclasses.replace(made, canonical=True)
        self.assertEqual(canonical.label, "mine:01234567")

    def test_values_that_are_not_finite(self):
        extractor = Extractor(
            "broken", "0" * 64, lambda images: (np.full((2, 3), np.nan), None)
        )
        with self.assertRaisesRegex(errors.UserError, "broken:00000000"):
            extractor(np.zeros((2, 4, 4, 3), np.uint8))


if __name__ == "__main__":
    tf.test.main()
