"""The networks and optimizers of a run, as it begins."""

import dataclasses

import keras
import tensorflow as tf

from pgan_tf.networks import families
from pgan_tf.networks.family import Discriminator, Generator, ImageShape
from pgan_tf.runs.options import OptimizerOptions, RunOptions
from pgan_tf.runs.schedule import Schedule
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
    models = families.by_name(options.family).models()
    shape = ImageShape(
        options.data.resolution, num_channels, options.data.max_label_size
    )
    start = Schedule.of_run(options).at(0)
    dtype = _POLICIES[options.optimizer.precision]
    keras.utils.set_random_seed(options.seed)
    with strategy.scope():
        G = models.make_generator(
            options.networks, shape, start.lod, "G", dtype
        )
        D = models.make_discriminator(options.networks, shape, dtype)
        # Whatever G trains in, Gs is for all machines.
        Gs = models.make_generator(
            options.networks, shape, start.lod, "Gs", "float32"
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


def _make_adam(
    network: Generator | Discriminator, options: OptimizerOptions
) -> optim.Adam:
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
