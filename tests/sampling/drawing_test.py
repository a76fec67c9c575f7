"""Latents and batched generation."""

import keras
import numpy as np
import scipy.stats

from pgan_tf.base.devices import Replicas
from pgan_tf.networks import snapshots
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.sampling import drawing, latent_table
from tests import common, processes


class LatentsTest(common.TestCase):
    def test_rows_do_not_depend_on_batches(self):
        whole = latent_table.latents(0, 10, 8, seed=3)
        parts = [latent_table.latents(i, 5, 8, seed=3) for i in (0, 5)]
        self.assertAllEqual(whole, np.concatenate(parts))

    def test_rows_and_seeds_differ(self):
        rows = np.concatenate(
            [latent_table.latents(0, 50, 8, seed) for seed in (0, 1)]
        )
        self.assertLen(np.unique(rows, axis=0), 100)

    def test_normal(self):
        rows = latent_table.latents(0, 2000, 32, seed=0)
        self.assertEqual(rows.dtype, np.float32)
        self.assertAllClose(rows.mean(), 0.0, rtol=0, atol=0.02)
        self.assertAllClose(rows.std(), 1.0, rtol=0, atol=0.02)
        correlation = np.corrcoef(rows[:-1].ravel(), rows[1:].ravel())[0, 1]
        self.assertAllClose(correlation, 0.0, rtol=0, atol=0.02)

    def test_truncated_rows_do_not_depend_on_batches(self):
        whole = latent_table.latents(0, 10, 8, 3, truncation=0.7)
        parts = [latent_table.latents(i, 5, 8, 3, 0.7) for i in (0, 5)]
        self.assertAllEqual(whole, np.concatenate(parts))

    def test_truncation_draws_again_what_lies_outside(self):
        free = latent_table.latents(0, 500, 64, seed=1)
        self.assertAllEqual(free, latent_table.latents(0, 500, 64, 1, 99.0))
        for limit in (0.01, 0.5, 1.0):
            rows = latent_table.latents(0, 500, 64, 1, limit)
            self.assertEqual(rows.dtype, np.float32)
            within = np.abs(free) <= limit
            self.assertAllEqual(rows[within], free[within])
            self.assertAllLessEqual(np.abs(rows), limit)
            again = rows[~within]
            expected = scipy.stats.truncnorm(-limit, limit)
            self.assertGreater(
                scipy.stats.kstest(again, expected.cdf).pvalue, 0.01
            )

    def test_truncation_of_nothing_is_refused(self):
        for limit in (0.0, -1.0, float("nan")):
            with self.assertRaisesRegex(ValueError, "above 0"):
                latent_table.latents(0, 1, 8, 0, limit)


