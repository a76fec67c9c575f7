"""The progressive discriminator (Karras et al. 2018, table 2)."""

from typing import Any

import keras
from keras import ops

from pgan_tf.networks import operations
from pgan_tf.networks.progressive import growth, layers

Tensor = Any


@keras.saving.register_keras_serializable("pgan_tf")
class Discriminator(growth.Growing):
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
        layout, fmaps: As of `Generator`.
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
        layout: str = "nvidia",
        fmaps: str = "",
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
            layout,
            fmaps,
            name=name,
            dtype=dtype,
        )
        self.mbstd_group_size = mbstd_group_size
        self.lod = lod
        self._make_layers()
        self.built = True

    def _make_layers(self) -> None:
        """Makes conv0, conv1 (down) of each R above 4; conv0, dense of 4."""
        options = self._layer_options()
        conv_downscale = (
            layers.ConvDownscale2D
            if self.fused_scale
            else layers.EqualizedConv2D
        )
        self.minibatch_stddev = layers.MinibatchStddev(
            self.mbstd_group_size,
            self._layout.stddev,
            dtype=self.dtype_policy,
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
                inputs = fmaps + extra
                conv0.build((None, 4, 4, inputs))
                conv1 = layers.EqualizedDense(
                    below, name="4x4_dense0", **options
                )
                inputs = fmaps if self._layout.final_conv else inputs
                conv1.build((None, 16 * inputs))
            else:
                conv0.build((None, r, r, fmaps))
                conv1 = conv_downscale(below, name=f"{r}x{r}_conv1", **options)
                conv1.build((None, r, r, fmaps))
            self.from_rgb.append(from_rgb)
            self.conv0.append(conv0)
            self.conv1.append(conv1)
        logits = 0 if self._layout.projection else self.label_size
        self.output_dense = layers.EqualizedDense(
            1 + logits, gain=1.0, name="4x4_dense1", **options
        )
        self.output_dense.build((None, self._fmaps(2)))
        self.embedding = []
        if self._layout.projection and self.label_size:
            embedding = layers.Embedding(
                self._fmaps(2), name="labels", dtype=self.dtype_policy
            )
            embedding.build((None, self.label_size))
            self.embedding.append(embedding)

    @property
    def group_size(self) -> int | None:
        """Images whose statistics are mixed."""
        if self.mbstd_group_size and self._layout.stddev in ("whole", "map"):
            return None
        return self.mbstd_group_size

    def call(
        self,
        images: Tensor,
        labels: Tensor = None,
        alpha: Tensor = None,
        training: bool = False,
    ) -> tuple[Tensor, Tensor]:
        """Judges images; their size says which layers are in use.

        Args:
            images: [N,R,R,num_channels] in [-1, 1], R one of `resolutions`.
            labels: Left alone: the logits are to guess them. Of layouts with
                a projection, [N,label_size] for the score.
            alpha: Weight of this resolution's layers against the path
                through the downscaled image, scalar; None: settled.
            training: Makes no difference.

        Returns:
            float32 scores [N,1], higher for what seems real, and class
            logits [N,label_size].
        """
        top = self._index(images.shape[1])
        if top == 1 and not self._layout.fades_at_8:
            alpha = None
        x = self._from_rgb(top, images)
        for i in range(top, 0, -1):
            fading = i == top and alpha is not None
            x = self._block(i, x, weight=alpha if fading else None)
            if fading:
                old = operations.downscale2d(images)
                x = self._from_rgb(i - 1, old, weight=1.0 - alpha) + x
        return self._judge(x, labels)

    def _judge(self, x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Score and logits of what has come down to [N,4,4,C]."""
        if self.mbstd_group_size:
            x = self.minibatch_stddev(x)
        if self._layout.final_conv:
            x = self._activate(self.conv0[0](x))
        x = ops.reshape(x, (-1, 16 * x.shape[-1]))
        x = self._activate(self.conv1[0](x))
        outputs = operations.at_least_float32(self.output_dense(x))
        scores, logits = outputs[:, :1], outputs[:, 1:]
        wanted = "always", "labels" if self.embedding else "always"
        if self._layout.score_relu in wanted:
            scores = self._activate(scores)
        if self.embedding:
            if labels is None:
                raise ValueError(
                    f"{self.name} takes labels of size {self.label_size}"
                )
            fit = x * self.embedding[0](ops.cast(labels, x.dtype))
            fit = ops.sum(operations.at_least_float32(fit), axis=-1)
            scores = scores + fit[:, None]
        return scores, logits

    def _from_rgb(
        self, i: int, images: Tensor, weight: Tensor = None
    ) -> Tensor:
        """Images to features, times a weight."""
        x = self.from_rgb[i](images, weight=weight)
        return self._activate(x) if self._layout.from_rgb_relu else x

    def _block(self, i: int, x: Tensor, weight: Tensor = None) -> Tensor:
        """[N,R,R,C] to half the resolution, times a weight."""
        x = self._activate(self.conv0[i](x))
        x = self._activate(self.conv1[i](x, weight=weight))
        return x if self.fused_scale else operations.downscale2d(x)

    def trainable_at(self, resolution: int, fading: bool) -> list[Any]:
        """The trainable variables that a call at this stage depends on."""
        top = self._index(resolution)
        lowest = 0 if self._layout.final_conv else 1
        used = self.conv0[lowest : top + 1] + self.conv1[: top + 1]
        used += [self.output_dense, *self.embedding]
        if top == 1 and not self._layout.fades_at_8:
            fading = False
        used.extend(growth.ends_in_use(self.from_rgb, top, fading))
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
