import keras
import numpy as np
import tensorflow as tf

from pgan_tf import errors
from pgan_tf.metrics import features
from tests import common


def saved(folder, inputs, outputs, name="mine.keras"):
    path = folder / name
    keras.Model(inputs, outputs).save(path)
    return path


class FromKerasTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()
        random = np.random.RandomState(0)
        shape = (4, 16, 16, 3)
        self.images = random.randint(0, 256, shape).astype(np.uint8)

    def test_receives_the_pixels_as_they_are(self):
        inputs = keras.Input([None, None, 3])
        pooled = keras.layers.GlobalAveragePooling2D()(inputs)
        path = saved(self.here, inputs, pooled)
        extractor = features.from_keras(path, 16)
        values, logits = extractor(self.images)
        self.assertIsNone(logits)
        self.assertEqual(values.dtype, np.float32)
        expected = self.images.mean(axis=(1, 2))
        self.assertAllClose(values, expected, atol=1e-3)
        digest = features.file_digest(path)
        self.assertEqual(
            extractor.titled("FID", "FD"), f"FD[mine:{digest[:8]}]"
        )
        self.assertEqual(extractor.titled("IS", "CS"), f"CS[mine:{digest[:8]}]")

    def test_resized_to_its_own_size_without_antialiasing(self):
        inputs = keras.Input([8, 8, 3])
        outputs = keras.layers.Flatten()(inputs)
        path = saved(self.here, inputs, outputs)
        values, _ = features.from_keras(path, 16)(self.images)
        # TF 1 samples at multiples of 16 / 8 from the corner on.
        expected = self.images[:, ::2, ::2].reshape(4, -1)
        self.assertAllClose(values, expected, atol=1e-4)

    def test_features_and_logits(self):
        inputs = keras.Input([None, None, 3])
        pooled = keras.layers.GlobalAveragePooling2D()(inputs)
        logits = keras.layers.Rescaling(2.0)(pooled)
        path = saved(self.here, inputs, (pooled, logits))
        values, scores = features.from_keras(path, 16)(self.images)
        self.assertAllClose(scores, 2 * values)

    def test_unsuited_models(self):
        flat = keras.Input([7])
        images = keras.Input([None, None, 3])
        gray = keras.Input([32, 32, 1])
        cases = {
            "flat.keras": (flat, flat, r"its input is \(None, 7\)"),
            "gray.keras": (gray, gray, r"32, 32, 1\)"),
            "map.keras": (images, images, r"features \[N,D\]"),
        }
        for name, (inputs, outputs, line) in cases.items():
            outputs = keras.layers.Rescaling(1.0)(outputs)
            path = saved(self.here, inputs, outputs, name)
            with self.assertRaisesRegex(errors.UserError, line):
                features.from_keras(path, 16)(self.images)

    def test_no_model(self):
        path = self.here / "text.keras"
        with self.assertRaisesRegex(errors.UserError, "no such file"):
            features.from_keras(path, 16)
        path.write_text("no model")
        with self.assertRaises(errors.UserError) as caught:
            features.from_keras(path, 16)
        self.assertIn(str(path), str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_code_in_the_file_does_not_run(self):
        inputs = keras.Input([None, None, 3])
        outputs = keras.layers.Lambda(lambda x: x[:, 0, 0])(inputs)
        path = saved(self.here, inputs, outputs)
        with self.assertRaisesRegex(errors.UserError, "not a Keras model"):
            features.from_keras(path, 16)


class ExtractorTest(common.TestCase):
    def test_values_that_are_not_finite(self):
        extractor = features.Extractor(
            "broken", "0" * 64, lambda images: (np.full((2, 3), np.nan), None)
        )
        with self.assertRaisesRegex(errors.UserError, "broken:00000000"):
            extractor(np.zeros((2, 4, 4, 3), np.uint8))


if __name__ == "__main__":
    tf.test.main()
