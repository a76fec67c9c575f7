"""Loss terms against plain NumPy."""

import numpy as np

from pgan_tf import losses
from tests import common


class LossesTest(common.TestCase):
    def setUp(self):
        super().setUp()
        random = np.random.RandomState(0)
        self.reals = random.randn(6, 1).astype(np.float32)
        self.fakes = random.randn(6, 1).astype(np.float32)

    def test_wgan(self):
        expected = (self.fakes - self.reals)[:, 0]
        self.assertAllClose(losses.wgan_d(self.reals, self.fakes), expected)
        self.assertAllClose(losses.wgan_g(self.fakes), -self.fakes[:, 0])

    def test_gradient_norms(self):
        gradients = np.random.RandomState(1).randn(3, 4, 4, 2)
        gradients = gradients.astype(np.float32)
        norms = np.sqrt((gradients**2).sum((1, 2, 3)))
        self.assertAllClose(
            losses.gradient_norms(gradients, 0.25), norms / 4, rtol=1e-6
        )

    def test_gradient_penalty(self):
        norms = np.array([0.0, 1.0, 3.0], np.float32)
        self.assertAllClose(losses.gradient_penalty(norms), [1.0, 0.0, 4.0])
        # CIFAR-10's target: a norm off by its whole size costs 1.
        norms = np.array([0.0, 750.0, 1500.0], np.float32)
        self.assertAllClose(
            losses.gradient_penalty(norms, 750.0), [1.0, 0.0, 1.0]
        )

    def test_drift_penalty(self):
        expected = self.reals[:, 0] ** 2
        self.assertAllClose(losses.drift_penalty(self.reals), expected)

    def test_label_penalty(self):
        logits = np.random.RandomState(2).randn(3, 4).astype(np.float32)
        labels = np.array([[0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]])
        labels = labels.astype(np.float32)
        softmax = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        expected = [-np.log(softmax[0, 1]), -np.log(softmax[1, 3]), 0.0]
        self.assertAllClose(losses.label_penalty(labels, logits), expected)
