"""Scripts of several verbs."""

import contextlib
import io
import sys
import types
from unittest import mock

from pgan_tf.base import errors, flag_parser, verbs
from tests import common

CALLS = []


def declare(parser: flag_parser.Parser) -> None:
    parser.section("flags").switch("good", "Or not.", default=True)


def check(args) -> None:
    if not args.good:
        raise errors.UserError("not good")


def make() -> verbs.Script:
    verb = verbs.Verb(
        "work_of_this_test",
        "Shows something: with a remark.",
        "python x.py show \\\n    --good\npython x.py show\n",
        declare,
        check,
    )
    return verbs.Script("x", "Does something.", {"show": verb})


class VerbsTest(common.TestCase):
    def test_the_module_is_imported_once_the_flags_are_right(self):
        script = make()
        module = types.ModuleType("work_of_this_test")
        module.run = CALLS.append
        args = script.parse(["show"])
        self.assertEqual(args.verb, "show")
        with mock.patch.dict(sys.modules, {"work_of_this_test": module}):
            script.run(args)
            self.assertEqual(CALLS, [args])
        with self.assertRaisesRegex(errors.UserError, "not good"):
            script.run(script.parse(["show", "--nogood"]))

    def test_flagfiles_may_stand_before_the_verb(self):
        path = self.folder() / "a.cfg"
        path.write_text("--nogood\n")
        for words in (["show", f"--flagfile={path}"],
                      [f"--flagfile={path}", "show"]):  # fmt: skip
            self.assertFalse(make().parse(words).good)
            self.assertTrue(make().parse([*words, "--good"]).good)

    def test_mistakes_get_one_line(self):
        for words, message in (
            ([], "a VERB is missing: one of show"),
            (["shwo"], "unknown verb 'shwo'; did you mean show[?] one of show"),
            (["make"], "unknown verb 'make': one of show"),
            (["show", "--godo"], "unknown flag --godo; did you mean --good"),
        ):
            with self.assertRaisesRegex(errors.UserError, message):
                make().parse(words)

    def test_help(self):
        texts = []
        for words in (["--help"], ["-h"], ["show", "--help"]):
            stream = io.StringIO()
            with self.assertRaises(SystemExit) as ended:
                with contextlib.redirect_stdout(stream):
                    make().parse(words)
            self.assertEqual(ended.exception.code, 0)
            texts.append(stream.getvalue())
        self.assertEqual(texts[0], texts[1])
        self.assertIn("  show  Shows something\n", texts[0])
        self.assertIn("  python x.py show \\\n      --good\n", texts[0])
        self.assertIn("usage: python x.py show [--flag", texts[2])
