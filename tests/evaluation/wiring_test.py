"""What evaluation compares with what, and what decides a kept number."""

import dataclasses
from unittest import mock

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.base import devices
from pgan_tf.data.format import datasets
from pgan_tf.evaluation import comparison, kept, reals
from pgan_tf.evaluation.features import by_name as features_by_name
from pgan_tf.evaluation.features import label_classifier
from pgan_tf.evaluation.features.extractor import Extractor
from pgan_tf.evaluation.metrics import (
    frechet,
    inception_score,
    precision_recall,
    sliced_wasserstein,
)
from pgan_tf.evaluation.metrics.by_name import Choice
from pgan_tf.evaluation.metrics.metric import Setting, Value
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.sampling.drawing import Drawer
from tests import common, dataset_files, small_run


def mean_colours(pixels):
    """Three features, two logits."""
    means = pixels.astype(np.float32).mean(axis=(1, 2))
    return means, means[:, :2] / 50


EXTRACTOR = Extractor("colours", "0" * 64, mean_colours)


class WiringCase(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.cache_folder()
        dataset_files.save(
            self.here / "dataset", small_run.pictures(), small_run.labels()
        )
        dataset = datasets.open_dataset(self.here / "dataset")
        self.whole = reals.of_dataset(dataset, 16)

    def compared(self, count=12, kinds=None, metrics=None, **options):
        extractor = options.pop("extractor", EXTRACTOR)
        setting = Setting(16, extractor)
        kinds = kinds or (
            frechet.FrechetDistance,
            inception_score.InceptionScore,
            sliced_wasserstein.SlicedWasserstein,
        )
        metrics = metrics or [kind(count, setting) for kind in kinds]
        given = {
            "whole": self.whole,
            "mirror_augment": False,
            "seed": 0,
            "minibatch": 5,
            **options,
        }
        chosen = Choice(extractor, metrics, [], {})
        return comparison.Comparison(chosen, **given)


class LabelsTest(WiringCase):
    def test_fakes_have_the_labels_of_the_reals_they_meet(self):
        """Not those that come first in the dataset."""
        random = np.random.RandomState(1)
        whole = dataclasses.replace(
            self.whole,
            labels=np.eye(2, dtype=np.float32)[random.randint(0, 2, 40)],
        )
        generator = Generator(
            resolution=16, num_channels=3, label_size=2, fmap_base=64
        )
        orders = []
        for seed in (0, 7):
            compared = self.compared(20, whole=whole, seed=seed)
            made = mock.Mock(wraps=comparison.DrawnFakes)
            read = mock.Mock(wraps=whole.read)
            object.__setattr__(compared.whole, "read", read)
            with mock.patch.object(comparison, "DrawnFakes", made):
                compared.of_generator(
                    Drawer(generator), "x", compared.chosen.metrics
                )
            # In the order in which the reals were read.
            order = np.concatenate([c.args[0] for c in read.call_args_list])
            self.assertLen(order, 20)
            self.assertAllEqual(made.call_args.args[3], whole.labels[order])
            orders.append(order)
            object.__setattr__(compared.whole, "read", self.whole.read)
        self.assertNotAllEqual(*orders)


class DirectionsTest(WiringCase):
    def draws(self, title, seed=0, **options):
        """What each metric would draw for a row of that title."""
        compared = self.compared(seed=seed, **options)
        found = {}
        for metric in compared.chosen.metrics:

            def result(first, second, random, key=metric.key):
                found[key] = random.standard_normal(4)
                return mock.Mock()

            self.enter_context(mock.patch.object(metric, "result", result))
        drawn = reals.draw(self.whole, 12, seed=3)
        compared.of_images(drawn, title, compared.chosen.metrics)
        return found

    def test_the_same_whatever_the_title(self):
        expected = self.draws("a")
        self.assertLen(expected, 3)
        for title in ("", "Reals", "network-snapshot-000010.keras", "b" * 99):
            found = self.draws(title)
            for key, drawn in expected.items():
                self.assertAllEqual(found[key], drawn)
        # Nor do they depend on what else is computed.
        kinds = (sliced_wasserstein.SlicedWasserstein,)
        alone = self.draws("a", kinds=kinds)
        self.assertAllEqual(alone["swd"], expected["swd"])
        other = self.draws("a", seed=1)
        self.assertNotAllEqual(other["swd"], expected["swd"])


# What decides a number that is kept, each changed alone.
DECIDE = {
    "dataset": lambda case: {
        "whole": dataclasses.replace(case.whole, identify=lambda: "other")
    },
    "number": lambda case: {"count": 11},
    "resolution": lambda case: {
        "whole": dataclasses.replace(case.whole, resolution=8)
    },
    "mirror": lambda case: {"mirror_augment": True},
    "seed": lambda case: {"seed": 1},
}
OF_FEATURES = {
    "name": {"name": "others"},
    "weights": {"digest": "1" * 64},
    "layer": {"layer": "pool"},
    "resize": {"resize": "box"},
}
# What does not.
OF_NO_INFLUENCE = {
    "nothing": lambda case: {},
    "minibatch": lambda case: {"minibatch": 64},
    "where the dataset lies": lambda case: {
        "whole": dataclasses.replace(case.whole, name="x", where="elsewhere")
    },
    "what runs the features": lambda case: {
        "extractor": dataclasses.replace(
            EXTRACTOR, run=lambda x: mean_colours(x)
        )
    },
    "a metric that is not computed": lambda case: {
        "kinds": (
            sliced_wasserstein.SlicedWasserstein,
            inception_score.InceptionScore,
            frechet.FrechetDistance,
            precision_recall.PrecisionRecall,
        )
    },
}


class KeysTest(WiringCase, parameterized.TestCase):
    def kept(self, **options):
        """Under which names values are kept, by what they are of."""
        compared, found = self.compared(**options), {}

        def values(what, names, compute):
            for metric, name in names.items():
                found[f"{what}-{metric.key}"] = name
            return {metric.key: Value(0.0) for metric in names}

        def summaries(names, compute):
            values("reals", names, compute)
            return {metric.key: None for metric in names}

        with (
            mock.patch.object(kept, "values", values),
            mock.patch.object(kept, "summaries", summaries),
        ):
            compared.of_reals()
            compared.of_second_reals()
            compared.summaries_of(compared.chosen.metrics)
        found = {k: v for k, v in found.items() if not k.endswith("-pr")}
        expected = {"value-is", *(f"floor-{k}" for k in ("fid", "is", "swd"))}
        self.assertEqual(set(found), expected | {"reals-fid", "reals-swd"})
        return found

    @parameterized.parameters(*DECIDE)
    def test_what_decides_them(self, name):
        usual, other = self.kept(), self.kept(**DECIDE[name](self))
        for what in usual:
            self.assertNotEqual(usual[what], other[what])

    @parameterized.parameters(*OF_FEATURES)
    def test_features_decide_those_that_look_at_them(self, name):
        usual = self.kept()
        extractor = dataclasses.replace(EXTRACTOR, **OF_FEATURES[name])
        other = self.kept(extractor=extractor)
        for what in usual:
            if what.endswith("swd"):
                self.assertEqual(usual[what], other[what])
            else:
                self.assertNotEqual(usual[what], other[what])

    def test_version_and_settings_decide_them(self):
        usual = self.kept()
        with mock.patch.object(comparison, "VERSION", 99):
            other = self.kept()
        for what in usual:
            self.assertNotEqual(usual[what], other[what])
        for kind in (
            frechet.FrechetDistance,
            inception_score.InceptionScore,
            sliced_wasserstein.SlicedWasserstein,
        ):
            self.assertNotEmpty(kind.facts, kind.key)
            for fact, value in kind.facts.items():
                changed = {**kind.facts, fact: f"other than {value}"}
                with mock.patch.object(kind, "facts", changed):
                    other = self.kept()
                for what in usual:
                    differs = usual[what] != other[what]
                    own = what.endswith(f"-{kind.key}")
                    self.assertEqual(differs, own, f"{fact} {what}")

    def test_the_whole_count_decides_where_a_second_set_begins(self):
        setting = Setting(16, EXTRACTOR)
        small = inception_score.InceptionScore(10, setting)
        large = frechet.FrechetDistance(12, setting)
        swd = sliced_wasserstein.SlicedWasserstein(12, setting)
        first = self.kept(metrics=[small, large, swd])
        larger = frechet.FrechetDistance(14, setting)
        second = self.kept(metrics=[small, larger, swd])
        for what in ("floor-is", "floor-swd"):
            self.assertNotEqual(first[what], second[what])

    def test_its_own_number_decides_it_beside_a_larger_one(self):
        setting = Setting(16, EXTRACTOR)
        others = [
            frechet.FrechetDistance(12, setting),
            sliced_wasserstein.SlicedWasserstein(12, setting),
        ]
        first, second = (
            self.kept(
                metrics=[inception_score.InceptionScore(n, setting), *others]
            )
            for n in (10, 11)
        )
        for what in first:
            differs = first[what] != second[what]
            self.assertEqual(differs, what.endswith("-is"), what)

    @parameterized.parameters(*OF_NO_INFLUENCE)
    def test_what_does_not_decide_them(self, name):
        self.assertEqual(self.kept(), self.kept(**OF_NO_INFLUENCE[name](self)))


class ClassifierTest(WiringCase):
    """What the classifier of labels sees, of data sorted by class."""

    def numbered(self, count):
        """Images that tell their number, of ten sorted classes."""
        pixels = np.zeros((count, 16, 16, 3), np.uint8)
        pixels[:] = np.arange(count)[:, None, None, None]
        classes = np.arange(count) * 10 // count
        return pixels, np.eye(10, dtype=np.float32)[classes]

    def test_learns_from_a_choice_among_all(self):
        dataset_files.save(self.here / "sorted", *self.numbered(200))
        dataset = datasets.open_dataset(self.here / "sorted")
        with (
            mock.patch.object(features_by_name, "MOST_EXAMPLES", 80),
            mock.patch.object(label_classifier, "load_or_train") as load,
        ):
            features_by_name.from_labels(dataset, 16, devices.Replicas())
            pixels, labels = load.call_args.args[3]()
        chosen = pixels[:, 0, 0, 0].astype(int)
        self.assertLen(set(chosen), 80)
        # Of every class about its share, the last one's, too.
        counts = np.bincount(chosen * 10 // 200, minlength=10)
        self.assertBetween(counts.min(), 2, 8)
        self.assertBetween(counts.max(), 8, 15)
        # Each with its own label.
        self.assertAllEqual(labels.argmax(axis=1), chosen * 10 // 200)

    def test_what_it_is_judged_by_it_was_not_trained_on(self):
        pixels, labels = self.numbered(200)
        seen = {}

        def fit(model, images, targets, **_):
            given = targets[1]
            seen["trained"] = images[:, 0, 0, 0].astype(int)
            self.assertAllEqual(
                given.argmax(axis=1), seen["trained"] * 10 // 200
            )

        def predict(model, images, **_):
            seen["judged"] = images[:, 0, 0, 0].astype(int)
            right = labels[seen["judged"]] * 9
            right[:5] = right[:5, ::-1]  # five wrong answers
            return None, right

        with (
            mock.patch("keras.Model.fit", fit),
            mock.patch("keras.Model.predict", predict),
        ):
            _, accuracy = label_classifier.train(pixels, labels, False, 0)
        trained, judged = set(seen["trained"]), set(seen["judged"])
        self.assertEqual(trained | judged, set(range(200)))
        self.assertEmpty(trained & judged)
        self.assertLen(judged, 20)
        # Both of all classes, though the data are sorted.
        self.assertLen({number // 20 for number in trained}, 10)
        self.assertGreater(len({number // 20 for number in judged}), 4)
        self.assertAllClose(accuracy, 15 / 20, rtol=1e-9, atol=0)


class NearDuplicatesTest(common.TestCase):
    """Sets with images that are nearly, or quite, the same."""

    def by_definition(self, first, second, k):
        """The share of the second within balls of the first, in float64."""
        first, second = np.float64(first), np.float64(second)
        own = np.linalg.norm(first[:, None] - first[None], axis=2)
        np.fill_diagonal(own, -1)  # a row itself comes first
        radii = np.sort(own, axis=1)[:, k]
        across = np.linalg.norm(second[:, None] - first[None], axis=2)
        return (across <= radii).any(axis=1).mean()

    def test_counts(self):
        random = np.random.RandomState(0)
        centres = random.standard_normal((30, 64)) * 3 + 100
        for size in (0.3, 3e-2):
            noise = random.standard_normal((2, 5, 30, 64)) * size
            # Five near-duplicates of each of 30 centres; half of the fakes
            # lie a little further away.
            sets = (centres + noise).reshape(2, 150, 64)
            sets[1][::2] += random.standard_normal((75, 64)) * size
            real, fake = sets.astype(np.float32)
            found = precision_recall.scores(real, fake)
            precision = self.by_definition(real, fake, 3)
            recall = self.by_definition(fake, real, 3)
            self.assertBetween(precision, 0.2, 0.95)
            self.assertAllClose(
                (found.precision, found.recall),
                (precision, recall),
                rtol=0,
                atol=1e-9,
            )

    def test_copies(self):
        """Four copies of each: all balls are points."""
        random = np.random.RandomState(0)
        once = random.standard_normal((40, 64)).astype(np.float32)
        real = np.repeat(once, 4, axis=0)
        near = precision_recall.scores(real, real + np.float32(1e-2))
        self.assertEqual((near.precision, near.recall), (0, 0))


if __name__ == "__main__":
    tf.test.main()
