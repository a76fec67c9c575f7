"""Small mistakes in training, its options and its schedule."""

from benchmarks.mutants.mutant import mutants

MUTANTS = (
    *mutants(
        "pgan_tf/training/draws.py",
        "tests/training/draws_test.py tests/training/steps_test.py",
        ("nimg * len(STREAMS) +", "nimg +"),
        (
            "[tf.constant(self._seed, tf.int64), position]",
            "[tf.constant(0, tf.int64), position]",
        ),
    ),
)
