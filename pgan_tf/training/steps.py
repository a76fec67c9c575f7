"""One training iteration: the only gradient tapes, the only random draws.

An iteration is the reference's: D learns from reals and fresh fakes while Gs
takes in the present G; then G learns from other fakes. Draws are functions of
(seed, nimg), so that a resumed run draws what it would have drawn.
"""

import dataclasses
from collections.abc import Callable

import tensorflow as tf

from pgan_tf import config, functional, losses, networks, schedule
from pgan_tf.training import optim

Terms = dict[str, tf.Tensor]

# What an iteration reports, averaged over its images.
D_TERMS = (
    "D_loss",
    "D_real_scores",
    "D_fake_scores",
    "D_mixed_norms",
    "D_gradient_penalty",
    "D_drift_penalty",
    "D_label_penalty",
)
G_TERMS = ("G_loss", "G_label_penalty")
SKIPPED = ("D_skipped_steps", "G_skipped_steps")
TERMS = D_TERMS + G_TERMS + SKIPPED

# One stream of random numbers for each kind of draw.
_STREAMS = ("D_latents", "mixing", "mirror", "G_latents", "G_labels")


@dataclasses.dataclass(frozen=True)
class Networks:
    """G, D, the average of G, and the optimizers. Made under the strategy."""

    G: networks.Generator
    D: networks.Discriminator
    Gs: networks.Generator
    g_adam: optim.Adam
    d_adam: optim.Adam


def d_loss(
    G: networks.Generator,
    D: networks.Discriminator,
    reals: tf.Tensor,
    labels: tf.Tensor,
    latents: tf.Tensor,
    mixing: tf.Tensor,
    alpha: tf.Tensor | None,
    options: config.LossesConfig,
) -> tuple[tf.Tensor, Terms]:
    """WGAN-GP with drift and label terms (appendix A.1, Odena et al. 2017).

    Args:
        G, D: The networks.
        reals: [N,R,R,C] in [-1, 1], faded like the fakes.
        labels: Of the reals, and of the fakes, [N,K]; K may be 0.
        latents: Of the fakes.
        mixing: Weight of the fake in each mixed image, uniform, [N,1,1,1].
        alpha: Weight of the current resolution; None: settled.
        options: Weights of the terms.

    Returns:
        The loss (mean over N), and per-sample terms [N], unweighted.
    """
    resolution = reals.shape[1]
    fakes = tf.stop_gradient(
        G(latents, _or_none(labels), resolution=resolution, alpha=alpha)
    )
    scores, logits = judge_both(D, reals, fakes, alpha)
    norm_scale = resolution / D.resolution
    norms = losses.gradient_norms(
        mixed_gradients(D, reals, fakes, mixing, alpha), norm_scale
    )
    terms = {
        "D_real_scores": scores[0][:, 0],
        "D_fake_scores": scores[1][:, 0],
        "D_mixed_norms": norms,
        "D_gradient_penalty": losses.gradient_penalty(
            norms, options.wgan_target
        ),
        "D_drift_penalty": losses.drift_penalty(scores[0]),
        "D_label_penalty": losses.label_penalty(labels, logits[0])
        + losses.label_penalty(labels, logits[1]),
    }
    loss = tf.reduce_mean(
        losses.wgan_d(*scores)
        + options.wgan_lambda * terms["D_gradient_penalty"]
        + options.wgan_epsilon * terms["D_drift_penalty"]
        + options.cond_weight * terms["D_label_penalty"]
    )
    return loss, terms


def g_loss(
    G: networks.Generator,
    D: networks.Discriminator,
    labels: tf.Tensor,
    latents: tf.Tensor,
    resolution: int,
    alpha: tf.Tensor | None,
    options: config.LossesConfig,
) -> tuple[tf.Tensor, Terms]:
    """G's side of the same losses; arguments and results as in `d_loss`."""
    fakes = G(latents, _or_none(labels), resolution=resolution, alpha=alpha)
    scores, logits = D(fakes, alpha=alpha)
    terms = {"G_label_penalty": losses.label_penalty(labels, logits)}
    loss = tf.reduce_mean(
        losses.wgan_g(scores) + options.cond_weight * terms["G_label_penalty"]
    )
    return loss, terms


def mixed_gradients(
    D: networks.Discriminator,
    reals: tf.Tensor,
    fakes: tf.Tensor,
    mixing: tf.Tensor,
    alpha: tf.Tensor | None,
) -> tf.Tensor:
    """Gradient of the summed scores by images between reals and fakes."""
    mixed = functional.lerp(reals, fakes, mixing)
    with tf.GradientTape() as tape:
        tape.watch(mixed)
        scores, _ = D(mixed, alpha=alpha)
        total = tf.reduce_sum(scores)
    return tape.gradient(total, mixed)


