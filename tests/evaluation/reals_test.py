import contextlib
import dataclasses
import hashlib
import os
from unittest import mock

import numpy as np
import tensorflow as tf

from pgan_tf.base import errors, images
from pgan_tf.data.format import datasets
from pgan_tf.evaluation import fakes
from pgan_tf.evaluation.fakes import ArcPairs, DrawnFakes
from pgan_tf.evaluation.reals import draw, of_class, of_dataset, of_folder
from pgan_tf.networks import snapshots
from pgan_tf.runs import folder as run_folder
from pgan_tf.sampling import latent_table
from pgan_tf.sampling.drawing import Drawer
from tests import common, small_run


def all_of(images_set, minibatch=7):
    return np.concatenate(list(images_set.batches(minibatch)))


class RealsTest(common.TestCase):
    def setUp(self):
        super().setUp()
        here = self.folder()
        small_run.make(here, lods=())
        self.dataset = datasets.open_dataset(here / "dataset")

    def draw(self, count, mirror=False, seed=0, skip=0):
        level = of_dataset(self.dataset, 16)
        return draw(level, count, mirror, seed, skip)

    def test_images_of_the_dataset_in_the_drawn_order(self):
        reals = self.draw(40)
        self.assertAllEqual(np.sort(reals.indices), np.arange(40))
        self.assertNotAllEqual(reals.indices, np.arange(40))
        expected = small_run.pictures()[reals.indices]
        self.assertAllEqual(all_of(reals), expected)
        self.assertAllEqual(all_of(reals, 40), expected)

    def test_two_sets_share_no_image(self):
        first, second = self.draw(20), self.draw(20, skip=20)
        self.assertEmpty(set(first.indices) & set(second.indices))

    def test_seeded(self):
        self.assertAllEqual(self.draw(9).indices, self.draw(9).indices)
        other = self.draw(9, seed=1).indices
        self.assertNotAllEqual(self.draw(9).indices, other)

    def test_half_of_the_reals_mirrored(self):
        reals = self.draw(40, mirror=True)
        self.assertBetween(reals.mirrored.sum(), 10, 30)
        found = all_of(reals)
        plain = small_run.pictures()[reals.indices]
        flips = reals.mirrored
        self.assertAllEqual(found[flips], plain[flips][:, :, ::-1])
        self.assertAllEqual(found[~flips], plain[~flips])

    def test_streams_of_order_and_mirroring(self):
        """Two, of the seed; else what comes first would be flipped."""
        for seed in (0, 3):
            reals = self.draw(30, mirror=True, seed=seed, skip=5)
            order = np.random.RandomState([seed, 1]).permutation(40)
            coins = np.random.RandomState([seed, 2]).rand(40)
            self.assertAllEqual(reals.indices, order[5:35])
            self.assertAllEqual(reals.mirrored, (coins >= 0.5)[5:35])

    def test_labels_are_those_of_the_images(self):
        reals = self.draw(9, skip=4)
        self.assertAllEqual(reals.labels, small_run.labels()[reals.indices])

    def test_lower_resolution(self):
        reals = draw(of_dataset(self.dataset, 8), 10)
        self.assertEqual(all_of(reals).shape, (10, 8, 8, 3))


class DigestTest(common.TestCase):
    def setUp(self):
        super().setUp()
        self.here = self.folder()
        small_run.make(self.here, lods=())
        self.dataset = datasets.open_dataset(self.here / "dataset")

    def test_of_a_dataset_at_any_size(self):
        for size in (16, 4):
            found = of_dataset(self.dataset, size).digest
            self.assertEqual(found, self.dataset.digest)

    def test_of_a_class(self):
        """Files of results hold it."""
        whole = of_dataset(self.dataset, 16)
        text = f"{self.dataset.digest} label 1"
        expected = hashlib.sha256(text.encode()).hexdigest()
        self.assertEqual(of_class(whole, 1).digest, expected)

    def test_of_a_folder_when_it_is_asked_for(self):
        folder = self.here / "pictures"
        folder.mkdir()
        for i in range(2):
            path = folder / f"{i}.png"
            images.save_png(path, np.zeros((4, 4, 3), np.uint8))
        whole = of_folder(folder)
        os.utime(path, (7, 7))
        lines = [str(folder.resolve())]
        for name in ("0.png", "1.png"):
            stat = (folder / name).stat()
            lines.append(f"{name} {stat.st_size} {stat.st_mtime_ns}")
        expected = hashlib.sha256("\n".join(lines).encode()).hexdigest()
        self.assertEqual(whole.digest, expected)
        # And only once.
        os.utime(path, (8, 8))
        self.assertEqual(whole.digest, expected)


