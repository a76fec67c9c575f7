"""Layers against the reference's, and each fused one against its two steps."""

import numpy as np
from absl.testing import parameterized

from pgan_tf.networks import operations
from pgan_tf.networks.progressive import layers
from tests import common


class GoldenTest(common.TestCase, parameterized.TestCase):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.golden = common.golden("layers")

    def arrays(self, name):
        x, out = self.golden[f"{name}/in"], self.golden[f"{name}/out"]
        out = common.nhwc(out) if out.ndim == 4 else out
        return x, self.golden[f"{name}/weight"], out

    def check_conv(self, name, layer, turn=lambda kernel: kernel):
        x, kernel, expected = self.arrays(name)
        x = common.nhwc(x)
        layer.build(x.shape)
        layer.kernel.assign(turn(kernel))
        self.assertAllClose(layer(x), expected, rtol=1e-6, atol=2e-6)

    def test_dense(self):
        for name, gain in [
            ("dense_gain_sqrt2", np.sqrt(2)),
            ("dense_gain_1", 1.0),
            ("dense_gain_sqrt2_div4", np.sqrt(2) / 4),
        ]:
            x, kernel, expected = self.arrays(name)
            x = x.reshape(len(x), -1)
            layer = layers.EqualizedDense(expected.shape[1], gain=float(gain))
            layer.build(x.shape)
            layer.kernel.assign(kernel)
            self.assertAllClose(layer(x), expected, rtol=1e-6, atol=2e-6)

    def test_conv(self):
        self.check_conv("conv2d_3x3", layers.EqualizedConv2D(4))

    def test_to_rgb(self):
        self.check_conv("conv2d_1x1_gain1", layers.ToRGB(2))

    @parameterized.parameters(*common.WIDE)
    def test_upscale_conv(self, wide):
        self.widen_from(wide)
        self.check_conv(
            "upscale2d_conv2d",
            layers.UpscaleConv2D(4),
            # The reference keeps this kernel turned, its last axes swapped.
            lambda kernel: kernel[::-1, ::-1].transpose(0, 1, 3, 2),
        )

    @parameterized.parameters(*common.WIDE)
    def test_conv_downscale(self, wide):
        self.widen_from(wide)
        self.check_conv("conv2d_downscale2d", layers.ConvDownscale2D(4))


class FusedTest(common.TestCase, parameterized.TestCase):
    def setUp(self):
        super().setUp()
        self.x = np.random.RandomState(0).randn(2, 6, 4, 3).astype(np.float32)
        self.plain = layers.EqualizedConv2D(5)
        self.plain.build(self.x.shape)
        self.plain.bias.assign(common.ramp((5,)))

    @parameterized.parameters(*common.WIDE)
    def test_upscale_conv_is_upscale_then_conv(self, wide):
        self.widen_from(wide)
        fused = layers.UpscaleConv2D(5)
        fused.build(self.x.shape)
        fused.set_weights(self.plain.get_weights())
        expected = self.plain(operations.upscale2d(self.x))
        self.assertAllClose(fused(self.x), expected, rtol=1e-6, atol=1e-5)

    @parameterized.parameters(*common.WIDE)
    def test_conv_downscale_is_conv_then_downscale(self, wide):
        self.widen_from(wide)
        fused = layers.ConvDownscale2D(5)
        fused.build(self.x.shape)
        fused.set_weights(self.plain.get_weights())
        expected = operations.downscale2d(self.plain(self.x))
        self.assertAllClose(fused(self.x), expected, rtol=1e-6, atol=1e-5)


class EqualizedTest(common.TestCase):
    def test_wscale_moves_from_the_kernel_to_the_call(self):
        for use_wscale, stddev in ((True, 1.0), (False, np.sqrt(2 / (9 * 64)))):
            layer = layers.EqualizedConv2D(64, use_wscale=use_wscale)
            layer.build((None, 4, 4, 64))
            self.assertAllClose(np.std(layer.kernel), stddev, rtol=0.02, atol=0)
            self.assertAllEqual(layer.bias, np.zeros(64))

    def test_outputs_keep_the_variance_of_the_inputs(self):
        x = np.random.RandomState(0).randn(4096, 256).astype(np.float32)
        layer = layers.EqualizedDense(256, gain=1.0)
        self.assertAllClose(np.std(layer(x)), 1.0, rtol=0.03, atol=0)

    def test_bias_is_one_per_fmap(self):
        layer = layers.EqualizedDense((4, 4, 3))
        layer.build((None, 5))
        self.assertEqual(layer.bias.shape, (3,))
        layer.bias.assign([1, 2, 3])
        output = layer(np.zeros((1, 5), np.float32))
        self.assertAllEqual(output[0, 3, 1], [1, 2, 3])


class PixelsTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(8, 16)
    def test_from_rgb_small_and_large(self, size):
        """A product at 8x8, a convolution at 16x16: the same function."""
        layer, x = layers.FromRGB(5), common.ramp((2, size, size, 3))
        layer.build(x.shape)
        kernel = common.ramp((1, 1, 3, 5), -1, 2)
        layer.kernel.assign(kernel)
        layer.bias.assign([1, 2, 3, 4, 5])
        expected = np.sqrt(2 / 3) * x @ kernel[0, 0] + [1, 2, 3, 4, 5]
        self.assertAllClose(layer(x), expected, rtol=1e-5, atol=1e-5)


class AnyLayerTest(common.TestCase, parameterized.TestCase):
    @parameterized.parameters(
        (layers.EqualizedDense(7, gain=0.5, name="d"), (2, 5)),
        (layers.EqualizedDense((4, 4, 3), use_wscale=False), (2, 5)),
        (layers.EqualizedConv2D(7, kernel_size=1, gain=1.0), (2, 4, 4, 3)),
        (layers.UpscaleConv2D(7), (2, 4, 4, 3)),
        (layers.ConvDownscale2D(7, use_wscale=False), (2, 4, 4, 3)),
        (layers.ToRGB(3), (2, 4, 4, 5)),
        (layers.FromRGB(6), (2, 4, 4, 3)),
        (layers.PixelNorm(epsilon=1e-4), (2, 4, 4, 3)),
        (layers.MinibatchStddev(group_size=2), (4, 4, 4, 3)),
    )
    def test_layer(self, layer, shape):
        self.run_layer_test(layer, common.ramp(shape))

    @parameterized.parameters(
        layers.EqualizedConv2D(7),
        layers.UpscaleConv2D(7),
        layers.ConvDownscale2D(7),
        layers.ToRGB(3),
        layers.FromRGB(6),
    )
    def test_weight(self, layer):
        x = common.ramp((2, 16, 16, 3))
        layer.build(x.shape)
        layer.bias.assign(common.ramp(layer.bias.shape))
        whole, part = layer(x), layer(x, weight=0.25)
        self.assertAllClose(part, 0.25 * whole, rtol=1e-6, atol=1e-6)
        self.assertAllClose(
            operations.leaky_relu(part),
            0.25 * operations.leaky_relu(whole),
            rtol=1e-6,
            atol=1e-6,
        )
