"""Makes and shows multi-resolution TFRecord datasets of images."""

from pgan_tf.commands.dataset import verbs

if __name__ == "__main__":
    verbs.run()
