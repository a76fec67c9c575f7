"""Latents, and the images that a generator draws from them."""

from pgan_tf.sampling.drawing import draw, generate
from pgan_tf.sampling.latent_table import (
    latents,
    latents_of_seeds,
    read_latents,
)

__all__ = ["draw", "generate", "latents", "latents_of_seeds", "read_latents"]
