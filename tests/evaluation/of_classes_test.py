import dataclasses
import json
from unittest import mock

import numpy as np
import tensorflow as tf

from pgan_tf.base import devices, errors
from pgan_tf.data.format import datasets
from pgan_tf.evaluation import of_classes
from pgan_tf.evaluation.fakes import DrawnFakes
from pgan_tf.evaluation.features import untrained
from pgan_tf.evaluation.options import Options
from pgan_tf.evaluation.reals import of_dataset
from pgan_tf.networks import snapshots
from pgan_tf.runs import folder as run_folder
from pgan_tf.sampling import latent_table
from pgan_tf.sampling.drawing import Drawer
from tests import common, small_run
from tests.evaluation import of_two_sets_test as pairs_test


class PerClassTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.cache_folder()

    def evaluate(self, run_dir, metrics=("fid",), **options):
        return of_classes.evaluate(
            run_dir, Options(metrics, features="random", **options)
        )

    def test_fakes_of_a_class_against_its_reals(self):
        run_dir = small_run.make(self.here, label_size=2)
        report = self.evaluate(run_dir)
        latest = "network-snapshot-000010.keras"
        rows = [f"{latest} {name}, n=20" for name in ("0", "1")]
        self.assertEqual([each.row for each in report.results], rows)
        extractor = untrained.make(devices.Replicas())
        generator = snapshots.load_generator(run_dir / latest)
        latents = latent_table.latents(0, 20, generator.latent_size, 0)
        for label, result in enumerate(report.results):
            # The even pictures are bright, and have the label 1.
            reals = small_run.pictures()[1 - label :: 2]
            labels = np.tile(np.eye(2, dtype=np.float32)[label], [20, 1])
            images = DrawnFakes(Drawer(generator), 20, 0, labels)
            (fakes,) = images.batches(20)
            self.assertLen(latents, len(fakes))
            expected = pairs_test.frechet(
                extractor(reals)[0], extractor(fakes)[0]
            )
            self.assertAllClose(result.value.value, expected, rtol=1e-2, atol=0)
        table = report.table()
        self.assertIn("warning: 2 of 2 classes have no more images", table)
        self.assertIn("features (256)", table)
        lines = table.splitlines()
        start = lines.index("better                               lower")
        self.assertEqual(
            lines[start - 1], "n                                       20"
        )

    def test_as_many_images_as_asked_for(self):
        """But no more than the class has."""
        run_dir = small_run.make(self.here, label_size=2)
        values = {}
        for asked, expected in ((None, 20), (20, 20), (30, 20), (9, 9)):
            report = self.evaluate(run_dir, num_images=asked)
            latest = "network-snapshot-000010.keras"
            self.assertEqual(
                [(r.row, r.count) for r in report.results],
                [(f"{latest} {i}, n={expected}", expected) for i in (0, 1)],
            )
            values[asked] = [r.value.value for r in report.results]
        self.assertEqual(values[None], values[20])
        self.assertEqual(values[None], values[30])
        self.assertNotEqual(values[None], values[9])

    def test_kept_in_a_file_of_its_own(self):
        run_dir = small_run.make(self.here, label_size=2)
        first = self.evaluate(run_dir, snapshot="all", num_images=10)
        self.assertLen(first.results, 4)
        again = self.evaluate(run_dir, snapshot="all", num_images=10)
        self.assertEqual(again.results, first.results)
        text = (run_dir / "per-class-fid.jsonl").read_text()
        self.assertLen(text.splitlines(), 4)
        self.assertFalse((run_dir / "metric-fid.jsonl").exists())

    def test_what_a_row_is_of(self):
        """Its class decides its number; of names the dataset's are shown."""
        run_dir = small_run.make(self.here, label_size=2)
        manifest = self.here / "dataset" / "dataset.json"
        content = json.loads(manifest.read_text())
        content["labels"] = {"names": ["dark", "bright"], "kind": "onehot"}
        manifest.write_text(json.dumps(content))
        with mock.patch.object(
            of_classes.of_run.features_by_name,
            "open_extractor",
            wraps=of_classes.of_run.features_by_name.open_extractor,
        ) as made:
            report = self.evaluate(run_dir, num_images=12)
        made.assert_called_once()
        latest = "network-snapshot-000010.keras"
        self.assertEqual(
            [each.row for each in report.results],
            [f"{latest} dark, n=12", f"{latest} bright, n=12"],
        )
        text = (run_dir / "per-class-fid.jsonl").read_text()
        lines = [json.loads(line) for line in text.splitlines()]
        self.assertEqual(
            [(line["class"], line["class_name"]) for line in lines],
            [(0, "dark"), (1, "bright")],
        )
        digests = {line["dataset_digest"] for line in lines}
        self.assertLen(digests, 2)

    def test_classes_of_two_images_count(self):
        small_run.make(self.here)
        dataset = datasets.open_dataset(self.here / "dataset")
        labels = np.zeros((40, 3), np.float32)
        labels[:2, 0] = labels[2:3, 1] = 1
        whole = dataclasses.replace(of_dataset(dataset, 16), labels=labels)
        self.assertEqual(list(of_classes.split(whole, 3)), [0])

    def test_split(self):
        small_run.make(self.here)
        dataset = datasets.open_dataset(self.here / "dataset")
        whole = of_dataset(dataset, 16)
        dark, bright = of_classes.split(whole, 2).values()
        self.assertAllEqual(
            bright.read(np.arange(3)), dataset.read(16, np.array([0, 2, 4]))
        )
        self.assertNotEqual(dark.digest, bright.digest)
        self.assertAllEqual(dark.labels, np.tile([[1.0, 0.0]], [20, 1]))

    def test_refused(self):
        run_dir = small_run.make(self.here)
        with self.assertRaisesRegex(errors.UserError, "from no labels"):
            self.evaluate(run_dir)
        with self.assertRaisesRegex(errors.UserError, "computes fid, not swd"):
            self.evaluate(run_dir, ("swd",))
        self.assertTrue(run_folder.list_snapshots(run_dir))


if __name__ == "__main__":
    tf.test.main()
