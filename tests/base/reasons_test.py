"""Messages of Python put in plain words."""

import json
import struct

from absl.testing import parameterized

from pgan_tf.base import errors, reasons
from tests import common


def raised(work) -> Exception:
    try:
        work()
    except Exception as error:
        return error
    raise AssertionError("nothing was raised")


class ReasonsTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(
        (lambda: int("x"), "'x' is no whole number"),
        (lambda: float("1,5"), "'1,5' is no number"),
        (lambda: int(float("nan")), "NaN is no whole number"),
        (lambda: json.loads(""), "it is empty"),
        (
            lambda: json.loads('{"a": 1,\n "b"}'),
            "it is no JSON: line 2, column 5",
        ),
        (lambda: b"\xff".decode("utf-8"), "it is no text in UTF-8"),
        (lambda: {}["width"], "it lacks 'width'"),
        (lambda: [][3], "it ends too early"),
        (lambda: struct.unpack("I", b"x"), "it ends too early"),
        (lambda: open("/none"), "No such file or directory"),
        (lambda: None.get, "what it holds is of another kind"),
        (lambda: iter(3), "what it holds is of another kind"),
        (lambda: int([]), "what it holds is of another kind"),
        (lambda: [] < 3, "what it holds is of another kind"),
        (
            lambda: (lambda a, b: 0)(*[1]),
            "what it holds is of another kind",
        ),
        (
            lambda: dict([[1, 2, 3]]),
            "dictionary update sequence element #0 has length 3; 2 is required",
        ),
    )
    def test_plain(self, work, told):
        self.assertEqual(reasons.plain(raised(work)), told)

    def test_what_says_it_well_stays(self):
        for told in ("a row is missing", "There is no item named 'x'"):
            for kind in (ValueError, errors.UserError):
                self.assertEqual(reasons.plain(kind(told)), told)
        self.assertEqual(
            reasons.plain(KeyError("no item named x")), "'no item named x'"
        )

    def test_what_says_nothing_is_named(self):
        self.assertEqual(reasons.plain(MemoryError()), "MemoryError")

    def test_it_is_part_of_a_line(self):
        told = reasons.plain(ValueError("a\nb" + 999 * "x"), 50)
        self.assertLen(told, 50)
        self.assertStartsWith(told, "a bx")
