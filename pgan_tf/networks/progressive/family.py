"""The progressive networks as a family, as far as Keras is not needed."""

import dataclasses
import math

from pgan_tf.base import errors
from pgan_tf.networks.family import Family, ImageShape
from pgan_tf.networks.progressive.cost import ProgressiveCost
from pgan_tf.networks.progressive.options import ProgressiveOptions


class Progressive(Family):
    """G and D of Karras et al. 2018, table 2."""

    name = "progressive"
    options = ProgressiveOptions
    generator_class = "pgan_tf>Generator"
    models_module = "pgan_tf.networks.progressive.models"
    foreign_files = {".pkl": "pgan_tf.networks.progressive.nvidia.snapshots"}

    def fill_in(
        self, options: ProgressiveOptions, resolution: int
    ) -> ProgressiveOptions:
        """Fills in the latent size: the width at 2x2."""
        narrowest = (resolution / 2) ** options.fmap_decay
        if options.fmap_base < narrowest:
            raise errors.UserError(
                f"--fmap_base={options.fmap_base} leaves no feature maps at "
                f"{resolution}x{resolution}: give {math.ceil(narrowest)} or "
                "more"
            )
        width = min(options.fmap_base, options.fmap_max)
        return dataclasses.replace(
            options, latent_size=options.latent_size or width
        )

    def group_size(self, options: ProgressiveOptions) -> int:
        """The group size of the minibatch standard deviation."""
        return options.mbstd_group_size

    def cost(
        self, options: ProgressiveOptions, shape: ImageShape
    ) -> ProgressiveCost:
        """Counted from the widths."""
        return ProgressiveCost(options, shape.num_channels, shape.label_size)
