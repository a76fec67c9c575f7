"""Errors as one line, exit codes, and TensorFlow's chatter in a file."""

import subprocess
import sys
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
    if kind == "usage":
        raise errors.UsageError("--a and --b: give either")
    if kind == "user":
        raise errors.UserError("--count=1: too few, give 2")
    if kind == "full":
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "log.txt")
    if kind == "name":
        return print("skipped \\udcff.png")
    if kind == "stop":
        raise KeyboardInterrupt
    if kind == "memory":
        raise MemoryError("2 GB for an array")
    if kind == "tensor":
        class ResourceExhaustedError(Exception):
            "As TensorFlow has one."
        raise ResourceExhaustedError("OOM when allocating tensor\\nwith shape")
    if kind == "tensor-disk":
        class ResourceExhaustedError(Exception):
            "As TensorFlow has one."
        raise ResourceExhaustedError("/run/x; No space left on device")
    if kind == "library":
        raise ImportError("libcublas.so: failed to map segment from shared")
    if kind == "threads":
        raise RuntimeError("can't start new thread")
    if kind == "abort":
        os.abort()
    if kind == "killed":
        os.kill(os.getpid(), 9)
    if kind == "told":
        from pgan_tf.base import witness
        witness.tell(command_line.died_line("at 8x8: --probe"))
        os.kill(os.getpid(), 9)
    if kind == "lines":
        for i in range(20_000):
            print("a line of some length", i)
        sys.stderr.write("at its end\\n")
        open(args.file, "w").write(str(sys.stderr.fileno()))
        return
    if kind == "bug":
        raise ValueError("a bug of ours")
    with command_line.chatter_to(args.file, to_the_end=kind == "last word"):
        os.write(2, b"native chatter\\n")
        sys.stderr.write("our line\\n")
    os.write(2, b"last word\\n")

command_line.run(main, parse, "give it --more")
"""


class CommandTest(common.TestCase, parameterized.TestCase):
    def run_script(self, *arguments, env=None):
        return processes.run("-c", textwrap.dedent(SCRIPT), *arguments, env=env)

    @parameterized.parameters(
        ("user", 1, "error: --count=1: too few, give 2"),
        ("usage", 2, "error: --a and --b: give either"),
        ("full", 1, "error: No space left on device: log.txt"),
        ("stop", 130, "error: interrupted"),
        (
            "memory",
            1,
            "error: out of memory (MemoryError: 2 GB for an array): give it",
        ),
        ("tensor", 1, "OOM when allocating tensor with shape): give it --more"),
        ("tensor-disk", 1, "error: no space left on a disk: "),
        ("library", 1, "error: out of memory (ImportError: libcublas"),
        ("threads", 1, "error: out of memory (RuntimeError: can't start"),
        ("killed", -9, "memory ran out; give it --more"),
        ("told", -9, "memory ran out; at 8x8: --probe"),
        (
            "--count=x",
            2,
            "error: --count=x: must be a whole number (see",
        ),
        ("--colour", 2, "error: unknown flag --colour (see --help)"),
    )
    def test_one_line(self, argument, code, message):
        done = self.run_script(argument)
        self.assertEqual(done.returncode, code)
        self.assertLen(done.stderr.splitlines(), 1, done.stderr)
        self.assertIn(message, done.stderr)

    def test_an_abort_of_native_code_is_told(self):
        done = self.run_script("abort")
        self.assertEqual(done.returncode, -6)
        self.assertIn("ended by a signal, or by a crash", done.stderr)

    def test_nobody_reads_any_more(self):
        """As `head` leaves it: the work goes on to its end."""
        path = self.folder() / "end"
        process = subprocess.Popen(
            [sys.executable, "-c", SCRIPT, "lines", f"--file={path}"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=common.ROOT,
        )
        self.assertIn("a line", process.stdout.readline())
        process.stdout.close()
        self.assertEqual(process.stderr.read(), "at its end\n")
        process.stderr.close()
        self.assertEqual(process.wait(timeout=60), 0)
        self.assertTrue(path.exists())

    @parameterized.parameters(
        ("2>&-", 0), (">&-", 0), (">&- 2>&- <&-", 0), (">/dev/full", 1)
    )
    def test_closed_and_full_streams(self, redirected, code):
        """No file gets the number of a stream, and what is printed there."""
        path = self.folder() / "end"
        done = subprocess.run(
            [
                "sh",
                "-c",
                f'"$0" -c "$1" lines --file="$2" {redirected}',
                sys.executable,
                SCRIPT,
                str(path),
            ],
            capture_output=True,
            text=True,
            cwd=common.ROOT,
        )
        self.assertEqual(done.returncode, code, done.stderr)
        self.assertEqual(path.read_text(), "2")
        lost = "error: what was printed is not complete: No space left"
        self.assertEqual(lost in done.stderr, code == 1)

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
