"""In what other people's progressive networks differ from NVIDIA's.

Each program that reproduced the paper took some liberties, and weights trained
with them mean what they mean only there. They have a name here, so that such
networks can be opened, and trained on, by the files of `pytorch/`. Nobody
begins a training of their own with them.
"""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Layout:
    """The liberties of a program; the defaults are NVIDIA's networks.

    Attributes:
        position_bias: G's first layer has a bias for each pixel of 4x4.
        norm_after_dense: Pixel norm after G's first layer.
        pixel_norm: Its form: see `operations.pixel_norm`.
        epsilon: Of pixel norm after layers,
        latent_epsilon: and at the input.
        tanh: "" for none, "image" for one of the blended image, "each" for
            one of each resolution's.
        from_rgb_relu: An activation after fromRGB.
        fades_at_8: D blends also at 8x8.
        stddev: Form of the minibatch statistic: see
            `operations.minibatch_stddev`.
        final_conv: D has a 3x3 convolution at 4x4.
        score_relu: "" for none, "labels" for an activation of the score in
            networks with labels, "always".
        projection: D scores how well labels fit, by an embedding, in place of
            class logits.
    """

    position_bias: bool = False
    norm_after_dense: bool = True
    pixel_norm: str = "mean"
    epsilon: float = 1e-8
    latent_epsilon: float = 1e-8
    tanh: str = ""
    from_rgb_relu: bool = True
    fades_at_8: bool = True
    stddev: str = "groups"
    final_conv: bool = True
    score_relu: str = ""
    projection: bool = False


_ZOO = Layout(position_bias=True, fades_at_8=False, stddev="consecutive")
_AKANIMAX = Layout(norm_after_dense=False, score_relu="labels", projection=True)
BY_NAME = {
    "nvidia": Layout(),
    "gan_zoo": _ZOO,
    "gan_zoo_tanh": dataclasses.replace(_ZOO, tanh="image"),
    "nashory": Layout(stddev="map"),
    "akanimax_3": _AKANIMAX,
    "akanimax_3.0": dataclasses.replace(_AKANIMAX, from_rgb_relu=False),
    "akanimax_2": dataclasses.replace(
        _AKANIMAX, from_rgb_relu=False, stddev="whole"
    ),
    "akanimax_1": dataclasses.replace(
        _AKANIMAX,
        from_rgb_relu=False,
        pixel_norm="sum",
        tanh="each",
        stddev="map",
        score_relu="always",
    ),
    "mmgeneration": Layout(
        pixel_norm="root",
        epsilon=1e-5,
        latent_epsilon=1e-6,
        final_conv=False,
    ),
}
