"""The progressive generator and discriminator.

One structure serves every stage of growth: all weights exist from the start,
and a call computes only the layers of the resolution at hand, at its native
size. `lod` (level of detail) is log2(final resolution / current resolution),
with the progress of a fade-in as its fraction: at lod 2.25 of a 128x128
network the resolution is 32x32 and its layers have weight alpha = 0.75.
"""

from typing import Any

import keras
from keras import ops

from pgan_tf import functional, layers, shapes
from pgan_tf.base import resolutions

Tensor = Any


class _Progressive(keras.Model):
    """The options that G and D share, and the widths of their layers."""

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
        return shapes.fmaps(
            resolution, self.fmap_base, self.fmap_decay, self.fmap_max
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
        return functional.leaky_relu(x) if self.use_leakyrelu else ops.relu(x)

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
            "name": self.name,
            "dtype": keras.saving.serialize_keras_object(self.dtype_policy),
        }


@keras.saving.register_keras_serializable("pgan_tf")
class Generator(_Progressive):
    """Latents to images, at any resolution of its growth.

    Args:
        resolution: Final resolution, a power of two from 4.
        num_channels: Colour channels.
        label_size: Length of the label vectors, 0 for none.
        fmap_base: Layers at resolution R have fmap_base / (R/2)^fmap_decay
            feature maps,
        fmap_decay: falling off with this power,
        fmap_max: and no more than this.
        latent_size: Length of the latent vectors; None: the width at 2x2.
        normalize_latents: Pixel-normalise latents and labels at the input.
        use_wscale: Equalized learning rate.
        use_pixelnorm: Pixel normalisation after every activation.
        pixelnorm_epsilon: Its epsilon.
        use_leakyrelu: Leaky ReLU of slope 0.2; else plain ReLU.
        fused_scale: Fuse upscaling and convolution: faster, same function.
        lod: Where in its growth the network is; what a call computes unless
            told otherwise. Travels with saved files.
        name, dtype: As for any Keras model.
    """

    def __init__(
        self,
        resolution: int = 32,
        num_channels: int = 1,
        label_size: int = 0,
        fmap_base: int = 8192,
        fmap_decay: float = 1.0,
        fmap_max: int = 512,
        latent_size: int | None = None,
        normalize_latents: bool = True,
        use_wscale: bool = True,
        use_pixelnorm: bool = True,
        pixelnorm_epsilon: float = 1e-8,
        use_leakyrelu: bool = True,
        fused_scale: bool = True,
        lod: float = 0.0,
        name: str = "G",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            resolution,
            num_channels,
            label_size,
            fmap_base,
            fmap_decay,
            fmap_max,
            use_wscale,
            use_leakyrelu,
            fused_scale,
            name=name,
            dtype=dtype,
        )
        self.latent_size = latent_size or self._fmaps(2)
        self.normalize_latents = normalize_latents
        self.use_pixelnorm = use_pixelnorm
        self.pixelnorm_epsilon = pixelnorm_epsilon
        self.lod = lod
        self._make_layers()
        self.built = True

    def _make_layers(self) -> None:
        """For 4x4: dense, conv1; for each R above: conv0 (up), conv1."""
        options = self._layer_options()
        upscale_conv = (
            layers.UpscaleConv2D if self.fused_scale else layers.EqualizedConv2D
        )
        self.pixel_norm = layers.PixelNorm(
            self.pixelnorm_epsilon, dtype=self.dtype_policy
        )
        self.conv0, self.conv1, self.to_rgb = [], [], []
        for r in self.resolutions:
            fmaps, below = self._fmaps(r), self._fmaps(r // 2)
            if r == 4:
                # The reference's gain here is a quarter of He's.
                conv0 = layers.EqualizedDense(
                    (4, 4, fmaps),
                    gain=layers.HE_GAIN / 4,
                    name="4x4_dense",
                    **options,
                )
                conv0.build((None, self.latent_size + self.label_size))
            else:
                conv0 = upscale_conv(fmaps, name=f"{r}x{r}_conv0", **options)
                conv0.build((None, r // 2, r // 2, below))
            conv1 = layers.EqualizedConv2D(
                fmaps, name=f"{r}x{r}_conv1", **options
            )
            to_rgb = layers.ToRGB(
                self.num_channels, name=f"{r}x{r}_to_rgb", **options
            )
            conv1.build((None, r, r, fmaps))
            to_rgb.build((None, r, r, fmaps))
            self.conv0.append(conv0)
            self.conv1.append(conv1)
            self.to_rgb.append(to_rgb)

    def call(
        self,
        latents: Tensor,
        labels: Tensor = None,
        resolution: int | None = None,
        alpha: Tensor = None,
    ) -> Tensor:
        """Draws images.

        Args:
            latents: Normal draws [N,latent_size].
            labels: [N,label_size]; only for networks that take labels.
            resolution: Of the images; None: what `lod` says.
            alpha: Weight of this resolution's layers against the upscaled
                image of the resolution below, scalar; None: settled.

        Returns:
            float32 images [N,resolution,resolution,num_channels], nominally
            in [-1, 1] but not limited to it.
        """
        if resolution is None:
            resolution, alpha = resolutions.split(self.lod, self.resolution)
        top = self._index(resolution)
        x = self._block(0, self._join(latents, labels))
        for i in range(1, top + 1):
            below, x = x, self._block(i, x)
        if top == 0 or alpha is None:
            return functional.at_least_float32(self.to_rgb[top](x))
        old = self.to_rgb[top - 1](below, weight=1.0 - alpha)
        new = self.to_rgb[top](x, weight=alpha)
        return functional.at_least_float32(functional.upscale2d(old) + new)

    def _join(self, latents: Tensor, labels: Tensor) -> Tensor:
        """Latents and labels as one vector, normalised together."""
        if latents.shape[-1] != self.latent_size:
            raise ValueError(
                f"{self.name} takes latents of size {self.latent_size}, not "
                f"{latents.shape[-1]}"
            )
        if self.label_size:
            if labels is None:
                raise ValueError(
                    f"{self.name} takes labels of size {self.label_size}"
                )
            labels = ops.cast(labels, latents.dtype)
            latents = ops.concatenate([latents, labels], axis=-1)
        return self.pixel_norm(latents) if self.normalize_latents else latents

    def _block(self, i: int, x: Tensor) -> Tensor:
        """The two layers at a resolution; input [N,R/2,R/2,C] or latents."""
        if i > 0 and not self.fused_scale:
            x = functional.upscale2d(x)
        for layer in (self.conv0[i], self.conv1[i]):
            x = self._activate(layer(x))
            if self.use_pixelnorm:
                x = self.pixel_norm(x)
        return x

    def first_activations(
        self, latents: Tensor, labels: Tensor = None
    ) -> Tensor:
        """What the first layer makes of latents: [N,4,4,feature maps]."""
        x = self._activate(self.conv0[0](self._join(latents, labels)))
        return self.pixel_norm(x) if self.use_pixelnorm else x

    def trainable_at(self, resolution: int, fading: bool) -> list[Any]:
        """The trainable variables that a call at this stage depends on."""
        used = self._layers_at(resolution, fading)
        return [v for layer in used for v in layer.trainable_variables]

    def kernels_at(self, resolution: int, fading: bool) -> list[Tensor]:
        """The kernels of such a call, [...,in,out], scaled as it has them."""
        return [
            layer.scaled_kernel()
            for layer in self._layers_at(resolution, fading)
        ]

    def _layers_at(self, resolution: int, fading: bool) -> list[Any]:
        top = self._index(resolution)
        used = self.conv0[: top + 1] + self.conv1[: top + 1]
        return used + _ends_in_use(self.to_rgb, top, fading)

    def trained_by(self, resolution: int) -> list[Any]:
        """The trainable variables that growth up to there has ever used."""
        top = self._index(resolution) + 1
        used = self.conv0[:top] + self.conv1[:top] + self.to_rgb[:top]
        return [v for layer in used for v in layer.trainable_variables]

    def compute_output_shape(
        self, latents_shape: layers.Shape, *_: Any, **__: Any
    ) -> layers.Shape:
        resolution, _alpha = resolutions.split(self.lod, self.resolution)
        return (latents_shape[0], resolution, resolution, self.num_channels)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "latent_size": self.latent_size,
            "normalize_latents": self.normalize_latents,
            "use_pixelnorm": self.use_pixelnorm,
            "pixelnorm_epsilon": self.pixelnorm_epsilon,
            "lod": self.lod,
        }


@keras.saving.register_keras_serializable("pgan_tf")
class Discriminator(_Progressive):
    """Images of any resolution of its growth to scores and class logits.

    Args:
        resolution: Final resolution, a power of two from 4.
        num_channels: Colour channels.
        label_size: Number of class logits, 0 for none (AC-GAN output).
        fmap_base, fmap_decay, fmap_max: Widths, as in `Generator`.
        mbstd_group_size: Group size of the minibatch standard deviation; 0
            leaves that layer out.
        use_wscale: Equalized learning rate.
        use_leakyrelu: Leaky ReLU of slope 0.2; else plain ReLU.
        fused_scale: Fuse convolution and downscaling; then the activation
            comes after the 2x2 means instead of before them.
        lod: Where in its growth the network is: which images it has learnt
            to judge (`resolutions.split`). Travels with saved files; a call
            goes by the size of its images alone.
        name, dtype: As for any Keras model.
    """

    def __init__(
        self,
        resolution: int = 32,
        num_channels: int = 1,
        label_size: int = 0,
        fmap_base: int = 8192,
        fmap_decay: float = 1.0,
        fmap_max: int = 512,
        mbstd_group_size: int = 4,
        use_wscale: bool = True,
        use_leakyrelu: bool = True,
        fused_scale: bool = True,
        lod: float = 0.0,
        name: str = "D",
        dtype: Any = None,
    ) -> None:
        super().__init__(
            resolution,
            num_channels,
            label_size,
            fmap_base,
            fmap_decay,
            fmap_max,
            use_wscale,
            use_leakyrelu,
            fused_scale,
            name=name,
            dtype=dtype,
        )
        self.mbstd_group_size = mbstd_group_size
        self.lod = lod
        self._make_layers()
        self.built = True

    def _make_layers(self) -> None:
        """For each R above 4: conv0, conv1 (down); for 4x4: conv0, dense."""
        options = self._layer_options()
        conv_downscale = (
            layers.ConvDownscale2D
            if self.fused_scale
            else layers.EqualizedConv2D
        )
        self.minibatch_stddev = layers.MinibatchStddev(
            self.mbstd_group_size, dtype=self.dtype_policy
        )
        self.from_rgb, self.conv0, self.conv1 = [], [], []
        for r in self.resolutions:
            fmaps, below = self._fmaps(r), self._fmaps(r // 2)
            from_rgb = layers.FromRGB(
                fmaps, name=f"{r}x{r}_from_rgb", **options
            )
            conv0 = layers.EqualizedConv2D(
                fmaps, name=f"{r}x{r}_conv0", **options
            )
            from_rgb.build((None, r, r, self.num_channels))
            if r == 4:
                extra = 1 if self.mbstd_group_size else 0
                conv0.build((None, 4, 4, fmaps + extra))
                conv1 = layers.EqualizedDense(
                    below, name="4x4_dense0", **options
                )
                conv1.build((None, 16 * fmaps))
            else:
                conv0.build((None, r, r, fmaps))
                conv1 = conv_downscale(below, name=f"{r}x{r}_conv1", **options)
                conv1.build((None, r, r, fmaps))
            self.from_rgb.append(from_rgb)
            self.conv0.append(conv0)
            self.conv1.append(conv1)
        self.output_dense = layers.EqualizedDense(
            1 + self.label_size, gain=1.0, name="4x4_dense1", **options
        )
        self.output_dense.build((None, self._fmaps(2)))

    def call(
        self, images: Tensor, alpha: Tensor = None
    ) -> tuple[Tensor, Tensor]:
        """Judges images; their size says which layers are in use.

        Args:
            images: [N,R,R,num_channels] in [-1, 1], R one of `resolutions`.
            alpha: Weight of this resolution's layers against the path
                through the downscaled image, scalar; None: settled.

        Returns:
            float32 scores [N,1], higher for what seems real, and class
            logits [N,label_size].
        """
        top = self._index(images.shape[1])
        x = self._activate(self.from_rgb[top](images))
        for i in range(top, 0, -1):
            fading = i == top and alpha is not None
            x = self._block(i, x, weight=alpha if fading else None)
            if fading:
                old = functional.downscale2d(images)
                old = self.from_rgb[i - 1](old, weight=1.0 - alpha)
                x = self._activate(old) + x
        if self.mbstd_group_size:
            x = self.minibatch_stddev(x)
        x = self._activate(self.conv0[0](x))
        x = ops.reshape(x, (-1, 16 * self._fmaps(4)))
        x = self._activate(self.conv1[0](x))
        outputs = functional.at_least_float32(self.output_dense(x))
        return outputs[:, :1], outputs[:, 1:]

    def _block(self, i: int, x: Tensor, weight: Tensor = None) -> Tensor:
        """[N,R,R,C] to half the resolution, times a weight."""
        x = self._activate(self.conv0[i](x))
        x = self._activate(self.conv1[i](x, weight=weight))
        return x if self.fused_scale else functional.downscale2d(x)

    def trainable_at(self, resolution: int, fading: bool) -> list[Any]:
        """The trainable variables that a call at this stage depends on."""
        top = self._index(resolution)
        used = self.conv0[: top + 1] + self.conv1[: top + 1]
        used.append(self.output_dense)
        used.extend(_ends_in_use(self.from_rgb, top, fading))
        return [v for layer in used for v in layer.trainable_variables]

    def compute_output_shape(
        self, images_shape: layers.Shape, *_: Any, **__: Any
    ) -> tuple[layers.Shape, layers.Shape]:
        return (images_shape[0], 1), (images_shape[0], self.label_size)

    def get_config(self) -> dict[str, Any]:
        return {
            **super().get_config(),
            "mbstd_group_size": self.mbstd_group_size,
            "lod": self.lod,
        }


def _ends_in_use(ends: list[Any], top: int, fading: bool) -> list[Any]:
    """toRGB or fromRGB of the resolution and, while fading, of the lower."""
    return ends[top - 1 : top + 1] if fading and top else [ends[top]]