class GenerateTest(common.TestCase):
    def setUp(self):
        super().setUp()
        keras.utils.set_random_seed(0)
        self.G = Generator(
            resolution=16, num_channels=3, fmap_base=64, label_size=2
        )
        self.latents = latent_table.latents(0, 7, self.G.latent_size, seed=0)
        self.labels = np.eye(2, dtype=np.float32)[[0, 1, 1, 0, 1, 0, 0]]

    def test_does_not_depend_on_the_minibatch(self):
        whole = drawing.generate(self.G, self.latents, self.labels)
        parts = drawing.generate(self.G, self.latents, self.labels, minibatch=3)
        self.assertEqual(whole.shape, (7, 16, 16, 3))
        self.assertAllClose(whole, parts, rtol=1e-6, atol=1e-5)

    def test_mid_growth_pixels_are_repeated(self):
        self.G.lod = 1.5
        drawn = drawing.generate(self.G, self.latents, self.labels)
        expected = np.asarray(self.G(self.latents, self.labels))
        self.assertEqual(expected.shape, (7, 8, 8, 3))
        self.assertAllEqual(drawn[:, ::2, ::2], expected)
        self.assertAllEqual(drawn[:, 1::2, 1::2], expected)

    def test_no_latents_give_no_images(self):
        for labels in (None, self.labels[:0]):
            drawn = drawing.generate(self.G, self.latents[:0], labels)
            self.assertEqual(drawn.shape, (0, 16, 16, self.G.num_channels))
            self.assertEqual(drawn.dtype, np.float32)
        self.assertEmpty(list(drawing.pixels(self.G, self.latents[:0], None)))

    def test_minibatch_of_the_reference(self):
        sizes = {1024: 8, 4096: 4, 128: 64, 32: 256, 4: 256}
        for resolution, expected in sizes.items():
            found = drawing.default_minibatch(resolution)
            self.assertEqual(found, expected)

    def test_another_lod(self):
        drawn = drawing.generate(self.G, self.latents, self.labels, lod=1)
        expected = np.asarray(self.G(self.latents, self.labels, resolution=8))
        self.assertEqual(drawn.shape, (7, 16, 16, 3))
        self.assertAllEqual(common.native(drawn, 8), expected)

        for lod in (-0.5, 2.5, float("nan")):
            with self.assertRaisesRegex(ValueError, "not between 0 and 2"):
                drawing.generate(self.G, self.latents, self.labels, lod)

    def test_what_does_not_fit_is_named(self):
        with self.assertRaisesRegex(ValueError, "latents of size 64, not 5"):
            drawing.generate(self.G, np.zeros((2, 5)), self.labels)
        with self.assertRaisesRegex(ValueError, "labels of size 2"):
            drawing.generate(self.G, self.latents)

    def test_parts_come_in_order(self):
        parts = list(drawing.draw(self.G, self.latents, self.labels, 3))
        self.assertEqual([len(part) for part in parts], [3, 3, 1])
        whole = drawing.generate(self.G, self.latents, self.labels)
        self.assertAllClose(np.concatenate(parts), whole, rtol=1e-6, atol=1e-5)

    def test_compiled_once_for_all_minibatches(self):
        """Labels, a lod between two resolutions, and an uneven last part."""
        drawer = drawing.Drawer(self.G, Replicas(), lod=0.5)
        found = [
            drawer(self.latents[part], self.labels[part])
            for part in (slice(0, 3), slice(3, 6), slice(6, 7))
        ]
        expected = drawing.generate(self.G, self.latents, self.labels, lod=0.5)
        self.assertAllClose(
            np.concatenate(found), expected, rtol=1e-6, atol=1e-5
        )


SEVERAL_DEVICES = """
import sys
import keras, numpy as np, tensorflow as tf
tf.config.set_logical_device_configuration(
    tf.config.list_physical_devices("CPU")[0],
    [tf.config.LogicalDeviceConfiguration()] * 3,
)
from pgan_tf import sampling
from pgan_tf.networks import snapshots
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.sampling import drawing
G = snapshots.load_generator(sys.argv[1])
used = set()
call = Generator.call
def spy(self, *args, **options):
    drawn = call(self, *args, **options)
    used.add(drawn.device[-5:])
    return drawn
Generator.call = spy
latents = sampling.latents(0, 11, G.latent_size, seed=0)
labels = np.eye(2, dtype="f4")[np.arange(11) % 2]
parts = list(drawing.draw(G, latents, labels, minibatch=2))
np.save(sys.argv[2], np.concatenate(parts))
print(sorted(used), [len(part) for part in parts])
"""


class DevicesTest(common.TestCase):
    def test_all_devices_are_used_and_change_nothing(self):
        here = self.folder()
        keras.utils.set_random_seed(0)
        G = Generator(
            resolution=8, num_channels=3, fmap_base=64, label_size=2, lod=0.5
        )
        snapshots.save_generator(G, here / "G.keras")
        said = processes.succeed(
            *("-c", SEVERAL_DEVICES, "G.keras", "drawn.npy"),
            cwd=here,
            env={"PYTHONPATH": common.ROOT},
        )
        # Each draws two at a time.
        self.assertEqual(said, "['CPU:0', 'CPU:1', 'CPU:2'] [6, 5]\n")
        latents = latent_table.latents(0, 11, G.latent_size, seed=0)
        labels = np.eye(2, dtype=np.float32)[np.arange(11) % 2]
        # One latent at a time, each as if it were alone.
        expected = drawing.generate(G, latents, labels, minibatch=1)
        drawn = np.load(here / "drawn.npy")
        self.assertAllClose(drawn, expected, rtol=1e-6, atol=1e-5)
