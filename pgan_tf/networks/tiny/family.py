"""The tiny networks as a family, without Keras."""

from pgan_tf.base import errors
from pgan_tf.networks.family import Family, ImageShape
from pgan_tf.networks.tiny.cost import TinyCost
from pgan_tf.networks.tiny.options import TinyOptions

# G's feature maps halve at each doubling, from 64 at 4x4.
LARGEST = 256


class Tiny(Family):
    """G and D of the discrete mode test (Karras et al. 2018, appendix D).

    Metz et al. 2017 made D as small as that, so that modes are lost, and can
    be counted: see docs/table4.md.
    """

    name = "tiny"
    options = TinyOptions
    generator_class = "pgan_tf>TinyGenerator"
    models_module = "pgan_tf.networks.tiny.models"
    takes_labels = False

    def grows(self, options: TinyOptions) -> bool:
        """As asked for."""
        return options.growing

    def fill_in(self, options: TinyOptions, resolution: int) -> TinyOptions:
        """All is said already."""
        if resolution > LARGEST:
            raise errors.UserError(
                f"--family=tiny has no feature maps left at {resolution}x"
                f"{resolution}: give --resolution={LARGEST} or less"
            )
        return options

    def group_size(self, options: TinyOptions) -> int | None:
        """All of a minibatch, where statistics are taken of one."""
        mixes = options.batch_norm or options.minibatch_stddev
        return None if mixes else 0

    def cost(self, options: TinyOptions, shape: ImageShape) -> TinyCost:
        """Counted from the widths."""
        return TinyCost(options, shape.num_channels, shape.resolution)
