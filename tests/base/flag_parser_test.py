"""The dialect of flags, and the look of --help."""

import contextlib
import io
import sys
from unittest import mock

from absl.testing import parameterized

from pgan_tf.base import errors, flag_kinds, flag_parser
from tests import common


def make() -> flag_parser.Parser:
    parser = flag_parser.Parser(
        "python x.py",
        "Does something.",
        "python train.py --flagfile=demo\n",
    )
    section = parser.section("what")
    section.add("count", "Of things.", flag_kinds.POSITIVE, default=3)
    section.add("rate", "100% of it.", flag_kinds.NUMBER, default=0.5)
    section.add("names", "Of things.", flag_kinds.WORDS, default=["a", "b"])
    section.add(
        "sizes", "By R.", flag_kinds.map_of(flag_kinds.WHOLE), default={}
    )
    section.add("kind", "Of one.", flag_kinds.one_of(("old", "new")))
    section.add("class", "Of one.", dest="label", alias="category")
    parser.section("other").switch("fast", "Hurry.")
    parser.section("other").switch("note", "Take notes.", default=True)
    return parser


def parse(*arguments: str):
    return make().parse(arguments)


class FlagParserTest(common.TestCase, parameterized.TestCase):
    def test_defaults(self):
        args = parse()
        self.assertEqual((args.count, args.rate), (3, 0.5))
        self.assertEqual(args.names, ["a", "b"])
        self.assertEqual((args.sizes, args.kind, args.label), ({}, None, None))
        self.assertEqual((args.fast, args.note), (False, True))
        self.assertEmpty(args.given)

    @parameterized.parameters(
        (["--count=7"], "count", 7),
        (["--count", "7"], "count", 7),
        (["-count=7"], "count", 7),
        (["--count=1", "--count=7"], "count", 7),
        (["--rate=1e-3"], "rate", 0.001),
        (["--rate", "-2"], "rate", -2.0),
        (["--names="], "names", []),
        (["--names=fid, is"], "names", ["fid", "is"]),
        (["--sizes=4:128,8:64"], "sizes", {4: 128, 8: 64}),
        (["--kind=new"], "kind", "new"),
        (["--class=--odd"], "label", "--odd"),
        (["--class="], "label", ""),
        (["--category=cat"], "label", "cat"),
        (["--fast"], "fast", True),
        (["--fast=true"], "fast", True),
        (["--fast=1"], "fast", True),
        (["--fast", "--nofast"], "fast", False),
        (["--nonote"], "note", False),
        (["--note=False"], "note", False),
        (["--note=0"], "note", False),
    )
    def test_values(self, arguments, name, value):
        self.assertEqual(getattr(parse(*arguments), name), value)

    def test_given(self):
        args = parse("--count=3", "--nofast")
        self.assertEqual(args.given, {"count", "fast"})

    @parameterized.parameters(
        (["--counts=3"], "unknown flag --counts; did you mean --count[?]"),
        (["--coun=3"], "unknown flag --coun; did you mean"),
        (["--colour"], "unknown flag --colour$"),
        (["--flagfle=x"], "did you mean --flagfile[?]"),
        (["--nocount"], "unknown flag --nocount"),
        (["--nofast=1"], "unknown flag --nofast"),
        (["--count"], "--count needs a value"),
        (["--count=x"], "--count=x: must be a whole number"),
        (["--count=0"], "--count=0: must be 1 or more"),
        (["--rate=x"], "--rate=x: must be a number"),
        (["--sizes=4"], "--sizes=4: '4' is not resolution:value"),
        (["--sizes=4:x"], "--sizes=4:x: must be a whole number"),
        (["--kind=odd"], "--kind=odd: must be one of old, new"),
        (["--fast=maybe"], "--fast=maybe: must be true or false"),
        (["surplus"], "unexpected argument 'surplus'"),
        (["--fast", "true"], "unexpected argument 'true'"),
    )
    def test_mistakes_get_one_line(self, arguments, message):
        with self.assertRaisesRegex(errors.UserError, message) as caught:
            parse(*arguments)
        self.assertNotIn("\n", str(caught.exception))

    def test_what_is_required(self):
        parser = make()
        parser.section("what").add("out", "A file.", required=True)
        parser.positional("dataset", "A folder.")
        with self.assertRaisesRegex(errors.UserError, "required: --out, DATAS"):
            parser.parse([])
        self.assertEqual(parser.parse(["--out=a", "b"]).dataset, "b")

    def test_help(self):
        stream = io.StringIO()
        with self.assertRaises(SystemExit) as ended:
            with contextlib.redirect_stdout(stream):
                parse("--count=x", "--help")
        self.assertEqual(ended.exception.code, 0)
        text = stream.getvalue()
        for part in (
            "usage: python x.py [--flag=value ...]\n\nDoes something.\n",
            "\nwhat:\n  --count=N\n      Of things. (default 3)\n",
            "      100% of it. (default 0.5)\n",
            "      Of things. (default a,b)\n",
            "  --sizes=R:N,...\n      By R.\n",
            "  --kind={old,new}\n      Of one.\n",
            "\nother:\n  --[no]fast\n      Hurry. (default false)\n",
            "  --flagfile=FILE\n",
            "examples:\n  python train.py --flagfile=demo\n",
        ):
            self.assertIn(part, text)
        self.assertLessEqual(max(map(len, text.splitlines())), 80)

    def test_commands_are_called_as_they_are_installed(self):
        self.assertEqual(flag_parser.called("train"), "python train.py")
        with mock.patch.object(sys, "argv", ["/usr/bin/pgan-generate"]):
            self.assertEqual(flag_parser.called("train"), "pgan-train")
            self.assertEqual(
                flag_parser.as_called("a\npython dataset_tool.py info x"),
                "a\npgan-dataset info x",
            )


class WrittenTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(
        (600.0, "600"),
        (0.5, "0.5"),
        (True, "true"),
        ({4: 128.0, 8: 0.5}, "4:128,8:0.5"),
        (["fid", "is"], "fid,is"),
        (range(3), "0,1,2"),
        ("text", "text"),
    )
    def test_written(self, value, text):
        self.assertEqual(flag_kinds.written(value), text)

    def test_flags_give_the_values(self):
        values = {"count": 5, "sizes": {4: 2}, "fast": True, "kind": None}
        args = parse(*flag_kinds.as_flags(values))
        self.assertEqual((args.count, args.sizes, args.fast), (5, {4: 2}, True))
        self.assertNotIn("kind", args.given)
