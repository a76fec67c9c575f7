"""The losses of D and G: from networks, images and draws to numbers.

Nothing is random here, and nothing is changed.
"""

import tensorflow as tf

from pgan_tf.networks import operations
from pgan_tf.networks.family import Discriminator, Generator
from pgan_tf.runs.options import LossesOptions
from pgan_tf.training import losses

Terms = dict[str, tf.Tensor]

# What the losses report, averaged over their images.
D_TERMS = (
    "D_loss",
    "D_real_scores",
    "D_fake_scores",
    "D_mixed_norms",
    "D_gradient_penalty",
    "D_drift_penalty",
    "D_label_penalty",
)

G_TERMS = ("G_loss", "G_label_penalty", "G_ortho_penalty")


def draw(
    G: Generator,
    latents: tf.Tensor,
    labels: tf.Tensor,
    resolution: int,
    alpha: tf.Tensor | None,
) -> tf.Tensor:
    """Fakes [N,resolution,resolution,C]; the labels [N,K], of which K may be 0.

    alpha is the weight of the current resolution; None: settled.
    """
    given = labels if labels.shape[-1] else None
    return G(latents, given, resolution=resolution, alpha=alpha, training=True)


def d_loss(
    D: Discriminator,
    reals: tf.Tensor,
    fakes: tf.Tensor,
    labels: tf.Tensor,
    mixing: tf.Tensor,
    alpha: tf.Tensor | None,
    options: LossesOptions,
    noise: tuple[tf.Tensor, tf.Tensor] | None = None,
    scale: tf.Tensor | float = 1.0,
) -> tuple[tf.Tensor, Terms]:
    """D's loss; by default WGAN-GP with drift and label terms.

    Karras et al. 2018, appendix A.1; labels as in Odena et al. 2017.

    Args:
        D: The network.
        reals: [N,R,R,C] in [-1, 1], faded like the fakes.
        fakes: Of the same shape.
        labels: Of the reals, and of the fakes, [N,K]; K may be 0.
        mixing: Weight of the fake in each mixed image, uniform, [N,1,1,1].
        alpha: Weight of the current resolution; None: settled.
        options: Which terms, and their weights.
        noise: To add to reals and to fakes, [N,R,R,C] each.
        scale: Loss scale under which the penalty's gradient is taken.

    Returns:
        The loss (mean over N), and per-sample terms [N], unweighted. A term
        that the loss does not have is zero. The norms are of the images that
        the penalty looks at.
    """
    if noise is not None:
        reals, fakes = reals + noise[0], fakes + noise[1]
    scores, logits = judge_both(D, reals, fakes, labels, alpha)
    norms, penalty = _penalty(
        D, reals, fakes, labels, mixing, alpha, options, scale
    )
    drift = losses.drift_penalty(scores[0])
    terms = {
        "D_real_scores": scores[0][:, 0],
        "D_fake_scores": scores[1][:, 0],
        "D_mixed_norms": norms,
        "D_gradient_penalty": penalty,
        "D_drift_penalty": drift,
        "D_label_penalty": _label_penalty(labels, logits[0], options)
        + _label_penalty(labels, logits[1], options),
    }
    adversarial = losses.ADVERSARIAL[options.loss][0](*scores)
    loss = adversarial + _penalty_weight(options) * terms["D_gradient_penalty"]
    if losses.has_drift(options.loss):
        loss += options.wgan_epsilon * drift
    loss += options.cond_weight * terms["D_label_penalty"]
    return tf.reduce_mean(loss), terms


def g_loss(
    G: Generator,
    D: Discriminator,
    fakes: tf.Tensor,
    labels: tf.Tensor,
    alpha: tf.Tensor | None,
    options: LossesOptions,
    noise: tf.Tensor | None = None,
) -> tuple[tf.Tensor, Terms]:
    """G's side of the same losses; arguments and results as in `d_loss`.

    The gradients reach G through the fakes, and its kernels by themselves.
    """
    resolution = fakes.shape[1]
    if noise is not None:
        fakes += noise
    scores, logits = D(fakes, labels, alpha=alpha, training=True)
    terms = {
        "G_label_penalty": _label_penalty(labels, logits, options),
        "G_ortho_penalty": tf.zeros([], scores.dtype),
    }
    adversarial = losses.ADVERSARIAL[options.loss][1](scores)
    loss = tf.reduce_mean(
        adversarial + options.cond_weight * terms["G_label_penalty"]
    )
    if options.ortho_weight:
        kernels = G.kernels_at(resolution, alpha is not None)
        terms["G_ortho_penalty"] = losses.orthogonal_penalty(kernels)
        loss += options.ortho_weight * terms["G_ortho_penalty"]
    return loss, terms


