"""What G and D share: the options of growing networks, and their widths.

One structure serves every stage of growth: all weights exist from the start,
and a call computes only the layers of the resolution at hand, at its native
size. `resolutions` says what lod and alpha are.
"""

from typing import Any

import keras
from keras import ops

from pgan_tf.base import resolutions
from pgan_tf.networks import operations
from pgan_tf.networks.progressive import cost as progressive_cost
from pgan_tf.networks.progressive import layout as layouts

Tensor = Any


class Growing(keras.Model):
    """The options that G and D share, and the widths of their layers."""

    family = "progressive"

    def __init__(
        self,
        resolution: int,
        num_channels: int,
        label_size: int,
        fmap_base: int,
        fmap_decay: float,
        fmap_max: int,
        use_wscale: bool,
        use_leakyrelu: bool,
        fused_scale: bool,
        layout: str,
        fmaps: str,
        name: str,
        dtype: Any,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        if not resolutions.is_one(resolution):
            raise ValueError(
                f"resolution must be a power of two from 4, got {resolution}"
            )
        self.resolution = resolution
        self.num_channels = num_channels
        self.label_size = label_size
        self.fmap_base = fmap_base
        self.fmap_decay = fmap_decay
        self.fmap_max = fmap_max
        self.use_wscale = use_wscale
        self.use_leakyrelu = use_leakyrelu
        self.fused_scale = fused_scale
        if layout not in layouts.BY_NAME:
            raise ValueError(f"no known layout {layout!r}")
        self.layout = layout
        self.fmaps = fmaps
        self._layout = layouts.BY_NAME[layout]
        if self._fmaps(resolution) < 1:
            raise ValueError(
                f"fmap_base {fmap_base} leaves no feature maps at "
                f"{resolution}x{resolution}"
            )

    @property
    def resolutions(self) -> list[int]:
        """[4, 8, ..., resolution]."""
        return resolutions.up_to(self.resolution)

    def _fmaps(self, resolution: int) -> int:
        return progressive_cost.fmaps(
            resolution,
            self.fmap_base,
            self.fmap_decay,
            self.fmap_max,
            self.fmaps,
        )

    def _index(self, resolution: int) -> int:
        """Position of a resolution in the lists of layers."""
        if resolution not in self.resolutions:
            raise ValueError(
                f"{self.name} has no {resolution}x{resolution} layers, only "
                f"those of {self.resolutions}"
            )
        return self.resolutions.index(resolution)

    def _activate(self, x: Tensor) -> Tensor:
        return operations.leaky_relu(x) if self.use_leakyrelu else ops.relu(x)

    def _layer_options(self) -> dict[str, Any]:
        return {"use_wscale": self.use_wscale, "dtype": self.dtype_policy}

    def get_config(self) -> dict[str, Any]:
        return {
            "resolution": self.resolution,
            "num_channels": self.num_channels,
            "label_size": self.label_size,
            "fmap_base": self.fmap_base,
            "fmap_decay": self.fmap_decay,
            "fmap_max": self.fmap_max,
            "use_wscale": self.use_wscale,
            "use_leakyrelu": self.use_leakyrelu,
            "fused_scale": self.fused_scale,
            "layout": self.layout,
            "fmaps": self.fmaps,
            "name": self.name,
            "dtype": keras.saving.serialize_keras_object(self.dtype_policy),
        }


def ends_in_use(ends: list[Any], top: int, fading: bool) -> list[Any]:
    """toRGB or fromRGB of the resolution and, while fading, of the lower."""
    return ends[top - 1 : top + 1] if fading and top else [ends[top]]
