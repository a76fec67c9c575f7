"""Terms of the losses, from scores and gradient norms. All in float32.

Every function returns one value per sample, [N]; the steps take the means.
D's scores are high for reals, low for fakes.
"""

from typing import Any

from keras import ops

from pgan_tf import functional

Tensor = Any


def wgan_d(real_scores: Tensor, fake_scores: Tensor) -> Tensor:
    """D's Wasserstein loss, fakes minus reals (Arjovsky et al. 2017)."""
    return _flat(fake_scores) - _flat(real_scores)


def wgan_g(fake_scores: Tensor) -> Tensor:
    """G's Wasserstein loss: minus the score of its fakes."""
    return -_flat(fake_scores)


def gradient_norms(gradients: Tensor, scale: float = 1.0) -> Tensor:
    """L2 norm of each image's gradient, [N].

    The reference feeds D images upscaled to the final resolution at every
    stage. The gradient by those is the gradient by the images at their native
    size, spread over 2^lod x 2^lod equal pixels, so its norm is 2^-lod times
    the native norm (lod as an integer, counted from the final resolution).

    Args:
        gradients: Of the scores by the images, [N,H,W,C].
        scale: 2^-floor(lod).
    """
    squares = ops.sum(ops.square(gradients), axis=(1, 2, 3))
    # The tiny constant keeps the root's derivative finite at zero.
    return ops.sqrt(squares + 1e-20) * scale


def gradient_penalty(norms: Tensor, target: float = 1.0) -> Tensor:
    """(norm - target)^2 / target^2 (Gulrajani et al. 2017, equation 3).

    The division keeps the weight of the penalty independent of the target,
    as the paper's CIFAR-10 setting of 750 needs (Karras et al. 2018, F.1).
    """
    return ops.square(norms - target) / (target * target)


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


def _flat(scores: Tensor) -> Tensor:
    """[N,1] to [N], so that nothing broadcasts to [N,N]."""
    return ops.reshape(functional.at_least_float32(scores), (-1,))
