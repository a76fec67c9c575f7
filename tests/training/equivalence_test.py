"""Passes, XLA and precision: other ways to the same gradients."""

import numpy as np
import tensorflow as tf
from absl.testing import parameterized

from pgan_tf.networks import snapshots
from pgan_tf.runs.options import (
    DataOptions,
    LossesOptions,
    OptimizerOptions,
    RunOptions,
)
from pgan_tf.training import optim, steps
from tests import common
from tests.training import tiny

# Everything that draws, so that no draw can depend on how a step is run.
NOISY = RunOptions(
    data=DataOptions(mirror_augment=True),
    losses=LossesOptions(noise_stddev=0.1),
)


class SameGradientsTest(common.TestCase, parameterized.TestCase):
    # Float32's rounding came to 1e-6 at most, by oneDNN's kernels for AVX2 and
    # AVX-512 and by TensorFlow's own; groups that are mixed, to some percent.
    def check(self, one, other, tolerance=1e-5):
        for name, expected in one.items():
            error = np.linalg.norm(other[name] - expected)
            self.assertLess(error, tolerance * np.linalg.norm(expected), name)

    @parameterized.parameters(2, 4)
    def test_passes(self, passes):
        one = tiny.gradients(tiny.make(NOISY))
        several = tiny.gradients(tiny.make(NOISY, passes=passes))
        self.check(one, several)

    def test_xla(self):
        one = tiny.gradients(tiny.make(NOISY))
        xla = OptimizerOptions(xla=True)
        compiled = tiny.make(
            RunOptions(data=NOISY.data, losses=NOISY.losses, optimizer=xla),
            passes=2,
        )
        self.check(one, tiny.gradients(compiled))
        names = [op.type for op in concrete(compiled).graph.get_operations()]
        self.assertNotIn("Conv2D", names)
        functions = concrete(compiled).graph.as_graph_def().library.function
        compile_flags = [
            f.attr["_XlaMustCompile"].b
            for f in functions
            if "_d_pass" in f.signature.name
        ]
        self.assertIn(True, compile_flags)

    @parameterized.parameters(
        # The last bit is 1e-3 and 8e-3 of a number. Where that tips a leaky
        # ReLU, a gradient jumps, so beside the draws of the other tests it is
        # three of four others that count: medians of 0.02 to 0.04 and 0.05 to
        # 0.08 were measured.
        ("mixed_float16", 10.0, 0.08),
        ("mixed_bfloat16", None, 0.2),
    )
    def test_half_precision_is_near(self, policy, log2, tolerance):
        if policy == "mixed_bfloat16":
            self.needs_bfloat16()
        options = RunOptions()
        half = tiny.make(options, policy=policy, loss_scale_log2=log2)
        positions = range(0, 144, 16)
        ones = tiny.gradients_at(tiny.make(options), positions)
        halves = tiny.gradients_at(half, positions)
        self.check(ones[1], halves[1], tolerance)
        for name in ones[0]:
            errors = [
                np.linalg.norm(other[name] - one[name])
                / np.linalg.norm(one[name])
                for one, other in zip(ones, halves, strict=True)
            ]
            self.assertLess(np.quantile(errors, 0.75), tolerance, name)
            self.assertLess(np.median(errors), 0.6 * tolerance, name)


def concrete(iteration):
    """The traced D gradients."""

    @tf.function
    def traced(images):
        nimg = tf.constant(0, tf.int64)
        arguments = (images, tf.zeros([8, 0]), nimg, tf.constant(0.5))
        return iteration.strategy.run(iteration.d_gradients, arguments)

    return traced.get_concrete_function(tiny.images())


class PrecisionTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters("mixed_float16", "mixed_bfloat16")
    def test_what_stays_in_32_bits(self, policy):
        """Weights, statistics and penalty; the convolutions do not."""
        iteration = tiny.make(RunOptions(), policy=policy)
        nets = iteration.nets
        for network in (nets.G, nets.D, nets.Gs):
            for variable in network.weights:
                self.assertEqual(variable.dtype, "float32")
        half = getattr(tf, policy.removeprefix("mixed_"))
        operations = concrete(iteration).graph.get_operations()
        kinds = {
            kind: {op.outputs[0].dtype for op in operations if op.type == kind}
            for kind in ("Conv2D", "Rsqrt", "Sqrt", "MatMul")
        }
        self.assertEqual(kinds["Conv2D"], {half})
        self.assertEqual(kinds["MatMul"], {half})
        self.assertEqual(kinds["Rsqrt"], {tf.float32})  # pixel_norm
        self.assertEqual(kinds["Sqrt"], {tf.float32})  # stddev and norms

    def test_penalty_of_small_gradients(self):
        """Without the scale they would vanish in float16."""
        options = RunOptions()
        plain = tiny.make(options)
        half = tiny.make(options, policy="mixed_float16", loss_scale_log2=14.0)
        norms = {}
        for name, iteration in (("plain", plain), ("half", half)):
            kernel = iteration.nets.D.output_dense.kernel
            kernel.assign(kernel * 1e-6)
            means = tiny.gradients(iteration)["D/terms"]
            norms[name] = means[steps.D_TERMS.index("D_mixed_norms")]
        self.assertAllClose(norms["half"], norms["plain"], rtol=0.02, atol=0)

    def test_an_overflow_is_skipped_then_the_scale_grows(self):
        iteration = tiny.make(
            RunOptions(), policy="mixed_float16", loss_scale_log2=40.0
        )
        nets = iteration.nets
        before = nets.D.get_weights()
        first = self.d_step(iteration)
        self.assertEqual(first, 1)
        self.assertEqual(nets.d_adam.loss_scale.log2.numpy(), 39)
        self.assertEqual(nets.g_adam.loss_scale.log2.numpy(), 40)
        self.assertEqual(nets.d_adam.step.numpy(), 0)
        for old, new in zip(before, nets.D.get_weights(), strict=True):
            self.assertAllEqual(old, new)
        nets.d_adam.loss_scale.log2.assign(8.0)
        self.assertEqual(self.d_step(iteration), 0)
        self.assertAllClose(
            nets.d_adam.loss_scale.log2, 8.0005, rtol=1e-6, atol=1e-6
        )
        self.assertEqual(nets.d_adam.step.numpy(), 1)
        nets.d_adam.reset()
        self.assertAllClose(
            nets.d_adam.loss_scale.log2, 8.0005, rtol=1e-6, atol=1e-6
        )

    def d_step(self, iteration) -> float:
        """Whether a D step was skipped; its terms are finite all the same."""
        means = tf.function(iteration.d_step)(
            tiny.images(),
            tf.zeros([8, 0]),
            tf.constant(0, tf.int64),
            tf.constant(0.5),
            tf.constant(1e-3),
        )
        self.assertTrue(np.isfinite(means).all())
        return means.numpy()[-1]

    def test_snapshots_are_of_32_bits(self):
        iteration = tiny.make(RunOptions(), policy="mixed_float16")
        path = self.folder() / "network.keras"
        snapshots.save_generator(iteration.nets.Gs, path)
        loaded = snapshots.load_generator(path)
        self.assertEqual(loaded.compute_dtype, "float32")
        self.assertEqual(loaded.conv0[0].compute_dtype, "float32")


class LossScaleTest(common.TestCase):
    def test_by_hand(self):
        scale = optim.LossScale(3.0, growth=0.25, drop=2.0)
        self.assertAllClose(scale.value(), 8.0, rtol=1e-6, atol=1e-6)
        for finite, expected in ((True, 3.25), (False, 1.25), (True, 1.5)):
            scale.update(tf.constant(finite))
            self.assertAllClose(scale.log2, expected, rtol=1e-6, atol=1e-6)
