"""Images drawn from latents batch by batch, over all devices."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import keras
import numpy as np

from pgan_tf.base import images, progress, resolutions
from pgan_tf.base.devices import Replicas
from pgan_tf.networks import families
from pgan_tf.networks.family import Generator


def default_minibatch(resolution: int) -> int:
    """The reference's: 256 images at 32x32, fewer of larger ones."""
    return min(max(8192 // resolution, 4), 256)


def generate(
    network: Generator,
    latents: np.ndarray,
    labels: np.ndarray | None = None,
    lod: float | None = None,
    minibatch: int | None = None,
    devices: Sequence[str] | None = None,
) -> np.ndarray:
    """Draws images, shown at the network's final resolution.

    Args:
        network: Usually Gs. Mid-growth, what it draws is upscaled to the
            final resolution by repeating pixels.
        latents: [N,latent_size].
        labels: [N,label_size], for networks that take labels.
        lod: Level of detail, 0 to log2(resolution / 4); None: the network's
            own.
        minibatch: Images computed at a time on each device; None: by
            resolution. Does not change them.
        devices: Which share the work, such as "gpu:0"; None: all visible
            ones; empty: only the one that the network is on.

    Returns:
        float32 [N,resolution,resolution,num_channels], about [-1, 1].
    """
    if not len(latents):
        size = network.resolution
        return np.empty((0, size, size, network.num_channels), np.float32)
    return np.concatenate(
        list(draw(network, latents, labels, minibatch, lod, devices))
    )


def draw(
    generator: Generator,
    latents: np.ndarray,
    labels: np.ndarray | None = None,
    minibatch: int | None = None,
    lod: float | None = None,
    devices: Sequence[str] | None = None,
) -> Iterator[np.ndarray]:
    """Yields what `generate` returns, each minibatch as soon as it is there.

    Several devices draw one each and yield them together.
    """
    minibatch = minibatch or default_minibatch(generator.resolution)
    if devices is None:
        devices = visible_devices()
    # No more than there are minibatches.
    devices = devices[: -(-len(latents) // minibatch)]
    if len(devices) < 2:
        drawer, size = Drawer(generator, lod=lod), minibatch
    else:
        drawer = Drawer(*_on_all(generator, devices), lod)
        size = minibatch * len(devices)
    for start in range(0, len(latents), size):
        rows = slice(start, start + size)
        yield drawer(latents[rows], None if labels is None else labels[rows])


class Drawer:
    """Draws the images of a generator at one lod, a minibatch per call.

    Args:
        generator: If there are replicas, made or loaded in their scope.
        replicas: Devices that share each minibatch, by one compiled function:
            that takes a second or more at the first call and pays where many
            follow. None: operation by operation, where the generator is.
        lod: None: the generator's own.
        batch_statistics: Whether a generator with batch normalisation takes
            the statistics of each minibatch, and gathers them.
    """

    def __init__(
        self,
        generator: Generator,
        replicas: Replicas | None = None,
        lod: float | None = None,
        batch_statistics: bool = False,
    ) -> None:
        self.generator = generator
        lod = generator.lod if lod is None else lod
        resolution, alpha = resolutions.split(lod, generator.resolution)

        def call(latents: Any, labels: Any = None) -> Any:
            return generator(
                latents,
                labels,
                resolution=resolution,
                alpha=alpha,
                training=batch_statistics,
            )

        self._call = replicas.spread(call) if replicas else _at_once(call)

    def __call__(
        self, latents: np.ndarray, labels: np.ndarray | None = None
    ) -> np.ndarray:
        """The images, shown at the final resolution by repeating pixels.

        Args:
            latents: [n,latent_size].
            labels: [n,label_size], for generators that take labels.

        Returns:
            float32 [n,R,R,C], about [-1, 1].
        """
        given = [latents] if labels is None else [latents, labels]
        (drawn,) = self._call(*given)
        factor = self.generator.resolution // drawn.shape[1]
        return images.upscale(drawn, factor)


def visible_devices() -> list[str]:
    """All GPUs, such as "gpu:0", or else the CPU."""
    gpus = keras.distribution.list_devices("gpu")
    return gpus or keras.distribution.list_devices("cpu")


def _at_once(call: Callable[..., Any]) -> Callable[..., list[np.ndarray]]:
    """The interface of `Replicas.spread`, without compiling."""
    return lambda *given: [np.asarray(call(*given))]


def _on_all(
    generator: Generator, devices: Sequence[str]
) -> tuple[Generator, Replicas]:
    """A copy of the network on each device, and the replicas that hold it."""
    replicas = Replicas.on(devices)
    with replicas.scope():
        models = families.of_network(generator).models()
        copy = models.generator_from_config(generator.get_config())
        copy.set_weights(generator.get_weights())
    return copy, replicas


def pixels(
    network: Generator,
    latents: np.ndarray,
    labels: np.ndarray | None,
    shrink: int = 1,
    minibatch: int | None = None,
) -> Iterator[np.ndarray]:
    """Draws pictures one after the other, with a progress bar.

    Args:
        network: Draws at its own lod, shown at its final resolution.
        latents: [N,latent_size].
        labels: [N,label_size], for networks that take labels.
        shrink: Factor; boxes of pixels are averaged before rounding.
        minibatch: As for `draw`.

    Yields:
        uint8 [R/shrink,R/shrink,C], N times.
    """
    # Shown from the second on: short work needs no bar.
    with progress.bar(len(latents), "drawing", "img", delay=1) as bar:
        for part in draw(network, latents, labels, minibatch):
            yield from images.to_uint8(images.shrink(part, shrink))
            bar.update(len(part))
