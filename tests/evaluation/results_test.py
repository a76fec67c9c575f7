import dataclasses

import tensorflow as tf

from pgan_tf.evaluation import results
from pgan_tf.evaluation.metrics.metric import Value
from tests import common

EARLIER, LAST = "network-snapshot-000100.keras", "network-snapshot-000124.keras"
TITLES = {EARLIER: "100 kimg", LAST: "124 kimg"}
NOTES = [
    "n: the number of reals, and of fakes; compare only numbers of equal n.",
    "Reals: real images by themselves: what perfect fakes would get.",
    "Reals2: other real images in place of fakes: expect no fakes to do "
    "better.",
    "SWDx1e3: times 1000, by resolution from fine to coarse, and the average.",
]


def result(row, key, label, value, count=5_000):
    return results.Result(row, key, label, count, value, TITLES.get(row, ""))


def report(of="", levels=("32", "16")):
    """FID, IS and SWD of the reals and two snapshots, as if computed."""
    fid, score = (
        f"{each}{of}" for each in (("FD", "CS") if of else ("FID", "IS"))
    )
    swd = Value(2.5, levels={name: 2.0 + i for i, name in enumerate(levels)})
    found = [result("Reals", "is", score, Value(1234.5678, spread=0.5))]
    for row in ("Reals2", EARLIER, LAST):
        found += [
            result(row, "fid", fid, Value(7.25)),
            result(row, "is", score, Value(3.5, spread=0.25)),
            result(row, "swd", "SWDx1e3", swd, 16_384),
        ]
    return results.Report(
        heading=["run somewhere", "reals elsewhere"],
        labels=[fid, score, "KIDx1e3", "SWDx1e3", "PR"],
        results=found,
        not_computed={"KIDx1e3": "no file", "PR": "no file"},
    )


