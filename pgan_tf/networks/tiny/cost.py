"""Widths of the tiny networks, and what they cost, in plain numbers."""

import dataclasses
from collections.abc import Iterator

from pgan_tf.base import resolutions
from pgan_tf.networks import cost
from pgan_tf.networks.tiny.options import TinyOptions


def generator_width(resolution: int) -> int:
    """Feature maps of G: 64 at 4x4, half as many at each doubling."""
    return 256 // resolution


def discriminator_width(resolution: int, final: int, divisor: int) -> int:
    """Maps of D's convolution of such images: 8, 16, ... over the divisor."""
    return 8 * (final // resolution) // divisor


@dataclasses.dataclass(frozen=True)
class TinyCost:
    """What G and D cost, from what decides their shapes.

    Attributes:
        options: Widths and switches.
        num_channels: Colour channels.
        final: The final resolution.
    """

    options: TinyOptions
    num_channels: int
    final: int

    def generator(self, resolution: int, fading: bool = False) -> cost.Cost:
        """What an image costs in G's layers in use at a resolution."""
        return sum(self._generator_layers(resolution, fading), cost.Cost())

    def discriminator(self, resolution: int, fading: bool = False) -> cost.Cost:
        """What an image costs in D's layers in use at a resolution."""
        return sum(self._discriminator_layers(resolution, fading), cost.Cost())

    def parameters(self, final: int) -> tuple[int, int]:
        """Trainable numbers of all of G and all of D, fully grown."""
        lower = resolutions.up_to(final)[:-1] if self.options.growing else []
        return (
            self.generator(final).parameters
            + sum(self._to_rgb(r).parameters for r in lower),
            self.discriminator(final).parameters
            + sum(self._from_rgb(r).parameters for r in lower),
        )

    def _generator_layers(self, top: int, fading: bool) -> Iterator[cost.Cost]:
        inputs = self.options.latent_size
        for r in resolutions.up_to(top):
            # Of 4x4 pixels each has its own product with the latent; of others
            # four with each map.
            taps, size = (1, 16) if r == 4 else (4, 9)
            yield self._convolution(r, inputs, generator_width(r), taps, size)
            inputs = generator_width(r)
        for r in [top // 2, top] if fading else [top]:
            yield self._to_rgb(r)

    def _discriminator_layers(
        self, top: int, fading: bool
    ) -> Iterator[cost.Cost]:
        if top < self.final:
            yield self._from_rgb(top)
        if fading:
            yield self._from_rgb(top // 2)
        inputs = self._inputs(top)
        for r in reversed(resolutions.up_to(top)[1:]):
            yield self._convolution(r, inputs, self._inputs(r // 2), 9, 9)
            inputs = self._inputs(r // 2)
        numbers = 16 * (inputs + int(self.options.minibatch_stddev))
        yield cost.Cost(numbers, numbers + 1, 1)

    def _inputs(self, resolution: int) -> int:
        """Maps of activations of that size in D; at the final one colours."""
        if resolution == self.final:
            return self.num_channels
        return discriminator_width(
            2 * resolution, self.final, self.options.d_divisor
        )

    def _convolution(
        self, resolution: int, inputs: int, outputs: int, taps: int, size: int
    ) -> cost.Cost:
        """Products of so many pixels, and a kernel of that size.

        With batch normalisation there are a scale and a shift per map, else a
        bias.
        """
        return cost.Cost(
            macs=taps * inputs * outputs * resolution**2,
            parameters=(
                size * inputs * outputs
                + outputs * (1 + self.options.batch_norm)
            ),
            activations=outputs * resolution**2,
        )

    def _to_rgb(self, resolution: int) -> cost.Cost:
        """A 3x3 convolution to colours, never normalised."""
        width, channels = generator_width(resolution), self.num_channels
        return cost.Cost(
            macs=9 * width * channels * resolution**2,
            parameters=(9 * width + 1) * channels,
            activations=channels * resolution**2,
        )

    def _from_rgb(self, resolution: int) -> cost.Cost:
        """A 1x1 convolution of colours."""
        width, channels = self._inputs(resolution), self.num_channels
        return cost.Cost(
            macs=width * channels * resolution**2,
            parameters=(channels + 1) * width,
            activations=width * resolution**2,
        )
