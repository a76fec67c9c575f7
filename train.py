"""Trains a progressive GAN: see pgan_tf/commands/train.py."""

from absl import flags

from pgan_tf.commands import train

if __name__ == "__main__":
    __doc__ = train.__doc__
    flags.adopt_module_key_flags(train)
    train.run()
