import tensorflow as tf

from pgan_tf.evaluation import results
from pgan_tf.evaluation.metrics.metric import Value
from tests import common


def report():
    swd = Value(2.5, levels={"32": 2.0, "16": 3.0})
    score = Value(1234.5678, spread=0.5)
    return results.Report(
        heading=["run somewhere"],
        labels=["FID", "IS", "SWDx1e3"],
        results=[
            results.Result("Reals2", "is", "IS", 50, score),
            results.Result("Reals2", "swd", "SWDx1e3", 20, swd),
            results.Result("last.keras", "swd", "SWDx1e3", 20, swd),
        ],
        not_computed={"FID": "no file", "KID": "no file"},
    )


class TableTest(common.TestCase):
    def test_table(self):
        expected = [
            "run somewhere",
            "",
            "snapshot    FID              IS                  SWDx1e3",
            "                           n=50                     n=20",
            "                                     32      16  average",
            "Reals2        -  1235 +- 0.5000  2.0000  3.0000   2.5000",
            "last.keras    -               -  2.0000  3.0000   2.5000",
            "",
            "FID: not computed (no file)",
            "KID: not computed (for the same reason)",
        ]
        self.assertEqual(report().table().splitlines(), expected)

    def test_several_numbers_without_an_average(self):
        levels = {"precision": 0.5, "recall": 0.25}
        value = Value(0.5, levels=levels, headline=None)
        found = results.Result("last.keras", "pr", "PR", 9, value)
        table = results.Report([], ["PR"], [found], {}).table()
        expected = [
            "",
            "snapshot                   PR",
            "                          n=9",
            "            precision  recall",
            "last.keras     0.5000  0.2500",
        ]
        self.assertEqual(table.splitlines(), expected)

    def test_nothing_is_below_0_by_rounding(self):
        found = results.Result("last.keras", "fid", "FID", 9, Value(-1e-6))
        self.assertEqual(results.sentence([found]), "last.keras: FID 0.0000")


if __name__ == "__main__":
    tf.test.main()
