from unittest import mock

import numpy as np
import tensorflow as tf

from pgan_tf.base import devices, files
from pgan_tf.evaluation.features import label_classifier
from tests import common


def examples(attributes, count=600, size=16):
    """Images of which one half or quarter is bright, as the label says."""
    random = np.random.RandomState(0)
    images = random.randint(0, 80, (count, size, size, 3))
    half = size // 2
    if attributes:
        labels = random.randint(0, 2, (count, 2))
        images[labels[:, 0] == 1, :half] += 100
        images[labels[:, 1] == 1, :, half:, 2] += 75
    else:
        kinds = random.randint(0, 3, count)
        labels = np.eye(3)[kinds]
        for kind in range(3):
            images[kinds == kind, ..., kind] += 60
    return images.astype(np.uint8), labels.astype(np.float32)


class ClassifierTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()

    def test_learns_classes_and_attributes(self):
        for attributes in (False, True):
            images, labels = examples(attributes)
            model, accuracy = label_classifier.train(
                images, labels, attributes, 0
            )
            self.assertGreater(accuracy, 0.95)
            extractor = label_classifier.extractor(
                model, attributes, accuracy, devices.Replicas()
            )
            self.assertEqual(extractor.attributes, attributes)
            features, logits = extractor(images)
            self.assertEqual(features.shape, (600, label_classifier.FEATURES))
            self.assertEqual(logits.shape, labels.shape)
            right = label_classifier.accuracy(logits, labels, attributes)
            self.assertGreater(right, 0.95)

    def test_trained_once(self):
        reads = []

        def read():
            reads.append(1)
            return examples(True, 200)

        first, second = (
            label_classifier.load_or_train(
                self.here, "k", True, read, devices.Replicas()
            )
            for _ in range(2)
        )
        self.assertLen(reads, 1)
        self.assertLen(first.digest, 64)
        self.assertEqual(first.digest, second.digest)
        self.assertEqual(first.note, second.note)
        self.assertStartsWith(first.titled("FID", "FD"), "FD[labels:")
        self.assertStartsWith(first.titled("IS", "CS"), "CS[labels:")
        images, _ = examples(True, 20)
        for one, other in zip(first(images), second(images), strict=True):
            self.assertAllEqual(one, other)
        self.assertLen(list(self.here.iterdir()), 2)

    def test_seeded(self):
        data = examples(False, 200)
        found = [
            files.sha256_of_weights(
                label_classifier.train(*data, False, seed)[0]
            )
            for seed in (0, 0, 1)
        ]
        self.assertEqual(found[0], found[1])
        self.assertNotEqual(found[0], found[2])

    def test_what_is_held_out_is_not_learned(self):
        """A model that knows the classes shows which labels go with what."""
        kinds = np.arange(50) % 5
        images = np.zeros((50, 4, 4, 3), np.uint8)
        images[:, 0, 0, 0], images[:, 0, 0, 1] = np.arange(50), kinds
        labels = np.eye(5, dtype=np.float32)[kinds]
        model = mock.Mock()
        model.predict = mock.Mock(
            side_effect=lambda x, **_: (None, np.eye(5)[x[:, 0, 0, 1]])
        )
        with mock.patch.object(label_classifier, "build", return_value=model):
            _, accuracy = label_classifier.train(images, labels, False, 0)
        self.assertEqual(accuracy, 1.0)
        (held,) = model.predict.call_args.args
        learned, (_, its_labels) = model.fit.call_args.args
        held, used = held[:, 0, 0, 0], learned[:, 0, 0, 0]
        self.assertLen(held, 5)
        self.assertCountEqual([*held, *used], range(50))
        self.assertAllEqual(its_labels.argmax(axis=1), learned[:, 0, 0, 1])

    def test_a_file_of_other_weights_is_made_anew(self):
        def load():
            return label_classifier.load_or_train(
                self.here,
                "k",
                False,
                lambda: examples(False, 60),
                devices.Replicas(),
            )

        with mock.patch.object(label_classifier, "EPOCHS", 1):
            first = load()
            model = label_classifier.build(16, 3)
            (path,) = self.here.glob("*.keras")
            model.save(path)
            self.assertEqual(load().digest, first.digest)
        self.assertFalse(first.attributes)

    def test_accuracy(self):
        logits = np.array([[1.0, -1], [3, 2], [-1, 1]])
        labels = np.array([[1.0, 0], [0, 1], [0, 1]])
        right = label_classifier.accuracy(logits, labels, attributes=False)
        self.assertNear(right, 2 / 3, 1e-9)
        right = label_classifier.accuracy(logits, labels, attributes=True)
        self.assertNear(right, 5 / 6, 1e-9)


if __name__ == "__main__":
    tf.test.main()
