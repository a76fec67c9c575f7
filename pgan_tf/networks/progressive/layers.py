"""Keras layers of the progressive networks.

Kernels are drawn from N(0, 1) and scaled by He's constant at run time, which
equalizes their learning rates (Karras et al. 2018, section 4.1). They are
stored without that factor as [kh,kw,in,out], dense ones as [in,out].
"""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from pgan_tf.networks import convolutions, layers, operations

Tensor = Any
Shape = tuple[Any, ...]
HE_GAIN = layers.HE_GAIN
# Up to this size a 1x1 convolution takes longer to begin than to do.
_SMALL = 8
# From so many maps on, a convolution of fewer products is worth a pass over
# the pixels.
WIDE = 64


@keras.saving.register_keras_serializable("pgan_tf")
class EqualizedDense(layers.Equalized):
    """y = gain / sqrt(in) * x W + b, with one bias per last axis entry.

    Args:
        units: Outputs; a tuple such as (4, 4, 512) shapes them into feature
            maps, which then have one bias each.
        gain: Numerator of He's constant: sqrt(2) ahead of a ReLU, 1 ahead of
            a linear output.
        use_wscale: False puts He's constant into the initial kernel instead.
        position_bias: One bias for each output, in feature maps too.
    """

    def __init__(
        self,
        units: int | Sequence[int],
        gain: float = HE_GAIN,
        use_wscale: bool = True,
        position_bias: bool = False,
        **kwargs: Any,
    ) -> None:
        super().__init__(gain, use_wscale, **kwargs)
        self.units = units if isinstance(units, int) else tuple(units)
        self.position_bias = position_bias
        self._shape = (units,) if isinstance(units, int) else tuple(units)

    def build(self, input_shape: Shape) -> None:
        outputs = int(np.prod(self._shape))
        biases = outputs if self.position_bias else self._shape[-1]
        self._add_weights((input_shape[-1], outputs), biases)
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        """[N,in] to [N,units] or [N,*units]."""
        # The inputs are smaller than the kernel.
        outputs = ops.matmul(inputs * self._wscale, self.kernel)
        shape = (-1, *self._shape)
        if self.position_bias:
            return ops.reshape(operations.add_bias(outputs, self.bias), shape)
        return operations.add_bias(ops.reshape(outputs, shape), self.bias)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], *self._shape)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "units": self.units,
            "position_bias": self.position_bias,
        }


@keras.saving.register_keras_serializable("pgan_tf")
class EqualizedConv2D(layers.Equalized):
    """Stride 1 convolution with zero padding that keeps the image's size.

    Args:
        filters: Output feature maps.
        kernel_size: 1 or 3.
        gain: As in `EqualizedDense`.
        use_wscale: As in `EqualizedDense`.
    """

    def __init__(
        self,
        filters: int,
        kernel_size: int = 3,
        gain: float = HE_GAIN,
        use_wscale: bool = True,
        **kwargs: Any,
    ) -> None:
        super().__init__(gain, use_wscale, **kwargs)
        self.filters = filters
        self.kernel_size = kernel_size

    def build(self, input_shape: Shape) -> None:
        size = self.kernel_size
        shape = (size, size, input_shape[-1], self.filters)
        self._add_weights(shape, self.filters)
        self.built = True

    def call(self, inputs: Tensor, weight: Tensor = None) -> Tensor:
        """[N,H,W,C] to [N,H,W,filters].

        Args:
            inputs: Images or activations.
            weight: Factor of the outputs, a scalar from 0; None: 1. A fade-in
                is a sum of two layers with weights. The kernel takes it in,
                which costs nothing, and an activation that follows lets it
                through: ReLU(w x) = w ReLU(x).
        """
        kernel, bias = ops.convert_to_tensor(self.kernel), self.bias
        if weight is not None:
            weight = ops.cast(weight, kernel.dtype)
            kernel, bias = kernel * weight, bias * weight
        return operations.add_bias(self._convolve(inputs, kernel), bias)

    def _convolve(self, inputs: Tensor, kernel: Tensor) -> Tensor:
        kernel = kernel * self._wscale
        if self.kernel_size == 1 and inputs.shape[1] <= _SMALL:
            return convolutions.matmul_pixels(inputs, kernel[0, 0])
        return convolutions.conv2d(inputs, kernel)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (*input_shape[:-1], self.filters)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "filters": self.filters,
            "kernel_size": self.kernel_size,
        }


