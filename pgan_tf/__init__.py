"""Progressive Growing of GANs (Karras et al., ICLR 2018) in Keras 3."""

__version__ = "0.1.0"
