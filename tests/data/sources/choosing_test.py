"""Some images of each class, in proportion, by the first of each."""

import numpy as np

from pgan_tf.data.sources import choosing
from tests import common


class ChoosingTest(common.TestCase):
    def test_sorted_classes_of_equal_size(self) -> None:
        classes = np.repeat(np.arange(10), 1000)
        chosen = choosing.in_proportion(classes, 6000)
        expected = [1000 * each + np.arange(600) for each in range(10)]
        self.assertAllEqual(chosen, np.concatenate(expected))

    def test_all_if_there_are_no_more(self) -> None:
        classes = np.array([2, 0, 1])
        for count in (None, 3, 4):
            chosen = choosing.in_proportion(classes, count)
            self.assertAllEqual(chosen, [0, 1, 2])
            self.assertAllEqual(choosing.first(3, count), [0, 1, 2])
        self.assertAllEqual(choosing.first(3, 2), [0, 1])

    def test_shares(self) -> None:
        for sizes, count, shares in (
            ([50, 30, 20], 10, [5, 3, 2]),
            ([50, 30, 20], 7, [4, 2, 1]),  # 3.5, 2.1, 1.4
            ([97, 1, 1, 1], 10, [7, 1, 1, 1]),  # none is lost
            ([5, 5, 5], 4, [2, 1, 1]),  # ties by the classes' order
            ([9, 1], 9, [8, 1]),
            ([5, 4, 3], 2, [1, 1, 0]),  # fewer images than classes
        ):
            classes = np.repeat(np.arange(len(sizes)), sizes)
            found = np.bincount(
                classes[choosing.in_proportion(classes, count)],
                minlength=len(sizes),
            )
            self.assertAllEqual(found, shares, (sizes, count))

    def test_any_classes_in_any_order(self) -> None:
        rng = np.random.default_rng(0)
        for _ in range(200):
            size = int(rng.integers(1, 9))
            total = int(rng.integers(size, 60))
            classes = rng.integers(0, size, total) * 7 - 1
            count = int(rng.integers(1, total + 1))
            chosen = choosing.in_proportion(classes, count)
            self.assertLen(chosen, count)
            self.assertTrue((np.diff(chosen) > 0).all())
            for each in np.unique(classes):
                own = np.flatnonzero(classes == each)
                taken = chosen[classes[chosen] == each]
                # The first of its class, about its share, and some.
                self.assertAllEqual(taken, own[: len(taken)])
                exact = len(own) * count / total
                if count >= len(np.unique(classes)):
                    self.assertNotEmpty(taken)
                    self.assertLess(len(taken), exact + 1)

    def test_remark(self) -> None:
        classes = np.array([0, 0, 2])
        for size, expected in (
            (2, "3 of 9 images, of each class in proportion"),
            (5, "3 of 9 images, of each class in proportion; 3 classes have "
                "none"),
        ):  # fmt: skip
            found = choosing.remark(3, 9, classes, size)
            self.assertEqual(found, expected)