@keras.saving.register_keras_serializable("pgan_tf")
class UpscaleConv2D(EqualizedConv2D):
    """Nearest-neighbour doubling and a 3x3 convolution, fused into one.

    The same function as `operations.upscale2d` followed by `EqualizedConv2D`
    with the same kernel, for 4/9 of the multiplications: a transposed 4x4
    convolution of stride 2. Of many maps, for 1/4 of them:
    `convolutions.upscale_conv2d`.
    """

    def _convolve(self, inputs: Tensor, kernel: Tensor) -> Tensor:
        if _is_wide(kernel, inputs.shape[-1]):
            kernel = kernel * self._wscale
            return convolutions.upscale_conv2d(inputs, kernel)
        kernel = self.transposed(kernel)
        return convolutions.conv2d_transpose(inputs, kernel, 2)

    def transposed(self, kernel: Tensor) -> Tensor:
        """The kernel of the transposed convolution, [4,4,out,in]."""
        # A transposed convolution scatters: next to an ordinary one its
        # kernel is turned by 180 degrees, with the last two axes swapped.
        kernel = _sum_of_shifts(kernel, self._wscale, turned=True)
        return ops.transpose(kernel, (0, 1, 3, 2))

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        count, height, width, _ = input_shape
        height = None if height is None else 2 * height
        width = None if width is None else 2 * width
        return (count, height, width, self.filters)


@keras.saving.register_keras_serializable("pgan_tf")
class ConvDownscale2D(EqualizedConv2D):
    """A 3x3 convolution and 2x2 means, fused into one, and the bias after.

    The same function as convolving, then `operations.downscale2d`, then
    adding the bias, for 4/9 of the multiplications: a 4x4 convolution of
    stride 2. Of many maps, for 1/4 of them: `convolutions.conv_downscale2d`. An
    activation that follows comes after the means, whereas the two-step form
    of the reference (`fused_scale=False`) has it before them.
    """

    def _convolve(self, inputs: Tensor, kernel: Tensor) -> Tensor:
        if _is_wide(kernel, self.filters):
            kernel = kernel * self._wscale
            return convolutions.conv_downscale2d(inputs, kernel)
        kernel = _sum_of_shifts(kernel, self._wscale / 4)
        return convolutions.conv2d(inputs, kernel, 2)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        count, height, width, _ = input_shape
        height = None if height is None else height // 2
        width = None if width is None else width // 2
        return (count, height, width, self.filters)


def _is_wide(kernel: Tensor, fmaps: int) -> bool:
    """Whether means of all neighbours pay, with so many maps when halved.

    Not in 16 bits, in which products take less of the time.
    """
    dtype = keras.backend.standardize_dtype(kernel.dtype)
    return dtype in ("float32", "float64") and fmaps >= WIDE


def _sum_of_shifts(
    kernel: Tensor, factor: float, turned: bool = False
) -> Tensor:
    """Convolves a [3,3,a,b] kernel with a 2x2 box: [4,4,a,b].

    As one product with a constant matrix: gradients of slices are so slow
    that sums of padded slices took a tenth of a training step.

    Args:
        kernel: In the compute dtype.
        factor: Value of the box's pixels.
        turned: Whether the sum is to be turned by 180 degrees.
    """
    _, _, a, b = kernel.shape
    shifts = factor * (_SHIFTS[::-1] if turned else _SHIFTS)
    sums = ops.matmul(
        ops.convert_to_tensor(shifts, dtype=kernel.dtype),
        ops.reshape(kernel, (9, a * b)),
    )
    return ops.reshape(sums, (4, 4, a, b))


