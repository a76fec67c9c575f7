"""Sets of images by whatever names: each has its own row and files."""

import json
import unicodedata

import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.evaluation import of_two_sets, results
from pgan_tf.evaluation.options import Options
from tests import common, small_run
from tests.evaluation.of_two_sets_test import save

NAMES = (
    "Reals",
    "Reals2",
    "Reals (fakes)",
    "lr=[1e-3]*?",
    "new\nline\tand \x1b[31m",
    "$x_{$ ^ \\",
    "quo\"te's <b>",
    "ünïcödé 猫",
    "\udcff no UTF-8",
    ".hidden",
)


class NamesTest(common.TestCase, parameterized.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.cache_folder()
        self.pixels = small_run.pictures()
        self.reals = save(self.here / "of reals", self.pixels)
        self.out_dir = self.here / "out"

    def evaluate(self, fakes, *metrics, reals=None):
        options = {"num_images": 20, "out_dir": self.out_dir}
        return of_two_sets.evaluate(
            reals or self.reals, fakes, Options(metrics, **options)
        )

    def lines(self, key):
        text = (self.out_dir / f"metric-{key}.jsonl").read_text()
        return [json.loads(line) for line in text.splitlines()]

    def values(self, report, row):
        return [r.value.value for r in report.results if r.row == row]

    def test_one_row_each(self):
        """What they are called is of no influence on the numbers."""
        usual = save(self.here / "usual", 255 - self.pixels[:30])
        report = self.evaluate(usual, "msssim")
        expected = {
            "Reals": self.values(report, "Reals"),
            "fakes": self.values(report, "usual"),
        }
        self.assertNotEqual(*expected.values())
        for name in NAMES:
            fakes = usual.rename(self.here / name)
            report = self.evaluate(fakes, "msssim")
            (row,) = {r.row for r in report.results} - {"Reals", "Reals2"}
            self.assertEqual(self.values(report, "Reals"), expected["Reals"])
            self.assertEqual(self.values(report, row), expected["fakes"])
            self.assertTrue(row.isprintable(), row)
            table = report.table()
            titles = [x for x in table.splitlines() if x.startswith(row + " ")]
            self.assertLen(titles, 1, table)
            for each in table.replace("\n", ""):
                self.assertNotStartsWith(unicodedata.category(each), "C")
            fakes.rename(usual)

    def test_tables_of_a_folder(self):
        for name in ("Reals", "Reals2", "a"):
            fakes = save(self.here / name, 255 - self.pixels[:20])
            self.evaluate(fakes, "msssim")
            table = (self.out_dir / "metric-msssim.txt").read_text()
            titles = [line.split("  ")[0] for line in table.splitlines()[2:]]
            self.assertIn(results.row_of_fakes(name).split()[0], titles[-1])
            self.assertEqual(titles[:2], ["Reals", "Reals2"])
        self.assertLen(self.lines("msssim"), 5)

    def test_two_folders_of_one_name(self):
        first = self.here / "first"
        second = self.here / "second"
        for folder in (first, second):
            folder.mkdir()
        one = save(first / "x", self.pixels)
        other = save(second / "x", 255 - self.pixels[:30])
        # Reals and fakes of the same name.
        report = self.evaluate(other, "msssim", reals=one)
        rows = [r.row for r in report.results]
        self.assertEqual(rows, ["Reals", "Reals2", "x"])
        # Two fakes of the same name, in one folder of results.
        again = self.evaluate(one, "msssim", reals=one)
        self.assertNotEqual(self.values(again, "x"), self.values(report, "x"))
        table = (self.out_dir / "metric-msssim.txt").read_text()
        titles = [line.split()[0] for line in table.splitlines()[2:]]
        self.assertEqual(titles, ["Reals", "Reals2", "x", "x"])

    def test_pictures(self):
        for name in NAMES:
            fakes = save(self.here / name, 255 - self.pixels[:20])
            self.evaluate(fakes, "nn")
        found = list(self.out_dir.glob("nearest-*.png"))
        self.assertLen(found, len(NAMES))


if __name__ == "__main__":
    tf.test.main()
