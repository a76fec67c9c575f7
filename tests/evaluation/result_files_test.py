import json
import math

import tensorflow as tf

from pgan_tf.evaluation import result_files, results
from pgan_tf.evaluation.metrics.metric import Value
from tests import common, small_run

FACTS = {"row": "a.keras", "seed": 7, "extractor": {"name": "b"}}


def result(row="a.keras", value=1.0, key="fid", label="FID", **details):
    return results.Result(row, key, label, 50, Value(value, **details))


class ResultFilesTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()
        self.book = result_files.ResultFiles(self.here)

    def test_a_line_per_number(self):
        swd = result(key="swd", label="SWDx1e3", levels={"32": 2.0, "16": 3.0})
        for _ in range(2):
            self.book.add(swd, FACTS, {"kimg": 3})
        lines = small_run.lines(self.here, "swd")
        self.assertLen(lines, 2)
        expected = {
            "metric": "swd",
            "better": "lower",
            "label": "SWDx1e3",
            "value": 1.0,
            "spread": None,
            "levels": {"32": 2.0, "16": 3.0},
            "row": "a.keras",
            "seed": 7,
            "extractor": {"name": "b"},
            "kimg": 3,
        }
        self.assertEqual({k: lines[1][k] for k in expected}, expected)
        self.assertEqual(self.book.find("swd", FACTS), swd.value)

    def test_finds_the_last_that_agrees_in_every_fact(self):
        self.assertIsNone(self.book.find("fid", FACTS))
        for value in (1.0, 2.0):
            self.book.add(result(value=value), FACTS, {"time": value})
        self.assertEqual(self.book.find("fid", FACTS).value, 2.0)
        for name, value in (
            ("seed", 8),
            ("row", "b.keras"),
            ("extractor", {"name": "c"}),
            ("truncation", 0.7),
        ):
            self.assertIsNone(self.book.find("fid", {**FACTS, name: value}))
        forced = result_files.ResultFiles(self.here, force=True)
        self.assertIsNone(forced.find("fid", FACTS))

    def test_goes_on_after_a_torn_line(self):
        self.book.add(result(value=1.0), FACTS, {})
        path = self.here / "metric-fid.jsonl"
        path.write_text(path.read_text() + '{"metric": "fi')
        self.book.add(result(value=2.0), {**FACTS, "seed": 8}, {})
        self.assertEqual(self.book.find("fid", FACTS).value, 1.0)
        found = self.book.find("fid", {**FACTS, "seed": 8})
        self.assertEqual(found.value, 2.0)

    def test_only_metrics_have_a_table(self):
        for prefix in ("truncation", "per-class"):
            book = result_files.ResultFiles(self.here, prefix=prefix)
            book.add(result(), FACTS, {})
        self.assertCountEqual(
            [path.name for path in self.here.iterdir()],
            ["truncation-fid.jsonl", "per-class-fid.jsonl"],
        )

    def test_without_a_folder(self):
        nowhere = result_files.ResultFiles(None)
        nowhere.add(result(), FACTS, {})
        self.assertIsNone(nowhere.find("fid", FACTS))


