"""Loss terms against plain NumPy."""

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.runs import option_tree
from pgan_tf.runs.options import RunOptions
from pgan_tf.training import losses
from tests import common


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


# D's and G's losses of a real's score r and a fake's f.
FORMULAS = {
    "wgan-gp": (lambda r, f: f - r, lambda f: -f),
    "wgan-lp": (lambda r, f: f - r, lambda f: -f),
    "logistic": (
        lambda r, f: -np.log(sigmoid(r)) - np.log(1 - sigmoid(f)),
        lambda f: -np.log(sigmoid(f)),
    ),
    "minimax": (
        lambda r, f: -np.log(sigmoid(r)) - np.log(1 - sigmoid(f)),
        lambda f: np.log(1 - sigmoid(f)),
    ),
    "lsgan": (
        lambda r, f: ((r - 1) ** 2 + f**2) / 2,
        lambda f: (f - 1) ** 2 / 2,
    ),
    "hinge": (
        lambda r, f: np.maximum(0, 1 - r) + np.maximum(0, 1 + f),
        lambda f: -f,
    ),
}


class AdversarialTest(common.TestCase, parameterized.TestCase):
    def test_every_choice_has_its_loss(self):
        (leaf,) = [
            f for f in option_tree.leaves(RunOptions) if f.name == "loss"
        ]
        self.assertEqual(set(leaf.metadata["choices"]), set(FORMULAS))
        self.assertEqual(set(losses.ADVERSARIAL), set(FORMULAS))

    @parameterized.parameters(*FORMULAS)
    def test_values(self, name):
        real, fake = np.random.RandomState(0).randn(2, 6, 1) * 2
        d_loss, g_loss = losses.ADVERSARIAL[name]
        expected_d, expected_g = FORMULAS[name]
        r, f = real.astype(np.float32), fake.astype(np.float32)
        found = d_loss(r, f)
        self.assertEqual(found.shape, (6,))
        self.assertAllClose(
            found, expected_d(real, fake)[:, 0], rtol=1e-6, atol=1e-5
        )
        self.assertAllClose(
            g_loss(f), expected_g(fake)[:, 0], rtol=1e-6, atol=1e-5
        )

    @parameterized.parameters(*FORMULAS)
    def test_directions(self, name):
        """D raises reals and lowers fakes; G raises fakes."""
        d_loss, g_loss = losses.ADVERSARIAL[name]
        real, fake = tf.constant([[0.5]]), tf.constant([[-0.5]])
        with tf.GradientTape(persistent=True) as tape:
            tape.watch([real, fake])
            if name == "lsgan":  # to the targets 1 and 0
                fake += 1.0
            d, g = d_loss(real, fake), g_loss(fake)
        self.assertAllLess(tape.gradient(d, real), 0.0)
        self.assertAllGreater(tape.gradient(d, fake), 0.0)
        self.assertAllLess(tape.gradient(g, fake), 0.0)

    def test_only_minimax_saturates(self):
        """Where D is sure of a fake, G still learns from the logistic loss."""
        fake = tf.constant([[-12.0]])
        with tf.GradientTape(persistent=True) as tape:
            tape.watch(fake)
            slow, fast = losses.minimax_g(fake), losses.logistic_g(fake)
        self.assertAllInRange(tape.gradient(slow, fake), -1e-5, 0.0)
        self.assertAllClose(
            tape.gradient(fast, fake), [[-1.0]], rtol=1e-6, atol=1e-5
        )

    def test_far_scores_stay_finite(self):
        far = np.array([[1000.0]], np.float32)
        self.assertAllClose(
            losses.logistic_d(-far, far), [2000.0], rtol=1e-6, atol=1e-6
        )
        self.assertAllClose(
            losses.logistic_g(-far), [1000.0], rtol=1e-6, atol=1e-6
        )


class PenaltiesTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(
        ("wgan-gp", "gp"),
        ("wgan-lp", "lp"),
        ("logistic", "r1"),
        ("minimax", "r1"),
        ("lsgan", "none"),
        ("hinge", "none"),
    )
    def test_auto(self, loss, expected):
        self.assertEqual(losses.choose_penalty(loss, "auto"), expected)
        self.assertEqual(losses.choose_penalty(loss, "r2"), "r2")
        self.assertEqual(losses.has_drift(loss), loss.startswith("wgan"))

    def test_one_sided(self):
        norms = tf.constant([0.0, 1.0, 3.0])
        with tf.GradientTape() as tape:
            tape.watch(norms)
            penalty = losses.one_sided_penalty(norms)
        self.assertAllClose(penalty, [0.0, 0.0, 4.0], rtol=1e-6, atol=1e-6)
        self.assertAllClose(
            tape.gradient(penalty, norms), [0.0, 0.0, 4.0], rtol=1e-6, atol=1e-6
        )
        self.assertAllClose(
            losses.one_sided_penalty(norms, 2.0),
            [0.0, 0.0, 0.25],
            rtol=1e-6,
            atol=1e-6,
        )

    def test_zero_centered(self):
        self.assertAllClose(
            losses.zero_centered_penalty(np.float32([0, 1, 4])),
            [0, 0.5, 8],
            rtol=1e-6,
            atol=1e-6,
        )

    def test_orthogonal(self):
        random = np.random.RandomState(0)
        kernels = [random.randn(*s) for s in ((3, 3, 2, 5), (4, 40))]
        expected = 0.0
        for kernel in kernels:
            filters = kernel.reshape(-1, kernel.shape[-1])
            products = filters.T @ filters
            expected += np.sum((products * (1 - np.eye(len(products)))) ** 2)
        found = losses.orthogonal_penalty(
            [tf.constant(k, tf.float32) for k in kernels]
        )
        self.assertAllClose(found, expected, rtol=1e-5, atol=0)

    def test_orthogonal_leaves_lengths_alone(self):
        kernel = tf.constant([[3.0, 0.5], [0.0, 2.0]])
        with tf.GradientTape() as tape:
            tape.watch(kernel)
            penalty = losses.orthogonal_penalty([kernel])
        self.assertAllClose(penalty, 2 * 1.5**2, rtol=1e-6, atol=1e-6)
        # d/dW of 2 (w1.w2)^2: 4 (w1.w2) w2 for the first column.
        self.assertAllClose(
            tape.gradient(penalty, kernel),
            4 * 1.5 * np.array([[0.5, 3.0], [2.0, 0.0]]),
            rtol=1e-6,
            atol=1e-5,
        )

    def test_noise_decays(self):
        for nimg, expected in ((0, 0.2), (250_000, 0.15), (2_000_000, 0.0)):
            found = losses.noise_stddev(tf.constant(nimg, tf.int64), 0.2, 1000)
            self.assertAllClose(found, expected, rtol=1e-6, atol=1e-6)


class LabelLossTest(common.TestCase):
    def test_multi_hot(self):
        logits = np.random.RandomState(2).randn(3, 4)
        labels = np.array([[0, 1, 1, 0], [0, 0, 0, 0], [0.5, 0, 0, 1]])
        p = sigmoid(logits)
        expected = -labels * np.log(p) - (1 - labels) * np.log(1 - p)
        found = losses.multi_label_penalty(
            labels.astype(np.float32), logits.astype(np.float32)
        )
        self.assertAllClose(found, expected.sum(1), rtol=1e-6, atol=1e-5)

    def test_auto_goes_by_the_kind(self):
        for kind, expected in (("onehot", "softmax"), ("multihot", "sigmoid")):
            self.assertEqual(losses.choose_label_loss(kind, "auto"), expected)
            for given in ("softmax", "sigmoid"):
                self.assertEqual(losses.choose_label_loss(kind, given), given)


class LossesTest(common.TestCase):
    def setUp(self):
        super().setUp()
        random = np.random.RandomState(0)
        self.reals = random.randn(6, 1).astype(np.float32)
        self.fakes = random.randn(6, 1).astype(np.float32)

    def test_wgan(self):
        expected = (self.fakes - self.reals)[:, 0]
        self.assertAllClose(
            losses.wgan_d(self.reals, self.fakes),
            expected,
            rtol=1e-6,
            atol=1e-6,
        )
        self.assertAllClose(
            losses.wgan_g(self.fakes), -self.fakes[:, 0], rtol=1e-6, atol=1e-6
        )

    def test_gradient_norms(self):
        gradients = np.random.RandomState(1).randn(3, 4, 4, 2)
        gradients = gradients.astype(np.float32)
        norms = np.sqrt((gradients**2).sum((1, 2, 3)))
        self.assertAllClose(
            losses.gradient_norms(gradients, 16), norms / 4, rtol=1e-6, atol=0
        )

    def test_gradient_penalty(self):
        norms = np.array([0.0, 1.0, 3.0], np.float32)
        self.assertAllClose(
            losses.gradient_penalty(norms),
            [1.0, 0.0, 4.0],
            rtol=1e-6,
            atol=1e-6,
        )
        # CIFAR-10's target: a norm off by its whole size costs 1.
        norms = np.array([0.0, 750.0, 1500.0], np.float32)
        self.assertAllClose(
            losses.gradient_penalty(norms, 750.0),
            [1.0, 0.0, 1.0],
            rtol=1e-6,
            atol=1e-6,
        )

    def test_drift_penalty(self):
        expected = self.reals[:, 0] ** 2
        self.assertAllClose(
            losses.drift_penalty(self.reals), expected, rtol=1e-6, atol=1e-6
        )

    def test_label_penalty(self):
        logits = np.random.RandomState(2).randn(3, 4).astype(np.float32)
        labels = np.array([[0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]])
        labels = labels.astype(np.float32)
        softmax = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
        expected = [-np.log(softmax[0, 1]), -np.log(softmax[1, 3]), 0.0]
        self.assertAllClose(
            losses.label_penalty(labels, logits), expected, rtol=1e-6, atol=1e-6
        )
