from unittest import mock

import numpy as np
import tensorflow as tf
from PIL import Image, ImageDraw, ImageFont

from pgan_tf.evaluation.metrics import neighbours
from pgan_tf.evaluation.metrics.metric import Batch, Setting
from tests import common


def noise(count, size=8, seed=0):
    random = np.random.RandomState(seed)
    return random.randint(0, 256, (count, size, size, 3)).astype(np.uint8)


def value_of(reals, fakes, batch=7):
    metric = neighbours.NearestNeighbours(len(fakes), Setting(8))
    summaries = []
    for images in (reals, fakes):
        collector = metric.start(None)
        for start in range(0, len(images), batch):
            collector.add(Batch(images[start : start + batch]))
        summaries.append(collector.summary())
    return metric.result(*summaries, None)


class SearchTest(common.TestCase):
    def test_plain_search_over_all_pairs(self):
        queries, others = noise(12), noise(30, seed=1)
        others[5] = queries[3][:, ::-1]  # a mirrored copy
        others[6] = np.clip(queries[4].astype(int) + 3, 0, 255)
        with mock.patch.object(neighbours, "ROWS_AT_ONCE", 5):
            found = neighbours.search(queries, others)
        both = np.stack([others, others[:, :, ::-1]]).astype(float)
        for i, query in enumerate(queries):
            gaps = np.sqrt(np.square(both - query).mean(axis=(2, 3, 4)))
            order = np.argsort(gaps.min(axis=0))[:8]
            self.assertAllEqual(found.indices[i], order)
            self.assertAllClose(
                found.distances[i],
                gaps.min(axis=0)[order],
                rtol=1e-6,
                atol=1e-6,
            )
            mirrored = gaps[1] < gaps[0]
            self.assertAllEqual(found.mirrored[i], mirrored[order])
        self.assertEqual(found.distances[3, 0], 0)
        self.assertTrue(found.mirrored[3, 0])
        self.assertNear(found.distances[4, 0], 3, 0.1)

    def test_among_themselves_all_but_itself(self):
        images = noise(20)
        images[7] = images[2][:, ::-1]
        with mock.patch.object(neighbours, "ROWS_AT_ONCE", 6):
            found = neighbours.search(images, None)
        for i in range(20):
            self.assertNotIn(i, found.indices[i])
        self.assertEqual(found.indices[2, 0], 7)
        self.assertEqual(found.distances[2, 0], 0)
        self.assertGreater(found.distances[3, 0], 10)

    def test_shrunk_to_64_pixels(self):
        images = noise(2, 128)
        boxes = images.reshape(2, 64, 2, 64, 2, 3).mean(axis=(2, 4))
        small = neighbours.shrink(images)
        self.assertAllClose(small, boxes, rtol=0, atol=0.5)
        self.assertAllEqual(neighbours.shrink(small), small)
        wide = np.zeros((1, 100, 131, 3), np.uint8)
        self.assertEqual(neighbours.shrink(wide).shape, (1, 33, 43, 3))


