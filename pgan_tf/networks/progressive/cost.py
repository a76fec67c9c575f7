"""The shape of G and D in plain numbers: widths, weights, work, activations.

What `networks` builds, counted without building it: for plans, forecasts and
for saying how near a machine comes to its limit.
"""

import dataclasses
import functools
from collections.abc import Iterator

from pgan_tf.base import resolutions
from pgan_tf.networks import cost
from pgan_tf.networks.progressive import layout as layouts
from pgan_tf.networks.progressive.options import ProgressiveOptions


def fmaps(
    resolution: int,
    fmap_base: int,
    fmap_decay: float,
    fmap_max: int,
    listed: str = "",
) -> int:
    """Feature maps at a resolution: fmap_base / (R/2)^fmap_decay, capped.

    With the defaults 512 up to 32x32, then half as many at each doubling, to
    16 at 1024x1024 (Karras et al. 2018, table 2).

    Args:
        resolution: From 2.
        fmap_base, fmap_decay, fmap_max: As above.
        listed: In place of these, the numbers at 2x2, 4x4, 8x8 and so on,
            such as "16,24,20".

    Raises:
        ValueError: If the list is none, or too short.
    """
    stage = resolution.bit_length() - 2
    if listed:
        return widths(listed)[stage]
    return min(int(fmap_base / 2.0 ** (stage * fmap_decay)), fmap_max)


@functools.lru_cache
def widths(listed: str) -> tuple[int, ...]:
    """Such a list as numbers.

    Raises:
        ValueError: If it is none.
    """
    parts = listed.split(",")
    if not all(part.isdecimal() and 0 < int(part) <= 2**20 for part in parts):
        raise ValueError(f"fmaps={listed}: give a list such as 16,24,20")
    return tuple(map(int, parts))


@dataclasses.dataclass(frozen=True)
class ProgressiveCost:
    """What G and D cost, from what decides their shapes.

    Attributes:
        options: Widths and switches.
        num_channels: Colour channels.
        label_size: Length of the label vectors.
    """

    options: ProgressiveOptions
    num_channels: int
    label_size: int = 0

    @property
    def _layout(self) -> layouts.Layout:
        return layouts.BY_NAME[self.options.layout]

    def generator(self, resolution: int, fading: bool = False) -> cost.Cost:
        """What an image costs in G's layers in use at a resolution."""
        return sum(self._generator_layers(resolution, fading), cost.Cost())

    def discriminator(self, resolution: int, fading: bool = False) -> cost.Cost:
        """What an image costs in D's layers in use at a resolution."""
        return sum(self._discriminator_layers(resolution, fading), cost.Cost())

    def parameters(self, final: int) -> tuple[int, int]:
        """Trainable numbers of all of G and all of D, fully grown."""
        lower = resolutions.up_to(final)[:-1]
        return (
            self.generator(final).parameters
            + sum(self._to_rgb(r).parameters for r in lower),
            self.discriminator(final).parameters
            + sum(self._from_rgb(r).parameters for r in lower),
        )

    def _generator_layers(self, top: int, fading: bool) -> Iterator[cost.Cost]:
        latents = self.options.latent_size or self._fmaps(2)
        width = self._fmaps(4)
        biases = 16 * width if self._layout.position_bias else width
        yield cost.Cost(
            macs=(latents + self.label_size) * 16 * width,
            parameters=(latents + self.label_size) * 16 * width + biases,
            activations=16 * width,
        )
        yield self._conv(4, 4, width, width)
        for r in resolutions.up_to(top)[1:]:
            yield self._conv(r, r, self._fmaps(r // 2), self._fmaps(r), True)
            yield self._conv(r, r, self._fmaps(r), self._fmaps(r))
        for r in [top // 2, top] if fading else [top]:
            yield self._to_rgb(r)

    def _discriminator_layers(
        self, top: int, fading: bool
    ) -> Iterator[cost.Cost]:
        if top == 8 and not self._layout.fades_at_8:
            fading = False
        for r in [top // 2, top] if fading else [top]:
            yield self._from_rgb(r)
        for r in resolutions.up_to(top)[1:]:
            yield self._conv(r, r, self._fmaps(r), self._fmaps(r))
            down = r // 2 if self.options.fused_scale else r
            yield self._conv(r, down, self._fmaps(r), self._fmaps(r // 2), True)
        width, dense = self._fmaps(4), self._fmaps(2)
        extra = 1 if self.options.mbstd_group_size else 0
        flat = 16 * (width + extra)
        if self._layout.final_conv:
            yield self._conv(4, 4, width + extra, width)
            flat = 16 * width
        logits = 0 if self._layout.projection else self.label_size
        for inputs, outputs in ((flat, dense), (dense, 1 + logits)):
            yield cost.Cost(inputs * outputs, (inputs + 1) * outputs, outputs)
        if self._layout.projection:
            embedding = dense * self.label_size
            yield cost.Cost(macs=embedding, parameters=embedding)

    def _conv(
        self,
        resolution: int,
        out_resolution: int,
        inputs: int,
        outputs: int,
        scales: bool = False,
    ) -> cost.Cost:
        """A 3x3 convolution at the larger of the resolutions it joins.

        Fused with the scaling beside it, it is a 4x4 convolution with one
        output, or one input, for each four pixels: 4 products per pixel. They
        are counted also where a layer finds a way with 9/4.
        """
        taps = 4 if scales and self.options.fused_scale else 9
        return cost.Cost(
            macs=taps * inputs * outputs * resolution**2,
            parameters=(9 * inputs + 1) * outputs,
            activations=outputs * out_resolution**2,
        )

    def _to_rgb(self, resolution: int) -> cost.Cost:
        return _point(resolution, self._fmaps(resolution), self.num_channels)

    def _from_rgb(self, resolution: int) -> cost.Cost:
        return _point(resolution, self.num_channels, self._fmaps(resolution))

    def _fmaps(self, resolution: int) -> int:
        options = self.options
        return fmaps(
            resolution,
            options.fmap_base,
            options.fmap_decay,
            options.fmap_max,
            options.fmaps,
        )


def _point(resolution: int, inputs: int, outputs: int) -> cost.Cost:
    """A 1x1 convolution."""
    return cost.Cost(
        macs=inputs * outputs * resolution**2,
        parameters=(inputs + 1) * outputs,
        activations=outputs * resolution**2,
    )