class TableTest(common.TestCase):
    def shown(self, made, width=80):
        """The lines, none of them longer than that."""
        lines = made.table(width).splitlines()
        self.assertLessEqual(max(map(len, lines)), width)
        return lines

    def test_side_by_side(self):
        expected = [
            "run somewhere",
            "reals elsewhere",
            "",
            "metric       FID                IS                  SWDx1e3",
            "n          5,000             5,000                   16,384",
            "better     lower            higher                    lower",
            "                                        32      16  average",
            "Reals          -    1235 +- 0.5000       -       -        -",
            "Reals2    7.2500  3.5000 +- 0.2500  2.0000  3.0000   2.5000",
            "100 kimg  7.2500  3.5000 +- 0.2500  2.0000  3.0000   2.5000",
            "124 kimg  7.2500  3.5000 +- 0.2500  2.0000  3.0000   2.5000",
            "",
            "KIDx1e3: not computed (no file)",
            "PR: not computed (for the same reason)",
            "",
            *NOTES,
        ]
        self.assertEqual(self.shown(report()), expected)

    def test_a_block_per_metric(self):
        """Where side by side they would be wider than a line."""
        levels = ("1024", "512", "256", "128", "64", "32", "16")
        made = report("[mine:1a2b3c4d:pool]", levels)
        expected = [
            "FD[mine:1a2b3c4d:pool], n: 5,000, better: lower",
            "Reals2    7.2500",
            "100 kimg  7.2500",
            "124 kimg  7.2500",
            "",
            "CS[mine:1a2b3c4d:pool], n: 5,000, better: higher",
            "Reals       1235 +- 0.5000",
            "Reals2    3.5000 +- 0.2500",
            "100 kimg  3.5000 +- 0.2500",
            "124 kimg  3.5000 +- 0.2500",
            "",
            "SWDx1e3, n: 16,384, better: lower",
            "            1024     512     256     128      64      32      16"
            "  average",
            *(
                f"{row:<8}  2.0000  3.0000  4.0000  5.0000  6.0000  7.0000"
                "  8.0000   2.5000"
                for row in ("Reals2", "100 kimg", "124 kimg")
            ),
            "",
            "KIDx1e3: not computed (no file)",
        ]
        self.assertEqual(self.shown(made)[3:21], expected)
        # A wide window has room for all of it.
        (head,) = (x for x in self.shown(made, 150) if x.startswith("metric"))
        self.assertEqual(head.split()[1:], made.labels[:2] + ["SWDx1e3"])

    def test_columns_that_do_not_fit_follow_below(self):
        expected = [
            "SWDx1e3, n: 16,384, better: lower",
            "             128      64      32      16",
            "Reals2    2.0000  3.0000  4.0000  5.0000",
            "100 kimg  2.0000  3.0000  4.0000  5.0000",
            "124 kimg  2.0000  3.0000  4.0000  5.0000",
            "          average",
            "Reals2     2.5000",
            "100 kimg   2.5000",
            "124 kimg   2.5000",
        ]
        lines = self.shown(report("", ("128", "64", "32", "16")), 40)
        start = lines.index(expected[0])
        self.assertEqual(lines[start : start + len(expected)], expected)

    def test_several_numbers_without_an_average(self):
        levels = {"precision": 0.5, "recall": 0.25}
        value = Value(0.5, levels=levels, headline=None)
        found = result("last.keras", "pr", "PR[a:12345678]", value, 9)
        expected = [
            "metric        PR[a:12345678]",
            "n                          9",
            "better                higher",
            "            precision  recall",
            "last.keras     0.5000  0.2500",
            "",
            NOTES[0],
        ]
        expected[:3] = [
            f"{head:<10}  {text:>17}"
            for head, text in (
                ("metric", "PR[a:12345678]"),
                ("n", "9"),
                ("better", "higher"),
            )
        ]
        table = results.Report([], ["PR[a:12345678]"], [found], {})
        self.assertEqual(self.shown(table), expected)

    def test_deviations_stand_with_their_numbers(self):
        levels = {"KL": 0.024, "KL +-": 0.001}
        value = Value(999.5, 0.5, levels, "covered", "a classifier errs at 1 %")
        rows = [result(row, "modes", "modes", value) for row in (EARLIER, LAST)]
        expected = [
            "metric                                  modes",
            "n                                       5,000",
            "better                             1000",
            "                        KL            covered",
            "100 kimg  0.0240 +- 0.0010  999.50 +- 0.5000",
            "124 kimg  0.0240 +- 0.0010  999.50 +- 0.5000",
            "",
            # Once for all rows that it is of.
            "100 kimg, 124 kimg: a classifier errs at 1 %",
        ]
        lines = self.shown(results.Report([], ["modes"], rows, {}))
        self.assertEqual(
            [x.split() for x in lines[:8]], [x.split() for x in expected]
        )

    def test_each_row_of_another_number_of_images(self):
        found = [
            result("a, n=500", "fid", "FID", Value(7.25), 500),
            result("b, n=4000", "fid", "FID", Value(8.5), 4_000),
        ]
        expected = [
            "metric               FID",
            "n                       ",
            "better             lower",
            "               n        ",
            "a, n=500     500  7.2500",
            "b, n=4000  4,000  8.5000",
        ]
        lines = self.shown(results.Report([], ["FID"], found, {}))
        self.assertEqual(lines[:6], [each.rstrip() for each in expected])

    def test_each_row_of_another_number_in_a_block(self):
        label = "FD[mine:1a2b3c4d:global_poolings]"
        found = [result("a", "fid", label, Value(7.25), n) for n in (500, 600)]
        found[1] = dataclasses.replace(found[1], row="b")
        expected = [
            f"{label},",
            "    better: lower",
            "     n        ",
            "a  500  7.2500",
            "b  600  7.2500",
        ]
        lines = self.shown(results.Report([], [label], found, {}), 40)
        self.assertEqual(lines[:5], [each.rstrip() for each in expected])

    def test_long_names(self):
        """Of rows both ends are shown, of headings everything."""
        name = f"first{'-' * 90}last"
        found = result(name, "fid", "FID", Value(7.25))
        made = results.Report([f"run {'a b ' * 30}c"], ["FID"], [found], {})
        lines = self.shown(made)
        row = lines[-3]
        self.assertStartsWith(row, "first---")
        self.assertEndsWith(row, "---last  7.2500")
        self.assertLen(row, 48)
        heading = " ".join(lines[: lines.index("")])
        self.assertEqual(heading.split(), ["run", *["a", "b"] * 30, "c"])

    def test_nothing_is_below_0_by_rounding(self):
        found = result(LAST, "fid", "FID", Value(-1e-6))
        self.assertEqual(results.sentence([found]), "124 kimg: FID 0.0000")


if __name__ == "__main__":
    tf.test.main()