class MetricTest(common.TestCase):
    def test_new_images(self):
        value = value_of(noise(400), noise(400, seed=1))
        self.assertLess(value.value, 0.05)
        self.assertEqual(value.note, "")
        self.assertNear(value.levels["fakes"], value.levels["reals"], 2)

    def test_copies(self):
        reals, fakes = noise(400), noise(400, seed=1)
        changed = np.clip(reals[:100, :, ::-1].astype(int) + 5, 0, 255)
        fakes[:100] = changed
        value = value_of(reals, fakes)
        self.assertNear(value.value, 0.25, 0.05)
        self.assertRegex(value.note, r"2\d\.\d% of the fakes look like copies")
        nearest = value.arrays["nearest"][10:-10, 10:-10]
        # Two lines of text, eight rows with one below each, and a note; cells
        # of 8x8 pixels enlarged by 12.
        rows = 2 * 22 + 8 * (96 + 22)
        panel = 4 * 96 + 2 * 4 + 12
        self.assertEqual(nearest.shape[1], 2 * panel + 24)
        self.assertIn(len(nearest) - rows, (22, 44))
        cell = nearest[44:140, :96]
        small = cell[::12, ::12]
        self.assertAllEqual(cell, small.repeat(12, 0).repeat(12, 1))
        # The first example is a copy: the real, mirrored, stands beside it.
        real = nearest[44:140:12, 108:204:12]
        self.assertAllLessEqual(np.abs(small.astype(int) - real), 5)
        self.assertTrue((reals[:100] == real).all(axis=(1, 2, 3)).any()
                        or (reals[:100, :, ::-1] == real)
                        .all(axis=(1, 2, 3)).any())  # fmt: skip
        self.assertLen(value.arrays["fakes"], 400)

    def test_blurred_fakes_are_no_copies(self):
        """They are nearer to all reals, but to none of them in particular."""
        reals = noise(400)
        fakes = noise(400, seed=1) // 8 + 112
        value = value_of(reals, fakes)
        self.assertLess(value.levels["fakes"], value.levels["reals"])
        self.assertLess(value.value, 0.05)

    def test_batches_are_of_no_influence(self):
        reals, fakes = noise(40), noise(40, seed=1)
        first, second = (value_of(reals, fakes, n) for n in (3, 40))
        self.assertEqual(first, second)
        self.assertAllEqual(first.arrays["fakes"], second.arrays["fakes"])

    def test_search_among_reals_is_done_once(self):
        metric = neighbours.NearestNeighbours(20, Setting(8))
        collector = metric.start(None)
        collector.add(Batch(noise(20)))
        reals = collector.summary()
        first = reals.among_themselves()
        self.assertIs(reals.among_themselves(), first)

    def test_what_is_written(self):
        """What the columns are, and how far each real is, by its pixels."""
        reals = np.zeros((3, 8, 8, 3), np.uint8)
        reals[1, :, :4] = 40
        fakes = np.zeros((9, 8, 8, 3), np.uint8)
        fakes[:, :, 4:] = 40
        found = neighbours.search(fakes, reals)
        picture = neighbours.picture(fakes, reals, found)[10:-10, 10:-10]
        # The mirrored one is the same; of the others half is 40 levels off.
        self.assertAllClose(
            found.distances[0], [0, 800**0.5, 800**0.5], rtol=1e-6, atol=1e-6
        )
        for left, top, text in (
            *((0, 0, "Most like copies"), (0, 22, "generated")),
            *((428, 0, "From the most to the least alike"),),
            *((108, 22, "nearest real images"), (108, 140, "0.0 mirrored")),
            *((208, 140, "28.3"), (308, 140 + 118, "28.3")),
        ):
            written = Image.new("RGB", (200, 22), "white")
            ImageDraw.Draw(written).text(
                (0, 11), text, "black", ImageFont.load_default(14), "lm"
            )
            wide = np.flatnonzero((np.asarray(written) < 255).any(axis=(0, 2)))
            part = np.asarray(written)[:, : wide.max() + 1]
            self.assertAllEqual(
                picture[top : top + 22, left : left + part.shape[1]], part, text
            )
        # Nothing of it is cut: the edges are white below the images.
        self.assertAllEqual(picture[-22:, -2:], np.full((22, 2, 3), 255))

    def test_narrow_images(self):
        fakes, reals = noise(9)[:, :, :2], noise(20, seed=1)[:, :, :2]
        found = neighbours.search(fakes, reals)
        picture = neighbours.picture(fakes, reals, found)[10:-10, 10:-10]
        # Cells as wide as what is written below them.
        self.assertEqual(picture.shape[1], 2 * (4 * 96 + 20) + 24)
        self.assertAllEqual(picture[44:140, 24:96], np.full((96, 72, 3), 255))


if __name__ == "__main__":
    tf.test.main()
