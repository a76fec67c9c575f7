import numpy as np
import tensorflow as tf

from pgan_tf.base import errors
from pgan_tf.evaluation.features.extractor import Extractor, Unavailable
from pgan_tf.evaluation.metrics import by_name as metrics_by_name
from pgan_tf.evaluation.metrics.metric import Batch
from tests import common


def extractor(**options):
    return Extractor(
        "mine", "abcdef0123456789", lambda images: (None, None), **options
    )


class ChoiceTest(common.TestCase):
    def choose(
        self,
        keys,
        opened,
        resolution=32,
        available=100,
        count=None,
        generator=True,
    ):
        def open_extractor():
            if isinstance(opened, Exception):
                raise opened
            return opened

        return metrics_by_name.choose(
            metrics_by_name.parse(keys),
            open_extractor,
            resolution,
            available,
            count,
            generator,
        )

    def test_names_and_counts(self):
        chosen = self.choose(["swd", "fid", "is"], extractor())
        self.assertEqual(
            chosen.labels, ["SWDx1e3", "FD[mine:abcdef01]", "CS[mine:abcdef01]"]
        )
        self.assertEqual([m.count for m in chosen.metrics], [100] * 3)
        self.assertEmpty(chosen.not_computed)

    def test_counts_of_the_papers(self):
        canonical = extractor(canonical=True)
        chosen = self.choose(
            metrics_by_name.DEFAULT, canonical, available=10**6
        )
        counts = {metric.label: metric.count for metric in chosen.metrics}
        expected = {"FID": 50_000, "IS": 50_000, "SWDx1e3": 16_384}
        self.assertEqual(counts, expected)

    def test_count_asked_for(self):
        names = ["fid", "swd16k"]
        chosen = self.choose(names, extractor(), available=10**6, count=7)
        self.assertEqual([m.count for m in chosen.metrics], [7, 16_384])
        chosen = self.choose(names, extractor(), count=7)
        expected = {"SWDx1e3": "needs 16384 images, there are 100"}
        self.assertEqual(chosen.not_computed, expected)

    def test_without_inception_the_others_are_computed(self):
        missing = Unavailable("no file")
        chosen = self.choose(["fid", "is", "swd"], missing)
        self.assertEqual([m.key for m in chosen.metrics], ["swd"])
        expected = {"FID": "no file", "IS": "no file"}
        self.assertEqual(chosen.not_computed, expected)
        self.assertEqual(chosen.labels, ["FID", "IS", "SWDx1e3"])

    def test_nothing_left(self):
        missing = Unavailable("no file")
        with self.assertRaisesRegex(errors.UserError, "FID: not computed"):
            self.choose(["fid"], missing)

    def test_a_wrong_extractor_is_an_error(self):
        with self.assertRaisesRegex(errors.UserError, "wrong"):
            self.choose(["fid", "swd"], errors.UserError("wrong"))

    def test_swd_alone_needs_no_extractor(self):
        chosen = self.choose(["swd"], AssertionError("opened"))
        self.assertIsNone(chosen.extractor)

    def test_what_cannot_be_computed(self):
        blind = extractor(classifies=False)
        chosen = self.choose(metrics_by_name.DEFAULT, blind, resolution=8)
        self.assertEqual([m.key for m in chosen.metrics], ["fid"])
        self.assertIn("16x16", chosen.not_computed["SWDx1e3"])
        self.assertIn("logits", chosen.not_computed["CS[mine:abcdef01]"])
        chosen = self.choose(metrics_by_name.DEFAULT, extractor(), available=9)
        self.assertEqual([m.key for m in chosen.metrics], ["fid", "swd"])
        (reason,) = chosen.not_computed.values()
        self.assertEqual(reason, "needs 10 images or more, not 9")

    def test_walks_need_a_generator_not_images(self):
        names = ["fid50k", "ppl100k", "swd"]
        chosen = self.choose(names, extractor())
        counts = {metric.key: metric.count for metric in chosen.metrics}
        self.assertEqual(counts, {"ppl": 100_000, "swd": 100})
        chosen = self.choose(names, extractor(), generator=False)
        self.assertEqual([m.key for m in chosen.metrics], ["swd"])
        self.assertEqual(
            chosen.not_computed["PPL[mine:abcdef01]"],
            "needs a generator, not images",
        )

    def test_attributes_have_a_score_of_their_own(self):
        logits = np.tile([[1e4, 1e4], [1e4, -1e4]], [10, 1])
        values = []
        for attributes in (False, True):
            made = extractor(attributes=attributes)
            (metric,) = self.choose(["is"], made, count=20).metrics
            collector = metric.start(None)
            blank = np.zeros((20, 1, 1, 3), np.uint8)
            collector.add(Batch(blank, logits, logits))
            score = collector.summary()
            values.append(metric.result(None, score, None).value)
        # One sure attribute at even odds; softmax sees 50:50 or the first.
        self.assertNear(values[1], 2, 1e-9)
        self.assertNear(values[0], np.exp(0.215762), 1e-5)


if __name__ == "__main__":
    tf.test.main()
