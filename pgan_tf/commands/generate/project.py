"""`project`: the latent of a given picture.

Reads the target, searches, writes what it found.
"""

import argparse
import pathlib
import time
from typing import Any

import numpy as np

from pgan_tf.base import (
    devices,
    errors,
    files,
    images,
    progress,
    strict_json,
    video,
)
from pgan_tf.commands.generate import inputs
from pgan_tf.data.sources import decode, pictures
from pgan_tf.evaluation.features import by_name as features_by_name
from pgan_tf.networks.family import Generator
from pgan_tf.sampling import projection

# Random latents that the search chooses its starts from.
CANDIDATES = 512
MOST_FRAMES = 120  # of the video
FPS = 20


def run(args: argparse.Namespace) -> None:
    """Does what the flags ask for, and says what was found."""
    folder = pathlib.Path(args.out)
    network = inputs.open_network(args.network)
    label = inputs.read_label(args.label, network, args.network)
    target = read_target(args.target, network)
    distance = choose_distance(args, target)
    began = time.monotonic()
    latents = projection.starts(
        network,
        label,
        distance,
        args.restarts,
        max(CANDIDATES, args.restarts),
        args.seed,
    )
    search = Search(target, args.steps)
    for found in progress.each(
        projection.descend(network, label, distance, latents, args.steps),
        args.steps + 1,
        "projecting",
        unit="step",
        delay=1,
    ):
        search.add(*found)
    write(args, folder, search, time.monotonic() - began)
    before, after = search.distances[0][search.best], search.distance
    print(
        f"distance {before:.5f} -> {after:.5f}; wrote picture.png, latent.npy "
        f"and others to {folder}"
    )


class Search:
    """What a search has come to, and what its video shows.

    Args:
        target: float32 [R,R,C] in [-1, 1].
        steps: That there will be.
    """

    def __init__(self, target: np.ndarray, steps: int) -> None:
        self.target = images.to_uint8(target)
        self.frames: list[np.ndarray] = []
        self.distances: list[list[float]] = []
        self._every = -(-steps // MOST_FRAMES)
        self._steps = steps

    def add(
        self, latents: np.ndarray, drawn: np.ndarray, distances: np.ndarray
    ) -> None:
        """Takes note of a step, see `projection.descend`."""
        step = len(self.distances)
        self.distances.append([float(each) for each in distances])
        self.best = int(np.argmin(distances))
        self.distance = float(distances[self.best])
        self.latent = latents[self.best]
        self.picture = images.to_uint8(drawn[self.best])
        if step % self._every == 0 or step == self._steps:
            self.frames.append(self._frame())

    def _frame(self) -> np.ndarray:
        """Target and picture side by side."""
        pair = np.stack([self.target, self.picture])
        zoom = images.zoom_to_see(len(self.target))
        return images.grid(images.upscale(pair, zoom), 2)


def write(
    args: argparse.Namespace,
    folder: pathlib.Path,
    search: Search,
    seconds: float,
) -> None:
    """Writes the results; project.json, the last of them, once all are."""
    images.save_png(folder / "target.png", search.target)
    images.save_png(folder / "picture.png", search.picture)
    with files.partial(folder / "latent.npy") as partial:
        np.save(partial, search.latent[None])
    if args.video != "none":
        path = folder / f"search.{args.video}"
        video.write(path, search.frames, FPS)
    with files.partial(folder / "project.json") as partial:
        partial.write_text(
            strict_json.dumps(facts(args, search, seconds), indent=1)
        )


def facts(
    args: argparse.Namespace, search: Search, seconds: float
) -> dict[str, Any]:
    """What project.json holds."""
    return {
        "network": args.network,
        "target": args.target,
        "class": args.label,
        "features": args.features,
        "seed": args.seed,
        "steps": args.steps,
        "restarts": args.restarts,
        "seconds": round(seconds, 1),
        "distance": search.distance,
        "best_restart": search.best,
        "latent": [float(each) for each in search.latent],
        # By step, and in it by restart; the first is where they started.
        "distances": search.distances,
    }


def read_target(path: str, network: Generator) -> np.ndarray:
    """The picture as the network would draw it: float32 [R,R,C] in [-1, 1].

    Raises:
        UserError: If it is no image that can be read.
    """
    try:
        data = files.read_bytes(path)
    except OSError as error:
        raise errors.UserError(f"--target={path}: {error.strerror}") from error
    picture = decode.rgb(data, f"--target={path}")
    channels = "rgb" if network.num_channels == 3 else "gray"
    form = pictures.Form(channels=channels)
    pixels = form.apply(picture, network.resolution)
    return pixels.astype(np.float32) * (2 / 255) - 1


def choose_distance(
    args: argparse.Namespace, target: np.ndarray
) -> projection.Distance:
    """Of pixels, and of the features of --features if there are any.

    Raises:
        UserError: If there is no such extractor, or no gradients go through.
    """
    if args.features is None:
        return projection.pyramid_distance(target)
    extractor = features_by_name.open_extractor(
        args.features,
        None,
        inputs.open_dataset(args.network),
        len(target),
        devices.Replicas(),
    )
    if extractor.differentiable is None:
        raise errors.UserError(
            f"--features={args.features}: no gradients go through the graph of"
            " 2015; convert it with evaluate.py --convert_inception"
        )
    distance = projection.feature_distance(target, extractor.differentiable)
    if not projection.has_gradient(extractor.differentiable, target):
        raise errors.UserError(
            f"--features={args.features}: no gradients go through this model"
        )
    return distance
