"""One training iteration: what is drawn, learned and averaged, in order.

An iteration is the reference's: D learns from reals and fresh fakes while Gs
takes in the present G; then G learns from other fakes. Draws are functions of
(seed, nimg), so that a resumed run draws what it would have drawn. They are
made for the whole minibatch, so that it does not matter over how many devices
and passes it is spread.
"""

import dataclasses
import functools
from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from pgan_tf.base import devices
from pgan_tf.networks import operations
from pgan_tf.runs.options import RunOptions
from pgan_tf.runs.schedule import Stage
from pgan_tf.training import (
    draws,
    losses,
    objectives,
    optim,
    real_images,
    state,
    unrolling,
)

# What an iteration reports, averaged over its images; skipped steps per step.
D_TERMS = (*objectives.D_TERMS, "D_skipped_steps")
G_TERMS = (*objectives.G_TERMS, "G_skipped_steps")
TERMS = D_TERMS + G_TERMS


@dataclasses.dataclass(frozen=True)
class _DrawnFakes:
    """What G has drawn on one device.

    Attributes:
        images: [N,R,R,C].
        labels: They were drawn for, [N,K].
        tape: Has seen G draw them.
    """

    images: tf.Tensor
    labels: tf.Tensor
    tape: tf.GradientTape


class Seen(NamedTuple):
    """What D has just learned from, and will again if G looks ahead.

    Attributes:
        images, labels, nimg: As of `Iteration.d_step`.
        lrate: D's learning rate.
    """

    images: tf.Tensor
    labels: tf.Tensor
    nimg: tf.Tensor
    lrate: tf.Tensor


