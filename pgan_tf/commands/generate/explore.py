"""`explore`: a page to look into what a network has learned.

A slider for each of some directions in latent space. They add up, so that
pictures cannot be drawn beforehand: the page has the network in it and draws
with it, or, where that would take too long, asks this process to.
"""

import argparse
import html
import pathlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from pgan_tf.base import devices, errors, files, images, text, web_page
from pgan_tf.commands.generate import explore_server, inputs
from pgan_tf.data import values
from pgan_tf.evaluation.features import by_name as features_by_name
from pgan_tf.networks import browser
from pgan_tf.networks.family import Generator
from pgan_tf.sampling import directions, drawing, latent_table

_TEMPLATE = pathlib.Path(__file__).with_name("explore_page.html")
_SCRIPT = pathlib.Path(__file__).with_name("explore_page.js")
# Latents that directions are computed from.
SAMPLES = 2000
# Of attributes whose score a direction explains less of, nothing is shown.
LEAST_EXPLAINED = 0.15
# What a browser does in a second, about, and what one would wait for.
MACS_PER_SECOND = 1.5e9
MOST_MACS = 4e9
_SERVE = "give --serve in place of --out: the page is drawn by this machine"
# Pixels of the pictures to start from.
THUMBNAIL = 128


def run(args: argparse.Namespace) -> None:
    """Writes the page that the flags ask for, or shows it, and says where."""
    network = inputs.open_network(args.network)
    label = inputs.read_label(args.label, network, args.network)
    check_size(args, network)
    packed = None if args.serve else pack(network, label)
    count = max(SAMPLES, 4 * network.latent_size)
    samples = latent_table.latents(0, count, network.latent_size, seed=0)
    found = principal(network, samples, label, args.directions)
    attributes, remark = find_attributes(args, network, samples, label)
    # What has a name comes first.
    named = [*attributes, *found]
    page = render(args, network, label, named, packed)
    counts = (
        f"{len(found)} principal directions and "
        f"{len(attributes)} attributes{remark}"
    )
    if packed is None:
        print(f"found {counts}")
        explore_server.serve(page, network, label, args.port)
        return
    path = pathlib.Path(args.out)
    with files.partial(path) as partial:
        partial.write_text(page, encoding="utf-8")
    print(f"wrote {counts} to {path}")


def check_size(args: argparse.Namespace, network: Generator) -> None:
    """Refuses more directions than there are."""
    if args.directions > network.latent_size:
        raise errors.UserError(
            f"--directions={args.directions}: the network's latents have "
            f"{network.latent_size} dimensions"
        )


def pack(network: Generator, label: np.ndarray | None) -> browser.Drawer:
    """The network, as the page draws with it.

    Raises:
        UserError: If a browser would take too long, or cannot do it.
    """
    try:
        packed = browser.pack(network, label)
    except errors.UserError as error:
        raise errors.UserError(f"{error}; {_SERVE}") from error
    if packed.macs > MOST_MACS:
        raise errors.UserError(
            f"a browser would take some {packed.macs / MACS_PER_SECOND:.0f} "
            f"seconds for each picture of this network; {_SERVE}"
        )
    return packed


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
            f"explains {found.strengths[i]:.0%} of its score",
            found.vectors[i],
        )
        for i in clearest
        if found.strengths[i] >= LEAST_EXPLAINED
    ]
    return named, "" if named else " (none is linear in the latents)"


def render(
    args: argparse.Namespace,
    network: Generator,
    label: np.ndarray | None,
    named: Sequence[Named],
    packed: browser.Drawer | None,
) -> str:
    """The page: one file, which loads nothing else.

    Args:
        args: Of the flags: network, seeds, reach, minibatch.
        network: Whose page it is.
        label: That it is told.
        named: A slider each.
        packed: What the page draws with; None: what serves it draws.
    """
    latents = latent_table.latents_of_seeds(args.seeds, network)
    labels = inputs.rows_of(label, len(latents))
    shrink = max(network.resolution // THUMBNAIL, 1)
    pictures = drawing.pixels(network, latents, labels, shrink, args.minibatch)
    data = {
        "seeds": args.seeds,
        "origins": [_short(latent) for latent in latents],
        "directions": [
            {"title": title, "vector": _short(vector)}
            for _, title, _, vector in named
        ],
        "network": packed
        and {"steps": packed.steps, "weights": packed.weights},
    }
    called = text.one_line(pathlib.Path(args.network).name)
    parts = {
        "title": html.escape(f"What {called} has learned"),
        "design": web_page.design(),
        "connect": "'none'" if packed else "'self'",
        "resolution": str(network.resolution),
        "origins": "".join(
            _origin(seed, picture)
            for seed, picture in zip(args.seeds, pictures, strict=True)
        ),
        "sliders": _sections(named, args.reach),
        "data": web_page.inert_json(data),
        "interpreter": browser.script(),
        "script": _SCRIPT.read_text(encoding="utf-8"),
    }
    return web_page.fill(_TEMPLATE.read_text(encoding="utf-8"), parts)


def _origin(seed: int, picture: np.ndarray) -> str:
    src = web_page.picture_uri(picture)
    return (
        f'<button title="seed {seed}"><img src="{src}" alt="seed {seed}">'
        "</button>"
    )


def _sections(named: Sequence[Named], reach: float) -> str:
    """The sliders, a card for each section."""
    sliders: dict[str, list[str]] = {}
    for i, (section, title, remark, _) in enumerate(named):
        sliders.setdefault(section, []).append(
            f'<div class="slider"><label for="slider{i}">{html.escape(title)}'
            f"<small>{html.escape(remark)}</small></label>"
            f'<input id="slider{i}" type="range" min="{-reach:g}" '
            f'max="{reach:g}" step="0.1" value="0" list="zero">'
            f'<output for="slider{i}">0</output></div>'
        )
    return "".join(
        f"<section><h2>{title}</h2>{''.join(lines)}</section>"
        for title, lines in sliders.items()
    )


def _short(vector: np.ndarray) -> list[float]:
    """Numbers of as many digits as change a picture."""
    return [float(f"{value:.5g}") for value in vector]
