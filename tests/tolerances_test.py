"""Every comparison of floats says how near, and near enough to mean it."""

import ast

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from tests import common

NEAR = (
    "assertAllClose",
    "assertAllCloseAccordingToType",
    "assertNotAllClose",
    "allclose",
    "assert_allclose",
    "isclose",
)


def incomplete(code: str) -> list[int]:
    """The lines of comparisons that leave a tolerance to a library."""
    found = []
    for node in ast.walk(ast.parse(code)):
        if not isinstance(node, ast.Call):
            continue
        function = node.func
        name = getattr(function, "attr", getattr(function, "id", ""))
        said = {keyword.arg for keyword in node.keywords}
        # A dictionary of both has no name here; our method asks for both.
        if name in NEAR and None not in said and not {"rtol", "atol"} <= said:
            found.append(node.lineno)
    return found


class TolerancesTest(common.TestCase, parameterized.TestCase):
    def test_every_test_says_both(self):
        files = sorted((common.ROOT / "tests").rglob("*.py"))
        self.assertGreater(len(files), 100)
        for path in files:
            self.assertEqual(incomplete(path.read_text()), [], path)

    @parameterized.parameters(
        "self.assertAllClose(a, b)",
        "self.assertAllClose(a, b, rtol=1e-5)",
        "self.assertNotAllClose(a, b, atol=1)",
        "np.testing.assert_allclose(a, b, 1e-5, 0)",
        "assert np.allclose(a, b, rtol=1e-5)",
        "allclose(a, b)",
    )
    def test_what_is_incomplete(self, line):
        self.assertEqual(incomplete(line), [1])

    def test_both_must_be_said(self):
        for check in (self.assertAllClose, self.assertNotAllClose):
            for said in ({}, {"rtol": 0}, {"atol": 1e-6}):
                with self.assertRaises(TypeError):
                    check(1.0, 1.0, **said)

    @parameterized.parameters(
        (3e-7, 0, 1e-6),
        (3e-7, 1e-6, 3e-7),
        (-2.0, 1, 0),
        (2.0, 0.5, 1.0),
        ([0.0, 1e-3, -2e-3], 0, 2e-3),
        (np.float32([[0, 1e-9], [np.inf, np.nan]]), 0, 1e-6),
        (tf.constant([1e-9]), 0, 1e-6),
        (({"a": 1.0, "b": 1e-9}), 0, 1e-6),
        ([np.ones(3) * 1e-7, np.ones(2) * 1e-8], 0, 1e-6),
    )
    def test_a_tolerance_that_lets_zeros_pass(self, expected, rtol, atol):
        for check in (self.assertAllClose, self.assertNotAllClose):
            with self.assertRaisesRegex(ValueError, "let zeros pass"):
                check(expected, expected, rtol=rtol, atol=atol)

    def test_what_is_near(self):
        self.assertAllClose(0.0, 1e-12 - 1e-12, rtol=0, atol=1e-6)
        self.assertAllClose([3e-7], [3.1e-7], rtol=0, atol=2e-8)
        self.assertAllClose({"a": [2.0]}, {"a": [2.1]}, rtol=0.06, atol=0)
        self.assertNotAllClose([3e-7], [3.1e-7], rtol=0, atol=5e-9)

    def test_what_is_not(self):
        with self.assertRaises(AssertionError):
            self.assertAllClose([3e-7], [3.1e-7], rtol=0, atol=5e-9)
        with self.assertRaises(AssertionError):
            self.assertAllClose(1.0, 1 + 1e-6, rtol=1e-12, atol=0)
        with self.assertRaises(AssertionError):
            self.assertNotAllClose([3e-7], [3.1e-7], rtol=0, atol=2e-8)
        for check in (self.assertAllClose, self.assertNotAllClose):
            with self.assertRaises(AssertionError):
                check([1.0, 1.0], 1.0, rtol=0, atol=1e-3)