class Iteration:
    """The pieces of one iteration, for one resolution and minibatch."""

    def __init__(
        self,
        nets: state.Networks,
        strategy: tf.distribute.Strategy,
        stage: Stage,
        all_labels: tf.Tensor,
        options: RunOptions,
        label_kind: str = "",
    ) -> None:
        self.nets = nets
        self.strategy = strategy
        self.resolution = stage.resolution
        self.fading = stage.alpha is not None
        self.minibatch = stage.minibatch
        self.own_images = stage.minibatch // devices.num_workers(strategy)
        self.passes = stage.passes
        self.all_labels = all_labels
        self.options = options
        self.draws = draws.Draws(options.seed, self.minibatch)
        label_loss = losses.choose_label_loss(
            label_kind, options.losses.label_loss
        )
        self.losses = dataclasses.replace(options.losses, label_loss=label_loss)
        self.g_vars = nets.G.trainable_at(self.resolution, self.fading)
        self.d_vars = nets.D.trainable_at(self.resolution, self.fading)
        self.gs_decay = optim.average_decay(options.optimizer, self.minibatch)
        self.d_pass, self.g_pass = self._d_pass, self._g_pass
        if options.optimizer.xla:
            self.d_pass = tf.function(self._d_pass, jit_compile=True)
            self.g_pass = tf.function(self._g_pass, jit_compile=True)

    def image_shape(self, steps: int) -> list[int]:
        size, channels = self.resolution, self.nets.D.num_channels
        return [steps, self.own_images, size, size, channels]

    def label_shape(self, steps: int) -> list[int]:
        return [steps, self.own_images, self.nets.G.label_size]

    def fakes_for_both(
        self, labels: tf.Tensor, nimg: tf.Tensor, alpha: tf.Tensor
    ) -> Any:
        """Fakes for D's step and G's, of each device; None: to each its own."""
        if not self.options.optimizer.reuse_fakes:
            return None
        fade = alpha if self.fading else None

        def draw(labels: tf.Tensor) -> _DrawnFakes:
            latents = self._latents("D_latents", nimg)
            return self._draw(latents, self.share(labels), fade)

        return self.strategy.run(draw, (labels,))

    def d_step(
        self,
        images: tf.Tensor,
        labels: tf.Tensor,
        nimg: tf.Tensor,
        alpha: tf.Tensor,
        lrate: tf.Tensor,
        fakes: Any = None,
    ) -> tf.Tensor:
        """D learns, and Gs takes in G. Returns the vector of D_TERMS."""
        fade = alpha if self.fading else None
        gradients, means = self.strategy.run(
            self.d_gradients, (images, labels, nimg, fade, fakes)
        )
        skipped = self._descend(self.nets.d_adam, gradients, self.d_vars, lrate)
        # Gs sees G as it was ahead of this iteration's G step.
        if self.gs_decay:
            self._update_gs()
        return self._report(self.nets.d_adam, means, skipped)

    def g_step(
        self,
        nimg: tf.Tensor,
        alpha: tf.Tensor,
        lrate: tf.Tensor,
        fakes: Any = None,
        seen: Seen | None = None,
    ) -> tf.Tensor:
        """G learns. Returns the vector of G_TERMS.

        `seen` is needed where G looks some of D's steps ahead.
        """
        fade = alpha if self.fading else None
        gradients, means = self.strategy.run(
            self.g_gradients, (nimg, fade, fakes, seen)
        )
        skipped = self._descend(self.nets.g_adam, gradients, self.g_vars, lrate)
        if not self.gs_decay:  # no smoothing: Gs is G
            self._update_gs()
        return self._report(self.nets.g_adam, means, skipped)

    def _descend(
        self,
        adam: optim.Adam,
        gradients: list[Any],
        variables: list[Any],
        lrate: tf.Tensor,
    ) -> tf.Tensor:
        """Averages over the devices, steps; returns 1 for a skipped step."""
        gradients = optim.mean_gradients(self.strategy, gradients, variables)
        return adam.apply(self.strategy, gradients, variables, lrate)

    def _update_gs(self) -> None:
        optim.update_average(
            self.strategy,
            self.nets.Gs.averaged_at(self.resolution),
            self.nets.G.averaged_at(self.resolution),
            self.gs_decay,
        )
        optim.copy_state(
            self.strategy,
            self.nets.Gs.copied_state(),
            self.nets.G.copied_state(),
        )

    def _report(
        self, adam: optim.Adam, means: Any, skipped: tf.Tensor
    ) -> tf.Tensor:
        mean = tf.distribute.ReduceOp.MEAN
        means = self.strategy.reduce(mean, means, axis=None)
        if adam.loss_scale is not None:
            # An overflow would hide the other steps of a tick in its mean;
            # that it has happened is in the skipped steps.
            means = tf.where(tf.math.is_finite(means), means, 0.0)
        return tf.concat([means, [skipped]], axis=0)

    def d_gradients(
        self,
        images: tf.Tensor,
        labels: tf.Tensor,
        nimg: tf.Tensor,
        alpha: tf.Tensor | None,
        fakes: _DrawnFakes | None = None,
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        """One replica's gradients and the means of its terms."""
        mixing = self.draws.uniform("mixing", nimg, [1, 1, 1])
        batch = {
            "reals": self._reals(images, nimg, alpha),
            "labels": self.share(labels),
            "mixing": self.share(mixing),
        }
        if fakes is None:
            batch["latents"] = self._latents("D_latents", nimg)
        else:
            batch["fakes"] = fakes.images
        if self.losses.noise_stddev:
            batch["real_noise"] = self.noise("D_latents", 1, nimg)
            batch["fake_noise"] = self.noise("D_latents", 2, nimg)
        return self._in_passes(
            self.d_pass, batch, alpha, self.d_vars, objectives.D_TERMS
        )

    def _d_pass(
        self, batch: dict[str, tf.Tensor], alpha: tf.Tensor | None
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        noise = None
        if self.losses.noise_stddev:
            noise = (batch["real_noise"], batch["fake_noise"])
        labels, fakes = batch["labels"], batch.get("fakes")
        if fakes is None:
            fakes = self._draw(batch["latents"], labels, alpha).images
        scale = self.nets.d_adam.scale()
        with tf.GradientTape() as tape:
            loss, values = objectives.d_loss(
                self.nets.D,
                batch["reals"],
                fakes,
                labels,
                batch["mixing"],
                alpha,
                self.losses,
                noise,
                scale,
            )
            scaled = loss * scale
        gradients = tape.gradient(scaled, [v.value for v in self.d_vars])
        return _divided(gradients, scale), _means(
            {"D_loss": loss, **values}, objectives.D_TERMS
        )

    def g_gradients(
        self,
        nimg: tf.Tensor,
        alpha: tf.Tensor | None,
        fakes: _DrawnFakes | None = None,
        seen: Seen | None = None,
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        """One replica's gradients and the means of its terms."""
        batch: dict[str, tf.Tensor] = {}
        one_pass: Callable[..., Any] = self.g_pass
        if fakes is None:
            labels = self.draws.rows("G_labels", nimg, self.all_labels)
            batch["labels"] = self.share(labels)
            batch["latents"] = self._latents("G_latents", nimg)
        else:
            one_pass = functools.partial(self._g_pass, fakes=fakes)
        if self.losses.noise_stddev:
            batch["noise"] = self.noise("G_latents", 1, nimg)
        if seen is not None:
            batch |= self._seen_again(seen, nimg, alpha)
        return self._in_passes(
            one_pass, batch, alpha, self.g_vars, objectives.G_TERMS
        )

    def _g_pass(
        self,
        batch: dict[str, tf.Tensor],
        alpha: tf.Tensor | None,
        fakes: _DrawnFakes | None = None,
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        if fakes is None:
            fakes = self._draw(batch["latents"], batch["labels"], alpha)
        scale = self.nets.g_adam.scale()
        with fakes.tape:  # goes on recording
            if self.options.optimizer.unroll_steps:
                loss, values = self._unrolled_loss(batch, fakes, alpha)
            else:
                loss, values = objectives.g_loss(
                    self.nets.G,
                    self.nets.D,
                    fakes.images,
                    fakes.labels,
                    alpha,
                    self.losses,
                    batch.get("noise"),
                )
            scaled = loss * scale
        gradients = fakes.tape.gradient(scaled, [v.value for v in self.g_vars])
        return _divided(gradients, scale), _means(
            {"G_loss": loss, **values}, objectives.G_TERMS
        )

    def _seen_again(
        self, seen: Seen, nimg: tf.Tensor, alpha: tf.Tensor | None
    ) -> dict[str, tf.Tensor]:
        """What D's steps ahead look at, beside fakes of the same labels."""
        found = {
            "reals": self._reals(seen.images, seen.nimg, alpha),
            "labels": self.share(seen.labels),
            "mixing": self.share(self.draws.uniform("mixing", nimg, [1, 1, 1])),
            "d_lrate": seen.lrate,
        }
        if self.losses.noise_stddev:
            found["real_noise"] = self.noise("G_latents", 2, nimg)
        return found

    def _unrolled_loss(
        self,
        batch: dict[str, tf.Tensor],
        fakes: _DrawnFakes,
        alpha: tf.Tensor | None,
    ) -> tuple[tf.Tensor, objectives.Terms]:
        noise = None
        if self.losses.noise_stddev:
            noise = (batch["real_noise"], batch["noise"])
        return unrolling.g_loss(
            self.nets.G,
            self.nets.D,
            batch["reals"],
            fakes.images,
            fakes.labels,
            batch["mixing"],
            alpha,
            self.losses,
            self.options.optimizer.unroll_steps,
            self.d_vars,
            self.nets.d_adam.ahead(self.d_vars, batch["d_lrate"]),
            noise,
        )

    def _draw(
        self,
        latents: tf.Tensor,
        labels: tf.Tensor,
        alpha: tf.Tensor | None,
    ) -> _DrawnFakes:
        with tf.GradientTape() as tape:
            images = objectives.draw(
                self.nets.G, latents, labels, self.resolution, alpha
            )
        return _DrawnFakes(images, labels, tape)

    def _in_passes(
        self,
        one_pass: Callable[..., tuple[list[tf.Tensor], tf.Tensor]],
        batch: dict[str, tf.Tensor],
        alpha: tf.Tensor | None,
        variables: list[Any],
        names: tuple[str, ...],
    ) -> tuple[list[tf.Tensor], tf.Tensor]:
        """Means of gradients and terms over the passes of a replica's share.

        The groups of the minibatch standard deviation stay together, so that
        passes come to the same as one pass over all.
        """
        if self.passes == 1:
            return one_pass(batch, alpha)
        # No more than one pass where D looks at all of a minibatch.
        group = self.nets.D.group_size or 1
        parts = {
            name: operations.split_groups(x, group, self.passes)
            for name, x in batch.items()
        }
        gradients = [tf.zeros(v.shape) for v in variables]
        means = tf.zeros([len(names)])
        for i in tf.range(self.passes):
            part = {name: x[i] for name, x in parts.items()}
            more, more_means = one_pass(part, alpha)
            gradients = [a + b for a, b in zip(gradients, more, strict=True)]
            means += more_means
        return [g / self.passes for g in gradients], means / self.passes

    def _reals(
        self, images: tf.Tensor, nimg: tf.Tensor, alpha: tf.Tensor | None
    ) -> tf.Tensor:
        """This replica's reals: in [-1, 1], mirrored, faded."""
        reals = real_images.scale_pixels(self.share(images))
        if self.options.data.mirror_augment:
            coins = self.draws.uniform("mirror", nimg, [])
            reals = real_images.mirror(reals, self.share(coins))
        if alpha is not None:
            reals = real_images.fade_reals(reals, alpha)
        return reals

    def share(self, batch: tf.Tensor) -> tf.Tensor:
        """This replica's part of a global batch, or of its process's."""
        context = tf.distribute.get_replica_context()
        size = self.minibatch // self.strategy.num_replicas_in_sync
        if batch.shape[0] == size:
            return batch
        # Replicas of a process are numbered in a row.
        start = context.replica_id_in_sync_group * size % batch.shape[0]
        return batch[start : start + size]

    def _latents(self, stream: str, nimg: tf.Tensor) -> tf.Tensor:
        size = self.nets.G.latent_size
        return self.share(self.draws.normal(stream, nimg, [size]))

    def noise(self, stream: str, index: int, nimg: tf.Tensor) -> tf.Tensor:
        """Instance noise for this replica's images."""
        shape = self.image_shape(1)[2:]
        stddev = losses.noise_stddev(
            nimg, self.losses.noise_stddev, self.losses.noise_kimg
        )
        noise = self.draws.normal(stream, nimg, shape, index)
        return self.share(noise) * stddev


def _means(values: objectives.Terms, names: tuple[str, ...]) -> tf.Tensor:
    """The means of the named terms, as one vector."""
    return tf.stack([tf.reduce_mean(values[name]) for name in names])


def _divided(
    gradients: list[tf.Tensor], scale: tf.Tensor | float
) -> list[tf.Tensor]:
    """Gradients of the loss, from those of the scaled loss, in float32."""
    return [gradient / scale for gradient in gradients]
