"""Options of losses and optimizers: they arrive, by the numbers they make."""

from typing import Any
from unittest import mock

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.runs import flags as run_flags
from pgan_tf.runs.options import RunOptions
from pgan_tf.training import steps, unrolling
from tests import common
from tests.training import arrival_case, known
from tests.training.arrival_case import VALUES, reads

CLOSE = {"rtol": 1e-5, "atol": 1e-6}


def options_of(*names: str, **others: Any) -> RunOptions:
    """Options of `VALUES`, and others, by flags; the rest at default."""
    values = {name: VALUES[name] for name in names}
    return run_flags.changed(None, None, {**values, **others})


def softplus(x: np.ndarray) -> np.ndarray:
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


class LossesTest(common.TestCase, parameterized.TestCase):
    """Reals and fakes as `known` has them, in steps of rate 0."""

    def setUp(self):
        super().setUp()
        self.reals = known.scaled(known.pixels())
        self.fakes = known.fakes(known.NORMALS["D_latents", 0])
        self.drawn = known.fakes(known.NORMALS["G_latents", 0])
        mixing = known.UNIFORMS["mixing"]
        self.mixed = self.reals + (self.fakes - self.reals) * mixing

    def terms(self, *names: str, nimg: int = 0, **others: Any) -> dict:
        iteration = known.make(options_of(*names, **others))
        return known.run(iteration, nimg=nimg)

    @parameterized.parameters(
        "wgan-gp", "wgan-lp", "logistic", "minimax", "lsgan", "hinge"
    )
    @reads("loss")
    def test_loss(self, loss):
        real, fake, drawn = (
            known.scores(x) for x in (self.reals, self.fakes, self.drawn)
        )
        d, g = {
            "wgan-gp": (fake - real, -drawn),
            "wgan-lp": (fake - real, -drawn),
            "logistic": (softplus(fake) + softplus(-real), softplus(-drawn)),
            "minimax": (softplus(fake) + softplus(-real), -softplus(drawn)),
            "lsgan": (((real - 1) ** 2 + fake**2) / 2, (drawn - 1) ** 2 / 2),
            "hinge": (
                np.maximum(1 - real, 0) + np.maximum(1 + fake, 0),
                -drawn,
            ),
        }[loss]
        found = self.terms(loss=loss, penalty="none", wgan_epsilon=0)
        # Some are as small as 1e-9.
        self.assertAllClose(found["D_loss"], d.mean(), rtol=1e-5, atol=0)
        self.assertAllClose(found["G_loss"], g.mean(), rtol=1e-5, atol=0)

    @parameterized.parameters(
        ("wgan-gp", "auto", "gp"),
        ("wgan-lp", "auto", "lp"),
        ("logistic", "auto", "r1"),
        ("minimax", "auto", "r1"),
        ("lsgan", "auto", "none"),
        ("hinge", "auto", "none"),
        ("wgan-gp", "r2", "r2"),
        ("logistic", "gp", "gp"),
        ("hinge", "lp", "lp"),
        ("wgan-gp", "none", "none"),
    )
    @reads("penalty", "wgan_lambda", "wgan_target", "r1_gamma")
    def test_penalty(self, loss, penalty, kind):
        images = {"r1": self.reals, "r2": self.fakes}.get(kind, self.mixed)
        norms = known.norms(images)
        value, weight = {
            "gp": ((norms - 2) ** 2 / 4, 3),
            "lp": (np.maximum(norms - 2, 0) ** 2 / 4, 3),
            "r1": (norms**2 / 2, 7),
            "r2": (norms**2 / 2, 7),
            "none": (0 * norms, 0),
        }[kind]
        names = ("wgan_lambda", "wgan_target", "r1_gamma")
        found = self.terms(*names, loss=loss, penalty=penalty)
        without = self.terms(*names, loss=loss, penalty="none")
        self.assertAllClose(found["D_gradient_penalty"], value.mean(), **CLOSE)
        self.assertAllClose(
            found["D_loss"] - without["D_loss"],
            weight * value.mean(),
            rtol=1e-4,
            atol=1e-4,
        )

    @reads("wgan_epsilon")
    def test_drift(self):
        found = self.terms("wgan_epsilon", penalty="none")
        real, fake = known.scores(self.reals), known.scores(self.fakes)
        expected = np.mean(fake - real) + 0.5 * np.mean(real**2)
        self.assertAllClose(found["D_loss"], expected, **CLOSE)

    @parameterized.parameters(
        ("auto", "onehot", "softmax"),
        ("auto", "multihot", "sigmoid"),
        ("sigmoid", "onehot", "sigmoid"),
        ("softmax", "multihot", "softmax"),
    )
    @reads("label_loss", "cond_weight")
    def test_labels(self, given, kind, expected):
        options = options_of(
            "cond_weight", label_loss=given, penalty="none", wgan_epsilon=0
        )
        iteration = known.make(options, label_size=3, label_kind=kind)
        found = known.run(iteration, labels=(2, 0, 1, 2))
        logits = np.float64(known.OFFSETS)

        def cost(label):
            if expected == "softmax":
                return known.cross_entropy(label)
            return softplus(logits).sum() - logits[label]

        of_d = 2 * np.mean([cost(label) for label in (2, 0, 1, 2)])
        of_g = cost(1)  # what `known` draws
        self.assertAllClose(found["D_label_penalty"], of_d, **CLOSE)
        self.assertAllClose(found["G_label_penalty"], of_g, **CLOSE)
        adversarial = found["D_fake_scores"] - found["D_real_scores"]
        self.assertAllClose(
            found["D_loss"] - adversarial, 0.25 * of_d, rtol=1e-4, atol=1e-5
        )
        colors = known.fakes(known.NORMALS["G_latents", 0] + 2)
        self.assertAllClose(
            found["G_loss"] + known.scores(colors).mean(),
            0.25 * of_g,
            rtol=1e-4,
            atol=1e-4,
        )

    @parameterized.parameters((0, 1.0), (1000, 0.75), (4000, 0.0), (9000, 0.0))
    @reads("noise_stddev", "noise_kimg")
    def test_noise(self, nimg, share):
        found = self.terms("noise_stddev", "noise_kimg", nimg=nimg)
        for name, images, stream in (
            ("D_real_scores", self.reals, ("D_latents", 1)),
            ("D_fake_scores", self.fakes, ("D_latents", 2)),
            ("G_loss", self.drawn, ("G_latents", 1)),
        ):
            noise = 0.375 * share * known.NORMALS[stream]
            expected = known.scores(images + noise).mean()
            sign = -1 if name == "G_loss" else 1
            self.assertAllClose(sign * found[name], expected, **CLOSE)

    @reads("ortho_weight")
    def test_orthogonal(self):
        found = self.terms("ortho_weight")
        without = self.terms()
        self.assertAllClose(
            found["G_loss"] - without["G_loss"],
            0.125 * 2 * known.GAIN**4,
            rtol=1e-3,
            atol=1e-5,
        )

    @reads("mirror_augment")
    def test_mirror(self):
        for names, reals in (
            ((), self.reals),
            (("mirror_augment",), self.reals[:, :, ::-1]),
        ):
            found = self.terms(*names)["D_real_scores"]
            expected = known.scores(reals).mean()
            self.assertAllClose(found, expected, **CLOSE)

    @reads("reuse_fakes")
    def test_reuse_fakes(self):
        for reuse, calls in ((False, 2), (True, 1)):
            iteration = known.make(options_of(reuse_fakes=reuse))
            known.run(iteration)
            self.assertLen(iteration.nets.G.calls, calls)

    @reads("unroll_steps")
    def test_unroll_steps(self):
        """G's loss is asked for behind as many steps of D's optimizer."""

        class Asked(Exception):
            pass

        def asked(*arguments: Any) -> None:
            raise Asked(*arguments)

        iteration = known.make(options_of(unroll_steps=3))
        with (
            mock.patch.object(unrolling, "g_loss", asked),
            self.assertRaises(Asked) as caught,
        ):
            known.run(iteration, unrolled=True)
        _, D, *_, steps, variables, _, _ = caught.exception.args
        self.assertIs(D, iteration.nets.D)
        self.assertEqual(steps, 3)
        self.assertIs(variables, iteration.d_vars)

    @reads("gs_beta")
    def test_gs_beta(self):
        self.check_average(options_of("gs_beta"), 0.625)

    @reads("gs_half_life_kimg")
    def test_half_life(self):
        """4 images, of a half-life of 3."""
        options = options_of("gs_beta", "gs_half_life_kimg")
        self.check_average(options, 0.5 ** (4 / 3))

    def check_average(self, options: RunOptions, decay: float) -> None:
        iteration = known.make(options)
        known.run(iteration)
        expected = (1 - decay) * known.GAIN
        found = iteration.nets.Gs.gain.numpy()
        self.assertAllClose(found, expected, **CLOSE)

    @reads("xla")
    def test_xla(self):
        for xla, passes in ((False, []), (True, ["_d_pass", "_g_pass"])):
            function = mock.Mock(wraps=tf.function)
            with mock.patch.object(steps.tf, "function", function):
                known.make(options_of(xla=xla))
            found = [
                call.args[0].__name__
                for call in function.call_args_list
                if call.kwargs.get("jit_compile")
            ]
            self.assertEqual(found, passes)


