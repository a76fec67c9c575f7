"""G's loss against a D that has gone some steps on: unrolled GANs.

Metz et al. 2017, section 2.3: G's gradient goes through the steps of D's
optimizer, whose gradients depend on G's fakes. All steps look at the same reals
and fakes. Nothing of them stays: weights and moments are tensors, and D's
variables stand for them while it is called.
"""

from collections.abc import Sequence
from typing import Any

import keras
import tensorflow as tf

from pgan_tf.networks.family import Discriminator, Generator
from pgan_tf.runs.options import LossesOptions
from pgan_tf.training import losses, objectives, optim


def g_loss(
    G: Generator,
    D: Discriminator,
    reals: tf.Tensor,
    fakes: tf.Tensor,
    labels: tf.Tensor,
    mixing: tf.Tensor,
    alpha: tf.Tensor | None,
    options: LossesOptions,
    steps: int,
    variables: Sequence[Any],
    ahead: optim.Ahead,
    noise: tuple[tf.Tensor, tf.Tensor] | None = None,
) -> tuple[tf.Tensor, objectives.Terms]:
    """As `objectives.g_loss`, with D as it will be after some steps.

    Where G and D play for one sum, so G for minus D's loss, the reals' part of
    it counts too: they reach G through D's steps.

    Args:
        G, D, reals, fakes, labels, mixing, alpha, options, noise: As of
            `objectives.d_loss`; what comes of them at each step, too.
        steps: How many.
        variables: Of D, that are learned at this resolution.
        ahead: Their values, and how D's optimizer steps.
    """
    for _ in range(steps):
        with tf.GradientTape() as tape:
            tape.watch(ahead.values)
            with _standing_for(variables, ahead.values):
                loss, _terms = objectives.d_loss(
                    D, reals, fakes, labels, mixing, alpha, options, noise
                )
        ahead = ahead.step(tape.gradient(loss, ahead.values))
    seen = None if noise is None else noise[1]
    with _standing_for(variables, ahead.values):
        loss, terms = objectives.g_loss(
            G, D, fakes, labels, alpha, options, seen
        )
        if losses.is_saddle(options.loss):
            if noise is not None:
                reals += noise[0]
            scores, _ = D(reals, labels, alpha=alpha, training=True)
            loss += tf.reduce_mean(losses.reals_part(options.loss, scores))
    return loss, terms


def _standing_for(
    variables: Sequence[Any], values: Sequence[tf.Tensor]
) -> keras.StatelessScope:
    """Within it the variables have these values, and none is changed."""
    return keras.StatelessScope(
        state_mapping=list(zip(variables, values, strict=True))
    )
