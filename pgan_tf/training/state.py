"""The networks and optimizers of a run, as it begins."""

import dataclasses
from typing import Any

import keras
import tensorflow as tf

from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.runs import schedule
from pgan_tf.runs.options import OptimizerOptions, RunOptions
from pgan_tf.training import optim


@dataclasses.dataclass(frozen=True)
class Networks:
    """G, D, the average of G, and the optimizers. Made under the strategy."""

    G: Generator
    D: Discriminator
    Gs: Generator
    g_adam: optim.Adam
    d_adam: optim.Adam


def make_networks(
    options: RunOptions,
    num_channels: int,
    strategy: tf.distribute.Strategy,
) -> Networks:
    """G, D, Gs (a copy of G) and the optimizers, seeded by the run."""
    common: dict[str, Any] = {
        "resolution": options.data.resolution,
        "num_channels": num_channels,
        "label_size": options.data.max_label_size,
        "fmap_base": options.networks.fmap_base,
        "fmap_decay": options.networks.fmap_decay,
        "fmap_max": options.networks.fmap_max,
        "use_wscale": options.networks.use_wscale,
        "use_leakyrelu": options.networks.use_leakyrelu,
        "fused_scale": options.networks.fused_scale,
        "dtype": _POLICIES[options.optimizer.precision],
    }
    start = schedule.at(0, options.schedule, options.data.resolution)
    keras.utils.set_random_seed(options.seed)
    with strategy.scope():
        G = Generator(
            **common,
            latent_size=options.networks.latent_size,
            normalize_latents=options.networks.normalize_latents,
            use_pixelnorm=options.networks.use_pixelnorm,
            lod=start.lod,
        )
        D = Discriminator(
            **common, mbstd_group_size=options.networks.mbstd_group_size
        )
        # Whatever G trains in, Gs is for all machines.
        Gs = Generator.from_config(
            {**G.get_config(), "name": "Gs", "dtype": "float32"}
        )
        Gs.set_weights(G.get_weights())
        return Networks(
            G=G,
            D=D,
            Gs=Gs,
            g_adam=_make_adam(G, options.optimizer),
            d_adam=_make_adam(D, options.optimizer),
        )


# Keras' names for --precision.
_POLICIES = {
    "float32": "float32",
    "float16": "mixed_float16",
    "bfloat16": "mixed_bfloat16",
}


def _make_adam(network: keras.Model, options: OptimizerOptions) -> optim.Adam:
    """An optimizer for all of a network; float16 has a loss scale too."""
    loss_scale = None
    if options.precision == "float16":
        loss_scale = optim.LossScale(
            options.loss_scale_log2,
            options.loss_scale_growth,
            options.loss_scale_drop,
        )
    return optim.Adam(
        network.trainable_variables,
        options.adam_beta1,
        options.adam_beta2,
        options.adam_epsilon,
        loss_scale,
    )
