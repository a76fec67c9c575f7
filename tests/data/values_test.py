"""What labels and samples of pixels are: one rule each."""

import numpy as np
from absl.testing import parameterized

from pgan_tf.base import errors
from pgan_tf.data import values
from tests import common


class KindTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(
        ([[0, 1], [1, 0]], "onehot"),
        ([[0, 1], [1, 1]], "multihot"),
        # None of several attributes applies.
        ([[0, 1], [0, 0]], "multihot"),
        ([[1], [0]], "multihot"),
        # Parts of one may be camera parameters as well as soft labels.
        ([[0.5, 0.5]], "values"),
        ([[0, 1], [0.25, 1]], "values"),
        ([[0, 2], [1, 0]], "values"),
        ([[-1, 1], [1, -1]], "values"),
        ([[0, np.nan]], "values"),
        ([[1, np.inf]], "values"),
        ([[-np.inf, 0]], "values"),
    )
    def test_kind_of(self, labels, expected):
        self.assertEqual(values.kind_of(np.float32(labels)), expected)

    def test_camera_parameters_are_values(self):
        rng = np.random.default_rng(0)
        for size in (1, 2, 25):
            for scale in (1, 3.5):
                labels = rng.random((40, size), np.float32) * scale
                self.assertEqual(values.kind_of(labels), "values")

    def test_what_a_manifest_tells_counts_if_it_can_be(self):
        onehot = np.eye(3, dtype=np.float32)
        with_none = np.float32([[0, 1], [0, 0]])
        parts = np.float32([[0.5, 0], [1, 1]])
        for labels, told, expected in (
            (onehot, "multihot", "multihot"),
            (onehot, "values", "values"),
            (onehot, "", "onehot"),
            (onehot, "no such kind", "onehot"),
            (with_none, "onehot", "onehot"),  # images of no class
            (parts, "multihot", "multihot"),  # soft attributes
            (parts, "onehot", "values"),
            (np.ones((2, 2)), "onehot", "multihot"),
            (-onehot, "onehot", "values"),
            (2 * onehot, "multihot", "values"),
            (onehot * np.nan, "multihot", "values"),
        ):
            self.assertEqual(values.kind_of(labels, told), expected)

    def test_kind_of_the_first_columns(self):
        labels = np.float32([[1, 0, 20.5], [0, 1, 3]])
        for kind, size, expected in (
            ("onehot", 3, "onehot"),
            ("onehot", 2, "onehot"),
            ("onehot", 1, "multihot"),
            ("multihot", 1, "multihot"),
            ("multihot", 3, "multihot"),
            ("values", 3, "values"),
            ("values", 2, "onehot"),
            ("values", 1, "multihot"),
            ("values", 0, ""),
            ("", 0, ""),
        ):
            found = values.kind_of_first(labels, kind, size)
            self.assertEqual(found, expected, (kind, size))

    def test_signs_become_attributes(self):
        for labels, expected in (
            ([[1, -1], [-1, -1]], [[1, 0], [0, 0]]),
            ([[-1], [-1]], [[0], [0]]),
            # One column of signs among some of bits.
            ([[1, -1], [0, 1]], [[1, 0], [0, 1]]),
            ([[1, 0], [0, 1]], None),
            # 0 beside -1 and 1 says that it is not known.
            ([[1], [0], [-1]], None),
            ([[1, -1], [-1, 0.5]], None),
            ([[1, -1], [-1, -2]], None),
            ([[-1, np.nan]], None),
        ):
            found = values.attributes_of_signs(np.float32(labels))
            if expected is None:
                self.assertIsNone(found)
            else:
                self.assertAllEqual(found, expected)

    def test_numbers_that_are_none(self):
        good = np.zeros((3, 2))
        self.assertIsNone(values.first_not_finite(good))
        for bad in (np.nan, np.inf, -np.inf, 1e308, -4e38):
            labels = good.copy()
            labels[2, 1] = labels[1, 1] = bad
            self.assertEqual(values.first_not_finite(labels), (1, 1))

    def test_values_are_refused_by_name(self):
        for kind in ("onehot", "multihot", ""):
            values.refuse_values(kind, "there", "no")
        with self.assertRaisesRegex(errors.UserError, "^there .*values.* out$"):
            values.refuse_values("values", "there", "the way out")

    def test_columns_are_told_as_what_they_are(self):
        column = np.float32([0, 1, 1, -2.5])
        self.assertEqual(
            values.describe("age", column, "values"), "age (from -2.5 to 1)"
        )
        self.assertEqual(
            values.describe("hat", column[:3], "multihot"), "hat (2)"
        )


class RangeTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(
        (np.uint8, 8, 0, 255, (0, 255)),
        (np.uint8, 8, 0, 3, (0, 255)),
        (np.uint16, 12, 0, 4000, (0, 4095)),
        (np.uint16, 16, 0, 60000, (0, 65535)),
        (np.uint16, 16, 0, 0, (0, 65535)),  # all black, whatever is white
        (np.uint16, 16, 0, 4095, None),  # 12 bits in 16?
        (np.uint32, 32, 0, 4e9, (0, 2**32 - 1)),
        (np.uint32, 32, 0, 255, None),
        (np.int8, 8, 0, 127, None),
        (np.int16, 16, 0, 30000, None),
        (np.int32, 32, 0, 255, None),
        (np.float32, 32, 0, 1, (0, 1)),
        (np.float32, 32, 0.25, 0.5, (0, 1)),
        (np.float32, 32, 0, 1.5, None),
        (np.float32, 32, -0.5, 1, None),
        (np.float32, 32, 0, 255, None),
    )
    def test_what_says_its_range(self, dtype, bits, low, high, expected):
        samples = np.array([[low, high]], dtype)
        found = values.range_of(samples, bits)
        if expected is None:
            self.assertIsNone(found)
        else:
            self.assertEqual((found.black, found.white), expected)

    def test_scales_rounds_and_clips(self):
        for black, white in (
            (0, 1), (0, 4095), (-32768, 32767), (0, 2**32 - 1), (4095, 0),
            (-1.5, 2.5),
        ):  # fmt: skip
            levels = np.arange(256)
            samples = black + levels * ((white - black) / 255)
            found = values.Range(black, white).to_uint8(samples)
            self.assertAllEqual(found, levels)
            self.assertEqual(found.dtype, np.uint8)
            beyond = np.float64([2 * black - white, 2 * white - black])
            found = values.Range(black, white).to_uint8(beyond)
            self.assertAllEqual(found, [0, 255])
        deep = np.arange(65536, dtype=np.uint16)
        self.assertAllEqual(
            values.Range(0, 65535).to_uint8(deep),
            (deep.astype(int) + 128) // 257,
        )
