"""Walks: against plain NumPy, and that they close."""

import numpy as np

from pgan_tf.sampling import walks
from tests import common


def steps(walk: np.ndarray) -> np.ndarray:
    """How far each frame is from the next, and the last from the first."""
    ahead = np.roll(walk, -1, axis=0)
    return np.sqrt(np.square(ahead - walk).reshape(len(walk), -1).sum(axis=1))


class SmoothTest(common.TestCase):
    def test_is_a_circular_convolution(self):
        noise = np.random.RandomState(0).randn(60, 2, 5)
        sigma = 3.0
        # scipy's filter ends at four sigmas.
        offsets = np.arange(-12, 13)
        weights = np.exp(-0.5 * (offsets / sigma) ** 2)
        weights /= weights.sum()
        expected = np.zeros_like(noise)
        for frame in range(60):
            for offset, weight in zip(offsets, weights, strict=True):
                expected[frame] += weight * noise[(frame + offset) % 60]
        expected /= np.sqrt(np.mean(expected**2))
        found = walks.smooth(noise, sigma)
        self.assertEqual(found.dtype, np.float32)
        self.assertAllClose(found, expected, rtol=1e-6, atol=1e-5)

    def test_unit_variance_and_closed(self):
        noise = np.random.RandomState(1).randn(200, 3, 16)
        walk = walks.smooth(noise, 20.0)
        self.assertAllClose(np.mean(np.square(walk)), 1.0, rtol=1e-6, atol=1e-5)
        lengths = steps(walk)
        # The step from the last frame to the first is one like the others.
        self.assertLess(lengths[-1], 1.5 * np.median(lengths))
        self.assertLess(lengths.max(), 2 * np.median(lengths))
        # And each is short: 1/20 of a sigma is 1/sqrt(2) of the filter's.
        self.assertAllClose(
            np.mean(np.square(lengths)), 48 / (2 * 20**2), rtol=0.1, atol=0
        )

    def test_cells_do_not_mix(self):
        noise = np.random.RandomState(2).randn(30, 2, 4)
        other = noise.copy()
        other[:, 1] *= -1
        found, changed = walks.smooth(noise, 2.0), walks.smooth(other, 2.0)
        self.assertAllClose(found[:, 0], changed[:, 0], rtol=1e-6, atol=1e-6)
        self.assertAllClose(found[:, 1], -changed[:, 1], rtol=1e-6, atol=1e-6)

    def test_without_smoothing(self):
        noise = np.random.RandomState(3).randn(8, 4)
        expected = noise / np.sqrt(np.mean(noise**2))
        self.assertAllClose(
            walks.smooth(noise, 0.0), expected, rtol=1e-6, atol=1e-6
        )


class ThroughTest(common.TestCase):
    def test_passes_stations_and_closes(self):
        stations = np.random.RandomState(0).randn(3, 32).astype(np.float32)
        walk = walks.through(stations, 60)
        self.assertEqual(walk.shape, (60, 32))
        for i in range(3):
            self.assertAllClose(walk[20 * i], stations[i], rtol=1e-6, atol=1e-6)
        lengths = steps(walk)
        self.assertLess(lengths.max(), 1.5 * lengths.min())

    def test_frames_that_do_not_divide(self):
        stations = np.eye(3, dtype=np.float32)
        walk = walks.through(stations, 4)
        # At times 0, 0.75, 1.5 and 2.25 of the three legs.
        angle = np.pi / 2
        expected = [
            [1, 0, 0],
            [np.cos(0.75 * angle), np.sin(0.75 * angle), 0],
            [0, np.sqrt(0.5), np.sqrt(0.5)],
            [np.sin(0.25 * angle), 0, np.cos(0.25 * angle)],
        ]
        self.assertAllClose(walk, expected, rtol=1e-6, atol=1e-6)


class SlerpTest(common.TestCase):
    def test_quarter_circle(self):
        for t in (0.0, 0.25, 1 / 3, 1.0):
            found = walks.slerp(np.array([2.0, 0]), np.array([0, 2.0]), t)
            angle = t * np.pi / 2
            self.assertAllClose(
                found,
                [2 * np.cos(angle), 2 * np.sin(angle)],
                rtol=1e-6,
                atol=1e-6,
            )

    def test_keeps_the_length(self):
        a, b = np.random.RandomState(0).randn(2, 512)
        middle = walks.slerp(a, b, 0.5)
        mean = (np.linalg.norm(a) + np.linalg.norm(b)) / 2
        self.assertAllClose(np.linalg.norm(middle), mean, rtol=0.05, atol=0)
        self.assertLess(np.linalg.norm((a + b) / 2), 0.8 * mean)

    def test_equal_latents(self):
        a = np.array([1.0, 2.0])
        self.assertAllClose(walks.slerp(a, a, 0.3), a, rtol=1e-6, atol=1e-6)
