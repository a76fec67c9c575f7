"""Terms of the losses, from scores and gradient norms. All in float32.

Every function of scores, norms or logits returns one value per sample, [N];
the steps take the means. D's scores are high for reals, low for fakes.
"""

from collections.abc import Callable, Sequence
from typing import Any

from keras import ops

from pgan_tf.data import values
from pgan_tf.networks import operations

Tensor = Any


def wgan_d(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """D's Wasserstein loss, fakes minus reals (Arjovsky et al. 2017)."""
    return _flat(fake_scores) - _flat(real_scores)


def wgan_g(fake_scores: Tensor) -> Tensor:
    """G's Wasserstein loss: minus the score of its fakes."""
    return -_flat(fake_scores)


def logistic_d(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """-log p(real) - log(1 - p(fake)), p the sigmoid of the score.

    Goodfellow et al. 2014, equation 1, negated for a descent.
    """
    return ops.softplus(_flat(fake_scores)) + ops.softplus(-_flat(real_scores))


def logistic_g(fake_scores: Tensor) -> Tensor:
    """-log p(fake): does not saturate (Goodfellow et al. 2014, section 3)."""
    return ops.softplus(-_flat(fake_scores))


def minimax_g(fake_scores: Tensor) -> Tensor:
    """log(1 - p(fake)): saturates where D is sure (same, equation 1)."""
    return -ops.softplus(_flat(fake_scores))


def wgan_reals(real_scores: Tensor) -> Tensor:
    """What reals add to G's loss, if it is minus D's: their score."""
    return _flat(real_scores)


def minimax_reals(real_scores: Tensor) -> Tensor:
    """The same of the saturating loss: log p(real)."""
    return -ops.softplus(-_flat(real_scores))


def lsgan_d(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """((real - 1)^2 + fake^2) / 2 (Mao et al. 2017, 0-1 coding)."""
    real, fake = _flat(real_scores), _flat(fake_scores)
    return 0.5 * (ops.square(real - 1.0) + ops.square(fake))


def lsgan_g(fake_scores: Tensor) -> Tensor:
    """(fake - 1)^2 / 2 (same)."""
    return 0.5 * ops.square(_flat(fake_scores) - 1.0)


def hinge_d(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """max(0, 1 - real) + max(0, 1 + fake) (Lim & Ye 2017; G's is WGAN's)."""
    return ops.relu(1.0 - _flat(real_scores)) + ops.relu(
        1.0 + _flat(fake_scores)
    )


# Of --loss: D's, and G's.
ADVERSARIAL: dict[str, tuple[Callable[..., Tensor], Callable[..., Tensor]]] = {
    "wgan-gp": (wgan_d, wgan_g),
    "wgan-lp": (wgan_d, wgan_g),
    "logistic": (logistic_d, logistic_g),
    "minimax": (logistic_d, minimax_g),
    "lsgan": (lsgan_d, lsgan_g),
    "hinge": (hinge_d, wgan_g),
}

# Losses of which G's is minus D's, but for what does not depend on G: that.
_REALS_PART = {
    "wgan-gp": wgan_reals,
    "wgan-lp": wgan_reals,
    "minimax": minimax_reals,
}

# What --penalty=auto stands for; other losses are published without one.
_OWN_PENALTY = {
    "wgan-gp": "gp",
    "wgan-lp": "lp",
    "logistic": "r1",
    "minimax": "r1",
}


def choose_penalty(loss: str, penalty: str) -> str:
    """gp, lp, r1, r2 or none, for --loss and --penalty."""
    return _OWN_PENALTY.get(loss, "none") if penalty == "auto" else penalty


def is_saddle(loss: str) -> bool:
    """Whether G and D play for one sum, which one raises, the other lowers."""
    return loss in _REALS_PART


def reals_part(loss: str, real_scores: Tensor) -> Tensor:
    """What reals add to that sum as G sees it, [N]."""
    return _REALS_PART[loss](real_scores)


def has_drift(loss: str) -> bool:
    """Whether D's scores have no zero of their own for a loss."""
    return ADVERSARIAL[loss][0] is wgan_d


def gradient_norms(gradients: Tensor, resolution: int) -> Tensor:
    """L2 norm of each image's gradient, [N].

    The reference feeds D images upscaled to the final resolution at every
    stage. The gradient by those is the gradient by the images at their native
    size, spread over 2^lod x 2^lod equal pixels, so its norm is 2^-lod times
    the native norm (lod as an integer, counted from the final resolution).

    Args:
        gradients: Of the scores by the images, [N,H,W,C].
        resolution: The final one, H at lod 0.
    """
    scale = gradients.shape[1] / resolution  # 2^-floor(lod)
    squares = ops.sum(ops.square(gradients), axis=(1, 2, 3))
    # The tiny constant keeps the root's derivative finite at zero.
    return ops.sqrt(squares + 1e-20) * scale


def gradient_penalty(norms: Tensor, target: float = 1.0) -> Tensor:
    """(norm - target)^2 / target^2 (Gulrajani et al. 2017, equation 3).

    The division keeps the weight of the penalty independent of the target,
    as the paper's CIFAR-10 setting of 750 needs (Karras et al. 2018, F.1).
    """
    return ops.square(norms - target) / (target * target)


def one_sided_penalty(norms: Tensor, target: float = 1.0) -> Tensor:
    """max(0, norm - target)^2 / target^2: WGAN-LP (Petzka et al. 2018)."""
    return ops.square(ops.relu(norms - target)) / (target * target)


def zero_centered_penalty(norms: Tensor) -> Tensor:
    """norm^2 / 2: R1 of reals, R2 of fakes (Mescheder et al. 2018, eq. 9)."""
    return 0.5 * ops.square(norms)


def drift_penalty(real_scores: Tensor) -> Tensor:
    """Squared scores of reals: keeps D's output near zero (appendix A.1)."""
    return ops.square(_flat(real_scores))


def label_penalty(labels: Tensor, logits: Tensor) -> Tensor:
    """Softmax cross-entropy of the class logits (AC-GAN, Odena et al. 2017).

    Args:
        labels: One-hot rows [N,K]; a row of zeros costs nothing.
        logits: [N,K].
    """
    return -ops.sum(labels * ops.log_softmax(logits, axis=-1), axis=-1)


def multi_label_penalty(labels: Tensor, logits: Tensor) -> Tensor:
    """Sigmoid cross-entropy, summed over labels that do not exclude another.

    Args:
        labels: [N,K] in 0..1; a row of zeros says that none applies.
        logits: [N,K].
    """
    return ops.sum(ops.softplus(logits) - labels * logits, axis=-1)


def choose_label_loss(kind: str, label_loss: str) -> str:
    """softmax or sigmoid, for labels of a kind and --label_loss.

    Args:
        kind: As `values` has it; empty without labels.
        label_loss: auto, softmax or sigmoid.
    """
    if label_loss != "auto":
        return label_loss
    return "sigmoid" if kind == values.MULTIHOT else "softmax"


def orthogonal_penalty(kernels: Sequence[Tensor]) -> Tensor:
    """Sum over kernels of ||W'W with a diagonal of zeros||^2, a scalar.

    Columns of W are filters; they are to be orthogonal, of any length. Brock
    et al. 2019, equation 3. The squares of W'W sum to those of WW', which is
    smaller for some layers; the diagonal's are taken off.

    Args:
        kernels: [...,in,out], each flattened to [in,out].
    """
    total = 0.0
    for kernel in kernels:
        filters = ops.reshape(kernel, (-1, kernel.shape[-1]))
        wide = filters.shape[0] < filters.shape[1]
        other = ops.transpose(filters)
        gram = (
            ops.matmul(filters, other) if wide else ops.matmul(other, filters)
        )
        diagonal = ops.sum(ops.square(filters), axis=0)
        total += ops.sum(ops.square(gram)) - ops.sum(ops.square(diagonal))
    return total


def noise_stddev(nimg: Tensor, start: float, kimg: float) -> Tensor:
    """Instance noise falls from `start` to 0, linearly, in `kimg`.

    Sonderby et al. 2017, section 3.2: noise on D's inputs makes the sets of
    reals and fakes overlap.

    Args:
        nimg: Images shown so far, an integer scalar.
    """
    shown = ops.cast(nimg, "float32") / (1000.0 * kimg)
    return start * ops.relu(1.0 - shown)


def _flat(scores: Tensor) -> Tensor:
    """[N,1] to [N], so that nothing broadcasts to [N,N]."""
    return ops.reshape(operations.at_least_float32(scores), (-1,))