class FakesTest(common.TestCase):
    def test_quantised_and_in_the_order_of_the_latents(self):
        run_dir = small_run.make(self.folder())
        path = run_folder.list_snapshots(run_dir)[-1]
        generator = snapshots.load_generator(path)
        fakes = all_of(DrawnFakes(Drawer(generator), 10, seed=3))
        self.assertEqual(fakes.dtype, np.uint8)
        latents = latent_table.latents(0, 10, generator.latent_size, 3)
        expected = images.to_uint8(np.asarray(generator(latents)))
        # A convolution may round otherwise in another minibatch.
        difference = np.abs(fakes.astype(int) - expected)
        self.assertLessEqual(difference.max(), 1)

    def test_growing_networks_are_shown_at_full_size(self):
        run_dir = small_run.make(self.folder())
        path = run_folder.list_snapshots(run_dir)[0]
        generator = snapshots.load_generator(path)
        fakes = all_of(DrawnFakes(Drawer(generator), 3, seed=0))
        self.assertEqual(fakes.shape, (3, 16, 16, 3))
        small = fakes[:, ::2, ::2]
        self.assertAllEqual(fakes, images.upscale(small, 2))

    def test_grayscale_becomes_rgb(self):
        here = self.folder()
        run_dir = small_run.make(here, channels=1)
        path = run_folder.list_snapshots(run_dir)[-1]
        generator = snapshots.load_generator(path)
        fakes = all_of(DrawnFakes(Drawer(generator), 3, seed=0))
        dataset = datasets.open_dataset(here / "dataset")
        reals = all_of(draw(of_dataset(dataset, 16), 3))
        for pixels in (fakes, reals):
            self.assertEqual(pixels.shape, (3, 16, 16, 3))
            self.assertAllEqual(pixels[..., 0], pixels[..., 2])

    def test_labels_reach_the_generator(self):
        run_dir = small_run.make(self.folder(), label_size=2)
        path = run_folder.list_snapshots(run_dir)[-1]
        generator = snapshots.load_generator(path)
        one = np.tile([[1.0, 0.0]], [4, 1]).astype(np.float32)
        first = all_of(DrawnFakes(Drawer(generator), 4, 0, one))
        second = all_of(DrawnFakes(Drawer(generator), 4, 0, one[:, ::-1]))
        self.assertNotAllEqual(first, second)

    def test_labels_again_from_the_first(self):
        labels = np.eye(3, dtype=np.float32)
        fakes = DrawnFakes(None, 9, 0, labels)
        found = fakes.labels_of(slice(5, 9))
        self.assertAllEqual(found, labels[[2, 0, 1, 2]])

    def test_snapshots_of_other_datasets(self):
        dataset = mock.Mock(num_channels=3, label_size=2)
        fits = {"resolution": 16, "num_channels": 3, "label_size": 2}
        for changed, is_right in (
            ({}, True),
            ({"label_size": 0}, True),
            ({"label_size": 3}, False),
            ({"num_channels": 1}, False),
            ({"resolution": 8}, False),
        ):
            generator = mock.Mock(**{**fits, **changed})
            context = contextlib.nullcontext()
            if not is_right:
                context = self.assertRaisesRegex(
                    errors.UserError, "a.keras draws .*--data_dir"
                )
            with context:
                fakes.check(generator, "a.keras", dataset, 16)

    def test_truncated_latents(self):
        run_dir = small_run.make(self.folder())
        path = run_folder.list_snapshots(run_dir)[-1]
        generator = snapshots.load_generator(path)
        fakes = DrawnFakes(Drawer(generator), 3, seed=5, truncation=0.5)
        latents = latent_table.latents(0, 3, generator.latent_size, 5, 0.5)
        self.assertAllEqual(fakes.latents(slice(0, 3)), latents)
        free = DrawnFakes(Drawer(generator), 3, seed=5)
        self.assertNotAllEqual(all_of(fakes), all_of(free))


