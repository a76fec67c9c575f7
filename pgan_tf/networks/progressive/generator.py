"""The progressive generator (Karras et al. 2018, table 2)."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from pgan_tf.base import resolutions
from pgan_tf.networks import operations
from pgan_tf.networks.progressive import growth, layers

Tensor = Any


@keras.saving.register_keras_serializable("pgan_tf")
class Generator(growth.Growing):
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
        layout: Whose networks these are, a name of `layout.BY_NAME`. Its
            epsilons count in place of `pixelnorm_epsilon`, but for NVIDIA's.
        fmaps: In place of fmap_base and the others, the feature maps at 2x2,
            4x4, 8x8 and so on, such as "16,24,20".
        lod: Where in its growth the network is; what a call computes unless
            told otherwise. Travels with saved files.
        label_names: What the file that it comes from calls its labels, if it
            does.
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
        layout: str = "nvidia",
        fmaps: str = "",
        lod: float = 0.0,
        label_names: Sequence[str] = (),
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
            layout,
            fmaps,
            name=name,
            dtype=dtype,
        )
        self.latent_size = latent_size or self._fmaps(2)
        self.normalize_latents = normalize_latents
        self.use_pixelnorm = use_pixelnorm
        self.pixelnorm_epsilon = pixelnorm_epsilon
        self.lod = lod
        self.label_names = list(label_names)
        self._make_layers()
        self.built = True

    def _make_layers(self) -> None:
        """Makes dense, conv1 of 4x4, and conv0 (up), conv1 of each R above."""
        options = self._layer_options()
        upscale_conv = (
            layers.UpscaleConv2D if self.fused_scale else layers.EqualizedConv2D
        )
        form = self._layout.pixel_norm
        self.latent_norm, self.pixel_norm = (
            layers.PixelNorm(epsilon, form, dtype=self.dtype_policy)
            for epsilon in self._epsilons()
        )
        self.conv0, self.conv1, self.to_rgb = [], [], []
        for r in self.resolutions:
            fmaps, below = self._fmaps(r), self._fmaps(r // 2)
            if r == 4:
                # The reference's gain here is a quarter of He's.
                conv0 = layers.EqualizedDense(
                    (4, 4, fmaps),
                    gain=layers.HE_GAIN / 4,
                    position_bias=self._layout.position_bias,
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
        training: bool = False,
    ) -> Tensor:
        """Draws images.

        Args:
            latents: Normal draws [N,latent_size].
            labels: [N,label_size]; only for networks that take labels.
            resolution: Of the images; None: what `lod` says.
            alpha: Weight of this resolution's layers against the upscaled
                image of the resolution below, scalar; None: settled.
            training: Makes no difference.

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
        if self._layout.tanh == "each":
            return self._blend_of_tanh(top, below if top else None, x, alpha)
        if top == 0 or alpha is None:
            images = operations.at_least_float32(self.to_rgb[top](x))
        else:
            old = self.to_rgb[top - 1](below, weight=1.0 - alpha)
            new = self.to_rgb[top](x, weight=alpha)
            images = operations.upscale2d(old) + new
            images = operations.at_least_float32(images)
        return ops.tanh(images) if self._layout.tanh else images

    def _blend_of_tanh(
        self, top: int, below: Tensor, x: Tensor, alpha: Tensor
    ) -> Tensor:
        """Images of the layout whose tanh comes before the blending."""
        new = ops.tanh(operations.at_least_float32(self.to_rgb[top](x)))
        if top == 0 or alpha is None:
            return new
        old = operations.at_least_float32(self.to_rgb[top - 1](below))
        old = operations.upscale2d(ops.tanh(old))
        return operations.lerp(old, new, ops.cast(alpha, new.dtype))

    def _epsilons(self) -> tuple[float, float]:
        """Those of pixel norm at the input and after layers."""
        if self.layout == "nvidia":
            return (self.pixelnorm_epsilon,) * 2
        return self._layout.latent_epsilon, self._layout.epsilon

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
        return self.latent_norm(latents) if self.normalize_latents else latents

    def _block(self, i: int, x: Tensor) -> Tensor:
        """The two layers at a resolution; input [N,R/2,R/2,C] or latents."""
        if i > 0 and not self.fused_scale:
            x = operations.upscale2d(x)
        x = self._after(self.conv0[i](x), is_dense=i == 0)
        return self._after(self.conv1[i](x))

    def _after(self, x: Tensor, is_dense: bool = False) -> Tensor:
        """Activation and pixel norm after a layer."""
        x = self._activate(x)
        normed = not is_dense or self._layout.norm_after_dense
        return self.pixel_norm(x) if self.use_pixelnorm and normed else x

    def first_activations(
        self, latents: Tensor, labels: Tensor = None
    ) -> Tensor:
        """What the first layer makes of latents: [N,4,4,feature maps]."""
        x = self.conv0[0](self._join(latents, labels))
        return self._after(x, is_dense=True)

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
        return used + growth.ends_in_use(self.to_rgb, top, fading)

    def averaged_at(self, resolution: int) -> list[Any]:
        """What Gs averages: all that growth up to there has ever used."""
        top = self._index(resolution) + 1
        used = self.conv0[:top] + self.conv1[:top] + self.to_rgb[:top]
        return [v for layer in used for v in layer.trainable_variables]

    def copied_state(self) -> list[Any]:
        """No state: all that the network has is trained."""
        return []

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
            "label_names": self.label_names,
        }
