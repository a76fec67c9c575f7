"""The generator of the test of modes."""

from typing import Any

import keras
from keras import ops

from pgan_tf.base import resolutions
from pgan_tf.networks import operations
from pgan_tf.networks.tiny import cost, layers, planes

Tensor = Any
SLOPE = 0.3  # of the activations; D's is another


@keras.saving.register_keras_serializable("pgan_tf")
class TinyGenerator(keras.Model):
    """Latents to images in -1..1: a convolution for each resolution, and tanh.

    Each resolution has its own 3x3 convolution to colours if it grows; while
    one fades in, tanh comes after the sum of the two.

    Args:
        resolution: Final resolution, a power of two from 4.
        num_channels: Colour channels.
        latent_size: Length of the latent vectors.
        batch_norm: Batch normalisation, in place of the equalized learning
            rate and of pixel normalisation. The latents are normalised anyway.
        growing: Whether it has layers to draw lower resolutions with.
        lod: Where in its growth the network is. Travels with saved files.
        name, dtype: As for any Keras model.
    """

    family = "tiny"
    label_size = 0

    def __init__(
        self,
        resolution: int = 32,
        num_channels: int = 3,
        latent_size: int = 64,
        batch_norm: bool = False,
        growing: bool = True,
        lod: float = 0.0,
        name: str = "G",
        dtype: Any = None,
    ) -> None:
        super().__init__(name=name, dtype=dtype)
        self.resolution, self.num_channels = resolution, num_channels
        self.latent_size = latent_size
        self.batch_norm, self.growing = batch_norm, growing
        self.lod = lod
        self._make_layers()
        self.built = True

    def _make_layers(self) -> None:
        self.convolutions: list[layers.Convolution] = []
        self.norms: list[layers.BatchNorm] = []
        # By resolution, of those that are drawn by themselves.
        self.to_rgb: dict[str, layers.Convolution] = {}
        inputs = self.latent_size
        for r in resolutions.up_to(self.resolution):
            width = cost.generator_width(r)
            kind, size = layers.DoublingConvolution, 3
            if r == 4:
                kind, size = layers.FromLatents, 4
            convolution = kind(
                width,
                size,
                use_wscale=not self.batch_norm,
                use_bias=not self.batch_norm,
                name=f"{r}x{r}_conv",
                dtype=self.dtype_policy,
            )
            convolution.build(inputs)
            self.convolutions.append(convolution)
            if self.batch_norm:
                norm = layers.BatchNorm(
                    moving=True, name=f"{r}x{r}_norm", dtype=self.dtype_policy
                )
                norm.build(width)
                self.norms.append(norm)
            if r == self.resolution or self.growing:
                self.to_rgb[str(r)] = self._make_to_rgb(r, width)
            inputs = width

    def _make_to_rgb(self, resolution: int, width: int) -> layers.Convolution:
        """The layer to colours."""
        to_rgb = layers.Convolution(
            self.num_channels,
            gain=1.0,
            use_wscale=not self.batch_norm,
            name=f"{resolution}x{resolution}_to_rgb",
            dtype=self.dtype_policy,
        )
        to_rgb.build(width)
        return to_rgb

    def call(
        self,
        latents: Tensor,
        labels: Tensor = None,
        resolution: int | None = None,
        alpha: Tensor = None,
        training: bool = False,
    ) -> Tensor:
        """Draws images.

        Args:
            latents: Normal draws [N,latent_size].
            labels: None: it takes none.
            resolution: Of the images; None: what `lod` says.
            alpha: Weight of this resolution's layers against the doubled image
                of the resolution below, scalar; None: settled.
            training: Whether batch normalisation takes the statistics of these
                images, and gathers them, or takes those gathered.

        Returns:
            float32 images [N,resolution,resolution,num_channels].
        """
        if resolution is None:
            resolution, alpha = resolutions.split(self.lod, self.resolution)
        top = self.index_of(resolution, alpha is not None)
        x = self._first(latents, training)
        below = x
        for i in range(1, top + 1):
            below, x = x, self._activated(i, self.convolutions[i](x), training)
        image = self.to_rgb[str(resolution)](x)
        if alpha is not None and top:
            old = planes.double(self.to_rgb[str(resolution // 2)](below))
            image = operations.lerp(old, image, ops.cast(alpha, image.dtype))
        image = ops.tanh(operations.at_least_float32(image))
        return planes.to_images(image)

    def _first(self, latents: Tensor, training: bool) -> Tensor:
        """What the first layer makes of latents, [C,4,4,N]."""
        if latents.shape[-1] != self.latent_size:
            raise ValueError(
                f"{self.name} takes latents of size {self.latent_size}, not "
                f"{latents.shape[-1]}"
            )
        x = planes.pixel_norm(ops.transpose(latents))
        return self._activated(0, self.convolutions[0](x), training)

    def _activated(self, i: int, x: Tensor, training: bool) -> Tensor:
        """Batch norm and activation, or activation and pixel norm."""
        if self.batch_norm:
            x = self.norms[i](x, training=training)
            return operations.leaky_relu(x, SLOPE)
        return planes.pixel_norm(operations.leaky_relu(x, SLOPE))

    def index_of(self, resolution: int, fading: bool = False) -> int:
        """Position of a resolution in the lists of layers.

        Raises:
            ValueError: If it is not drawn, or that below has to fade out and
                is not drawn.
        """
        drawn = [int(r) for r in self.to_rgb]
        lowest = resolution // 2 if fading and resolution > 4 else resolution
        for needed in (lowest, resolution):
            if needed not in drawn:
                raise ValueError(
                    f"{self.name} has no {needed}x{needed} layers, only those "
                    f"of {drawn}"
                )
        return resolutions.up_to(resolution).index(resolution)

    def first_activations(
        self, latents: Tensor, labels: Tensor = None
    ) -> Tensor:
        """What the first layer makes of latents: [N,4,4,feature maps]."""
        return planes.to_images(self._first(latents, training=False))

    def trainable_at(self, resolution: int, fading: bool) -> list[Any]:
        """The trainable variables that a call at this stage depends on."""
        used = self._layers_at(resolution, fading)
        used += self.norms[: self.index_of(resolution) + 1]
        return [v for layer in used for v in layer.trainable_variables]

    def kernels_at(self, resolution: int, fading: bool) -> list[Tensor]:
        """The kernels of such a call, [...,in,out], scaled as it has them."""
        return [
            layer.scaled_kernel()
            for layer in self._layers_at(resolution, fading)
        ]

    def _layers_at(self, resolution: int, fading: bool) -> list[Any]:
        """The convolutions in use."""
        top = self.index_of(resolution)
        ends = [resolution // 2] if fading and top else []
        ends.append(resolution)
        return [
            *self.convolutions[: top + 1],
            *(self.to_rgb[str(r)] for r in ends),
        ]

    def averaged_at(self, resolution: int) -> list[Any]:
        """What Gs averages: all that growth up to there has ever used."""
        top = self.index_of(resolution) + 1
        used: list[Any] = [*self.convolutions[:top], *self.norms[:top]]
        used += [n for r, n in self.to_rgb.items() if int(r) <= resolution]
        return [v for layer in used for v in layer.trainable_variables]

    def copied_state(self) -> list[Any]:
        """The statistics that batch normalisation has gathered."""
        return [v for n in self.norms for v in n.non_trainable_variables]

    def compute_output_shape(
        self, latents_shape: tuple[Any, ...], *_: Any, **__: Any
    ) -> tuple[Any, ...]:
        resolution, _alpha = resolutions.split(self.lod, self.resolution)
        return (latents_shape[0], resolution, resolution, self.num_channels)

    def get_config(self) -> dict[str, Any]:
        return {
            "resolution": self.resolution,
            "num_channels": self.num_channels,
            "latent_size": self.latent_size,
            "batch_norm": self.batch_norm,
            "growing": self.growing,
            "lod": self.lod,
            "name": self.name,
            "dtype": keras.saving.serialize_keras_object(self.dtype_policy),
        }
