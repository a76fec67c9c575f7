"""Opens what the flags of generate.py name: networks, labels, latents."""

import pathlib
import sys
from collections.abc import Sequence

import numpy as np

from pgan_tf.base import errors
from pgan_tf.data.format import datasets
from pgan_tf.networks import snapshots
from pgan_tf.networks.family import Generator
from pgan_tf.runs import folder as run_folder

# Named in an error; the rest are counted.
MOST_NAMES = 20


def open_network(path: str) -> Generator:
    """The generator of --network; says so if its file does not hold all of it.

    Raises:
        UserError: If there is none.
    """
    network = snapshots.load_generator(path)
    if note := getattr(network, "note", ""):
        print(f"{path} is approximate: {note}", file=sys.stderr)
    return network


def read_label(
    wanted: str | None, network: Generator, path: str | None
) -> np.ndarray | None:
    """The label vector that --class stands for.

    Args:
        wanted: As the user gave it.
        network: Takes the label,
        path: and lies here, if anywhere; the names come from its run's
            dataset.

    Returns:
        float32 [label_size]; None for a network that takes no labels.

    Raises:
        UserError: If there is no such class; if the network takes labels and
            there is none, or the other way round.
    """
    where = path or "the network"
    if not network.label_size:
        if wanted is not None:
            raise errors.UserError(
                f"--class={wanted}: {where} takes no labels; leave --class out"
            )
        return None
    names = label_names(path, network)
    if wanted is None:
        raise errors.UserError(
            f"{where} takes labels: choose with --class one of {_list(names)}"
        )
    label = np.zeros(network.label_size, np.float32)
    for name in [] if wanted == "none" else wanted.split(","):
        if name in names:
            label[names.index(name)] = 1
        elif name.isdecimal() and int(name) < len(names):
            label[int(name)] = 1
        else:
            raise errors.UserError(
                f"--class={wanted}: no class {name!r}, only {_list(names)}"
            )
    return label


def rows_of(label: np.ndarray | None, count: int) -> np.ndarray | None:
    """The same label for each of so many images: [count,label_size]."""
    return None if label is None else np.tile(label, [count, 1])


def label_names(path: str | None, network: Generator) -> list[str]:
    """What the run's dataset calls its labels, or the network's own file.

    "0", "1", ... if neither does.
    """
    dataset = None if path is None else open_dataset(path)
    if dataset is not None:
        return dataset.label_names[: network.label_size]
    own = getattr(network, "label_names", ())
    return list(own) or [str(each) for each in range(network.label_size)]


def open_dataset(path: str) -> datasets.Dataset | None:
    """The dataset of the run that a network belongs to, if both are there."""
    run_dir = run_folder.of_snapshot(pathlib.Path(path))
    if run_dir is None:
        return None
    data_dir = run_folder.read_config(run_dir).data.data_dir
    if not pathlib.Path(data_dir).is_dir():
        return None
    return datasets.open_dataset(data_dir)


def check_shrink(shrink: int, network: Generator) -> None:
    """Refuses to shrink pictures to nothing.

    Raises:
        UserError: If it would.
    """
    if shrink > network.resolution:
        raise errors.UserError(
            f"--shrink={shrink}: the pictures have {network.resolution} pixels"
        )


def _list(names: Sequence[str]) -> str:
    """Such as "dark (0), bright (1)"."""
    shown = [
        name if name == str(i) else f"{name} ({i})"
        for i, name in enumerate(names[:MOST_NAMES])
    ]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
