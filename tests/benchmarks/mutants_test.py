"""The lists of small mistakes are in order, and so is what runs them."""

import ast
import itertools
import json
import subprocess
import textwrap

from absl.testing import parameterized

from benchmarks.mutants import areas, running
from benchmarks.mutants.mutant import Mutant
from tests import common, processes

EVERY = list(itertools.chain(*areas.AREAS.values()))
# The runner forks, which a process that uses TensorFlow must not.
SCRIPT = """
import json, pathlib, sys
from benchmarks.mutants import running
from benchmarks.mutants.mutant import mutants
toys = mutants("toy.py", "toy_test.py",
    ("a + b", "a - b"),
    ("+= 1", "+= 2"),
    ("1  # one", "2  # one"),
    ("-0", "0", "It is the same."),
)
toys += mutants("toy.py", sys.argv[2], ("a + b", "b + a"))
root = pathlib.Path(sys.argv[1])
out = root / "out.jsonl"
for row in running.run(root, toys, out, 2, 300, ["pytest"]):
    print(json.dumps(row))
"""
TOY = """
import subprocess, sys
def add(a, b):
    return a + b
number = 0
number += 1
same = -0
def printed():
    code = "import toy; print(toy.one)"
    return subprocess.check_output([sys.executable, "-c", code], text=True)
one = 1  # one
"""
TOY_TEST = """
import toy
def test_add():
    assert toy.add(2, 1) == 3
def test_elsewhere():
    assert toy.printed() == "1\\n"
"""


class ListsTest(common.TestCase):
    def test_each_is_a_mistake_that_can_be_made(self):
        texts = {}
        for mutant in EVERY:
            path = common.ROOT / mutant.file
            text = texts.setdefault(path, path.read_text())
            changed = mutant.apply(text)
            if path.suffix == ".py":
                ast.parse(changed)

    def test_none_stands_twice(self):
        keys = [(mutant.file, mutant.old, mutant.new) for mutant in EVERY]
        self.assertLen(set(keys), len(keys))

    def test_the_nearest_tests_are_there(self):
        for name in {name for mutant in EVERY for name in mutant.tests}:
            file, *parts = name.split("::")
            path = common.ROOT / file
            self.assertTrue(path.name.endswith("_test.py"), name)
            self.assertTrue(path.is_file(), name)
            names = {
                node.name
                for node in ast.walk(ast.parse(path.read_text()))
                if isinstance(node, ast.ClassDef | ast.FunctionDef)
            }
            for part in parts:
                self.assertTrue(
                    # A case of several ends with its number or name.
                    part in names or any(map(part.startswith, names)),
                    name,
                )


class RunningTest(common.TestCase, parameterized.TestCase):
    def setUp(self):
        super().setUp()
        self.root = self.folder()
        (self.root / "toy.py").write_text(TOY)
        (self.root / "toy_test.py").write_text(TOY_TEST)
        (self.root / "pyproject.toml").write_text("[tool.pytest.ini_options]")
        subprocess.run(["git", "init", "-q", self.root], check=True)

    def run_toys(self, other="toy_test.py::test_add"):
        """Verdicts and first failures by what the mistakes make."""
        shown = processes.run("-c", textwrap.dedent(SCRIPT), self.root, other)
        self.assertEqual(shown.returncode, 0, shown.stderr)
        rows = [json.loads(line) for line in shown.stdout.splitlines()]
        return {row["new"]: (row["verdict"], row["by"]) for row in rows}

    def test_verdicts(self):
        expected = {
            "a - b": ("noticed", "toy_test.py::test_add"),
            "+= 2": ("unnoticed", ""),
            "2  # one": ("noticed", "toy_test.py::test_elsewhere"),
            "0": ("equivalent", ""),
            "b + a": ("unnoticed", ""),
        }
        self.assertEqual(self.run_toys(), expected)
        self.assertEqual((self.root / "toy.py").read_text(), TOY)

        # What is known is not run again: the tests would not notice now.
        out = self.root / "out.jsonl"
        before = out.read_text()
        self.assertLen(before.splitlines(), 4)
        self.assertEqual(self.run_toys(), expected)
        self.assertEqual(out.read_text(), before)

        # With another test what was not noticed runs again.
        test = TOY_TEST + "    assert toy.number == 1\n"
        (self.root / "toy_test.py").write_text(test)
        expected["+= 2"] = ("noticed", "toy_test.py::test_elsewhere")
        self.assertEqual(self.run_toys(), expected)

    @parameterized.parameters(
        ("toy_test.py::test_none", "not there"),
        ("other_test.py", "No such file"),
        ("failing_test.py", "fails or is not there"),
        ("empty_test.py", "fails or is not there"),
    )
    def test_tests_that_say_nothing(self, tests, message):
        (self.root / "failing_test.py").write_text("def test_x(): assert 0")
        (self.root / "empty_test.py").write_text("")
        shown = processes.run("-c", textwrap.dedent(SCRIPT), self.root, tests)
        self.assertNotEqual(shown.returncode, 0)
        self.assertIn(message, shown.stderr)

    def test_running_out_of_time(self):
        late = running.Outcome(-1, "", 300)
        self.assertEqual(running.judge(late, 99, 300), running.NOTICED)
        self.assertEqual(running.judge(late, 101, 300), running.SLOW)
        crashed = running.Outcome(-2, "", 3)
        self.assertEqual(running.judge(crashed, 101, 300), running.NOTICED)
        passed = running.Outcome(0, "", 3)
        self.assertEqual(running.judge(passed, 1, 300), running.UNNOTICED)

    @parameterized.parameters("x = 1\nx = 1\n", "y = 1\n")
    def test_text_that_does_not_stand_once(self, text):
        with self.assertRaisesRegex(ValueError, "a.py: stands [02] times"):
            Mutant("a.py", "x = 1", "x = 2", ()).apply(text)