class TableTest(common.TestCase):
    """The layout of the reference's logs, columns 10, 12 and 10 or 13 wide."""

    def test_rows_of_one_setting(self):
        here = self.folder()
        book = result_files.ResultFiles(here)
        for row, kimg, value in (
            ("a.keras", 10, 9.5),
            ("b.keras", 120, 7.25),
            ("Reals2", None, 0.5),
        ):
            facts = {**FACTS, "row": row, "snapshot_sha256": f"of {row}"}
            notes = {"kimg": kimg, "seconds": 4.4 * (kimg or 1)}
            book.add(result(row, value), facts, notes)
        other = {**FACTS, "seed": 8}
        expected = [
            "Snapshot  Time_eval   FID",
            "---       ---         ---",
            "Reals2    4s          0.5000",
            "120       8m 48s      7.2500",
            "10        44s         9.5000",
        ]
        path = here / "metric-fid.txt"
        self.assertEqual(path.read_text().splitlines(), expected)
        book.add(result(), other, {"kimg": 5, "seconds": 100_000})
        expected = [*expected[:2], "5         1d 03h 46m  1.0000"]
        self.assertEqual(path.read_text().splitlines(), expected)

    def test_sets_of_one_name_have_a_row_each(self):
        here = self.folder()
        book = result_files.ResultFiles(here)
        for digest, value in (("a", 9.5), ("b", 7.25), ("a", 8.5)):
            facts = {**FACTS, "row": "fakes", "fakes_digest": digest}
            book.add(result("fakes", value), facts, {"seconds": 1})
        table = (here / "metric-fid.txt").read_text().splitlines()
        self.assertEqual(
            [line.split() for line in table[2:]],
            [["fakes", "1s", "8.5000"], ["fakes", "1s", "7.2500"]],
        )

    def test_columns_of_several_numbers(self):
        here = self.folder()
        levels = {"precision": 0.5, "recall": 0.25}
        for headline, columns in ((None, ""), ("mean", " +PR_mean")):
            value = Value(0.5, levels=levels, headline=headline)
            found = results.Result("a.keras", "pr", "PR", 9, value)
            facts = {"headline_is": headline}
            result_files.ResultFiles(here).add(found, facts, {})
            table = (here / "metric-pr.txt").read_text().splitlines()
            names = "Snapshot +Time_eval +PR_precision +PR_recall"
            self.assertRegex(table[0], f"^{names}{columns}$")
            numbers = "0.5000 +0.2500" + " +0.5000" * bool(headline)
            self.assertRegex(table[2], f"{numbers}$")

    def test_columns_of_levels_and_spreads(self):
        here = self.folder()
        book = result_files.ResultFiles(here)
        levels = {"32": 2.0, "16": 3.0}
        swd = result(value=2.5, key="swd", label="SWDx1e3", levels=levels)
        book.add(swd, FACTS, {"kimg": 5, "seconds": 1})
        expected = [
            "Snapshot  Time_eval   SWDx1e3_32   SWDx1e3_16   SWDx1e3_avg",
            "---       ---         ---          ---          ---",
            "5         1s          2.0000       3.0000       2.5000",
        ]
        text = (here / "metric-swd.txt").read_text()
        self.assertEqual(text.splitlines(), expected)
        score = result(value=8.8, key="is", label="IS", spread=0.05)
        book.add(score, FACTS, {"kimg": 5, "seconds": 4000})
        expected = [
            "Snapshot  Time_eval   IS_mean   IS_std",
            "---       ---         ---       ---",
            "5         1h 06m 40s  8.8000    0.0500",
        ]
        text = (here / "metric-is.txt").read_text()
        self.assertEqual(text.splitlines(), expected)

    def test_what_is_not_finite_is_strict_json_and_found_again(self):
        here = self.folder()
        book = result_files.ResultFiles(here)
        nan, inf = float("nan"), float("inf")
        bad = result(value=nan, key="swd", label="SWD", levels={"16": inf})
        book.add(bad, FACTS, {"kimg": 5, "seconds": 1})
        text = (here / "metric-swd.jsonl").read_text()
        line = json.loads(text, parse_constant=self.fail)
        self.assertIsNone(line["value"])
        self.assertIsNone(line["levels"]["16"])
        found = book.find("swd", FACTS)
        self.assertTrue(math.isnan(found.value))
        self.assertTrue(math.isnan(found.levels["16"]))
        self.assertIn("nan", (here / "metric-swd.txt").read_text())

    def test_damaged_lines_are_none(self):
        here = self.folder()
        path = here / "metric-fid.jsonl"
        lines = ['{"row": "a"}', "7", "{", '{"value": 1, "row": [1]}']
        path.write_text("\n".join(lines) + "\n")
        book = result_files.ResultFiles(here)
        good = result(value=8.0, key="fid", label="FID")
        book.add(good, FACTS, {"kimg": 5, "seconds": 1})
        self.assertEqual(book.find("fid", FACTS).value, 8.0)


if __name__ == "__main__":
    tf.test.main()
