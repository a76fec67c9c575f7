"""Adam and the moving average against the reference's, and over replicas."""

import numpy as np
import tensorflow as tf

from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.nvidia import snapshots as nvidia
from pgan_tf.training import optim
from tests import common

NAMES = ("4x4/Dense1", "FromRGB_lod0", "32x32/Conv0")


class AdamTest(common.TestCase):
    """Constant gradients: the golden's, of the D loss at lod 0."""

    def setUp(self):
        super().setUp()
        self.arrays = common.golden("opt")
        self.strategy = tf.distribute.MirroredStrategy(["CPU:0"])
        with self.strategy.scope():
            self.D = common.golden_discriminator()
            self.adam = optim.Adam(self.D.trainable_variables)
        gradients = {
            key.removeprefix("res32/D_grad/").removesuffix("/lod0.00"): value
            for key, value in common.golden("losses").items()
            if key.startswith("res32/D_grad/") and key.endswith("lod0.00")
        }
        twin = Discriminator.from_config(self.D.get_config())
        nvidia.assign(twin, gradients)
        self.gradients = [v.numpy() for v in twin.trainable_variables]

    def step(self, coefficient):
        gradients = [tf.constant(g * coefficient) for g in self.gradients]
        return self.adam.apply(
            self.strategy,
            gradients,
            self.D.trainable_variables,
            tf.constant(0.001),
        )

    def check(self, name):
        found = nvidia.variables(self.D)
        for key in found:
            if key.startswith(NAMES):
                self.assertAllClose(
                    found[key],
                    self.arrays[f"{name}/{key}"],
                    rtol=0,
                    atol=5e-7,
                    msg=f"{name}/{key}",
                )

    def test_constant_gradients(self):
        for i in (1, 2, 3):
            self.step(float(self.arrays["A1_coef"][i - 1]))
            self.check(f"A1_D/step{i}")

    def test_changing_gradients_and_reset(self):
        for i in (1, 2, 3):
            self.step(float(self.arrays["A2_coef"][i - 1]))
            self.check(f"A2_D/step{i}")
        self.adam.reset()
        self.step(1.0)
        self.check("A2_D/after_reset_step1")

    def test_a_gradient_that_is_not_finite_skips_the_step(self):
        before = nvidia.variables(self.D)
        for bad in (np.nan, np.inf):
            self.gradients[3].flat[0] = bad
            self.assertAllEqual(self.step(1.0), 1.0)
        for key, value in nvidia.variables(self.D).items():
            self.assertAllEqual(value, before[key])
        self.assertEqual(self.adam.step.numpy(), 0)


class MomentumTest(common.TestCase):
    def test_beta1_against_numpy(self):
        strategy = tf.distribute.MirroredStrategy(["CPU:0"])
        with strategy.scope():
            G = Generator(resolution=4, fmap_base=16)
            variables = G.to_rgb[0].trainable_variables
            adam = optim.Adam(variables, beta1=0.5, beta2=0.9, epsilon=1e-4)
        value = [v.numpy().astype(np.float64) for v in variables]
        m = [np.zeros_like(v) for v in value]
        v = [np.zeros_like(v) for v in value]
        for t in range(1, 6):
            for i, variable in enumerate(value):
                gradient = np.sin(t + np.arange(variable.size))
                gradient = gradient.reshape(variable.shape)
                m[i] = 0.5 * m[i] + 0.5 * gradient
                v[i] = 0.9 * v[i] + 0.1 * gradient**2
                rate = 0.01 * np.sqrt(1 - 0.9**t) / (1 - 0.5**t)
                value[i] = variable - rate * m[i] / (np.sqrt(v[i]) + 1e-4)
            gradients = [
                tf.constant(
                    np.sin(t + np.arange(x.size)).reshape(x.shape), tf.float32
                )
                for x in value
            ]
            adam.apply(strategy, gradients, variables, tf.constant(0.01))
        for found, expected in zip(variables, value, strict=True):
            self.assertAllClose(found, expected, rtol=1e-6, atol=1e-5)

    def test_reset_forgets_moments_and_steps(self):
        """The step after it is as the very first, whatever was before."""
        strategy = tf.distribute.MirroredStrategy(["CPU:0"])
        with strategy.scope():
            G = Generator(resolution=4, fmap_base=16)
            variables = G.to_rgb[0].trainable_variables
            adam = optim.Adam(variables, beta1=0.5, beta2=0.9, epsilon=1e-4)

        def step(size):
            before = [v.numpy() for v in variables]
            gradients = [tf.fill(v.shape, size) for v in variables]
            adam.apply(strategy, gradients, variables, tf.constant(0.01))
            return [
                now.numpy() - old
                for now, old in zip(variables, before, strict=True)
            ]

        first = step(0.5)
        step(-3.0)
        self.assertEqual(adam.step.numpy(), 2)
        adam.reset()
        for variable in (adam.step, *adam.m, *adam.v):
            self.assertAllEqual(variable, np.zeros(variable.shape))
        for found, expected in zip(step(0.5), first, strict=True):
            self.assertAllClose(found, expected, rtol=1e-4, atol=1e-8)


class AverageTest(common.TestCase):
    def test_three_updates(self):
        """The golden's EMA: G stays, Gs comes nearer by 1/1000 each time."""
        arrays = common.golden("opt")
        strategy = tf.distribute.MirroredStrategy(["CPU:0"])
        names = sorted(
            key.removeprefix("EMA/G/")
            for key in arrays
            if key.startswith("EMA/G/") and not key.endswith("lod")
        )
        self.assertNotEmpty(names)
        with strategy.scope():
            G = [Held(arrays[f"EMA/G/{name}"]) for name in names]
            Gs = [Held(arrays[f"EMA/init_Gs/{name}"]) for name in names]
        for step in (1, 2, 3):
            optim.update_average(strategy, Gs, G, 0.999)
            for name, average in zip(names, Gs, strict=True):
                self.assertAllClose(
                    average.value,
                    arrays[f"EMA/Gs_step{step}/{name}"],
                    rtol=0,
                    atol=3e-6,
                )


class Held:
    """A variable with the one attribute of a Keras variable that we use."""

    def __init__(self, value):
        self.value = tf.Variable(value)
