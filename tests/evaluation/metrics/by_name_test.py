import tensorflow as tf

from pgan_tf.base import errors
from pgan_tf.evaluation.metrics import by_name as metrics_by_name
from tests import common


class ParseTest(common.TestCase):
    def test_names_and_aliases(self):
        asked = metrics_by_name.parse(["swd16k", "fid", "fid"])
        found = [(kind.key, count) for kind, count in asked.items()]
        self.assertEqual(found, [("swd", 16_384), ("fid", None)])

    def test_mistakes(self):
        cases = {
            ("fod",): "--metrics=fod: the known metrics are fid, is",
            (): "--metrics=: the known",
            ("fid", "fid50k"): "names a metric twice",
        }
        for names, line in cases.items():
            with self.assertRaisesRegex(errors.UserError, line):
                metrics_by_name.parse(names)

    def test_every_metric_says_what_it_is(self):
        keys = [kind.key for kind in metrics_by_name.KINDS]
        self.assertLen(set(keys), len(keys))
        for kind in metrics_by_name.KINDS:
            self.assertStartsWith(kind.alias, kind.key)
            self.assertIn(kind.about, metrics_by_name.described())
            self.assertEqual(bool(kind.other_title), kind.needs != "pixels")

    def test_aliases_are_the_papers_numbers(self):
        """Of images; MS-SSIM's 10k are pairs, so are PPL's 100k."""
        counts = {
            kind.alias: kind.paper_count for kind in metrics_by_name.KINDS
        }
        expected = {
            "fid50k": 50_000,
            "is50k": 50_000,
            "swd16k": 16_384,
            "msssim10k": 20_000,
            "kid50k": 50_000,
            "pr50k": 50_000,
            "nn10k": 10_000,
            "ppl100k": 100_000,
        }
        self.assertEqual(counts, expected)


if __name__ == "__main__":
    tf.test.main()
