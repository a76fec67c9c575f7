"""The progressive networks as a family, as far as Keras is not needed."""

import dataclasses
import math

from pgan_tf.base import errors
from pgan_tf.networks.family import Family, ImageShape
from pgan_tf.networks.progressive.cost import ProgressiveCost, widths
from pgan_tf.networks.progressive.options import ProgressiveOptions


class Progressive(Family):
    """G and D of Karras et al. 2018, table 2."""

    name = "progressive"
    options = ProgressiveOptions
    generator_class = "pgan_tf>Generator"
    models_module = "pgan_tf.networks.progressive.models"
    foreign_readers = (
        "pgan_tf.networks.progressive.nvidia.snapshots",
        "pgan_tf.networks.progressive.pytorch.snapshots",
    )

    def fill_in(
        self, options: ProgressiveOptions, resolution: int
    ) -> ProgressiveOptions:
        """Fills in the latent size: the width at 2x2."""
        if options.fmaps:
            return _fill_in_listed(options, resolution)
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


def _fill_in_listed(
    options: ProgressiveOptions, resolution: int
) -> ProgressiveOptions:
    """The same where widths are listed.

    Raises:
        UserError: If they are not those of 2x2 up to the final resolution.
    """
    try:
        found = widths(options.fmaps)
    except ValueError as error:
        raise errors.UserError(f"--{error}") from error
    wanted = resolution.bit_length() - 1
    if len(found) != wanted:
        raise errors.UserError(
            f"--fmaps={options.fmaps}: {len(found)} numbers, not {wanted}, of "
            f"2x2, 4x4 and so on up to {resolution}x{resolution}"
        )
    return dataclasses.replace(
        options, latent_size=options.latent_size or found[0]
    )
