"""Opens what the flags of generate.py name: networks, labels, latents."""

import pathlib
from collections.abc import Sequence

import numpy as np

from pgan_tf import sampling
from pgan_tf.base import errors
from pgan_tf.data.format import datasets
from pgan_tf.networks import snapshots
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.runs import folder as run_folder

# Named in an error; the rest are counted.
MOST_NAMES = 20


def latents_of_seeds(
    seeds: Sequence[int],
    network: Generator,
    truncation: float | None = None,
) -> np.ndarray:
    """A latent for each seed, which nothing else has an influence on.

    Args:
        seeds: At least one.
        network: Whose latents.
        truncation: As for `sampling.latents`.

    Returns:
        float32 [N,latent_size].
    """
    size = network.latent_size
    rows = [sampling.latents(0, 1, size, s, truncation) for s in seeds]
    return np.concatenate(rows)


def read_latents(path: str, network: Generator) -> np.ndarray:
    """Latents from the .npy file of --latents.

    Returns:
        float32 [N,latent_size].

    Raises:
        UserError: If it is no such file, or has others than the network's.
    """
    flag = f"--latents={path}"
    try:
        # Mapped: a header that lies about the size is found out at once.
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except FileNotFoundError:
        raise errors.UserError(f"{flag}: no such file") from None
    except Exception as error:
        raise errors.UserError(
            f"{flag}: not an array that numpy.save wrote: {error}".replace(
                "\n", " "
            )
        ) from error
    if not isinstance(array, np.ndarray) or array.dtype.kind not in "fiu":
        raise errors.UserError(f"{flag}: not one array of numbers (.npy)")
    size = network.latent_size
    if array.ndim == 1:
        array = array[None]
    if array.ndim != 2 or array.shape[1] != size or not len(array):
        raise errors.UserError(
            f"{flag}: the shape is {list(array.shape)}, the network takes "
            f"latents [N,{size}]"
        )
    latents = np.asarray(array, np.float32)
    if not np.isfinite(latents).all():
        raise errors.UserError(f"{flag}: holds values that are not finite")
    return latents


def open_network(path: str) -> Generator:
    """The generator of --network.

    Raises:
        UserError: If there is none.
    """
    return snapshots.load_generator(path)


def read_label(
    wanted: str | None, network: Generator, path: str
) -> np.ndarray | None:
    """The label vector that --class stands for.

    Args:
        wanted: As the user gave it.
        network: Takes the label,
        path: and lies here; the names come from its run's dataset.

    Returns:
        float32 [label_size]; None for a network that takes no labels.

    Raises:
        UserError: If there is no such class; if the network takes labels and
            there is none, or the other way round.
    """
    if not network.label_size:
        if wanted is not None:
            raise errors.UserError(
                f"--class={wanted}: {path} takes no labels; leave --class out"
            )
        return None
    names = label_names(path, network.label_size)
    if wanted is None:
        raise errors.UserError(
            f"{path} takes labels: choose with --class one of {_list(names)}"
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


def label_names(path: str, label_size: int) -> list[str]:
    """What the run's dataset calls its labels; "0", "1", ... if unknown."""
    dataset = open_dataset(path)
    if dataset is None:
        return [str(each) for each in range(label_size)]
    return dataset.label_names[:label_size]


def open_dataset(path: str) -> datasets.Dataset | None:
    """The dataset of the run that a network belongs to, if both are there."""
    here = pathlib.Path(path)
    run_dir = here if here.is_dir() else here.parent
    if not (run_dir / "config.json").is_file():
        return None
    data_dir = run_folder.read_config(run_dir).data.data_dir
    if not pathlib.Path(data_dir).is_dir():
        return None
    return datasets.open_dataset(data_dir)


def _list(names: Sequence[str]) -> str:
    """Such as "dark (0), bright (1)"."""
    shown = [
        name if name == str(i) else f"{name} ({i})"
        for i, name in enumerate(names[:MOST_NAMES])
    ]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")
