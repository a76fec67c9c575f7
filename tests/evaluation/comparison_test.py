import contextlib
import dataclasses
import io
from unittest import mock

import numpy as np
import scipy.linalg
import tensorflow as tf

from pgan_tf.base import images
from pgan_tf.data.format import datasets
from pgan_tf.evaluation import comparison, kept
from pgan_tf.evaluation.features.extractor import Extractor
from pgan_tf.evaluation.metrics import (
    frechet,
    inception_score,
    path_length,
    sliced_wasserstein,
)
from pgan_tf.evaluation.metrics.by_name import Choice
from pgan_tf.evaluation.metrics.metric import Setting, start_collectors
from pgan_tf.evaluation.reals import draw, of_dataset
from pgan_tf.networks import snapshots
from pgan_tf.runs import folder as run_folder
from pgan_tf.sampling import latent_table
from pgan_tf.sampling.drawing import Drawer
from tests import common, small_run
from tests.evaluation.metrics.inception_score_test import score


def mean_colours(pixels):
    """Six features, the mean colours of two halves; two logits."""
    pixels = pixels.astype(np.float32)
    halves = np.split(pixels, 2, axis=1)
    means = [half.mean(axis=(1, 2)) for half in halves]
    found = np.concatenate(means, axis=1)
    return found, found[:, :2] / 50


def distance(pixels, others):
    """The Frechet distance of two sets' mean colours, from its definition."""
    (m1, s1), (m2, s2) = (
        (x.mean(axis=0), np.cov(x, rowvar=False))
        for x in (mean_colours(pixels)[0], mean_colours(others)[0])
    )
    root = scipy.linalg.sqrtm(s1 @ s2).real
    return ((m1 - m2) ** 2).sum() + np.trace(s1 + s2 - 2 * root)


EXTRACTOR = Extractor("colours", "0" * 64, mean_colours)


class ComparisonTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.cache_folder()
        run_dir = small_run.make(self.here)
        path = run_folder.list_snapshots(run_dir)[-1]
        self.generator = snapshots.load_generator(path)

    def setting(self, count=20, extractor=EXTRACTOR, **options):
        setting = Setting(16, EXTRACTOR)
        metrics = [
            frechet.FrechetDistance(count, setting),
            inception_score.InceptionScore(count, setting),
            sliced_wasserstein.SlicedWasserstein(count // 2, setting),
        ]
        options = {
            "whole": of_dataset(
                datasets.open_dataset(self.here / "dataset"), 16
            ),
            "mirror_augment": False,
            "seed": 0,
            "minibatch": 6,
            **options,
        }
        chosen = Choice(extractor, metrics, [], {})
        return comparison.Comparison(chosen, **options)

    def test_distance_of_the_images_themselves(self):
        setting = self.setting()
        values = setting.of_generator(
            Drawer(self.generator), "", setting.chosen.metrics
        )
        latents = latent_table.latents(0, 20, self.generator.latent_size, 0)
        fakes = images.to_uint8(np.asarray(self.generator(latents)))
        reals = draw(setting.whole, 20)
        pixels = small_run.pictures()[reals.indices]
        expected = distance(pixels, fakes)
        self.assertAllClose(values["fid"].value, expected, rtol=1e-4, atol=0)

    def test_distance_of_other_reals(self):
        setting = self.setting()
        first, second = (
            small_run.pictures()[draw(setting.whole, 20, skip=skip).indices]
            for skip in (0, 20)
        )
        floor = setting.of_second_reals()
        self.assertAllClose(
            floor["fid"].value, distance(first, second), rtol=1e-4, atol=0
        )

    def test_a_stream_of_draws_for_each_set(self):
        """Patches, say, lie elsewhere in reals, other reals and fakes."""
        seeds = {}

        def spy(metrics, seed):
            seeds[name] = tuple(seed)
            return start_collectors(metrics, seed)

        setting = self.setting(seed=7)
        fakes = draw(setting.whole, 20)
        with mock.patch.object(comparison, "start_collectors", spy):
            name = "reals"
            setting.summaries_of(setting.chosen.metrics)
            name = "second"
            setting.of_second_reals()
            name = "fakes"
            setting.of_images(fakes, "", setting.chosen.metrics)
        self.assertLen(set(seeds.values()), 3, str(seeds))
        self.assertEqual({seed for seed, _ in seeds.values()}, {7})

    def test_independent_of_the_minibatch(self):
        values = []
        for minibatch in (1, 7, 20, 64):
            setting = self.setting(minibatch=minibatch)
            for file in (self.here / "pgan_tf").glob("*"):
                file.unlink()
            found = setting.of_second_reals()
            values.append([each.value for each in found.values()])
        for others in values[1:]:
            self.assertAllClose(others, values[0], rtol=1e-6, atol=0)

    def test_a_set_compared_with_itself(self):
        setting = self.setting()
        metrics = [setting.chosen.metrics[0], setting.chosen.metrics[2]]
        reals = setting.summaries_of(metrics)
        values = setting.values_of(metrics, reals, reals, "")
        # The features are of size 100, their variances of size 1000.
        self.assertNear(values["fid"].value, 0, 1e-6)
        self.assertEqual(values["swd"].value, 0)
        self.assertEqual(values["swd"].levels, {"16": 0})

    def test_reals_are_nearer_to_reals_than_noise_is(self):
        setting = self.setting()
        floor = setting.of_second_reals()
        fakes = setting.of_generator(
            Drawer(self.generator), "", setting.chosen.metrics
        )
        for key in ("fid", "swd"):
            self.assertLess(floor[key].value, fakes[key].value)

    def test_no_second_set_in_a_small_dataset(self):
        setting = self.setting(count=21)
        self.assertIsNone(setting.of_second_reals())

    def test_metrics_of_reals_are_read_from_the_cache(self):
        setting = self.setting()
        known = setting.of_reals(), setting.of_second_reals()
        self.assertEqual(list(known[0]), ["is"])
        self.assertCountEqual(known[1], ["fid", "is", "swd"])
        run = mock.Mock(side_effect=AssertionError("computed again"))
        blind = Extractor("colours", "0" * 64, run)
        again = self.setting(extractor=blind)
        self.assertEqual((again.of_reals(), again.of_second_reals()), known)
        metrics = setting.chosen.metrics[:1]
        reals = setting.summaries_of(metrics)["fid"]
        found = again.summaries_of(metrics)["fid"]
        self.assertAllEqual(found.covariance, reals.covariance)

    def test_score_of_the_reals(self):
        setting = self.setting()
        drawn = draw(setting.whole, 20)
        (pixels,) = drawn.batches(20)
        _, logits = mean_colours(pixels)
        expected = score(logits)
        value = setting.of_reals()["is"]
        self.assertAllClose(
            (value.value, value.spread), expected, rtol=1e-6, atol=1e-6
        )

    def test_cache_depends_on_what_decides_the_numbers(self):
        self.setting().of_second_reals()
        called = mock.Mock(side_effect=mean_colours)
        other = Extractor("colours", "1" * 64, called)
        same = Extractor("colours", "0" * 64, called)
        moved = Extractor("colours", "0" * 64, called, resize="other")
        cases = [
            {"extractor": other},
            {"extractor": moved},
            {"extractor": same, "mirror_augment": True},
            {"extractor": same, "seed": 1},
            {"extractor": same, "count": 19},
        ]
        for options in cases:
            called.reset_mock()
            self.setting(**options).of_second_reals()
            self.assertNotEmpty(called.mock_calls, str(options))

    def test_a_number_is_kept_with_all_that_decides_it(self):
        setting = self.setting(seed=5, mirror_augment=True)
        fid, score_of_is, swd = setting.chosen.metrics
        common_facts = {
            "protocol": 2,
            "dataset_digest": setting.whole.digest,
            "resolution": 16,
            "mirror_augment": True,
            "quantised": "uint8",
            "seed": 5,
        }
        extractor = {
            "extractor": {
                "name": "colours",
                "sha256": "0" * 64,
                "resize": "none",
            }
        }
        counts = {"num_reals": 20, "num_fakes": 20}
        self.assertEqual(
            setting.facts(fid),
            {**common_facts, **counts, **extractor, "ddof": 1},
        )
        counts["num_reals"] = 0
        self.assertEqual(
            setting.facts(score_of_is),
            {**common_facts, **counts, **extractor, "splits": 10},
        )
        self.assertEqual(
            setting.facts(swd),
            {
                **common_facts,
                **{"num_reals": 10, "num_fakes": 10},
                **{"patches_per_image": 128, "directions": 512},
            },
        )

    def test_the_name_of_what_is_kept_changes_with_each_fact(self):
        setting = self.setting()
        fid, _, swd = setting.chosen.metrics
        facts = setting.facts(fid)
        names = {
            kept.name_of(fid, 20, facts),
            kept.name_of(swd, 20, facts),
            kept.name_of(fid, 21, facts),
            *(
                kept.name_of(fid, 20, {**facts, name: "other"})
                for name in facts
            ),
        }
        self.assertLen(names, 3 + len(facts))

    def test_fakes_get_the_labels_of_the_reals_drawn(self):
        setting = self.setting(seed=7)
        drawer = mock.Mock()
        drawer.generator.label_size = 2
        with (
            mock.patch.object(comparison, "DrawnFakes") as made,
            mock.patch.object(
                comparison.Comparison, "of_images", return_value={}
            ),
        ):
            setting.of_generator(drawer, "", setting.chosen.metrics, 0.7)
        whose, count, seed, labels, truncation = made.call_args.args
        self.assertIs(whose, drawer)
        self.assertEqual((count, seed, truncation), (20, 7, 0.7))
        order = np.random.RandomState([7, 1]).permutation(40)[:20]
        self.assertAllEqual(labels, small_run.labels()[order])

    def test_walks_have_a_number_of_their_own(self):
        setting = self.setting()
        walked = path_length.PathLength(33, Setting(16, EXTRACTOR))
        summed = []
        with mock.patch.object(
            comparison,
            "ArcPairs",
            lambda *made: (
                summed.append(made) or mock.Mock(batches=lambda _: iter(()))
            ),
        ):
            drawer = mock.Mock()
            drawer.generator.label_size = 0
            # There are no images here to sum up.
            with self.assertRaises(ValueError):
                setting.of_generator(drawer, "", [walked])
        ((starts, epsilon),) = summed
        self.assertEqual((starts.count, epsilon), (33, 1e-4))

    def test_all_rows_are_seen_along_the_same_directions(self):
        """Differences between rows are the images'."""

        def seen(title, seed):
            metric = mock.Mock(key="a")
            metric.result = lambda reals, fakes, random: random.rand()
            setting = self.setting(seed=seed)
            return setting.values_of([metric], {}, {"a": 0}, title)["a"]

        self.assertEqual(seen("Reals2", 3), seen("network-snapshot-1", 3))
        self.assertNotEqual(seen("Reals2", 3), seen("Reals2", 4))

    def test_another_metric_moves_the_second_set(self):
        """It begins after the images of the one that takes most."""
        large, small = self.setting(count=20), self.setting(count=20)
        alone = small.chosen.metrics[2:]
        self.assertEqual([each.count for each in alone], [10])
        chosen = Choice(EXTRACTOR, alone, [], {})
        small = dataclasses.replace(small, chosen=chosen)
        self.assertNotEqual(
            small.of_second_reals()["swd"], large.of_second_reals()["swd"]
        )

    def test_torn_cache_is_made_anew_and_said(self):
        floor = self.setting().of_second_reals()
        torn = list((self.here / "pgan_tf").iterdir())
        self.assertLen(torn, 4)
        for file in torn:
            data = file.read_bytes()
            file.write_bytes(data[: len(data) // 2])
        said = io.StringIO()
        with contextlib.redirect_stderr(said):
            self.assertEqual(self.setting().of_second_reals(), floor)
        lines = [li for li in said.getvalue().splitlines() if "torn" in li]
        self.assertLen(lines, 4)
        for file in torn:
            self.assertIn(str(file), said.getvalue())

    def test_cache_of_another_shape_is_made_anew(self):
        setting = self.setting()
        floor = setting.of_second_reals()
        (path,) = (self.here / "pgan_tf").glob("reals-fid-*.npz")
        np.savez(path, mean=np.zeros(3), covariance=np.zeros((2, 2)))
        for file in (self.here / "pgan_tf").glob("floor-*"):
            file.unlink()
        with contextlib.redirect_stderr(io.StringIO()):
            self.assertEqual(self.setting().of_second_reals(), floor)


if __name__ == "__main__":
    tf.test.main()
