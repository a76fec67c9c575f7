"""One-hot, multi-hot, values: one rule."""

import numpy as np
from absl.testing import parameterized

from pgan_tf.data import label_kind
from tests import common


class LabelKindTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(
        ([[0, 1], [1, 0]], "onehot"),
        ([[0, 1], [1, 1]], "multihot"),
        # None of several attributes applies.
        ([[0, 1], [0, 0]], "multihot"),
        ([[0.5, 0.5]], "multihot"),
        ([[1], [0]], "multihot"),
        ([[0, 2], [1, 0]], "values"),
        ([[-1, 1], [1, -1]], "values"),
        ([[0, np.nan]], "values"),
        ([[1, np.inf]], "values"),
    )
    def test_of(self, labels, expected):
        self.assertEqual(label_kind.of(np.float32(labels)), expected)

    def test_of_the_first_columns(self):
        self.assertEqual(label_kind.of_first("onehot", 3), "onehot")
        self.assertEqual(label_kind.of_first("onehot", 1), "multihot")
        for size in (1, 3):
            self.assertEqual(label_kind.of_first("multihot", size), "multihot")
            self.assertEqual(label_kind.of_first("values", size), "values")
