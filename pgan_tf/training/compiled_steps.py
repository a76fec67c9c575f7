"""The iterations between two looks at the schedule, compiled."""

import tensorflow as tf

from pgan_tf.runs.options import RunOptions
from pgan_tf.runs.schedule import Stage
from pgan_tf.training import (
    state,
    steps,
)


def make_iterations(
    nets: state.Networks,
    strategy: tf.distribute.Strategy,
    stage: Stage,
    all_labels: tf.Tensor,
    options: RunOptions,
    label_kind: str = "",
) -> tf.types.experimental.PolymorphicFunction:
    """Compiles the iterations between two looks at the schedule.

    Resolution, minibatch, and whether a fade-in is under way are fixed in the
    compiled function; how far it is, rates and draws are not.

    Args:
        nets: The networks and optimizers.
        strategy: Devices to run on.
        stage: Gives resolution, minibatch and fading.
        all_labels: Labels of the dataset, [M,K], for G to draw from.
        options: Of the run.
        label_kind: Of these labels; empty for none.

    Returns:
        A function of uint8 images [S*minibatch,R,R,C] and labels
        [S*minibatch,K], S = repeats * d_repeats being the steps of D (of
        several processes each gives its part of each minibatch), and the
        scalars nimg (int64, images shown before), alpha (ignored when
        settled), g_lrate and d_lrate. It returns the means of TERMS as one
        vector.
    """
    iteration = steps.Iteration(
        nets, strategy, stage, all_labels, options, label_kind
    )
    repeats = options.schedule.minibatch_repeats
    d_repeats = options.schedule.d_repeats
    scalar = tf.TensorSpec([], tf.float32)

    @tf.function(
        input_signature=[
            tf.TensorSpec(None, tf.uint8),
            tf.TensorSpec(None, tf.float32),
            tf.TensorSpec([], tf.int64),
            scalar,
            scalar,
            scalar,
        ]
    )
    def iterations(images, labels, nimg, alpha, g_lrate, d_lrate):  # type: ignore
        images = tf.reshape(images, iteration.image_shape(repeats * d_repeats))
        labels = tf.reshape(labels, iteration.label_shape(repeats * d_repeats))
        d_total, g_total = (
            tf.zeros([len(steps.D_TERMS)]),
            tf.zeros([len(steps.G_TERMS)]),
        )
        for i in tf.range(repeats, dtype=tf.int64):
            shown = nimg + i * d_repeats * stage.minibatch
            fakes = iteration.fakes_for_both(labels[i], shown, alpha)
            for j in tf.range(d_repeats, dtype=tf.int64):
                step = i * d_repeats + j
                d_total += iteration.d_step(
                    images[step],
                    labels[step],
                    shown + j * stage.minibatch,
                    alpha,
                    d_lrate,
                    fakes,
                )
            seen = []
            if options.optimizer.unroll_steps:
                last = (i + 1) * d_repeats - 1
                at = nimg + last * stage.minibatch
                seen = [steps.Seen(images[last], labels[last], at, d_lrate)]
            g_total += iteration.g_step(shown, alpha, g_lrate, fakes, *seen)
        means = [d_total / (repeats * d_repeats), g_total / repeats]
        return tf.concat(means, axis=0)

    return iterations
