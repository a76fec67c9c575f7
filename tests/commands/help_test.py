"""All scripts: --help and refusals at once, and in one dialect."""

import subprocess

from absl.testing import parameterized

from tests import common, processes

SLOW = ("tensorflow", "keras", "matplotlib", "tensorflow_datasets", "h5py")
HELP = (
    ["train"],
    ["evaluate"],
    ["dataset_tool"],
    ["generate"],
    ["dataset_tool", "create"],
    ["generate", "explore"],
)


def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    """The real script; the last line of its output names slow imports."""
    code = f"""
import atexit, runpy, sys
sys.argv = [{script + ".py"!r}, *{list(arguments)!r}]
atexit.register(
    lambda: print("slow:", *(set({SLOW!r}) & sys.modules.keys()))
)
runpy.run_path({script + ".py"!r}, run_name="__main__")
"""
    return processes.run("-c", code)


class HelpTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(*HELP)
    def test_help(self, script, *verb):
        shown = run(script, *verb, "--help")
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertEqual(shown.stderr, "")
        *lines, last = shown.stdout.splitlines()
        self.assertEqual(last, "slow:")
        self.assertLessEqual(max(map(len, lines)), 80)
        command = " ".join([f"python {script}.py", *verb])
        self.assertStartsWith(lines[0], f"usage: {command} ")
        self.assertIn("examples:", lines)
        examples = lines[lines.index("examples:") :]
        self.assertIn(f"  {command}", "\n".join(examples))

    @parameterized.parameters(
        (
            ["train", "--flagfile=none"],
            2,
            "those that come with the package are",
        ),
        (
            ["train", "--flagfile=demoo"],
            2,
            "--flagfile=demoo: no such file; did you mean demo? those that ",
        ),
        (["train", "--total_kmg=1"], 2, "did you mean --total_kimg?"),
        (
            ["train", "--flagfile=demo", "--data_dir=x"],
            1,
            "no such dataset folder: x; dataset_tool.py create makes one",
        ),
        (["evaluate", "--run_dir=none"], 1, "none: not a run folder"),
        (["evaluate", "--reals=a", "--fakes=b"], 1, "--reals=a: no such file"),
        (["evaluate", "--convert_inception=a"], 1, "a: no such file"),
        (["dataset_tool", "creat"], 2, "did you mean create? one of create, "),
        (["dataset_tool", "info", "none"], 1, "no such dataset folder: none"),
        (["generate", "explor"], 2, "did you mean explore? one of images, "),
        (
            ["generate", "images", "--network=a.keras", "--out=b", "--seeds=1"],
            1,
            "a.keras: no such snapshot",
        ),
        (
            ["generate", "import", "--network=a.pkl", "--out=b.keras"],
            1,
            "--network=a.pkl: no such file",
        ),
    )
    def test_refusals(self, arguments, code, message):
        script = arguments[0]
        shown = run(*arguments)
        self.assertEqual(shown.returncode, code)
        self.assertEqual(shown.stdout, "slow:\n")
        self.assertLen(shown.stderr.splitlines(), 1, shown.stderr)
        self.assertStartsWith(shown.stderr, f"{script}.py: error: ")
        self.assertIn(message, shown.stderr)
        self.assertFalse((common.ROOT / "b").exists())

    @parameterized.parameters("train", "evaluate", "dataset_tool", "generate")
    def test_short_help_is_the_same(self, script):
        shown, whole = (run(script, flag) for flag in ("-h", "--help"))
        self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertEqual(shown.stdout, whole.stdout)

    def test_every_switch_in_every_form(self):
        """In the plan of a training, which takes all of its options."""
        where = ("--flagfile=demo", "--plan=1", "--peak_gmac_per_sec=3300")
        for flags in (["--nouse_wscale"], ["--use_wscale=false"],
                      ["--use_wscale=0"], ["--noplan", "--plan"],
                      ["--total_kimg", "10"]):  # fmt: skip
            shown = run("train", *flags, *where)
            self.assertEqual(shown.returncode, 0, shown.stderr)
        self.assertRegex(shown.stdout, r"total +10 kimg")
