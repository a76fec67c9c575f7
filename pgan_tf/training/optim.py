"""Adam and the moving average of G, over `tf.distribute` replicas.

The functions here run in cross-replica context: between two `strategy.run`,
where gradients of all replicas are at hand and variables are updated in place
on every device.
"""

import dataclasses
from collections.abc import Sequence
from typing import Any

import tensorflow as tf

from pgan_tf.runs.options import OptimizerOptions


class Adam(tf.Module):
    """Adam (Kingma & Ba 2015) as TensorFlow 1 computes it.

    m = beta1 m + (1 - beta1) g
    v = beta2 v + (1 - beta2) g^2
    variable -= lrate sqrt(1 - beta2^t) / (1 - beta1^t) m / (sqrt(v) + epsilon)

    The epsilon stands outside the bias correction.

    Differs: variables of layers not in use are left out of a step, where the
    reference gives them zero gradients. With a `reset` at both ends of every
    fade, as by default, their moments are zero and it comes to the same.

    Args:
        variables: Keras variables to own moments for.
        beta1, beta2, epsilon: As above.
        loss_scale: Of the losses whose gradients come; None: they are as
            they are.
    """

    def __init__(
        self,
        variables: Sequence[Any],
        beta1: float = 0.0,
        beta2: float = 0.99,
        epsilon: float = 1e-8,
        loss_scale: "LossScale | None" = None,
    ) -> None:
        super().__init__()
        self.loss_scale = loss_scale
        self._beta1, self._beta2, self._epsilon = beta1, beta2, epsilon
        self._position = {v.path: i for i, v in enumerate(variables)}
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.m = [_zeros_like(v) for v in variables]
        self.v = [_zeros_like(v) for v in variables]

    def apply(
        self,
        strategy: tf.distribute.Strategy,
        gradients: Sequence[tf.Tensor],
        variables: Sequence[Any],
        lrate: tf.Tensor,
    ) -> tf.Tensor:
        """One step for some of the variables, with reduced gradients.

        If any gradient has a value that is not finite, nothing changes, save
        the loss scale.

        Returns:
            float32 scalar: 0 for a step taken, 1 for a step skipped.
        """
        sums = [tf.reduce_sum(_local(strategy, g)) for g in gradients]
        finite = tf.math.is_finite(tf.add_n(sums))
        tf.cond(
            finite,
            lambda: self._take(strategy, gradients, variables, lrate),
            lambda: tf.constant(0, tf.int64),
        )
        if self.loss_scale is not None:
            self.loss_scale.update(finite)
        return 1.0 - tf.cast(finite, tf.float32)

    def scale(self) -> tf.Tensor | float:
        """What to multiply the loss with, and divide its gradients by."""
        return 1.0 if self.loss_scale is None else self.loss_scale.value()

    def _take(
        self,
        strategy: tf.distribute.Strategy,
        gradients: Sequence[tf.Tensor],
        variables: Sequence[Any],
        lrate: tf.Tensor,
    ) -> tf.Tensor:
        step = self.step.assign_add(1)
        t = tf.cast(step, tf.float32)
        beta1_power = tf.pow(self._beta1, t)
        beta2_power = tf.pow(self._beta2, t)

        def update(
            variable: Any, m: Any, v: Any, gradient: tf.Tensor
        ) -> tf.Operation:
            return tf.raw_ops.ResourceApplyAdam(
                var=variable.handle,
                m=m.handle,
                v=v.handle,
                beta1_power=beta1_power,
                beta2_power=beta2_power,
                lr=lrate,
                beta1=self._beta1,
                beta2=self._beta2,
                epsilon=self._epsilon,
                grad=gradient,
            )

        for variable, gradient in zip(variables, gradients, strict=True):
            i = self._position[variable.path]
            strategy.extended.update(
                variable.value, update, (self.m[i], self.v[i], gradient)
            )
        return tf.identity(step)

    def ahead(self, variables: Sequence[Any], lrate: tf.Tensor) -> "Ahead":
        """Steps from the present state, of which nothing stays.

        Args:
            variables: Some of those that it owns moments for.
            lrate: Learning rate of the steps.
        """
        places = [self._position[v.path] for v in variables]
        return Ahead(
            values=[tf.convert_to_tensor(v.value) for v in variables],
            m=[tf.convert_to_tensor(self.m[i]) for i in places],
            v=[tf.convert_to_tensor(self.v[i]) for i in places],
            t=tf.cast(tf.convert_to_tensor(self.step), tf.float32),
            lrate=lrate,
            beta1=self._beta1,
            beta2=self._beta2,
            epsilon=self._epsilon,
        )

    def reset(self) -> None:
        """Forgets moments and step count; the loss scale stays."""
        for variable in (self.step, *self.m, *self.v):
            variable.assign(tf.zeros_like(variable))


