"""The random draws of a step, as functions of (seed, nimg)."""

import tensorflow as tf

# One stream of random numbers for each kind of draw.
STREAMS = ("D_latents", "mixing", "mirror", "G_latents", "G_labels")


class Draws:
    """What is drawn for each image of a minibatch.

    Every device draws for the whole minibatch, to take its share of it: so
    the draws do not depend on how many devices there are.

    Args:
        seed: Of the run.
        minibatch: Images per step, over all devices.
    """

    def __init__(self, seed: int, minibatch: int) -> None:
        self._seed = seed
        self._minibatch = minibatch

    def normal(
        self, stream: str, nimg: tf.Tensor, shape: list[int], index: int = 0
    ) -> tf.Tensor:
        """Draws from N(0, 1), [minibatch,*shape]; others for each index."""
        seeds = self._seeds(stream, nimg)
        if index:
            seeds = tf.random.experimental.stateless_fold_in(seeds, index)
        return tf.random.stateless_normal([self._minibatch, *shape], seeds)

    def uniform(
        self, stream: str, nimg: tf.Tensor, shape: list[int]
    ) -> tf.Tensor:
        """Draws from [0, 1), [minibatch,*shape]."""
        seeds = self._seeds(stream, nimg)
        return tf.random.stateless_uniform([self._minibatch, *shape], seeds)

    def rows(self, stream: str, nimg: tf.Tensor, table: tf.Tensor) -> tf.Tensor:
        """Rows of a table, with repetition: [minibatch,...]."""
        rows = tf.random.stateless_uniform(
            [self._minibatch],
            self._seeds(stream, nimg),
            maxval=tf.shape(table)[0],
            dtype=tf.int32,
        )
        return tf.gather(table, rows)

    def _seeds(self, stream: str, nimg: tf.Tensor) -> tf.Tensor:
        position = nimg * len(STREAMS) + STREAMS.index(stream)
        return tf.stack([tf.constant(self._seed, tf.int64), position])