class OptimizerTest(arrival_case.ArrivalCase, parameterized.TestCase):
    @parameterized.parameters("G", "D")
    @reads("adam_beta1", "adam_beta2", "adam_epsilon")
    def test_adam(self, name):
        """Three steps by NumPy, of decays 0.25 and 0.75, epsilon 0.5."""
        nets = self.networks(precision=None)
        network = getattr(nets, name)
        adam = nets.g_adam if name == "G" else nets.d_adam
        end = network.to_rgb if name == "G" else network.from_rgb
        variable = end[0].bias
        value = np.float64(variable.numpy())
        m, v = np.zeros_like(value), np.zeros_like(value)
        strategy = tf.distribute.get_strategy()
        for t in (1, 2, 3):
            gradient = np.cos(t + np.arange(value.size))
            m = 0.25 * m + 0.75 * gradient
            v = 0.75 * v + 0.25 * gradient**2
            rate = 0.1 * np.sqrt(1 - 0.75**t) / (1 - 0.25**t)
            value = value - rate * m / (np.sqrt(v) + 0.5)
            adam.apply(
                strategy,
                [tf.constant(gradient, tf.float32)],
                [variable],
                tf.constant(0.1),
            )
        self.assertAllClose(variable.numpy(), value, rtol=1e-5, atol=1e-6)

    @parameterized.parameters(
        ("float32", "float32"),
        ("float16", "float16"),
        ("bfloat16", "bfloat16"),
    )
    @reads("precision")
    def test_precision(self, given, computed):
        nets = self.networks(precision=given)
        for network in (nets.G, nets.D):
            self.assertEqual(network.compute_dtype, computed)
            self.assertEqual(network.conv1[2].compute_dtype, computed)
            self.assertEqual(network.variable_dtype, "float32")
        self.assertEqual(nets.Gs.compute_dtype, "float32")
        for adam in (nets.g_adam, nets.d_adam):
            has_scale = adam.loss_scale is not None
            self.assertEqual(has_scale, given == "float16")

    @reads("loss_scale_log2", "loss_scale_growth", "loss_scale_drop")
    def test_loss_scale(self):
        """From 2^5, by half a power up and two down; each has its own."""
        nets = self.networks()
        for adam in (nets.g_adam, nets.d_adam):
            scale = adam.loss_scale
            self.assertAllClose(adam.scale(), 32.0, rtol=1e-6, atol=0)
            scale.update(tf.constant(True))
            self.assertAllClose(scale.log2, 5.5, rtol=0, atol=1e-6)
            scale.update(tf.constant(False))
            self.assertAllClose(scale.log2, 3.5, rtol=0, atol=1e-6)

    def test_each_optimizer_owns_its_network(self):
        nets = self.networks()
        for adam, network in ((nets.g_adam, nets.G), (nets.d_adam, nets.D)):
            for moments in (adam.m, adam.v):
                self.assertEqual(
                    [tuple(x.shape) for x in moments],
                    [tuple(x.shape) for x in network.trainable_variables],
                )
