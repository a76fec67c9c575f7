"""What the profiler sees of compiled steps."""

import dataclasses

import tensorflow as tf
from absl.testing import parameterized

from benchmarks import op_times, steps
from pgan_tf.base import devices
from pgan_tf.training import probe, state
from tests import common


class OpTimesTest(common.TestCase):
    def test_products_of_a_loop(self):
        @tf.function
        def powers(x):
            for _ in tf.range(7):
                x = tf.linalg.matmul(x, x)
            return x

        x = tf.eye(64)
        powers(x)
        times = op_times.measure(lambda: powers(x).numpy(), self.folder())
        (found,) = [t for t in times if t.op.endswith("MatMul")]
        self.assertEqual(found.count, 7)
        self.assertBetween(found.seconds, 0, 1)
        self.assertFalse(found.is_convolution)

    def test_table(self):
        times = [
            op_times.OpTime("_FusedConv2D", 6, 0.3),
            op_times.OpTime("Mul", 4, 0.06),
            op_times.OpTime("Sum", 4, 0.04),
        ]
        self.assertEqual(
            op_times.table(times, iterations=2, rows=2).splitlines(),
            [
                "operation     share  per iteration      each",
                "_FusedConv2D  75.0%            3.0  50000 us",
                "Mul           15.0%            2.0  15000 us",
                "others        10.0%",
                "convolutions 75.0% of the time",
            ],
        )


class ConvolutionsTest(common.TestCase, parameterized.TestCase):
    """How many convolutions a compiled iteration runs, and no more.

    With d of them in D and g in G, n of D's being at its input: D's step runs
    G (g), D on reals and fakes (d), on mixed images (d), and back to those
    (d). Its gradients take, through the one, d by the kernels and d - n by
    the inputs; through the other, d by the kernels and d onwards, back down
    its backward pass; and from the minibatch standard deviation, which comes
    ahead of D's last, d - 1 by the kernels and d - 1 - n by the inputs. G's
    step runs G (g), D (d), back through D (d), and through G (2 g).
    """

    def times(self, case, reuse_fakes=False):
        """What a call of compiled iterations takes, and how many they are."""
        options = case.options()
        optimizer = dataclasses.replace(
            options.optimizer, reuse_fakes=reuse_fakes
        )
        options = dataclasses.replace(options, optimizer=optimizer)
        strategy = devices.make_strategy("")
        nets = state.make_networks(options, 3, strategy)
        trial = probe.Trial(options, nets, strategy, case.stage())
        times = op_times.measure(lambda: trial.run(1), self.folder())
        return times, trial.nimg // case.minibatch

    def count(self, fade, reuse_fakes=False):
        # Up to 8x8, toRGB and fromRGB are products, not convolutions.
        case = steps.Case(32, "float32", fade, 8, fmap_base=16, fmap_max=8)
        times, iterations = self.times(case, reuse_fakes)
        total = sum(time.count for time in times if time.is_convolution)
        return total / iterations

    def test_settled(self):
        """g = 8 (four 3x3, three up, toRGB), d = 8, n = 1."""
        d_step = 8 + 8 + 8 + 8 + (8 + 7) + (8 + 8) + (7 + 6)
        self.assertEqual(self.count(0), d_step + 8 + 8 + 8 + 16)

    def test_fakes_of_both(self):
        """G draws once, not twice: as settled, less g."""
        self.assertEqual(self.count(0) - self.count(0, reuse_fakes=True), 8)

    def test_fading(self):
        """Another toRGB, another fromRGB: g = 9, d = 9, n = 2."""
        d_step = 9 + 9 + 9 + 9 + (9 + 7) + (9 + 9) + (8 + 6)
        self.assertEqual(self.count(0.5), d_step + 9 + 9 + 9 + 18)

    def test_small_in_bfloat16(self):
        """Up to 8x8 none by the kernels, which have products of their own.

        g = 3 and d = 3 (a 4x4 one, one between 8x8 and 4x4, an 8x8 one), since
        toRGB and fromRGB are products.
        """
        case = steps.Case(8, "bfloat16", 0, 4, fmap_base=1024, fmap_max=128)
        times, iterations = self.times(case)
        total = sum(time.count for time in times if time.is_convolution)
        names = [time.op for time in times]
        self.assertFalse([n for n in names if "BackpropFilter" in n])
        d_step = 3 + 3 + 3 + 3 + 3 + 3 + 2
        self.assertEqual(total / iterations, d_step + 3 + 3 + 3 + 3)

    @parameterized.parameters(("float32", 11), ("bfloat16", 0))
    def test_means_of_neighbours(self, precision, expected):
        """One layer of G and one of D have them, of 64 maps, in float32.

        Seven in D's step: of G, of D on reals and fakes, on mixed images, and
        back; of the gradients by the inputs of the one and the other, and of
        the penalty's way onwards. Four in G's: of G and D, and back.
        """
        case = steps.Case(8, precision, 0, 4, fmap_base=1024, fmap_max=64)
        times, iterations = self.times(case)
        total = sum(time.count for time in times if "AvgPool" in time.op)
        self.assertEqual(total / iterations, expected)
