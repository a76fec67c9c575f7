"""Evaluates the snapshots of a run, or any two sets of images."""

from pgan_tf.commands import evaluate

if __name__ == "__main__":
    evaluate.run()
