"""What layers of all families share: the equalized learning rate.

Kernels are drawn from N(0, 1) and scaled by He's constant at run time (Karras
et al. 2018, section 4.1).
"""

from typing import Any

import keras
import numpy as np
from keras import ops

Tensor = Any
HE_GAIN = float(np.sqrt(2))


class Equalized(keras.layers.Layer):
    """What dense and convolution share: a kernel, its factor, a bias.

    Args:
        gain: Numerator of He's constant: sqrt(2) ahead of a ReLU, 1 ahead of
            a linear output.
        use_wscale: False puts He's constant into the initial kernel instead.
        kwargs: Name and dtype.
    """

    def __init__(self, gain: float, use_wscale: bool, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.gain = gain
        self.use_wscale = use_wscale

    def _add_weights(
        self, kernel_shape: tuple[int, ...], bias_size: int
    ) -> None:
        """Makes kernel [...,in,out], and a bias if that has a size."""
        fan_in = float(np.prod(kernel_shape[:-1]))
        he_std = self.gain / float(np.sqrt(fan_in))
        self._wscale = he_std if self.use_wscale else 1.0
        stddev = 1.0 if self.use_wscale else he_std
        self.kernel = self.add_weight(
            name="kernel",
            shape=kernel_shape,
            initializer=keras.initializers.RandomNormal(stddev=stddev),
        )
        if bias_size:
            self.bias = self.add_weight(
                name="bias", shape=(bias_size,), initializer="zeros"
            )

    @property
    def wscale(self) -> float:
        """The factor of the kernel at run time."""
        return self._wscale

    def scaled_kernel(self) -> Tensor:
        """The kernel that the inputs meet, in the compute dtype."""
        return ops.multiply(self.kernel, self._wscale)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "gain": self.gain,
            "use_wscale": self.use_wscale,
        }
