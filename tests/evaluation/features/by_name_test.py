import dataclasses
import pathlib
from unittest import mock

import numpy as np
import tensorflow as tf

from pgan_tf.base import devices, errors
from pgan_tf.data.format import datasets
from pgan_tf.evaluation.features import by_name as features_by_name
from pgan_tf.evaluation.features import label_classifier
from tests import common, dataset_files, small_run


def opened(wanted, path, dataset):
    return features_by_name.open_extractor(
        wanted, path, dataset, 16, devices.Replicas()
    )


class ExtractorsTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.cache_folder()

    def dataset(self, labels=None, channels=3):
        path = self.here / "dataset"
        dataset_files.save(path, small_run.pictures(channels), labels)
        return datasets.open_dataset(path)

    def test_labels_of_a_grayscale_dataset(self):
        dataset = self.dataset(small_run.labels(), channels=1)
        with mock.patch.object(label_classifier, "EPOCHS", 1):
            extractor = opened("labels", None, dataset)
        self.assertEqual(extractor.name, "labels")
        self.assertFalse(extractor.attributes)
        features, logits = extractor(np.zeros((2, 16, 16, 3), np.uint8))
        self.assertEqual(features.shape, (2, label_classifier.FEATURES))
        self.assertEqual(logits.shape, (2, 2))

    def test_gradients_go_through_equal_features(self):
        dataset = self.dataset(small_run.labels())
        random = np.random.RandomState(0)
        pixels = random.randint(0, 256, (2, 16, 16, 3)).astype(np.uint8)
        with (
            mock.patch.object(label_classifier, "EPOCHS", 1),
            mock.patch.object(label_classifier, "LARGEST_INPUT", 8),
        ):
            for name in ("labels", "random"):
                extractor = opened(name, None, dataset)
                tensor = tf.constant(pixels, tf.float32)
                with tf.GradientTape() as tape:
                    tape.watch(tensor)
                    found = extractor.differentiable(tensor)
                expected, _ = extractor(pixels)
                self.assertAllClose(found, expected, rtol=1e-6, atol=1e-4)
                gradient = tape.gradient(found, tensor)
                self.assertGreater(np.abs(gradient).max(), 0)

    def asked_for(self, dataset, size=16):
        """What a classifier is looked up by, and trained on."""
        with mock.patch.object(label_classifier, "load_or_train") as made:
            features_by_name.from_labels(dataset, size, devices.Replicas())
        _, key, attributes, read, _ = made.call_args.args
        return key, attributes, read

    def test_examples_are_drawn_from_the_whole_dataset(self):
        """Sorted by class its first would be of one; labels are theirs."""
        labels = np.eye(40, dtype=np.float32)
        _, _, read = self.asked_for(self.dataset(labels))
        with mock.patch.object(features_by_name, "MOST_EXAMPLES", 12):
            pixels, found = read()
        chosen = found.argmax(axis=1)
        self.assertAllEqual(pixels, small_run.pictures()[chosen])
        self.assertLen(set(chosen), 12)
        self.assertGreater(max(chosen), 20)

    def test_a_classifier_is_of_a_dataset_a_size_and_a_kind(self):
        dataset = self.dataset(small_run.labels())
        key, attributes, _ = self.asked_for(dataset)
        self.assertEqual(key, f"{dataset.digest[:32]}-16")
        self.assertFalse(attributes)
        self.assertEqual(
            self.asked_for(dataset, 8)[0], f"{dataset.digest[:32]}-8"
        )
        both = np.float32([[1, 1], [0, 1]]).repeat(20, axis=0)
        other = dataclasses.replace(dataset, labels=both)
        self.assertTrue(self.asked_for(other)[1])

    def test_dataset_without_labels(self):
        dataset = self.dataset()
        with self.assertRaisesRegex(errors.UserError, "has no labels"):
            opened("labels", None, dataset)

    def test_unknown_name(self):
        with self.assertRaisesRegex(errors.UserError, "--features=vgg"):
            opened("vgg", None, self.dataset())

    def test_inception_file(self):
        path = pathlib.Path("no.pb")
        with self.assertRaisesRegex(errors.UserError, "^no.pb: no such"):
            opened("inception", path, self.dataset())

    def test_labels_that_are_no_classes(self):
        dataset = mock.Mock(label_kind="values", label_size=2, path="there")
        with self.assertRaisesRegex(
            errors.UserError, "there has labels that are values"
        ):
            features_by_name.from_labels(dataset, 16, devices.Replicas())


if __name__ == "__main__":
    tf.test.main()
