"""The measurement of training steps."""

import dataclasses
import json
import subprocess

from benchmarks import steps
from pgan_tf.base import errors
from tests import common, processes

ROW = steps.Row(
    resolution=32,
    precision="float32",
    fade=0.5,
    images_per_sec=40.04,
    gmac_per_iteration=41.0,
    gmac_per_sec=102.5,
    peak_gmac_per_sec=125.0,
    share_of_peak=0.82,
    lowest_share=0.8,
    highest_share=0.83,
    first_call_seconds=3.14,
    peak_memory_mb=800.4,
    device="CPU",
)


def run(*args: object) -> subprocess.CompletedProcess[str]:
    """As a user runs it."""
    return processes.run("-m", "benchmarks.steps", *args)


class BenchTest(common.TestCase):
    def test_rows_traces_and_document(self):
        folder = self.folder()
        document = folder / "performance.md"
        document.write_text(f"Before\n{steps.BEGIN}old{steps.END}\nAfter\n")
        result = run(
            "--resolutions=8",
            "--precision=float32",
            "--minibatch=8",
            "--fmap_base=16",
            "--fmap_max=8",
            "--rounds=1",
            "--json",
            f"--profile={folder / 'traces'}",
            f"--doc={document}",
        )
        self.assertEqual(result.returncode, 0, result.stderr)
        rows = [json.loads(line) for line in result.stdout.splitlines()]
        self.assertEqual(
            [(row["resolution"], row["fade"]) for row in rows],
            [(8, 0), (8, 0.5)],
        )
        for row in rows:
            self.check_row(row)
        # By hand, of widths 8, 4 and 8 at 2x2, 8x8 and 4x4: see shapes.py.
        g_macs = 8 * 16 * 8 + 16 * 9 * 64 + 64 * (4 * 32 + 9 * 16 + 4 * 3)
        d_macs = 64 * (3 * 4 + 9 * 16 + 4 * 32) + 16 * 9 * 9 * 8 + 1024 + 8
        expected = 8 * (14 * d_macs + 4 * g_macs) / 1e9
        self.assertNear(rows[0]["gmac_per_iteration"], expected, 5e-4)

        table = folder / "traces" / "8x8-float32-fade0.5" / "operations.txt"
        self.assertRegex(table.read_text(), r"convolutions \d+\.\d% of the")
        written = document.read_text()
        self.assertStartsWith(written, f"Before\n{steps.BEGIN}\nCPU, ")
        self.assertEndsWith(written, f"{steps.END}\nAfter\n")
        self.assertIn("| 8x8 | float32 | alpha 0.5 |", written)
        self.assertNotIn("old", written)

    def check_row(self, row):
        speed = row["images_per_sec"] / 8 * row["gmac_per_iteration"]
        self.assertNear(row["gmac_per_sec"] / speed, 1, 0.2)
        self.assertBetween(
            row["share_of_peak"], row["lowest_share"], row["highest_share"]
        )
        self.assertBetween(row["share_of_peak"], 1e-5, 1)
        self.assertGreater(row["peak_memory_mb"], 200)
        self.assertGreater(row["first_call_seconds"], 0.1)

    def test_a_line(self):
        self.assertEqual(
            ROW.cells(),
            [
                "32x32",
                "float32",
                "alpha 0.5",
                "40.0",
                "41.0",
                "102",
                "82% (80% to 83%)",
                "3.1 s",
                "800 MiB",
            ],
        )
        self.assertEqual(
            dataclasses.replace(ROW, fade=0.0).cells()[2], "settled"
        )

    def test_machine(self):
        half = dataclasses.replace(
            ROW, precision="bfloat16", peak_gmac_per_sec=900.0
        )
        said = steps.machine([ROW, half])
        self.assertRegex(said, r"^CPU, \d+ cores? \(.*\), [\d.]+ GB of memory")
        self.assertIn("TensorFlow 2.", said)
        self.assertEndsWith(
            said, "float32 peak 125 GMAC/s; bfloat16 peak 900 GMAC/s"
        )

    def test_document_without_marks(self):
        path = self.folder() / "other.md"
        path.write_text("text")
        with self.assertRaisesRegex(errors.UserError, "--doc=.* has no <!-- b"):
            steps.write_between(path, "table")
        self.assertEqual(path.read_text(), "text")


class FlagsTest(common.TestCase):
    def cases(self, *args):
        return steps.cases_of(steps.parse(args))

    def test_4x4_has_no_fade(self):
        cases = self.cases("--resolutions=4,16", "--precision=float32")
        self.assertEqual(
            [case.name for case in cases],
            ["4x4-float32-settled", "16x16-float32-settled"]
            + ["16x16-float32-fade0.5"],
        )

    def test_bad_values(self):
        for flag, message in (
            ("--resolutions=24", "24 is not a power of two from 4 to twice"),
            ("--resolutions=4096", "4096 is not .* --fmap_base=1024"),
            ("--resolutions=a", "--resolutions=a is not a list of numbers"),
            ("--precision=int8", "int8 is none of float32, float16"),
            ("--fade=1", "--fade: 1 is not in"),
        ):
            with self.assertRaisesRegex(errors.UserError, message):
                self.cases(flag)

    def test_one_line_of_error(self):
        result = run("--resolutions=5")
        self.assertEqual(result.returncode, 1)
        self.assertLen(result.stderr.splitlines(), 1)
        result = run("--doc=none.md")
        self.assertRegex(result.stderr, "^steps.py: error: --doc=none.md: no ")