class ArcPairsTest(common.TestCase):
    def setUp(self):
        super().setUp()
        run_dir = small_run.make(self.folder(), label_size=2)
        path = run_folder.list_snapshots(run_dir)[-1]
        generator = snapshots.load_generator(path)
        labels = np.eye(2, dtype=np.float32)[[0, 1, 1]]
        fakes = DrawnFakes(Drawer(generator), 7, 0, labels)
        self.steps = ArcPairs(fakes, 1e-2)

    def test_pairs_on_arcs(self):
        latents = self.steps.latents(slice(0, 7)).astype(np.float64)
        size = latents.shape[1]
        starts, ends = latents[::2], latents[1::2]
        # All of length sqrt(size), as normal draws have on average.
        self.assertAllClose(
            np.square(latents).mean(axis=1), np.ones(14), rtol=1e-6, atol=1e-6
        )
        cosines = (starts * ends).sum(axis=1) / size
        angles = np.arccos(np.clip(cosines, -1, 1)) / 1e-2
        # The arcs lead from the fakes' own latents to others.
        size = latents.shape[1]
        a, b = (latent_table.latents(0, 7, size, seed) for seed in (0, 2**40))
        a, b = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in (a, b))
        whole = np.arccos((a * b).sum(axis=1))
        self.assertAllClose(angles, whole, rtol=1e-3, atol=0)
        along = np.arccos((a * starts).sum(axis=1) / np.sqrt(size)) / whole
        self.assertBetween(along.min(), 0, 1)
        self.assertGreater(along.std(), 0.1)

    def test_each_pair_has_a_place_of_its_own_by_the_seed(self):
        other = ArcPairs(dataclasses.replace(self.steps.fakes, seed=1), 1e-2)
        size = self.steps.latents(slice(0, 1)).shape[1]
        places = []
        for seed, steps in ((0, self.steps), (1, other)):
            starts = steps.latents(slice(0, 7))[::2].astype(np.float64)
            a, b = (
                latent_table.latents(0, 7, size, each).astype(np.float64)
                for each in (seed, seed + 2**40)
            )
            a, b = (x / np.linalg.norm(x, axis=1)[:, None] for x in (a, b))
            whole = np.arccos((a * b).sum(axis=1))
            along = np.arccos((a * starts).sum(axis=1) / np.sqrt(size))
            places.append(along / whole)
            expected = [
                np.random.RandomState([seed, 3, i]).rand() for i in range(7)
            ]
            self.assertAllClose(places[-1], expected, rtol=1e-4, atol=1e-5)

    def test_rows_do_not_depend_on_batches(self):
        whole = self.steps.latents(slice(0, 7))
        parts = [self.steps.latents(slice(a, b)) for a, b in ((0, 3), (3, 7))]
        self.assertAllEqual(whole, np.concatenate(parts))

    def test_images_are_not_quantised(self):
        batches = list(self.steps.batches(5))
        self.assertEqual([len(batch) for batch in batches], [4, 4, 4, 2])
        pixels = np.concatenate(batches)
        self.assertEqual(pixels.dtype, np.float32)
        self.assertNotAllEqual(pixels, np.rint(pixels))
        fakes = self.steps.fakes
        labels = fakes.labels[[0, 0, 1, 1, 2, 2, 0, 0, 1, 1, 2, 2, 0, 0]]
        drawn = fakes.drawer.generator(self.steps.latents(slice(0, 7)), labels)
        expected = np.asarray(drawn) * 127.5 + 127.5
        self.assertAllClose(pixels, expected, rtol=0, atol=1e-2)


if __name__ == "__main__":
    tf.test.main()
