"""The mode test, from counts whose numbers are known in closed form."""

import json

import numpy as np
from PIL import Image

from pgan_tf.base import errors
from pgan_tf.data import build
from pgan_tf.data.sources import mnist
from pgan_tf.evaluation import of_two_sets
from pgan_tf.evaluation.features import digits
from pgan_tf.evaluation.features.digit_classifier import DigitClassifier
from pgan_tf.evaluation.metrics import by_name, mode_count
from pgan_tf.evaluation.metrics.metric import Batch, Setting
from pgan_tf.evaluation.options import Options
from tests import common
from tests.data.sources import published


def told_by_brightness(pixels):
    """Logits of the digit that the middle pixel's brightness says."""
    found = pixels[:, 16, 16, 0] // 25
    return [np.eye(10, dtype=np.float32)[np.minimum(found, 9)]]


CLASSIFIER = DigitClassifier(told_by_brightness, "0123456789", 0.0042)


def stacked(modes, size=32):
    """Images of these modes for that classifier, uint8 [N,size,size,3]."""
    modes = np.asarray(modes)
    triples = np.stack([modes % 10, modes // 10 % 10, modes // 100], axis=-1)
    images = (triples * 25 + 12).astype(np.uint8)[:, None, None]
    return np.tile(images, (1, size, size, 1))


def value_of(modes, minibatch=7, count=None):
    """What the metric says of images of these modes."""
    metric = mode_count.ModeCount(
        count or len(modes), Setting(32, digits=CLASSIFIER)
    )
    collector = metric.start(np.random.RandomState(0))
    images = stacked(modes)
    for start in range(0, len(images), minibatch):
        collector.add(Batch(images[start : start + minibatch]))
    return metric.result(None, collector.summary(), np.random.RandomState(0))


class ModeCountTest(common.TestCase):
    def test_modes_of_images(self):
        """Red counts ones, green tens, blue hundreds."""
        modes = np.random.RandomState(0).permutation(1000)
        for size in (32, 28):
            found = mode_count.modes_of(stacked(modes, size), CLASSIFIER)
            self.assertAllEqual(found, modes)
        image = stacked([321])[0, 0, 0]
        self.assertAllEqual(image // 25, [1, 2, 3])

    def test_divergence(self):
        """From the frequencies to uniform ones, over modes that occur."""
        counts = np.zeros(1000, np.int64)
        counts[5] = 77
        self.assertAllClose(
            mode_count.divergence(counts), np.log(1000), rtol=1e-12, atol=0
        )
        self.assertAllClose(
            mode_count.divergence(np.full(1000, 3)), 0, rtol=0, atol=1e-12
        )
        counts[7] = 3 * 77
        expected = 0.25 * np.log(250) + 0.75 * np.log(750)
        self.assertAllClose(
            mode_count.divergence(counts), expected, rtol=1e-12, atol=0
        )

    def test_means_over_ten_sets(self):
        """Each set by itself: what one lacks another does not make up for."""
        # Set i has 20 images of i + 1 modes of its own, evenly as it can be.
        sets = [100 * i + np.arange(20) % (i + 1) for i in range(10)]
        value = value_of(np.concatenate(sets))
        covered = np.arange(1, 11)
        self.assertAllClose(value.value, 5.5, rtol=1e-12, atol=0)
        self.assertAllClose(value.spread, np.std(covered), rtol=1e-12, atol=0)
        divergences = []
        for modes in sets:
            p = np.bincount(modes) / 20
            p = p[p > 0]
            divergences.append(np.sum(p * np.log(1000 * p)))
        self.assertAllClose(
            [value.levels["KL"], value.levels["KL +-"]],
            [np.mean(divergences), np.std(divergences)],
            rtol=1e-12,
            atol=0,
        )
        self.assertEqual(value.arrays["modes"].sum(), 200)
        self.assertEqual(value.arrays["modes"][0], 20)
        self.assertIn("errs at 0.42 %", value.note)

    def test_batches_make_no_difference(self):
        modes = np.random.RandomState(1).randint(0, 1000, 300)
        expected = value_of(modes)
        for minibatch in (1, 30, 31, 300):
            self.assertEqual(value_of(modes, minibatch), expected)
        # What is left over beyond ten equal sets is not looked at.
        self.assertEqual(
            value_of(np.concatenate([modes, [1] * 9]), count=309), expected
        )

    def test_protocol(self):
        """Ten sets of 25,600; uniform modes read 0.0195 then."""
        self.assertEqual(mode_count.ModeCount.paper_count, 256_000)
        self.assertIn(mode_count.ModeCount, by_name.parse(["modes256k"]))
        random = np.random.RandomState(2)
        counts = [
            np.bincount(random.randint(0, 1000, 25_600), minlength=1000)
            for _ in range(20)
        ]
        found = np.mean([mode_count.divergence(each) for each in counts])
        self.assertAllClose(found, 999 / 51_200, rtol=0.03, atol=0)

    def test_facts_say_how_good_the_classifier_is(self):
        metric = mode_count.ModeCount(100, Setting(32, digits=CLASSIFIER))
        self.assertEqual(metric.facts["classifier_error"], 0.0042)
        self.assertEqual(metric.facts["classifier_sha256"], "0123456789")

    def test_gaps(self):
        def refused(message, open_digits, resolution=32, count=100):
            with self.assertRaisesRegex(errors.UserError, message):
                by_name.choose(
                    by_name.parse(["modes"]),
                    lambda: self.fail("no extractor is needed"),
                    resolution,
                    count,
                    open_digits=open_digits,
                )

        refused("needs stacked digits", None)
        refused("32x32 or 28x28, not 64", lambda: CLASSIFIER, resolution=64)
        refused("needs 10 images or more, not 9", lambda: CLASSIFIER, count=9)

        def missing():
            return digits.open_classifier(None, None)

        self.cache_folder()
        refused("give the folder of MNIST.* with --mnist", missing)


class SetsTest(common.TestCase):
    """With --reals and --fakes."""

    def setUp(self):
        super().setUp()
        self.here = self.cache_folder()
        self.enter_context(
            common.mock.patch.object(
                digits, "open_classifier", lambda *_: CLASSIFIER
            )
        )

    def folder_of(self, name, modes):
        folder = self.here / name
        folder.mkdir()
        for i, image in enumerate(stacked(modes)):
            Image.fromarray(image).save(folder / f"{i:03d}.png")
        return folder

    def test_folders(self):
        reals = self.folder_of("reals", np.arange(40))
        fakes = self.folder_of("fakes", np.arange(40) // 20)
        options = Options(["modes"], seed=3, out_dir=self.here / "out")
        report = of_two_sets.evaluate(reals, fakes, options)
        found = {r.row: r.value for r in report.results}
        self.assertEqual(list(found), ["Reals", "fakes"])
        self.assertEqual(found["Reals"].value, 4)
        self.assertAllClose(
            found["Reals"].levels["KL"], np.log(250), rtol=1e-9, atol=0
        )
        self.assertLessEqual(found["fakes"].value, 2)
        self.assertIn("errs at 0.42 %", report.table())
        lines = (self.here / "out" / "metric-modes.jsonl").read_text()
        for line in map(json.loads, lines.splitlines()):
            self.assertEqual(line["classifier_error"], 0.0042)
        with Image.open(self.here / "out" / "modes-fakes.png") as picture:
            self.assertEqual(picture.size, (600, 480))

    def test_datasets_must_be_of_stacked_digits(self):
        """As the manifest says."""
        source = self.here / "mnist"
        source.mkdir()
        published.write_mnist(source)
        triples = mnist.MnistRgb(mnist.read(source, "train"), 12, seed=0)
        folders = []
        for name in ("mnistrgb", "images"):
            folders.append(self.here / name)
            build.create(triples, str(folders[-1]), {"source": name})
        options = Options(["modes"])
        of_two_sets.evaluate(folders[0], folders[0], options)
        for pair in ((folders[0], folders[1]), (folders[1], folders[0])):
            with self.assertRaisesRegex(errors.UserError, "stacked digits"):
                of_two_sets.evaluate(*pair, options)