def judge_both(
    D: networks.Discriminator,
    reals: tf.Tensor,
    fakes: tf.Tensor,
    alpha: tf.Tensor | None,
) -> tuple[tuple[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """((real scores, fake scores), (real logits, fake logits)).

    One pass over both is faster than two. The minibatch standard deviation
    must not mix them, though: its groups are strided, so the batch is laid
    out with each group's members, and they alone, one stride apart.
    """
    count = reals.shape[0]
    group = D.mbstd_group_size or 1
    if group > count:
        (r_scores, r_logits), (f_scores, f_logits) = (
            D(reals, alpha=alpha),
            D(fakes, alpha=alpha),
        )
        return (r_scores, f_scores), (r_logits, f_logits)
    grouped = [group, count // group]
    both = tf.concat(
        [tf.reshape(x, [*grouped, *x.shape[1:]]) for x in (reals, fakes)],
        axis=1,
    )
    outputs = D(tf.reshape(both, [2 * count, *reals.shape[1:]]), alpha=alpha)

    def separate(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        halves = tf.split(tf.reshape(x, [group, -1, x.shape[-1]]), 2, axis=1)
        first, second = (tf.reshape(h, [count, x.shape[-1]]) for h in halves)
        return first, second

    return separate(outputs[0]), separate(outputs[1])


def make_iterations(
    nets: Networks,
    strategy: tf.distribute.Strategy,
    stage: schedule.Stage,
    all_labels: tf.Tensor,
    options: config.RunConfig,
) -> Callable[..., tf.Tensor]:
    """Compiles the iterations between two looks at the schedule.

    Resolution, minibatch, and whether a fade-in is under way are fixed in the
    compiled function; how far it is, rates and draws are not.

    Args:
        nets: The networks and optimizers.
        strategy: Devices to run on.
        stage: Gives resolution, minibatch and fading.
        all_labels: Labels of the dataset, [M,K], for G to draw from.
        options: Of the run.

    Returns:
        A function of uint8 images [repeats*minibatch,R,R,C], labels
        [repeats*minibatch,K], and the scalars nimg (int64, images shown
        before), alpha (ignored when settled), g_lrate and d_lrate. It returns
        the means of TERMS as one vector.
    """
    iteration = _Iteration(nets, strategy, stage, all_labels, options)
    repeats = options.schedule.minibatch_repeats
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
        images = tf.reshape(images, iteration.image_shape(repeats))
        labels = tf.reshape(labels, iteration.label_shape(repeats))
        total = tf.zeros([len(TERMS)])
        for i in tf.range(repeats, dtype=tf.int64):
            shown = nimg + i * stage.minibatch
            total += iteration.run(
                images[i], labels[i], shown, alpha, g_lrate, d_lrate
            )
        return total / repeats

    return iterations


class _Iteration:
    """The pieces of one iteration, for one resolution and minibatch."""

    def __init__(
        self,
        nets: Networks,
        strategy: tf.distribute.Strategy,
        stage: schedule.Stage,
        all_labels: tf.Tensor,
        options: config.RunConfig,
    ) -> None:
        self.nets = nets
        self.strategy = strategy
        self.resolution = stage.resolution
        self.fading = stage.alpha is not None
        self.minibatch = stage.minibatch
        self.all_labels = all_labels
        self.options = options
        self.g_vars = nets.G.trainable_at(self.resolution, self.fading)
        self.d_vars = nets.D.trainable_at(self.resolution, self.fading)

    def image_shape(self, repeats: int) -> list[int]:
        channels = self.nets.D.num_channels
        return [
            repeats,
            self.minibatch,
            self.resolution,
            self.resolution,
            channels,
        ]

    def label_shape(self, repeats: int) -> list[int]:
        return [repeats, self.minibatch, self.nets.G.label_size]

    def run(
        self,
        images: tf.Tensor,
        labels: tf.Tensor,
        nimg: tf.Tensor,
        alpha: tf.Tensor,
        g_lrate: tf.Tensor,
        d_lrate: tf.Tensor,
    ) -> tf.Tensor:
        """D and Gs, then G. Returns the vector of TERMS."""
        nets, strategy = self.nets, self.strategy
        fade = alpha if self.fading else None
        d_gradients, d_terms = strategy.run(
            self._d_gradients, (images, labels, nimg, fade)
        )
        d_gradients = optim.mean_gradients(strategy, d_gradients, self.d_vars)
        d_skipped = nets.d_adam.apply(
            strategy, d_gradients, self.d_vars, d_lrate
        )
        # Gs sees G as it was ahead of this iteration's G step.
        optim.update_average(
            strategy,
            nets.Gs.trained_by(self.resolution),
            nets.G.trained_by(self.resolution),
            self.options.optimizer.gs_beta,
        )
        g_gradients, g_terms = strategy.run(self._g_gradients, (nimg, fade))
        g_gradients = optim.mean_gradients(strategy, g_gradients, self.g_vars)
        g_skipped = nets.g_adam.apply(
            strategy, g_gradients, self.g_vars, g_lrate
        )
        means = [
            strategy.reduce(tf.distribute.ReduceOp.MEAN, terms, axis=None)
            for terms in (d_terms, g_terms)
        ]
        return tf.concat([*means, [d_skipped, g_skipped]], axis=0)

    def _d_gradients(
        self,
        images: tf.Tensor,
        labels: tf.Tensor,
        nimg: tf.Tensor,
        alpha: tf.Tensor | None,
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        """One replica's gradients and the means of D_TERMS."""
        images, labels = self._share(images), self._share(labels)
        coins = self._share(self._uniform("mirror", nimg, [self.minibatch]))
        reals = functional.scale_pixels(images)
        if self.options.data.mirror_augment:
            reals = functional.mirror(reals, coins)
        if alpha is not None:
            reals = functional.fade_reals(reals, alpha)
        mixing = self._uniform("mixing", nimg, [self.minibatch, 1, 1, 1])
        with tf.GradientTape() as tape:
            loss, terms = d_loss(
                self.nets.G,
                self.nets.D,
                reals,
                labels,
                self._latents("D_latents", nimg),
                self._share(mixing),
                alpha,
                self.options.losses,
            )
        gradients = tape.gradient(loss, [v.value for v in self.d_vars])
        return gradients, _means({"D_loss": loss, **terms}, D_TERMS)

    def _g_gradients(
        self, nimg: tf.Tensor, alpha: tf.Tensor | None
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        """One replica's gradients and the means of G_TERMS."""
        with tf.GradientTape() as tape:
            loss, terms = g_loss(
                self.nets.G,
                self.nets.D,
                self._random_labels(nimg),
                self._latents("G_latents", nimg),
                self.resolution,
                alpha,
                self.options.losses,
            )
        gradients = tape.gradient(loss, [v.value for v in self.g_vars])
        return gradients, _means({"G_loss": loss, **terms}, G_TERMS)

    def _share(self, batch: tf.Tensor) -> tf.Tensor:
        """This replica's part of a global batch."""
        context = tf.distribute.get_replica_context()
        size = self.minibatch // self.strategy.num_replicas_in_sync
        start = context.replica_id_in_sync_group * size
        return batch[start : start + size] if size < self.minibatch else batch

    def _latents(self, stream: str, nimg: tf.Tensor) -> tf.Tensor:
        shape = [self.minibatch, self.nets.G.latent_size]
        seeds = self._seeds(stream, nimg)
        return self._share(tf.random.stateless_normal(shape, seeds))

    def _uniform(
        self, stream: str, nimg: tf.Tensor, shape: list[int]
    ) -> tf.Tensor:
        return tf.random.stateless_uniform(shape, self._seeds(stream, nimg))

    def _random_labels(self, nimg: tf.Tensor) -> tf.Tensor:
        """Labels of random images of the dataset."""
        rows = tf.random.stateless_uniform(
            [self.minibatch],
            self._seeds("G_labels", nimg),
            maxval=tf.shape(self.all_labels)[0],
            dtype=tf.int32,
        )
        return self._share(tf.gather(self.all_labels, rows))

    def _seeds(self, stream: str, nimg: tf.Tensor) -> tf.Tensor:
        offset = _STREAMS.index(stream)
        position = nimg * len(_STREAMS) + offset
        return tf.stack([tf.constant(self.options.seed, tf.int64), position])


def _means(terms: Terms, names: tuple[str, ...]) -> tf.Tensor:
    """The means of the named terms, as one vector."""
    return tf.stack([tf.reduce_mean(terms[name]) for name in names])


def _or_none(labels: tf.Tensor) -> tf.Tensor | None:
    """None in place of labels of size zero."""
    return labels if labels.shape[-1] else None