@dataclasses.dataclass(frozen=True)
class Ahead:
    """Variables and moments as tensors, which gradients go through.

    Attributes:
        values: Of the variables.
        m, v: Of the moments.
        t: Steps taken, float32.
        lrate, beta1, beta2, epsilon: As of `Adam`.
    """

    values: list[tf.Tensor]
    m: list[tf.Tensor]
    v: list[tf.Tensor]
    t: tf.Tensor
    lrate: tf.Tensor
    beta1: float
    beta2: float
    epsilon: float

    def step(self, gradients: Sequence[tf.Tensor]) -> "Ahead":
        """A step of Adam, as `Adam.apply` takes it."""
        t = self.t + 1.0
        rate = self.lrate * tf.sqrt(1.0 - tf.pow(self.beta2, t))
        rate /= 1.0 - tf.pow(self.beta1, t)
        m = [
            self.beta1 * old + (1.0 - self.beta1) * gradient
            for old, gradient in zip(self.m, gradients, strict=True)
        ]
        v = [
            self.beta2 * old + (1.0 - self.beta2) * tf.square(gradient)
            for old, gradient in zip(self.v, gradients, strict=True)
        ]
        values = [
            # The tiny constant keeps the root's derivative finite at zero.
            value - rate * each / (tf.sqrt(square + 1e-30) + self.epsilon)
            for value, each, square in zip(self.values, m, v, strict=True)
        ]
        return dataclasses.replace(self, values=values, m=m, v=v, t=t)


class LossScale(tf.Module):
    """Keeps the gradients of a half-precision loss in range.

    Its logarithm to the base of 2 grows with each step that is taken, and
    falls with each that overflows, as the reference has it.

    Args:
        log2: To begin with.
        growth, drop: By how much it grows and falls.
    """

    def __init__(
        self, log2: float = 64.0, growth: float = 0.0005, drop: float = 1.0
    ) -> None:
        super().__init__()
        self._growth, self._drop = growth, drop
        self.log2 = tf.Variable(log2, dtype=tf.float32, trainable=False)

    def value(self) -> tf.Tensor:
        """The scale, float32."""
        return tf.pow(2.0, self.log2)

    def update(self, finite: tf.Tensor) -> None:
        """After a step, taken if its gradients were finite."""
        self.log2.assign_add(tf.where(finite, self._growth, -self._drop))


def average_decay(options: OptimizerOptions, minibatch: int) -> float:
    """Decay of Gs per step of D: --gs_beta, or from --gs_half_life_kimg.

    beta = (1/2)^(minibatch / half-life), as in Karras et al. 2019's code.
    """
    if options.gs_half_life_kimg:
        return 0.5 ** (minibatch / (1000.0 * options.gs_half_life_kimg))
    return options.gs_beta


def update_average(
    strategy: tf.distribute.Strategy,
    averages: Sequence[Any],
    variables: Sequence[Any],
    beta: float,
) -> None:
    """average = variable + (average - variable) * beta, for each pair."""

    def update(average: Any, variable: Any) -> tf.Operation:
        if not beta:
            return average.assign(variable)
        return average.assign_sub((average - variable) * (1.0 - beta))

    for average, variable in zip(averages, variables, strict=True):
        strategy.extended.update(average.value, update, (variable.value,))


def copy_state(
    strategy: tf.distribute.Strategy,
    copies: Sequence[Any],
    variables: Sequence[Any],
) -> None:
    """copy = variable, for each pair."""
    update_average(strategy, copies, variables, beta=0.0)


def mean_gradients(
    strategy: tf.distribute.Strategy,
    gradients: Sequence[Any],
    variables: Sequence[Any],
) -> list[Any]:
    """Averages each gradient over the replicas, onto its variable's devices."""
    return strategy.extended.batch_reduce_to(
        tf.distribute.ReduceOp.MEAN,
        [(g, v.value) for g, v in zip(gradients, variables, strict=True)],
    )


def _zeros_like(variable: Any) -> tf.Variable:
    return tf.Variable(tf.zeros(variable.shape), trainable=False)


def _local(strategy: tf.distribute.Strategy, value: Any) -> tf.Tensor:
    """One replica's copy of a value that is the same on all."""
    return strategy.experimental_local_results(value)[0]
