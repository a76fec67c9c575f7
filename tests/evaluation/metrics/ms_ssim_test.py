from unittest import mock

import numpy as np
import tensorflow as tf

from pgan_tf.evaluation.metrics import ms_ssim
from pgan_tf.evaluation.metrics.metric import Batch, Setting
from tests import common


class SimilarityTest(common.TestCase):
    def test_golden_pairs(self):
        golden = common.golden("metrics_msssim")
        a, b = golden["a"], golden["b"]
        corner = (slice(None), slice(0, 64), slice(0, 64))
        cases = [
            (a, b, [0.989427209, 0.429374858, 0.058638209]),
            (a[corner], b[corner], [0.990219790, 0.428011629, 0.0]),
            (a[..., :1], b[..., :1], golden["pggan_per_pair_1channel"]),
        ]
        for first, second, expected in cases:
            value = ms_ssim.similarity(first, second)
            self.assertAllClose(value, expected, rtol=0, atol=2e-6)

    def test_golden_terms(self):
        golden = common.golden("metrics_reference2")
        reals = common.nhwc(golden["reals128"][:16])
        eight = reals[:8]
        cases = {
            "same": (eight, eight),
            "roll2": (eight, np.roll(eight, 2, axis=2)),
            "realfake": (eight, common.nhwc(golden["fakes128"][:8])),
            "consecutive": (reals[::2], reals[1::2]),
        }
        for case, pair in cases.items():
            name = f"msssim/{case}"
            for term, found in zip(
                ("ssim", "cs"), ms_ssim.terms(*pair), strict=True
            ):
                expected = golden[f"{name}/{term}_levels"]
                # The reference convolves in float32.
                self.assertAllClose(found, expected, rtol=0, atol=2e-5)
            value = ms_ssim.similarity(*pair)
            self.assertAllClose(
                value, golden[f"{name}/per_pair"], rtol=0, atol=5e-6
            )
            mean = golden[f"{name}/mean_f64conv"]
            self.assertNear(value.mean(), mean, 1e-7)

    def test_golden_windows(self):
        golden = common.golden("metrics_reference2")
        for size in (8, 11):
            window = ms_ssim.window(size)
            self.assertAllClose(
                np.outer(window, window),
                golden[f"msssim/gauss_window{size}"],
                rtol=0,
                atol=1e-15,
            )

    def test_tensorflow_on_one_channel(self):
        golden = common.golden("metrics_msssim")
        pair = golden["a"][..., 1:2], golden["b"][..., 1:2]
        self.assertAllClose(
            ms_ssim.similarity(*pair),
            tf.image.ssim_multiscale(*pair, 255),
            rtol=0,
            atol=1e-5,
        )

    def test_smallest_images(self):
        images = np.random.RandomState(0).randint(0, 256, (2, 16, 16, 3))
        same, _ = ms_ssim.similarity(images[[0, 0]], images)
        self.assertNear(same, 1, 1e-12)


class CollectorTest(common.TestCase):
    def of(self, images, batch, count=None):
        setting = Setting(images.shape[1])
        count = count or len(images)
        metric = ms_ssim.MultiScaleSimilarity(count, setting)
        collector = metric.start(None)
        for start in range(0, len(images), batch):
            collector.add(Batch(images[start : start + batch]))
        return metric.result(None, collector.summary(), None).value

    def test_golden_mean_for_any_batch(self):
        golden = common.golden("metrics_reference2")
        images = common.nhwc(golden["reals128"])
        expected = golden["msssim/api_reals128"][0]
        self.assertNear(self.of(images, 16), expected, 5e-6)

    def test_batches_are_of_no_influence(self):
        images = common.nhwc(common.golden("metrics_reference")["reals64"])[:9]
        paired = ms_ssim.similarity(images[:8:2], images[1:8:2]).mean()
        for batch in (1, 2, 3, 9):
            # The ninth image has no partner.
            self.assertNear(self.of(images, batch), paired, 1e-12)
        self.assertNear(self.of(images, 3, count=8), paired, 1e-12)

    def test_too_small(self):
        gap = ms_ssim.MultiScaleSimilarity.gap
        self.assertIn("16x16", gap(10, Setting(8)))
        self.assertIn("2 images", gap(1, Setting(16)))
        self.assertEqual(gap(2, Setting(16)), "")

    def test_constants_matter(self):
        """The golden mean would notice a constant that is not the paper's."""
        golden = common.golden("metrics_reference2")
        images = common.nhwc(golden["reals128"][:16])
        expected = golden["msssim/consecutive/mean_f64conv"]
        changed = {
            "SIGMA": 1.51,
            "K1": 0.02,
            "K2": 0.031,
            "RANGE": 256,
            "WINDOW": 10,
            "WEIGHTS": (0.0449, 0.2856, 0.3001, 0.2363, 0.1333),
        }
        for name, value in changed.items():
            with mock.patch.object(ms_ssim, name, value):
                found = ms_ssim.similarity(images[::2], images[1::2]).mean()
            self.assertGreater(np.abs(found - expected), 1e-7, name)


if __name__ == "__main__":
    tf.test.main()
