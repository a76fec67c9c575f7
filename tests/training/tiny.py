"""Small networks and iterations for the tests of training."""

from collections.abc import Sequence

import keras
import numpy as np
import tensorflow as tf

from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.runs.options import RunOptions
from pgan_tf.runs.schedule import Stage
from pgan_tf.training import optim, state, steps

RESOLUTION = 8
MINIBATCH = 8


def make(
    options: RunOptions,
    passes: int = 1,
    replicas: int = 1,
    policy: str = "float32",
    loss_scale_log2: float | None = None,
    fading: bool = True,
) -> steps.Iteration:
    """An iteration of 8x8 networks with weights that are always the same.

    Args:
        options: Of losses, optimizer, data and schedule.
        passes: That each device's images go in.
        replicas: Devices.
        policy: Keras' name of a precision; float64 for what rounding would
            hide.
        loss_scale_log2: None: without loss scaling.
        fading: Halfway between 4x4 and 8x8, or settled.
    """
    devices = [f"CPU:{i}" for i in range(replicas)]
    strategy = tf.distribute.MirroredStrategy(devices)
    common = {
        "resolution": RESOLUTION,
        "num_channels": 3,
        "fmap_base": 64,
        "fmap_max": 16,
        "dtype": policy,
    }
    keras.utils.set_random_seed(0)
    with strategy.scope():
        G = Generator(**common)
        D = Discriminator(**common, mbstd_group_size=2)
        Gs = Generator(**{**common, "dtype": "float32"}, name="Gs")
        Gs.set_weights(G.get_weights())
        g_adam, d_adam = (
            optim.Adam(
                network.trainable_variables,
                loss_scale=None
                if loss_scale_log2 is None
                else optim.LossScale(loss_scale_log2),
            )
            for network in (G, D)
        )
    double = policy == "float64"
    return (_Double if double else steps.Iteration)(
        state.Networks(G=G, D=D, Gs=Gs, g_adam=g_adam, d_adam=d_adam),
        strategy,
        Stage(
            lod=0.5 if fading else 0.0,
            resolution=RESOLUTION,
            minibatch=MINIBATCH,
            g_lrate=1e-3,
            d_lrate=1e-3,
            tick_kimg=1,
            passes=passes,
        ),
        tf.zeros([1, 0], tf.float64 if double else tf.float32),
        options,
    )


class _Double(steps.Iteration):
    """Takes what it has drawn and what it is shown to float64."""

    def __init__(self, *arguments) -> None:
        super().__init__(*arguments)
        self.draws = _DoubleDraws(self.draws)

    def _reals(self, *arguments) -> tf.Tensor:
        return tf.cast(super()._reals(*arguments), tf.float64)

    def noise(self, *arguments) -> tf.Tensor:
        return tf.cast(super().noise(*arguments), tf.float64)


class _DoubleDraws:
    def __init__(self, drawn) -> None:
        self.normal, self.rows = drawn.normal, drawn.rows
        self._uniform = drawn.uniform

    def uniform(self, stream: str, *arguments) -> tf.Tensor:
        drawn = self._uniform(stream, *arguments)
        return tf.cast(drawn, tf.float64) if stream == "mixing" else drawn


def images(count: int = MINIBATCH) -> tf.Tensor:
    """uint8 noise [count,8,8,3], always the same."""
    shape = (count, RESOLUTION, RESOLUTION, 3)
    random = np.random.RandomState(1)
    return tf.constant(random.randint(0, 256, shape).astype(np.uint8))


def gradients(
    iteration: steps.Iteration, pixels: tf.Tensor | None = None
) -> dict[str, np.ndarray]:
    """D's and G's gradients, averaged over replicas, and their terms.

    Args:
        iteration: As `make` makes it.
        pixels: The reals; by default those of `images`.
    """
    # At other positions a leaky ReLU's input may be rounding noise, and its
    # slope jumps.
    return gradients_at(iteration, [16], pixels)[0]


def gradients_at(
    iteration: steps.Iteration,
    positions: Sequence[int],
    pixels: tf.Tensor | None = None,
) -> list[dict[str, np.ndarray]]:
    """As `gradients`, with what is drawn at several positions of a run."""
    pixels = images() if pixels is None else pixels
    labels = tf.zeros([MINIBATCH, 0], iteration.all_labels.dtype)

    @tf.function
    def both(pixels, nimg):
        alpha = tf.constant(0.5) if iteration.fading else None
        found = {}
        fakes = iteration.fakes_for_both(labels, nimg, alpha)
        for name, function, arguments in (
            ("D", iteration.d_gradients, (pixels, labels)),
            ("G", iteration.g_gradients, ()),
        ):
            values, means = iteration.strategy.run(
                function, (*arguments, nimg, alpha, fakes)
            )
            variables = getattr(iteration, f"{name.lower()}_vars")
            found[name] = (
                [
                    iteration.strategy.experimental_local_results(g)[0]
                    for g in optim.mean_gradients(
                        iteration.strategy, values, variables
                    )
                ],
                iteration.strategy.reduce("MEAN", means, axis=None),
            )
        return found

    return [
        {
            f"{name}/{what}": np.concatenate(
                [x.numpy().ravel() for x in values]
            )
            for name, (parts, means) in both(pixels, nimg).items()
            for what, values in (("gradients", parts), ("terms", [means]))
        }
        for nimg in map(tf.constant, np.int64(positions))
    ]