# Entry (4y + x, 3i + j) says whether entry (y, x) of the sum has (i, j) in it.
_SHIFTS = np.kron(*[np.eye(4, 3) + np.eye(4, 3, -1)] * 2)


@keras.saving.register_keras_serializable("pgan_tf")
class ToRGB(EqualizedConv2D):
    """1x1 convolution from feature maps to colours; linear, gain 1.

    Args:
        num_channels: Colour channels, 3 or 1.
        use_wscale: As in `EqualizedDense`.
    """

    def __init__(
        self, num_channels: int, use_wscale: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(num_channels, 1, 1.0, use_wscale, **kwargs)
        self.num_channels = num_channels

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for fixed in ("filters", "kernel_size", "gain"):
            del config[fixed]
        return {**config, "num_channels": self.num_channels}


@keras.saving.register_keras_serializable("pgan_tf")
class FromRGB(EqualizedConv2D):
    """1x1 convolution from colours to feature maps; a ReLU follows.

    Args:
        filters: Feature maps.
        use_wscale: As in `EqualizedDense`.
    """

    def __init__(
        self, filters: int, use_wscale: bool = True, **kwargs: Any
    ) -> None:
        super().__init__(filters, 1, HE_GAIN, use_wscale, **kwargs)

    def get_config(self) -> dict[str, Any]:
        config = super().get_config()
        for fixed in ("kernel_size", "gain"):
            del config[fixed]
        return config


@keras.saving.register_keras_serializable("pgan_tf")
class PixelNorm(keras.layers.Layer):
    """`operations.pixel_norm` as a layer.

    Args:
        epsilon: Keeps a zero vector finite.
        form: See there.
    """

    def __init__(
        self, epsilon: float = 1e-8, form: str = "mean", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.epsilon = epsilon
        self.form = form

    def build(self, input_shape: Shape) -> None:
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        return operations.pixel_norm(inputs, self.epsilon, self.form)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return input_shape

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "form": self.form,
        }


@keras.saving.register_keras_serializable("pgan_tf")
class MinibatchStddev(keras.layers.Layer):
    """`operations.minibatch_stddev` as a layer.

    Args:
        group_size: Samples per group.
        form: See there.
    """

    def __init__(
        self, group_size: int = 4, form: str = "groups", **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.group_size = group_size
        self.form = form

    def build(self, input_shape: Shape) -> None:
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        """[N,H,W,C] to [N,H,W,C+1]."""
        return operations.minibatch_stddev(inputs, self.group_size, self.form)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        *others, channels = input_shape
        return (*others, None if channels is None else channels + 1)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "group_size": self.group_size,
            "form": self.form,
        }


@keras.saving.register_keras_serializable("pgan_tf")
class Embedding(keras.layers.Layer):
    """A row of numbers for each label, no longer than 1.

    Longer rows count as shortened to that, as PyTorch's `max_norm` does.

    Args:
        size: Numbers in a row.
    """

    def __init__(self, size: int, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.size = size

    def build(self, input_shape: Shape) -> None:
        self.kernel = self.add_weight(
            name="kernel",
            shape=(input_shape[-1], self.size),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
        )
        self.built = True

    def call(self, inputs: Tensor) -> Tensor:
        """Labels [N,label_size] to the sums of their rows, [N,size]."""
        kernel = ops.convert_to_tensor(self.kernel)
        length = ops.sqrt(ops.sum(ops.square(kernel), axis=-1, keepdims=True))
        # PyTorch adds this epsilon to the length of rows that are too long.
        short = ops.where(length > 1.0, kernel / (length + 1e-7), kernel)
        return ops.matmul(inputs, short)

    def compute_output_shape(self, input_shape: Shape) -> Shape:
        return (input_shape[0], self.size)

    def get_config(self) -> dict[str, Any]:
        return {**super().get_config(), "size": self.size}
