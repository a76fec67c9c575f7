from unittest import mock

import numpy as np
import tensorflow as tf

from pgan_tf.evaluation.metrics import frechet
from tests import common


def streamed(features, batch=37):
    moments = frechet.Moments(features.shape[1])
    for start in range(0, len(features), batch):
        moments.add(features[start : start + batch])
    return moments


def of_features(features1, features2):
    first, second = streamed(features1), streamed(features2)
    return frechet.distance(
        first.mean, first.covariance(), second.mean, second.covariance()
    )


class MomentsTest(common.TestCase):
    def setUp(self):
        super().setUp()
        # A mean far from 0, where float32 sums fail.
        shift = np.linspace(0, 50, 64)
        self.features = common.golden("metrics_features")["features_real"]
        self.features = self.features + shift

    def test_equal_to_np_cov_for_any_batch(self):
        for batch in (1, 7, 64, 199, 200, 500):
            moments = streamed(self.features, batch)
            self.assertEqual(moments.count, 200)
            self.assertAllClose(
                moments.mean, self.features.mean(axis=0), rtol=1e-12, atol=0
            )
            # Relative to the largest entry.
            expected = np.cov(self.features, rowvar=False)
            scale = np.abs(expected).max()
            self.assertAllClose(
                moments.covariance() / scale,
                expected / scale,
                rtol=0,
                atol=1e-13,
            )

    def test_golden_moments(self):
        golden = common.golden("metrics_reference2")
        moments = streamed(golden["fid/cov_example/act"], 16)
        self.assertAllClose(
            moments.mean, golden["fid/cov_example/mu"], rtol=0, atol=1e-12
        )
        self.assertAllClose(
            moments.covariance(),
            golden["fid/cov_example/sigma"],
            rtol=0,
            atol=1e-12,
        )

    def test_empty_batch_changes_nothing(self):
        moments = streamed(self.features)
        moments.add(np.zeros((0, 64), np.float32))
        self.assertEqual(moments.count, 200)
        self.assertAllEqual(moments.mean, streamed(self.features).mean)

    def test_one_row_has_no_covariance(self):
        with self.assertRaisesRegex(ValueError, "1 rows"):
            streamed(self.features[:1]).covariance()


class DistanceTest(common.TestCase):
    def test_golden_features(self):
        golden = common.golden("metrics_features")
        reals, fakes = golden["features_real"], golden["features_fake"]
        # 40 rows in 64 dimensions: the covariance is singular.
        singular = golden["features_small"]
        cases = [
            (reals, fakes, 6.932060823507),
            (singular, fakes, 19.10276989355833),
            (reals, reals, 0.0),
            (singular, singular, 0.0),
        ]
        for first, second, expected in cases:
            self.assertNear(of_features(first, second), expected, 1e-9)

    def test_golden_moments(self):
        golden = common.golden("metrics_reference")
        golden |= common.golden("metrics_reference2")
        # The reference's sqrtm is 1e-7 off where covariances are singular.
        cases = {
            "full16": 1e-9,
            "zero_columns": 1e-9,
            "identical": 1e-9,
            "singular64_one": 1e-6,
            "singular64_both": 1e-6,
        }
        for case, tolerance in cases.items():
            names = ("mu1", "sigma1", "mu2", "sigma2")
            moments = [golden[f"fid/{case}/{name}"] for name in names]
            value = frechet.distance(*moments)
            expected = float(golden[f"fid/{case}/ref"])
            self.assertNear(value, expected, tolerance, case)
            exact = float(golden[f"fid/{case}/exact_eigh"])
            # Without the cut of noise, where covariances are singular.
            self.assertNear(value, exact, max(1e-9, tolerance / 4), case)

    def test_covariances_that_do_not_commute(self):
        a = np.array([[2.0, 0.7], [0.7, 1.0]])
        b = np.array([[1.0, -0.4], [-0.4, 3.0]])
        # (Tr root)^2 = Tr(AB) + 2 sqrt(det A det B) in two dimensions.
        root = np.sqrt(
            np.trace(a @ b) + 2 * np.sqrt(np.linalg.det(a) * np.linalg.det(b))
        )
        value = frechet.trace_of_root(a, b)
        self.assertNear(value, root, 1e-12)

    def test_factor_of_regular_and_singular(self):
        """Cholesky's factor and that by eigenvalues lead to one number."""
        golden = common.golden("metrics_features")
        first, second = (
            streamed(golden[f"features_{name}"]).covariance()
            for name in ("real", "fake")
        )
        cholesky = frechet.trace_of_root(first, second)
        with mock.patch.object(frechet, "REGULAR", np.inf):
            eigenvalues = frechet.trace_of_root(first, second)
        self.assertNear(cholesky, eigenvalues, 1e-11)
        # Rank 1: (S S)^(1/2) = S.
        line = np.outer(np.arange(5.0), np.arange(5.0))
        self.assertNear(frechet.trace_of_root(line, line), 30, 1e-9)
        nothing = np.zeros((5, 5))
        self.assertEqual(frechet.trace_of_root(nothing, line), 0)

    def test_rotated_diagonal_gaussians(self):
        random = np.random.RandomState(3)
        rotation, _ = np.linalg.qr(random.randn(64, 64))
        a, b = random.uniform(0.1, 4, (2, 64))
        shift = random.randn(64)
        expected = shift @ shift + ((np.sqrt(a) - np.sqrt(b)) ** 2).sum()
        value = frechet.distance(
            np.zeros(64),
            rotation @ np.diag(a) @ rotation.T,
            shift,
            rotation @ np.diag(b) @ rotation.T,
        )
        self.assertNear(value, expected, 1e-10)

    def test_mean_shift_alone(self):
        covariance = np.cov(np.random.RandomState(5).randn(8, 30))
        shift = np.arange(8.0)
        value = frechet.distance(np.zeros(8), covariance, shift, covariance)
        self.assertNear(value, 140.0, 1e-9)


if __name__ == "__main__":
    tf.test.main()
