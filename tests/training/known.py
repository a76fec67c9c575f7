"""Networks and draws of which every number is known.

So what a step reports follows from a few lines of NumPy, and a number that was
wired to another place shows.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from pgan_tf.runs.options import RunOptions
from pgan_tf.runs.schedule import Stage
from pgan_tf.training import optim, state, steps

RESOLUTION = 4
FINAL = 8  # so that the norms of gradients at 4x4 are halved
MINIBATCH = 4

# What every draw of a stream is; by its index, where it has several.
NORMALS = {
    ("D_latents", 0): 0.5,
    ("D_latents", 1): 0.25,
    ("D_latents", 2): -0.75,
    ("G_latents", 0): 2.0,
    ("G_latents", 1): -1.5,
}
UNIFORMS = {"mixing": 0.125, "mirror": 0.875}
ROWS = {"G_labels": 1}

GAIN = 0.75  # of G
SLOPE, CURVE = 0.5, 0.25  # of D
OFFSETS = (0.5, -0.25, 1.0)  # D's logits
# Of the columns of an image, so that a mirrored one has another score.
COLUMNS = np.float32([[[1], [2], [-3], [5]]]) * np.ones((4, 1, 1), np.float32)
# Float32's rounding, in numbers of about 1 to 100.
CLOSE = {"rtol": 1e-5, "atol": 1e-6}


class Weight:
    """A variable with what we use of a Keras variable."""

    def __init__(self, path: str, value: Any) -> None:
        self.path = path
        self.value = tf.Variable(value, dtype=tf.float32)
        self.shape = self.value.shape
        self.trainable = True

    def numpy(self) -> np.ndarray:
        return self.value.numpy()


class KnownGenerator:
    """Images of one colour: gain * (first latent + number of the label).

    The number of the first label is 1. `calls` counts.
    """

    family = "known"
    resolution = FINAL
    num_channels = 1
    latent_size = 3
    lod = 0.0

    def __init__(self, name: str, gain: float, label_size: int) -> None:
        self.name = name
        self.label_size = label_size
        self.gain = Weight(f"{name}/gain", gain)
        self.count = Weight(f"{name}/count", 7.0 if name == "G" else 0.0)
        self.calls: list[dict[str, Any]] = []
        # (resolution, fading) that variables and kernels were asked for.
        self.stages: list[tuple[int, bool]] = []

    def __call__(
        self, latents, labels=None, resolution=None, alpha=None, training=False
    ):
        self.calls.append({"alpha": alpha, "training": training})
        color = latents[:, :1]
        if labels is not None:
            numbers = tf.range(1.0, self.label_size + 1)
            color += tf.reduce_sum(labels * numbers, axis=1, keepdims=True)
        color = self.gain.value * color[:, :, None, None]
        return color * tf.ones([1, resolution, resolution, 1])

    def trainable_at(self, resolution: int, fading: bool) -> list[Weight]:
        self.stages.append((resolution, fading))
        return [self.gain]

    def averaged_at(self, resolution: int) -> list[Weight]:
        return [self.gain]

    def copied_state(self) -> list[Weight]:
        return [self.count]

    def kernels_at(self, resolution: int, fading: bool) -> list[tf.Tensor]:
        """One that is not orthogonal: its penalty is 2 * (gain^2)^2."""
        self.stages.append((resolution, fading))
        row = tf.stack([self.gain.value, self.gain.value])
        return [row[None]]


class KnownDiscriminator:
    """Scores slope * sum(x * COLUMNS) + curve / 2 * sum(x^2).

    The gradient of a score is slope * COLUMNS + curve * x. The logits are the
    same for all images.
    """

    family = "known"
    name = "D"
    resolution = FINAL
    num_channels = 1
    lod = 0.0

    def __init__(self, label_size: int, group_size: int | None = 0) -> None:
        self.label_size = label_size
        self.group_size = group_size
        self.slope = Weight("D/slope", SLOPE)
        self.curve = Weight("D/curve", CURVE)
        self.offsets = Weight("D/offsets", OFFSETS[:label_size])
        self.alphas: list[Any] = []
        self.stages: list[tuple[int, bool]] = []

    def __call__(self, images, labels=None, alpha=None, training=False):
        self.alphas.append(alpha)
        scores = self.slope.value * tf.reduce_sum(images * COLUMNS, (1, 2, 3))
        squares = tf.reduce_sum(tf.square(images), (1, 2, 3))
        scores += self.curve.value / 2 * squares
        ones = tf.ones([len(images), 1])
        return scores[:, None], ones * self.offsets.value

    def trainable_at(self, resolution: int, fading: bool) -> list[Weight]:
        self.stages.append((resolution, fading))
        labels = [self.offsets] if self.label_size else []
        return [self.slope, self.curve, *labels]


class ConstantDraws:
    """A number for each stream; `seen` has the positions asked for."""

    def __init__(self, minibatch: int) -> None:
        self._minibatch = minibatch
        self.seen: list[tuple[str, int, int]] = []

    def normal(self, stream, nimg, shape, index=0):
        self.seen.append((stream, index, int(nimg)))
        return tf.fill([self._minibatch, *shape], NORMALS[stream, index])

    def uniform(self, stream, nimg, shape):
        self.seen.append((stream, 0, int(nimg)))
        return tf.fill([self._minibatch, *shape], UNIFORMS[stream])

    def rows(self, stream, nimg, table):
        self.seen.append((stream, 0, int(nimg)))
        return tf.repeat(table[ROWS[stream]][None], self._minibatch, axis=0)


class RecordingAdam(optim.Adam):
    """Also keeps what it is given: `seen` has (gradients, rate) of steps."""

    def __init__(self, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.seen: list[tuple[list[float], float]] = []

    def apply(self, strategy, gradients, variables, lrate):
        values = [np.asarray(strategy.experimental_local_results(g)[0])
                  for g in gradients]  # fmt: skip
        self.seen.append((values, float(lrate)))
        return super().apply(strategy, gradients, variables, lrate)


def networks(
    strategy: tf.distribute.Strategy,
    label_size: int = 0,
    group_size: int | None = 0,
    loss_scale: optim.LossScale | None = None,
    g_scale: optim.LossScale | None = None,
    judge: type = KnownDiscriminator,
) -> state.Networks:
    """G, D, Gs (gain 0) and optimizers that record.

    `loss_scale` is D's, `g_scale` G's.
    """
    with strategy.scope():
        G = KnownGenerator("G", GAIN, label_size)
        D = judge(label_size, group_size)
        return state.Networks(
            G=G,
            D=D,
            Gs=KnownGenerator("Gs", 0.0, label_size),
            g_adam=RecordingAdam([G.gain], 0.0, 0.99, 1e-8, g_scale),
            d_adam=RecordingAdam(
                [D.slope, D.curve, D.offsets], 0.0, 0.99, 1e-8, loss_scale
            ),
        )


def make(
    options: RunOptions,
    label_size: int = 0,
    label_kind: str = "",
    passes: int = 1,
    group_size: int | None = 0,
    fading: bool = False,
    loss_scale: optim.LossScale | None = None,
    g_scale: optim.LossScale | None = None,
    judge: type = KnownDiscriminator,
) -> steps.Iteration:
    """An iteration at 4x4 of these networks, with constant draws."""
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    iteration = steps.Iteration(
        networks(strategy, label_size, group_size, loss_scale, g_scale, judge),
        strategy,
        make_stage(passes, fading),
        tf.eye(label_size) if label_size else tf.zeros([2, 0]),
        options,
        label_kind,
    )
    iteration.draws = ConstantDraws(MINIBATCH)
    return iteration


def make_stage(passes: int = 1, fading: bool = False) -> Stage:
    """At 4x4, settled or, out of order, halfway."""
    return Stage(
        lod=1.5 if fading else 1.0,
        resolution=RESOLUTION,
        minibatch=MINIBATCH,
        g_lrate=0.0,
        d_lrate=0.0,
        tick_kimg=1,
        passes=passes,
    )


def pixels(count: int = MINIBATCH) -> np.ndarray:
    """Reals uint8 [count,4,4,1], no two columns alike."""
    random = np.random.RandomState(3)
    shape = (count, RESOLUTION, RESOLUTION, 1)
    return random.randint(0, 256, shape).astype(np.uint8)


def run(
    iteration: steps.Iteration,
    labels: Sequence[int] = (),
    nimg: int = 0,
    alpha: float = 1.0,
    lrates: tuple[float, float] = (0.0, 0.0),
    reals: np.ndarray | None = None,
    unrolled: bool = False,
) -> dict[str, float]:
    """The terms of one step of D and one of G.

    Args:
        iteration: As `make` makes it.
        labels: Of the reals, the number of the one that each has.
        nimg: Images shown before.
        alpha: While fading in.
        lrates: Of G and of D.
        reals: By default `pixels`.
        unrolled: Whether G sees what D has just learned from.
    """
    size = iteration.nets.G.label_size
    rows = np.eye(size, dtype=np.float32)[list(labels)]
    rows = rows if size else np.zeros((MINIBATCH, 0), np.float32)
    rows = tf.constant(rows)
    position, weight = tf.constant(nimg, tf.int64), tf.constant(alpha)
    fakes = iteration.fakes_for_both(rows, position, weight)
    images = tf.constant(pixels() if reals is None else reals)
    d_lrate = tf.constant(lrates[1])
    seen = steps.Seen(images, rows, position, d_lrate) if unrolled else None
    means = [
        *iteration.d_step(
            images, rows, position, weight, d_lrate, fakes
        ).numpy(),
        *iteration.g_step(
            position, weight, tf.constant(lrates[0]), fakes, seen
        ).numpy(),
    ]
    return dict(zip(steps.TERMS, map(float, means), strict=True))


def scores(images: np.ndarray) -> np.ndarray:
    """D's of images [N,4,4,1], float64 [N]."""
    images = np.float64(images)
    linear = np.sum(images * COLUMNS, axis=(1, 2, 3))
    return SLOPE * linear + CURVE / 2 * np.sum(images**2, axis=(1, 2, 3))


def norms(images: np.ndarray) -> np.ndarray:
    """Of D's gradients, as if by images of the final resolution, [N]."""
    gradients = SLOPE * COLUMNS + CURVE * np.float64(images)
    lengths = np.sqrt(np.sum(gradients**2, axis=(1, 2, 3)))
    return lengths * RESOLUTION / FINAL


def fakes(color: float) -> np.ndarray:
    """What G makes of a latent and a label's number, added up."""
    return np.full((MINIBATCH, RESOLUTION, RESOLUTION, 1), GAIN * color)


def scaled(reals: np.ndarray) -> np.ndarray:
    """uint8 to [-1, 1]."""
    return np.float64(reals) / 127.5 - 1


def cross_entropy(label: int) -> float:
    """Of D's logits, softmax over all three."""
    logits = np.float64(OFFSETS)
    return float(np.log(np.exp(logits).sum()) - logits[label])


def check_terms(test, found: dict, expected: dict) -> None:
    """Compares all terms that are expected; others are not looked at."""
    for name, value in expected.items():
        test.assertAllClose(found[name], value, **CLOSE, msg=name)
