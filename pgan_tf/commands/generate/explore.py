"""`explore`: a page to look into what a network has learned.

Directions in latent space, and pictures along them.
"""

import argparse
import html
import pathlib
from typing import Any

import numpy as np

from pgan_tf.base import devices, errors, files, images, text, web_page
from pgan_tf.commands.generate import inputs
from pgan_tf.data import values
from pgan_tf.evaluation.features import by_name as features_by_name
from pgan_tf.networks.family import Generator
from pgan_tf.sampling import directions, drawing, latent_table

_TEMPLATE = pathlib.Path(__file__).with_name("explore_page.html")
_TITLE, _CONTENT = "%TITLE%", "%CONTENT%"
# Latents that directions are computed from.
SAMPLES = 2000
# Of attributes whose score a direction explains less of, nothing is shown.
LEAST_EXPLAINED = 0.15
# The largest width and height of a WebP picture.
MOST_PIXELS = 16383


def run(args: argparse.Namespace) -> None:
    """Writes the page that the flags ask for, and says where it is."""
    network = inputs.open_network(args.network)
    label = inputs.read_label(args.label, network, args.network)
    check_size(args, network)
    count = max(SAMPLES, 4 * network.latent_size)
    samples = latent_table.latents(0, count, network.latent_size, seed=0)
    named = principal(network, samples, label, args.directions)
    attributes, remark = find_attributes(args, network, samples, label)
    named += attributes
    latents = latent_table.latents_of_seeds(args.seeds, network)
    called = text.one_line(pathlib.Path(args.network).name)
    content = {
        "title": f"What {called} has learned",
        "seeds": args.seeds,
        "places": args.places,
        "cards": make_cards(args, network, label, latents, named),
    }
    path = pathlib.Path(args.out)
    with files.partial(path) as partial:
        partial.write_text(render(content), encoding="utf-8")
    print(
        f"wrote {len(named) - len(attributes)} principal directions and "
        f"{len(attributes)} attributes{remark} to {path}"
    )


def check_size(args: argparse.Namespace, network: Generator) -> None:
    """Refuses sprites that are too large for a picture file."""
    size = min(args.size, network.resolution)
    if max(args.places, len(args.seeds)) * size > MOST_PIXELS:
        raise errors.UserError(
            f"--seeds, --places: {max(args.places, len(args.seeds))} pictures "
            f"of {size} pixels in a row are too many; give a smaller --size"
        )
    if args.directions > network.latent_size:
        raise errors.UserError(
            f"--directions={args.directions}: the network's latents have "
            f"{network.latent_size} dimensions"
        )


# A direction: its section, its title, a remark, its vector.
Named = tuple[str, str, str, np.ndarray]


def principal(
    network: Generator,
    samples: np.ndarray,
    label: np.ndarray | None,
    count: int,
) -> list[Named]:
    """Principal directions of the network's first layer."""
    activations: Any = network.first_activations(
        samples, inputs.rows_of(label, len(samples))
    )
    found = directions.principal(samples, np.asarray(activations), count)
    return [
        (
            "Principal directions",
            f"Direction {i + 1}",
            f"{strength:.1%} of variance",
            vector,
        )
        for i, (vector, strength) in enumerate(
            zip(found.vectors, found.strengths, strict=True)
        )
    ]


def find_attributes(
    args: argparse.Namespace,
    network: Generator,
    samples: np.ndarray,
    label: np.ndarray | None,
) -> tuple[list[Named], str]:
    """Directions of the dataset's attributes, and why there are none."""
    if not args.attributes:
        return [], ""
    dataset = inputs.open_dataset(args.network)
    if dataset is None:
        return [], " (the run's dataset is not here)"
    if not dataset.label_size:
        return [], " (the run's dataset has no labels)"
    if dataset.label_kind == values.VALUES:
        return [], " (the labels of the run's dataset are values)"
    if dataset.resolution < network.resolution:
        return [], " (the run's dataset has smaller pictures)"
    extractor = features_by_name.from_labels(
        dataset, network.resolution, devices.Replicas()
    )
    scores = []
    for part in drawing.draw(
        network,
        samples,
        inputs.rows_of(label, len(samples)),
        args.minibatch,
    ):
        _, logits = extractor(images.to_rgb(images.to_uint8(part)))
        assert logits is not None
        scores.append(logits)
    found = directions.linear(samples, np.concatenate(scores))
    clearest = np.argsort(-found.strengths)[: args.attributes]
    named = [
        (
            "Attributes",
            dataset.label_names[i],
            f"linear to {found.strengths[i]:.0%}",
            found.vectors[i],
        )
        for i in clearest
        if found.strengths[i] >= LEAST_EXPLAINED
    ]
    return named, "" if named else " (none is linear in the latents)"


def make_cards(
    args: argparse.Namespace,
    network: Generator,
    label: np.ndarray | None,
    latents: np.ndarray,
    named: list[Named],
) -> list[dict[str, Any]]:
    """What the page shows of each direction: texts, pictures, start."""
    places = np.linspace(-args.reach, args.reach, args.places)
    moved = np.stack(
        [directions.along(latents, vector, places) for *_, vector in named]
    )  # [directions,seeds,places,latent_size]
    flat = moved.reshape(-1, network.latent_size)
    drawn = drawing.pixels(
        network,
        flat,
        inputs.rows_of(label, len(flat)),
        max(network.resolution // args.size, 1),
        args.minibatch,
    )
    cards = []
    for section, title, remark, vector in named:
        count = len(latents) * args.places
        cells = np.stack([next(drawn) for _ in range(count)])
        # Where each seed's own picture is, so that all cards begin with it.
        own = np.abs((latents @ vector)[:, None] - places).argmin(axis=1)
        cards.append(
            {
                "section": section,
                "title": title,
                "remark": remark,
                "starts": own.tolist(),
                "sprite": web_page.picture_uri(images.grid(cells, args.places)),
            }
        )
    return cards


def render(content: dict[str, Any]) -> str:
    """The page: one file, which loads nothing else.

    Args:
        content: "title"; "seeds", a list; "places", how many pictures a
            slider has; "cards", each with "section", "title", "remark",
            "starts" (the place of each seed's own picture) and "sprite" (the
            URI of a picture with a row per seed and a column per place).
    """
    data = web_page.inert_json(content)
    page = _TEMPLATE.read_text(encoding="utf-8")
    page = page.replace(_TITLE, html.escape(content["title"]))
    return page.replace(_CONTENT, data)
