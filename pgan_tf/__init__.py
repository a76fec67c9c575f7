"""Progressive Growing of GANs (Karras et al., ICLR 2018) in Keras 3."""

import os
from typing import TYPE_CHECKING

from pgan_tf.base import images, version
from pgan_tf.base.errors import UserError

# Puts the options of every family of networks on the tree.
from pgan_tf.networks import families as families

if TYPE_CHECKING:
    from pgan_tf.networks.family import Generator

__all__ = ["UserError", "images", "load"]
__version__ = version.VERSION


def load(path: "str | os.PathLike[str]") -> "Generator":
    """Reads a generator: a .keras snapshot, NVIDIA's .pkl, or a run folder.

    Nothing in the file is executed. Call it with latents [N,latent_size], and
    labels [N,label_size] if it takes them; it returns float32 images
    [N,R,R,C], about [-1, 1].

    Raises:
        UserError: If there is no generator in there.
    """
    # Keras takes seconds to import, which `import pgan_tf` need not wait for.
    from pgan_tf.networks import snapshots

    return snapshots.load_generator(path)
