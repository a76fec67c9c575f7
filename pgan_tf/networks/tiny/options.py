"""What a user may choose of the tiny networks."""

import dataclasses

from pgan_tf.runs.option_tree import POSITIVE, Range, option


@dataclasses.dataclass(frozen=True)
class TinyOptions:
    latent_size: int = option(64, "Latent dimensions.", POSITIVE)
    d_divisor: int = option(
        4,
        "D has 8, 16 and 32 feature maps, at 32x32 and below, divided by this: "
        "4 is the paper's K/4, 2 its K/2.",
        Range(1, 9),
    )
    batch_norm: bool = option(
        False,
        "Batch normalisation in G and D, in place of the equalized learning "
        "rate and of G's pixel normalisation.",
    )
    minibatch_stddev: bool = option(
        True, "D looks at the standard deviation of the whole minibatch."
    )
    growing: bool = option(True, "Grow from 4x4, else train all at once.")
