"""What a user may choose of the progressive networks."""

import dataclasses

from pgan_tf.networks.progressive import layout as layouts
from pgan_tf.runs.option_tree import NOT_NEGATIVE, POSITIVE, option


@dataclasses.dataclass(frozen=True)
class ProgressiveOptions:
    fmap_base: int = option(
        8192,
        "Feature maps at resolution R are fmap_base / (R/2)^fmap_decay, at "
        "most fmap_max.",
        POSITIVE,
    )
    fmap_decay: float = option(1.0, "See --fmap_base.", NOT_NEGATIVE)
    fmap_max: int = option(512, "See --fmap_base.", POSITIVE)
    fmaps: str = option(
        "",
        "In place of these three, the feature maps at 2x2 (D's last hidden "
        "layer), 4x4, 8x8 and so on, such as 16,24,20.",
    )
    latent_size: int = option(
        0,
        "Latent dimensions; 0: as many as there would be feature maps at 2x2.",
        NOT_NEGATIVE,
    )
    normalize_latents: bool = option(True, "Scale G's input to a fixed length.")
    use_wscale: bool = option(True, "Equalized learning rate.")
    use_pixelnorm: bool = option(True, "Pixel normalisation in G.")
    use_leakyrelu: bool = option(True, "Leaky ReLU of slope 0.2, else ReLU.")
    fused_scale: bool = option(
        True,
        "Up- and downscale as a part of the convolution beside it: faster.",
    )
    mbstd_group_size: int = option(
        4,
        "Group size of D's minibatch standard deviation; 0: without.",
        NOT_NEGATIVE,
    )
    layout: str = option(
        "nvidia",
        "Whose networks these are: others than NVIDIA's are for going on from "
        "files of theirs (see --init_from and docs/networks.md).",
        choices=tuple(layouts.BY_NAME),
    )
