import dataclasses
import json
import pathlib
import shutil
from unittest import mock

import keras
import numpy as np
import tensorflow as tf

from pgan_tf.base import errors
from pgan_tf.evaluation import comparison, of_run
from pgan_tf.evaluation.features import inception_graph, label_classifier
from pgan_tf.evaluation.options import Options
from pgan_tf.networks import snapshots
from pgan_tf.runs import folder as run_folder
from tests import common, dataset_files, pages, small_run


class EvaluationTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.cache_folder()
        offline = mock.patch.object(
            inception_graph, "URL", "http://127.0.0.1:9/inception.tgz"
        )
        self.enter_context(offline)

    def evaluate(self, run_dir, *metrics, **options):
        return of_run.evaluate(run_dir, Options(metrics, **options))

    def refused(self, line, run_dir, *metrics, **options):
        """Checks the one line of the error."""
        with self.assertRaises(errors.UserError) as caught:
            self.evaluate(run_dir, *metrics, **options)
        self.assertIn(line, str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_offline(self):
        run_dir = small_run.make(self.here)
        report = self.evaluate(run_dir, "fid", "is", "swd")
        self.assertEqual([r.key for r in report.results], ["swd"])
        self.assertCountEqual(report.not_computed, ["FID", "IS"])
        self.assertIn("--inception=", report.not_computed["FID"])
        self.assertIn("FID: not computed", report.table())
        self.assertFalse((run_dir / "metric-fid.jsonl").exists())

    def test_labels(self):
        run_dir = small_run.make(self.here, label_size=2, mirror_augment=True)
        with mock.patch.object(label_classifier, "EPOCHS", 1):
            report = self.evaluate(
                run_dir, "fid", "is", "swd", features="labels", num_images=20
            )
        rows = [result.row for result in report.results]
        latest = "network-snapshot-000010.keras"
        self.assertEqual(rows, ["Reals"] + ["Reals2"] * 3 + [latest] * 3)
        self.assertStartsWith(report.labels[0], "FD[labels:")
        told = " ".join(report.table().split())
        self.assertRegex(
            told,
            r"learned on this machine, held-out accuracy \d\.\d+: "
            "compare only equal digits",
        )
        floor, line = small_run.lines(run_dir, "fid")
        self.assertEqual((floor["row"], floor["kimg"]), ("Reals2", None))
        # Where the second set begins decides its number.
        self.assertEqual(floor["skipped_reals"], 20)
        self.assertEqual(line["label"], report.labels[0])
        self.assertEqual(line["value"], report.results[4].value.value)
        known = {
            "kimg": 10,
            "lod": 0.0,
            "num_reals": 20,
            "num_fakes": 20,
            "mirror_augment": True,
            "ddof": 1,
            "seed": 0,
            "resolution": 16,
        }
        self.assertEqual({key: line[key] for key in known}, known)
        self.assertLen(line["extractor"]["sha256"], 64)
        self.assertLen(line["dataset_digest"], 64)
        self.assertIn("tensorflow", line["versions"])
        _, line = small_run.lines(run_dir, "swd")
        self.assertNotIn("extractor", line)
        self.assertEqual(list(line["levels"]), ["16"])
        reals, _, line = small_run.lines(run_dir, "is")
        self.assertEqual(reals["row"], "Reals")
        self.assertStartsWith(line["label"], "CS[labels:")
        self.assertGreaterEqual(line["spread"], 0)

    def test_same_numbers_again(self):
        run_dir = small_run.make(self.here)
        first, second = (
            self.evaluate(run_dir, "swd", snapshot="all") for _ in range(2)
        )
        self.assertEqual(first.results, second.results)
        self.assertLen(small_run.lines(run_dir, "swd"), 2)
        other = self.evaluate(run_dir, "swd", seed=1)
        self.assertNotEqual(other.results[-1], first.results[-1])
        self.assertLen(small_run.lines(run_dir, "swd"), 3)
        again = self.evaluate(run_dir, "swd", seed=1, force=True)
        self.assertEqual(again.results, other.results)
        self.assertLen(small_run.lines(run_dir, "swd"), 4)

    def test_known_numbers_are_not_computed_again(self):
        run_dir = small_run.make(self.here)
        first = self.evaluate(run_dir, "swd", snapshot="all", num_images=20)
        compute = mock.Mock(side_effect=AssertionError("computed again"))
        with mock.patch.object(comparison.Comparison, "of_images", compute):
            again = self.evaluate(run_dir, "swd", snapshot="all", num_images=20)
            self.assertEqual(again.results, first.results)
            # Other weights under the name of an evaluated snapshot.
            one, other = sorted(run_dir.glob("*.keras"))
            shutil.copy(one, other)
            with self.assertRaisesRegex(AssertionError, "computed again"):
                self.evaluate(run_dir, "swd", num_images=20)
            for options in ({"seed": 1}, {"num_images": 19}, {"force": True}):
                options = {"num_images": 20, "snapshot": "0", **options}
                with self.assertRaisesRegex(AssertionError, "computed again"):
                    self.evaluate(run_dir, "swd", **options)

    def test_beside_published_numbers(self):
        run_dir = small_run.make(self.here)
        report = self.evaluate(run_dir, "swd", compare_to_paper=True)
        lines = report.table().splitlines()
        start = lines.index("10 kimg beside published numbers:")
        self.assertEqual(
            lines[start - 1 : start + 3],
            [
                "",
                "10 kimg beside published numbers:",
                "no published numbers for dataset: there are some for"
                " CelebA-HQ, CelebA, LSUN",
                "    bedroom, LSUN church, LSUN cat, CIFAR-10",
            ],
        )

    def test_which_snapshots(self):
        run_dir = small_run.make(self.here, lods=(2.0, 1.5, 0.0))
        paths = sorted(run_dir.glob("*.keras"))
        cases = {
            "all": paths,
            "latest": paths[2:],
            "10": paths[1:2],
            "000010": paths[1:2],
            str(paths[0]): paths[:1],
        }
        for which, expected in cases.items():
            self.assertEqual(
                run_folder.select_snapshots(run_dir, which), expected
            )
        self.refused(
            "one of the run's kimg: 0, 10, 20", run_dir, "swd", snapshot="11"
        )
        self.refused(
            "no such snapshot",
            run_dir,
            "swd",
            snapshot="network-snapshot-000001.keras",
        )

    def test_a_snapshot_of_nvidia(self):
        path = common.GOLDEN_DIR / "ref_snapshot.pkl"
        generator = snapshots.load_generator(path)
        size = generator.resolution
        run_dir = small_run.make(self.here, lods=())
        random = np.random.RandomState(0)
        shape = (20, size, size, generator.num_channels)
        pixels = random.randint(0, 256, shape).astype(np.uint8)
        labels = np.eye(20, generator.label_size, dtype=np.float32)
        data_dir = self.here / "noise"
        dataset_files.save(data_dir, pixels, labels)
        report = self.evaluate(
            run_dir,
            "fid",
            snapshot=str(path),
            features="random",
            data_dir=data_dir,
        )
        (result,) = report.results
        self.assertEqual(result.row, "ref_snapshot.pkl")
        (line,) = small_run.lines(run_dir, "fid")
        self.assertIsNone(line["kimg"])
        self.assertEqual(line["lod"], float(generator.lod))

    def test_own_extractor(self):
        run_dir = small_run.make(self.here)
        inputs = keras.Input([None, None, 3])
        pooled = keras.layers.GlobalAveragePooling2D()(inputs)
        path = self.here / "mean.keras"
        keras.Model(inputs, pooled).save(path)
        report = self.evaluate(run_dir, "fid", "is", features=str(path))
        (result,) = report.results
        self.assertStartsWith(result.label, "FD[mean:")
        (reason,) = report.not_computed.values()
        self.assertEqual(reason, "the extractor gives no logits")

    def test_truncation(self):
        run_dir = small_run.make(self.here)
        inputs = keras.Input([None, None, 3])
        pooled = keras.layers.GlobalAveragePooling2D()(inputs)
        path = self.here / "mean.keras"
        keras.Model(inputs, (pooled, pooled)).save(path)
        options = {"features": str(path), "truncation": [1.0, 0.5]}
        report = self.evaluate(run_dir, "fid", "is", "ppl", **options)
        latest = "network-snapshot-000010.keras"
        rows = list(dict.fromkeys(result.row for result in report.results))
        self.assertLen(small_run.lines(run_dir, "fid"), 1)
        expected = [
            latest,
            f"{latest} truncation 0.5",
            f"{latest} truncation 1",
        ]
        self.assertEqual(rows[-3:], expected)
        titles = list(dict.fromkeys(each.shown for each in report.results))
        expected = [
            "10 kimg",
            *(f"10 kimg, truncation {t}" for t in ("0.5", 1)),
        ]
        self.assertEqual(titles[-3:], expected)
        values = {
            r.row: r.value.value for r in report.results if r.key == "fid"
        }
        self.assertLen(set(values.values()), 3)
        lines = (run_dir / "truncation-fid.jsonl").read_text().splitlines()
        found = [json.loads(line)["truncation"] for line in lines]
        self.assertEqual(found, [0.5, 1.0])
        picture = run_dir / "truncation-network-snapshot-000010.png"
        self.assertTrue(picture.is_file())
        # The page is written after all of them.
        page = pages.Page(run_dir)
        self.assertEqual(
            [row[0] for row in page.rows("Truncation")[1:]],
            ["10 kimg, truncation 0.5", "10 kimg, truncation 1", "10 kimg"],
        )
        self.assertIn(f"10 kimg ({picture.name})", page.text)
        # Those of a snapshot stand together.
        earlier = self.evaluate(run_dir, "fid", snapshot="all", **options)
        found = [each.shown for each in earlier.results if each.row != "Reals2"]
        self.assertEqual(
            found,
            [
                f"{kimg} kimg{end}"
                for kimg in (0, 10)
                for end in ("", ", truncation 0.5", ", truncation 1")
            ],
        )
        # From the files, the second time.
        again = self.evaluate(run_dir, "fid", "is", "ppl", **options)
        self.assertEqual(again.results, report.results)
        lines = (run_dir / "truncation-ppl.jsonl").read_text().splitlines()
        self.assertLen(lines, 2)

    def test_metrics_of_pixels(self):
        run_dir = small_run.make(self.here)
        report = self.evaluate(run_dir, "msssim", "nn", num_images=20)
        rows = [(result.row, result.key) for result in report.results]
        latest = "network-snapshot-000010.keras"
        expected = [
            ("Reals", "msssim"),
            ("Reals2", "msssim"),
            ("Reals2", "nn"),
            (latest, "msssim"),
            (latest, "nn"),
        ]
        self.assertEqual(rows, expected)
        for name in ("nearest", "distances"):
            file = f"{name}-network-snapshot-000010.png"
            self.assertTrue((run_dir / file).is_file())

    def test_a_walk_alone_needs_no_reals(self):
        run_dir = small_run.make(self.here, label_size=2)
        inputs = keras.Input([None, None, 3])
        pooled = keras.layers.GlobalAveragePooling2D()(inputs)
        path = self.here / "mean.keras"
        keras.Model(inputs, pooled).save(path)
        options = {"features": str(path)}
        values = []
        for minibatch in (3, 8):
            report = self.evaluate(
                run_dir, "ppl", minibatch=minibatch, force=True, **options
            )
            (result,) = report.results
            self.assertStartsWith(result.label, "PPL[mean:")
            values.append(result.value.value)
        self.assertAllClose(values[0], values[1], rtol=1e-2, atol=0)
        self.assertGreater(values[0], 0)

    def test_inception_flag_beats_the_features_of_the_run(self):
        cases = {
            "labels": Options(),
            "inception": Options(inception=pathlib.Path("a.pb")),
            "a.keras": Options(
                features="a.keras", inception=pathlib.Path("a.pb")
            ),
        }
        for expected, options in cases.items():
            self.assertEqual(options.extractor_name("labels"), expected)

    def test_refused_metrics_and_runs(self):
        run_dir = small_run.make(self.here, lods=())
        self.refused("known metrics are fid, is", run_dir, "fod")
        self.refused("known metrics", run_dir)
        self.refused("no snapshots yet", run_dir, "swd")
        self.refused("not a run folder", self.here / "nothing", "swd")
        (run_dir / "network-snapshot-000001.keras").write_text("torn")
        self.refused("not a snapshot", run_dir, "swd")

    def test_refused_datasets(self):
        run_dir = small_run.make(self.here, label_size=2)
        self.refused("has 40 images", run_dir, "swd", num_images=41)
        small = self.here / "small"
        pixels = small_run.pictures()
        dataset_files.save(small, pixels[:, ::2, ::2])
        self.refused("has 8 pixels", run_dir, "swd", data_dir=small)
        unlabelled = self.here / "unlabelled"
        dataset_files.save(unlabelled, pixels)
        self.refused("from 2 labels", run_dir, "swd", data_dir=unlabelled)
        gray = self.here / "gray"
        dataset_files.save(gray, small_run.pictures(1), small_run.labels())
        self.refused("of 3 channels", run_dir, "swd", data_dir=gray)
        signs = self.here / "signs"
        dataset_files.save(signs, pixels, 2 * small_run.labels() - 1)
        self.refused(
            "signs has labels that are values", run_dir, "swd", data_dir=signs
        )
        shutil.rmtree(self.here / "dataset")
        self.refused("--data_dir", run_dir, "swd")

    def test_networks_of_a_larger_dataset(self):
        run_dir = small_run.make(self.here)
        large = self.here / "large"
        pixels = np.repeat(np.repeat(small_run.pictures(), 2, 1), 2, 2)
        dataset_files.save(large, pixels)
        # The 16x16 level of it is the run's own dataset.
        same = self.evaluate(run_dir, "swd", data_dir=large).results
        self.assertEqual(same, self.evaluate(run_dir, "swd").results)


class OpenedRunTest(common.TestCase):
    """What flags and the run say reaches what it is for."""

    def setUp(self):
        super().setUp()
        self.here = self.cache_folder()
        self.run_dir = small_run.make(self.here)
        self.path = run_folder.list_snapshots(self.run_dir)[-1]

    def opened(self, options=None, features="labels", count=0, mirror=False):
        """A run of the given options of training."""
        config = run_folder.read_config(self.run_dir)
        config = dataclasses.replace(
            config,
            data=dataclasses.replace(config.data, mirror_augment=mirror),
            evaluation=dataclasses.replace(
                config.evaluation, eval_features=features, eval_num_images=count
            ),
        )
        return of_run.OpenedRun(
            self.run_dir, config, options or Options(), self.path
        )

    def test_number_of_images(self):
        self.assertIsNone(self.opened().count)
        self.assertEqual(self.opened(count=7).count, 7)
        self.assertEqual(self.opened(Options(num_images=9)).count, 9)
        self.assertEqual(self.opened(Options(num_images=9), count=7).count, 9)
        # What is asked for counts, and each is called by its name.
        self.assertEqual(self.opened(Options(num_images=9), count=99).count, 9)
        for options, flag in (
            (Options(), "^the run's --eval_num_images=41: "),
            (Options(num_images=41), "^--num_images=41: "),
        ):
            with self.assertRaisesRegex(
                errors.UserError, f"{flag}.* give --num_images=40 or less$"
            ):
                self.opened(options, count=41)

    def test_extractor(self):
        file = pathlib.Path("inception.tgz")
        for options, name, path in (
            (Options(), "random", None),
            (Options(features="labels"), "labels", None),
            (Options(inception=file), "inception", file),
            (Options(features="labels", inception=file), "labels", file),
        ):
            opened = self.opened(options, features="random")
            with mock.patch.object(
                of_run.features_by_name, "open_extractor"
            ) as made:
                opened.extractor()
            wanted, inception, dataset, resolution, _ = made.call_args.args
            self.assertEqual((wanted, inception), (name, path))
            self.assertIs(dataset, opened.dataset)
            self.assertEqual(resolution, 16)

    def test_draws_and_batches(self):
        opened = self.opened(Options(seed=5, minibatch=3), mirror=True)
        compared = opened.compare(None, opened.whole)
        self.assertEqual(
            (compared.seed, compared.minibatch, compared.mirror_augment),
            (5, 3, True),
        )
        opened = self.opened()
        compared = opened.compare(None, opened.whole)
        self.assertEqual((compared.seed, compared.mirror_augment), (0, False))
        self.assertGreater(compared.minibatch, 0)

    def test_devices_and_force(self):
        with mock.patch.object(
            of_run.devices, "make_strategy", wraps=of_run.devices.make_strategy
        ) as made:
            opened = self.opened(Options(devices="CPU:0", force=True))
        made.assert_called_once_with("CPU:0")
        with mock.patch.object(of_run.result_files, "ResultFiles") as files:
            opened.kept_results("truncation")
        files.assert_called_once_with(self.run_dir, True, "truncation")


if __name__ == "__main__":
    tf.test.main()
