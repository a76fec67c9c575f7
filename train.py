"""Trains a progressive GAN."""

from pgan_tf.commands import train

if __name__ == "__main__":
    train.run()