def score_gradients(
    D: Discriminator,
    images: tf.Tensor,
    labels: tf.Tensor,
    alpha: tf.Tensor | None,
    scale: tf.Tensor | float = 1.0,
) -> tf.Tensor:
    """Gradient of the summed scores by the images, [N,R,R,C].

    Taken of scaled scores, so that it does not vanish in 16 bits on its way.
    """
    with tf.GradientTape() as tape:
        tape.watch(images)
        scores, _ = D(images, labels, alpha=alpha, training=True)
        total = tf.reduce_sum(scores) * scale
    return tape.gradient(total, images) / scale


def _penalty(
    D: Discriminator,
    reals: tf.Tensor,
    fakes: tf.Tensor,
    labels: tf.Tensor,
    mixing: tf.Tensor,
    alpha: tf.Tensor | None,
    options: LossesOptions,
    scale: tf.Tensor | float,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Norms of D's gradient where the penalty looks, and the penalty, [N]."""
    penalty = losses.choose_penalty(options.loss, options.penalty)
    if penalty == "none":
        zeros = tf.zeros(reals.shape[:1], reals.dtype)
        return zeros, zeros
    if penalty in ("gp", "lp"):
        images = operations.lerp(reals, fakes, mixing)
    else:
        images = reals if penalty == "r1" else fakes
    gradients = score_gradients(D, images, labels, alpha, scale)
    norms = losses.gradient_norms(gradients, D.resolution)
    if penalty == "gp":
        return norms, losses.gradient_penalty(norms, options.wgan_target)
    if penalty == "lp":
        return norms, losses.one_sided_penalty(norms, options.wgan_target)
    return norms, losses.zero_centered_penalty(norms)


def _penalty_weight(options: LossesOptions) -> float:
    penalty = losses.choose_penalty(options.loss, options.penalty)
    of_mixed = penalty in ("gp", "lp")
    return options.wgan_lambda if of_mixed else options.r1_gamma


def _label_penalty(
    labels: tf.Tensor, logits: tf.Tensor, options: LossesOptions
) -> tf.Tensor:
    if not logits.shape[-1]:  # D guesses no labels
        return tf.zeros(logits.shape[:1], logits.dtype)
    if options.label_loss == "sigmoid":
        return losses.multi_label_penalty(labels, logits)
    return losses.label_penalty(labels, logits)


def judge_both(
    D: Discriminator,
    reals: tf.Tensor,
    fakes: tf.Tensor,
    labels: tf.Tensor,
    alpha: tf.Tensor | None,
) -> tuple[tuple[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]]:
    """((real scores, fake scores), (real logits, fake logits)).

    One pass over both is faster than two. Statistics that D takes of several
    images must not mix them, though: the groups of the minibatch standard
    deviation are strided, so the batch is laid out with each group's members,
    and they alone, one stride apart. Statistics of a whole minibatch need a
    pass for each.
    """
    count = reals.shape[0]
    group = 1 if D.group_size == 0 else D.group_size
    if group is None or group > count:
        (r_scores, r_logits), (f_scores, f_logits) = (
            D(images, labels, alpha=alpha, training=True)
            for images in (reals, fakes)
        )
        return (r_scores, f_scores), (r_logits, f_logits)

    def together(one: tf.Tensor, other: tf.Tensor) -> tf.Tensor:
        grouped = [group, count // group]
        parts = [tf.reshape(x, [*grouped, *x.shape[1:]]) for x in (one, other)]
        return tf.reshape(tf.concat(parts, axis=1), [2 * count, *one.shape[1:]])

    outputs = D(
        together(reals, fakes),
        together(labels, labels),
        alpha=alpha,
        training=True,
    )

    def separate(x: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        halves = tf.split(tf.reshape(x, [group, -1, x.shape[-1]]), 2, axis=1)
        first, second = (tf.reshape(h, [count, x.shape[-1]]) for h in halves)
        return first, second

    return separate(outputs[0]), separate(outputs[1])
