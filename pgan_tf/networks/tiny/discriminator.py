"""The discriminator of the test of modes, with some 500 numbers."""

from typing import Any

import keras
from keras import ops

from pgan_tf.base import resolutions
from pgan_tf.networks import operations
from pgan_tf.networks.tiny import cost, layers, planes

Tensor = Any
SLOPE = 0.2  # of the activations; G's is another


@keras.saving.register_keras_serializable("pgan_tf")
class TinyDiscriminator(keras.Model):
    """Images to scores: a convolution and 2x2 means for each resolution.

    The first convolution meets the colours themselves. Only one that grows
    has, for each lower resolution, a 1x1 convolution of colours.

    Args:
        resolution: Final resolution, a power of two from 4.
        num_channels: Colour channels.
        divisor: It has 8, 16, ... feature maps over this.
        batch_norm: Batch normalisation ahead of each activation, in place of
            the equalized learning rate. It is that of the images at hand,
            always: nothing is gathered.
        minibatch_stddev: Whether the score looks at how all images differ.
        growing: Whether it has layers to judge lower resolutions with.
        name, dtype: As for any Keras model.
    """

    family = "tiny"
    label_size = 0
    lod = 0.0

    def __init__(
        self,
        resolution: int = 32,
        num_channels: int = 3,
        divisor: int = 4,
        batch_norm: bool = False,
        minibatch_stddev: bool = True,
        growing: bool = True,
        name: str = "D",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.resolution, self.num_channels = resolution, num_channels
        self.divisor = divisor
        self.batch_norm, self.growing = batch_norm, growing
        self.minibatch_stddev = minibatch_stddev
        # Whether statistics are mixed of all images, or of none.
        self.group_size = None if batch_norm or minibatch_stddev else 0
        self._make_layers()
        self.built = True

    def _make_layers(self) -> None:
        options = {
            "use_wscale": not self.batch_norm,
            "dtype": self.dtype_policy,
        }
        self.convolutions: dict[str, layers.Convolution] = {}
        self.norms: dict[str, layers.BatchNorm] = {}
        self.from_rgb: dict[str, layers.Convolution] = {}
        inputs = self.num_channels
        for r in reversed(resolutions.up_to(self.resolution)):
            if self.growing and r < self.resolution:
                from_rgb = layers.Convolution(
                    inputs, 1, name=f"{r}x{r}_from_rgb", **options
                )
                from_rgb.build(self.num_channels)
                self.from_rgb[str(r)] = from_rgb
            if r == 4:
                break
            width = cost.discriminator_width(r, self.resolution, self.divisor)
            convolution = layers.Convolution(
                width,
                use_bias=not self.batch_norm,
                name=f"{r}x{r}_conv",
                **options,
            )
            convolution.build(inputs)
            self.convolutions[str(r)] = convolution
            if self.batch_norm:
                norm = layers.BatchNorm(
                    moving=False, name=f"{r}x{r}_norm", dtype=self.dtype_policy
                )
                norm.build(width)
                self.norms[str(r)] = norm
            inputs = width
        self.score = layers.Score(name="4x4_score", **options)
        self.score.build(16 * (inputs + int(self.minibatch_stddev)))

    def call(
        self,
        images: Tensor,
        labels: Tensor = None,
        alpha: Tensor = None,
        training: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Judges images; their size says which layers are in use.

        Args:
            images: [N,R,R,num_channels] in [-1, 1].
            labels: Left alone.
            alpha: Weight of this resolution's layers against the path through
                the halved image, scalar; None: settled.
            training: Makes no difference.

        Returns:
            float32 scores [N,1], higher for what seems real, and [N,0].
        """
        top = self._checked(images.shape[1])
        colours = planes.from_images(images)
        x = colours
        if top < self.resolution:
            x = self._activated(self.from_rgb[str(top)](x))
        for r in reversed(resolutions.up_to(top)[1:]):
            x = self.convolutions[str(r)](x)
            if self.batch_norm:
                x = self.norms[str(r)](x)
            x = planes.halve(self._activated(x))
            if r == top and alpha is not None:
                old = self.from_rgb[str(r // 2)](planes.halve(colours))
                alpha = ops.cast(alpha, x.dtype)
                x = operations.lerp(self._activated(old), x, alpha)
        if self.minibatch_stddev:
            x = planes.minibatch_stddev(x)
        scores = operations.at_least_float32(self.score(x))
        return scores, scores[:, :0]

    def _activated(self, x: Tensor) -> Tensor:
        return operations.leaky_relu(x, SLOPE)

    def _checked(self, resolution: int) -> int:
        """The resolution, if there are layers for it."""
        known = [int(r) for r in self.from_rgb] + [self.resolution]
        if resolution not in known:
            raise ValueError(
                f"{self.name} has no {resolution}x{resolution} layers, only "
                f"those of {sorted(known)}"
            )
        return resolution

    def trainable_at(self, resolution: int, fading: bool) -> list[Any]:
        """The trainable variables that a call at this stage depends on."""
        top = self._checked(resolution)
        ends = [top] if top < self.resolution else []
        ends += [top // 2] if fading and top > 4 else []
        used: list[Any] = [self.from_rgb[str(r)] for r in ends]
        for r in resolutions.up_to(top)[1:]:
            used.append(self.convolutions[str(r)])
            used += [self.norms[str(r)]] if self.batch_norm else []
        used.append(self.score)
        return [v for layer in used for v in layer.trainable_variables]

    def compute_output_shape(
        self, images_shape: tuple[Any, ...], *_: Any, **__: Any
    ) -> tuple[tuple[Any, ...], tuple[Any, ...]]:
        return (images_shape[0], 1), (images_shape[0], 0)

    def get_config(self) -> dict[str, Any]:
        return {
            "resolution": self.resolution,
            "num_channels": self.num_channels,
            "divisor": self.divisor,
            "batch_norm": self.batch_norm,
            "minibatch_stddev": self.minibatch_stddev,
            "growing": self.growing,
            "name": self.name,
            "dtype": keras.saving.serialize_keras_object(self.dtype_policy),
        }
