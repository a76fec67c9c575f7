"""Each feature of the reference, switched off, is really off.

Smoothing is in steps_test.py: with --gs_beta=0, Gs is G to the bit.
"""

import types

import keras
import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.networks import layers as shared_layers
from pgan_tf.networks.progressive import layers
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.runs.options import RunOptions, ScheduleOptions
from pgan_tf.runs.schedule import Schedule, Stage
from pgan_tf.training import compiled_steps, trainer
from tests import common
from tests.training import tiny

SMALL = {"resolution": 16, "fmap_base": 64, "fmap_max": 8}


def operations(function, *shape) -> list[str]:
    """The kinds of all operations in the graph of a network."""
    traced = tf.function(function).get_concrete_function(
        tf.TensorSpec(shape, tf.float32)
    )
    return [operation.type for operation in traced.graph.get_operations()]


class GrowingTest(common.TestCase):
    def test_the_final_resolution_from_the_start(self):
        options = ScheduleOptions(lod_initial_resolution=1024)
        for nimg in (0, 1, 600_000, 900_000, 10**8):
            stage = Schedule.derive(options, 1024).at(nimg)
            self.assertEqual((stage.lod, stage.resolution), (0.0, 1024))
            self.assertIsNone(stage.alpha)
        self.assertLen(Schedule.derive(options, 1024).phases, 1)

    def test_one_end_of_each_network_is_trained(self):
        G = Generator(**SMALL)
        D = Discriminator(**SMALL)
        for network, end in ((G, "to_rgb"), (D, "from_rgb")):
            used = {v.path for v in network.trainable_at(16, False)}
            ends = {path.split("/")[0] for path in used if end in path}
            self.assertEqual(ends, {f"16x16_{end}"})


class NetworksTest(common.TestCase, parameterized.TestCase):
    def test_pixelnorm(self):
        """One root per layer, and one for the latents."""
        for use, normalize, roots in (
            (True, True, 7),
            (False, True, 1),
            (False, False, 0),
        ):
            G = Generator(
                **SMALL, use_pixelnorm=use, normalize_latents=normalize
            )
            kinds = operations(G, 4, G.latent_size)
            self.assertEqual(kinds.count("Rsqrt"), roots)

    def test_leaky_relu(self):
        for use, present, absent in (
            (True, "LeakyRelu", "Relu"),
            (False, "Relu", "LeakyRelu"),
        ):
            options = {**SMALL, "use_leakyrelu": use}
            G = Generator(**options)
            D = Discriminator(**options)
            for network, shape in ((G, (4, 8)), (D, (4, 16, 16, 1))):
                kinds = operations(network, *shape)
                self.assertIn(present, kinds)
                self.assertNotIn(absent, kinds)

    @parameterized.parameters(True, False)
    def test_equalized_rate(self, use):
        """With it a step of lrate moves the function by He's factor less."""
        keras.utils.set_random_seed(0)
        conv = layers.EqualizedConv2D(64, use_wscale=use)
        conv.build((None, 4, 4, 100))
        he = np.sqrt(2 / 900)
        spread = np.std(conv.kernel)
        self.assertAllClose(spread, 1.0 if use else he, rtol=0.02, atol=0)
        self.assertAllClose(np.std(conv.scaled_kernel()), he, rtol=0.02, atol=0)
        kernel = conv.kernel.numpy()
        conv.kernel.assign(kernel + 0.001)
        moved = conv.scaled_kernel().numpy() - kernel * (he if use else 1)
        self.assertAllClose(
            moved.mean(), 0.001 * (he if use else 1), rtol=0.02, atol=0
        )

    def test_equalized_rate_of_whole_networks(self):
        for network in (
            Generator(**SMALL, use_wscale=False),
            Discriminator(**SMALL, use_wscale=False),
        ):
            found = 0
            for layer in network.layers:
                if isinstance(layer, shared_layers.Equalized):
                    self.assertAllEqual(layer.scaled_kernel(), layer.kernel)
                    found += 1
            self.assertEqual(found, 9 if network.name == "G" else 10)

    @parameterized.parameters(4, 0)
    def test_minibatch_stddev(self, group_size):
        """Without it a score is that of one image, whatever the others."""
        D = Discriminator(**SMALL, mbstd_group_size=group_size)
        random = np.random.RandomState(0)
        images = random.randn(4, 16, 16, 1).astype(np.float32)
        others = images.copy()
        others[1:] *= -3
        score, score_among_others = D(images)[0][0], D(others)[0][0]
        if group_size:
            self.assertNotAllClose(
                score, score_among_others, rtol=1e-6, atol=1e-6
            )
        else:
            self.assertAllClose(score, score_among_others, rtol=1e-6, atol=1e-6)
        self.assertEqual(D.conv0[0].kernel.shape[2], 8 + bool(group_size))


class LoopTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(1, 4)
    def test_minibatch_repeats(self, repeats):
        """So many steps between two looks at the schedule."""
        options = RunOptions(
            schedule=ScheduleOptions(minibatch_repeats=repeats)
        )
        made = tiny.make(options, fading=False)
        stage = Stage(0.0, 8, 8, 1e-3, 1e-3, 1)
        iterations = compiled_steps.make_iterations(
            made.nets, made.strategy, stage, tf.zeros([1, 0]), options
        )
        iterations(
            tiny.images(8 * repeats),
            tf.zeros([8 * repeats, 0]),
            tf.constant(0, tf.int64),
            *map(tf.constant, (1.0, 1e-3, 1e-3)),
        )
        self.assertEqual(made.nets.g_adam.step.numpy(), repeats)
        schedule = Schedule.derive(options.schedule, 8)
        self.assertEqual(schedule.call_nimg(stage), 8 * repeats)

    @parameterized.parameters(True, False)
    def test_optimizer_reset(self, reset):
        options = RunOptions(
            schedule=ScheduleOptions(reset_opt_for_new_lod=reset)
        )
        nets = tiny.make(options).nets
        for adam in (nets.g_adam, nets.d_adam):
            for variable in (adam.step, *adam.m, *adam.v):
                variable.assign(tf.ones_like(variable))
        trainer.Run.grow(types.SimpleNamespace(options=options, nets=nets))
        for adam in (nets.g_adam, nets.d_adam):
            for variable in (adam.step, *adam.m, *adam.v):
                self.assertAllEqual(variable, 0 * variable + (not reset))
