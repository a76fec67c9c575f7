import shutil

import keras
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from pgan_tf.base import devices, errors, files
from pgan_tf.evaluation.features import own_model
from tests import common


def saved(folder, inputs, outputs, name="mine.keras"):
    path = folder / name
    keras.Model(inputs, outputs).save(path)
    return path


def load(path):
    return own_model.load(path, 16, devices.Replicas())


class KerasTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()
        random = np.random.RandomState(0)
        shape = (4, 16, 16, 3)
        self.images = random.randint(0, 256, shape).astype(np.uint8)

    def test_receives_the_pixels_as_they_are(self):
        inputs = keras.Input([None, None, 3])
        pool = keras.layers.GlobalAveragePooling2D(name="pool")
        path = saved(self.here, inputs, pool(inputs))
        extractor = load(path)
        values, logits = extractor(self.images)
        self.assertIsNone(logits)
        self.assertEqual(values.dtype, np.float32)
        expected = self.images.mean(axis=(1, 2))
        self.assertAllClose(values, expected, rtol=0, atol=1e-3)
        digest = files.sha256_of_file(path)
        self.assertEqual(
            extractor.titled("FID", "FD"), f"FD[mine:{digest[:8]}:pool]"
        )
        self.assertEqual(
            extractor.titled("IS", "CS"), f"CS[mine:{digest[:8]}:pool]"
        )

    def test_resized_to_its_own_size_without_antialiasing(self):
        inputs = keras.Input([8, 8, 3])
        outputs = keras.layers.Flatten()(inputs)
        path = saved(self.here, inputs, outputs)
        values, _ = load(path)(self.images)
        # TF 1 samples at multiples of 16 / 8 from the corner on.
        expected = self.images[:, ::2, ::2].reshape(4, -1)
        self.assertAllClose(values, expected, rtol=1e-6, atol=1e-4)

    def test_features_and_logits(self):
        inputs = keras.Input([None, None, 3])
        pooled = keras.layers.GlobalAveragePooling2D()(inputs)
        logits = keras.layers.Rescaling(2.0)(pooled)
        path = saved(self.here, inputs, (pooled, logits))
        values, scores = load(path)(self.images)
        self.assertAllClose(scores, 2 * values, rtol=1e-6, atol=1e-6)

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
                load(path)(self.images)

    def test_no_model(self):
        path = self.here / "text.keras"
        with self.assertRaisesRegex(errors.UserError, "no such file"):
            load(path)
        path.write_text("no model")
        with self.assertRaises(errors.UserError) as caught:
            load(path)
        self.assertIn(str(path), str(caught.exception))
        self.assertNotIn("\n", str(caught.exception))

    def test_code_in_the_file_does_not_run(self):
        inputs = keras.Input([None, None, 3])
        take = keras.layers.Lambda(lambda x: x[:, 0, 0], output_shape=(3,))
        outputs = take(inputs)
        path = saved(self.here, inputs, outputs)
        with self.assertRaisesRegex(
            errors.UserError, "compute alone: __lambda__"
        ):
            load(path)


class Halves(tf.Module):
    """Mean colours, and twice that as logits, by the names of outputs."""

    def __init__(self, size=None, read=None):
        self._read = read
        self.scale = tf.Variable(2.0)
        spec = tf.TensorSpec([None, size, size, 3], tf.float32, name="images")
        self.serve = tf.function(self.compute, input_signature=[spec])

    def compute(self, images):
        means = tf.reduce_mean(images, axis=[1, 2])
        if self._read:
            means += tf.cast(
                tf.strings.length(tf.io.read_file(self._read)), tf.float32
            )
        return {"logits": means * self.scale, "means": means}


class SavedModelTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()
        random = np.random.RandomState(0)
        shape = (4, 16, 16, 3)
        self.images = random.randint(0, 256, shape).astype(np.uint8)

    def save(self, name="mine", **options):
        module = Halves(**options)
        path = self.here / name
        tf.saved_model.save(module, str(path), signatures=module.serve)
        return path

    def test_features_and_logits(self):
        extractor = load(self.save())
        values, logits = extractor(self.images)
        expected = self.images.mean(axis=(1, 2))
        self.assertAllClose(values, expected, rtol=1e-5, atol=0)
        self.assertAllClose(logits, 2 * expected, rtol=1e-5, atol=0)
        digest = extractor.digest
        expected = f"FD[mine:{digest[:8]}:means]"
        self.assertEqual(extractor.titled("FID", "FD"), expected)

    def test_resized_to_its_own_size(self):
        extractor = load(self.save(size=8))
        values, _ = extractor(self.images)
        expected = self.images[:, ::2, ::2].mean(axis=(1, 2))
        self.assertAllClose(values, expected, rtol=1e-5, atol=0)
        self.assertIn("TensorFlow 1 to 8x8", extractor.facts["resize"])

    def test_named_by_its_contents(self):
        path = self.save()
        digest = files.sha256_of_folder(path)
        self.assertEqual(files.sha256_of_folder(path), digest)
        moved = path.rename(self.here / "moved")
        self.assertEqual(files.sha256_of_folder(moved), digest)
        (moved / "variables" / "more").write_text("more")
        self.assertNotEqual(files.sha256_of_folder(moved), digest)

    def test_exported_by_keras(self):
        inputs = keras.Input([None, None, 3])
        outputs = keras.layers.GlobalAveragePooling2D()(inputs)
        path = self.here / "exported"
        keras.Model(inputs, outputs).export(path, verbose=False)
        values, logits = load(path)(self.images)
        self.assertIsNone(logits)
        expected = self.images.mean(axis=(1, 2))
        self.assertAllClose(values, expected, rtol=1e-5, atol=0)

    def test_graphs_that_reach_outside_are_refused(self):
        secret = self.here / "secret"
        secret.write_text("123")
        path = self.save(read=str(secret))
        with self.assertRaisesRegex(errors.UserError, "with ReadFile"):
            load(path)

    def refused(self, line, compute):
        """The model of a function from images to features is not loaded."""
        module = tf.Module()
        spec = tf.TensorSpec([None, None, None, 3], tf.float32)
        module.serve = tf.function(compute, input_signature=[spec])
        path = self.here / "hostile"
        shutil.rmtree(path, ignore_errors=True)
        tf.saved_model.save(module, str(path), signatures=module.serve)
        with self.assertRaisesRegex(errors.UserError, line) as caught:
            load(path)
        self.assertTrue(str(caught.exception).isprintable())

    def test_operations_that_no_list_of_bad_ones_had(self):
        secret = self.here / "secret"
        secret.write_text("123\n456\n")

        def reads(images):
            found = tf.raw_ops.GenerateVocabRemapping(
                new_vocab_file=str(secret),
                old_vocab_file=str(secret),
                new_vocab_offset=0,
                num_new_vocab=2,
            )
            count = tf.cast(found.num_present, tf.float32)
            return tf.reduce_mean(images, axis=[1, 2]) + count

        def describes(images):
            found = tf.raw_ops.DecodeProtoV2(
                bytes=tf.constant([b""]),
                message_type="a.B",
                field_names=["c"],
                output_types=[tf.int32],
                descriptor_source=str(secret),
            )
            count = tf.cast(tf.size(found.sizes), tf.float32)
            return tf.reduce_mean(images, axis=[1, 2]) + count

        def sometimes(images):
            """In a branch that these images do not take."""
            far = tf.reduce_max(images) > 1e9
            return tf.cond(far, lambda: reads(images), lambda: images[:, 0, 0])

        def prints(images):
            tf.print("hello", tf.shape(images))
            return images[:, 0, 0]

        def calls_python(images):
            return tf.numpy_function(lambda x: x[:, 0, 0], [images], tf.float32)

        self.refused("with GenerateVocabRemapping", reads)
        self.refused("with GenerateVocabRemapping", sometimes)
        self.refused("with DecodeProtoV2", describes)
        self.refused("with PrintV2, StringFormat", prints)
        self.refused("with PyFunc", calls_python)

    def test_larger_than_memory_may_be(self):
        def large(images):
            return tf.reduce_mean(images, [1, 2]) + tf.reduce_sum(
                tf.fill([2**18, 2**14], 1.0)
            )

        def sometimes(images):
            return tf.cond(
                tf.reduce_max(images) > 1e9,
                lambda: large(images),
                lambda: images[:, 0, 0],
            )

        for compute in (large, sometimes):
            self.refused("Fill would take 17.2 GB", compute)
        inputs = keras.Input([None, None, 3])
        x = keras.layers.UpSampling2D(10_000)(inputs)
        outputs = keras.layers.GlobalMaxPooling2D()(x)
        path = saved(self.here, inputs, outputs)
        with self.assertRaisesRegex(errors.UserError, "GB of memory"):
            load(path)

    def test_changed_bytes(self):
        """A fuzz: it loads, or there is one line."""
        path = self.save()
        file = path / "saved_model.pb"
        whole = file.read_bytes()
        random = np.random.RandomState(0)
        for _ in range(25):
            data = bytearray(whole)
            for at in random.randint(0, len(data), 5):
                data[at] = random.randint(256)
            file.write_bytes(data)
            try:
                load(path)
            except errors.UserError as error:
                self.assertTrue(str(error).isprintable(), error)

    def test_graphs_that_save_are_refused(self):
        """A saver every SavedModel has; it must not be called otherwise."""
        prefix = str(self.here / "overwritten")

        def compute(images):
            save = tf.raw_ops.SaveV2(
                prefix=prefix,
                tensor_names=["a"],
                shape_and_slices=[""],
                tensors=[tf.constant(1.0)],
            )
            with tf.control_dependencies([save]):
                return tf.reduce_mean(images, axis=[1, 2])

        module = tf.Module()
        spec = tf.TensorSpec([None, None, None, 3], tf.float32)
        module.serve = tf.function(compute, input_signature=[spec])
        path = self.here / "saves"
        tf.saved_model.save(module, str(path), signatures=module.serve)
        with self.assertRaisesRegex(errors.UserError, "with SaveV2"):
            load(path)
        # Nor if the file says that the signature is its saver.
        saved_model = saved_model_pb2.SavedModel()
        file = path / "saved_model.pb"
        saved_model.ParseFromString(file.read_bytes())
        saver = saved_model.meta_graphs[0].saver_def
        saver.restore_op_name = saver.save_tensor_name.split(":")[0]
        saver.save_tensor_name = "StatefulPartitionedCall:0"
        file.write_bytes(saved_model.SerializeToString())
        with self.assertRaisesRegex(errors.UserError, "SaveV2"):
            load(path)
        self.assertEmpty(list(self.here.glob("overwritten*")))

    def test_no_saved_model(self):
        empty = self.here / "empty"
        empty.mkdir()
        with self.assertRaisesRegex(errors.UserError, "no saved_model.pb"):
            load(empty)
        torn = self.save("torn")
        for file in (torn / "variables").iterdir():
            file.write_bytes(b"")
        with self.assertRaisesRegex(
            errors.UserError, "torn is truncated"
        ) as caught:
            load(torn)
        self.assertNotIn("\n", str(caught.exception))
        unnamed = self.here / "unnamed"
        tf.saved_model.save(tf.Module(), str(unnamed))
        with self.assertRaisesRegex(errors.UserError, "serving_default"):
            load(unnamed)


if __name__ == "__main__":
    tf.test.main()
