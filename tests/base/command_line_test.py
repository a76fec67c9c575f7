"""Errors as one line, exit codes, and TensorFlow's chatter in a file."""

import textwrap

from absl.testing import parameterized

from tests import common, processes

SCRIPT = """
import errno, os, sys
from pgan_tf.base import command_line, errors, flag_kinds, flag_parser

def parse(arguments):
    parser = flag_parser.Parser("x", "", "")
    section = parser.section("flags")
    section.add("count", "Of things.", flag_kinds.WHOLE)
    section.add("file", "Of chatter.")
    parser.positional("kind", "Of trouble.")
    return parser.parse(arguments)

def main(args):
    kind = args.kind
    if kind == "user":
        raise errors.UserError("--count=1: too few, give 2")
    if kind == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "log.txt")
    if kind == "name":
        return print("skipped \\udcff.png")
    if kind == "stop":
        raise KeyboardInterrupt
    if kind == "bug":
        raise ValueError("a bug of ours")
    with command_line.chatter_to(args.file, to_the_end=kind == "last word"):
        os.write(2, b"native chatter\\n")
        sys.stderr.write("our line\\n")
    os.write(2, b"last word\\n")

command_line.run(main, parse)
"""


class CommandTest(common.TestCase, parameterized.TestCase):
    def run_script(self, *arguments, env=None):
        return processes.run("-c", textwrap.dedent(SCRIPT), *arguments, env=env)

    @parameterized.parameters(
        ("user", 1, "error: --count=1: too few, give 2"),
        ("full", 1, "error: No space left on device: log.txt"),
        ("stop", 130, "error: interrupted"),
        (
            "--count=x",
            1,
            "error: --count=x: must be a whole number (see",
        ),
        ("--colour", 1, "error: unknown flag --colour (see --help)"),
    )
    def test_one_line(self, argument, code, message):
        done = self.run_script(argument)
        self.assertEqual(done.returncode, code)
        self.assertLen(done.stderr.splitlines(), 1, done.stderr)
        self.assertIn(message, done.stderr)

    def test_bugs_keep_their_traceback(self):
        done = self.run_script("bug")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("Traceback", done.stderr)
        self.assertIn("ValueError: a bug of ours", done.stderr)

    def test_names_that_are_no_text_can_be_printed(self):
        done = self.run_script("name", env={"PYTHONIOENCODING": "utf-8:strict"})
        self.assertEqual(done.stdout, "skipped \\udcff.png\n")
        self.assertEqual(done.returncode, 0)

    def test_help_is_no_failure(self):
        done = self.run_script("--help")
        self.assertEqual(done.returncode, 0)
        self.assertIn("Of things.", done.stdout)

    def test_chatter_goes_to_the_file(self):
        path = self.folder() / "chatter.log"
        done = self.run_script("chatter", f"--file={path}")
        self.assertEqual(done.stderr, "our line\nlast word\n")
        self.assertEqual(path.read_text(), "native chatter\n")

    def test_chatter_goes_to_the_file_to_the_end(self):
        path = self.folder() / "chatter.log"
        done = self.run_script("last word", f"--file={path}")
        self.assertEqual(done.stderr, "our line\n")
        self.assertEqual(path.read_text(), "native chatter\nlast word\n")
