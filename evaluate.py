"""Evaluates the snapshots of a run, or any two sets of images."""

from absl import flags

from pgan_tf.commands import evaluate

if __name__ == "__main__":
    __doc__ = evaluate.__doc__
    flags.adopt_module_key_flags(evaluate)
    evaluate.run()
