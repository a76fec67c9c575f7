"""A run that begins with the weights of another.

Layers are known by their resolution, so the two need not grow to the same
one. Everything but weights is new: moments, schedule, images shown.
"""

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from pgan_tf.base import errors
from pgan_tf.networks import families, snapshots


def start_from(path: str, networks: Mapping[str, Any]) -> list[str]:
    """Gives G, D and Gs the weights of a file where they have its layers.

    Args:
        path: Of a .keras snapshot, which holds Gs: G and Gs get it, D stays
            as it is; of NVIDIA's .pkl or a PyTorch file, which hold more; or
            of a run folder, for its latest snapshot.
        networks: Of the run that begins: G, D and Gs by these names.

    Returns:
        A line for each network: what was taken, and what stays fresh.

    Raises:
        UserError: If there is no such file, or a layer of its networks has
            another width than ours.
    """
    try:
        sources = _read(path)
        held = " and ".join(sources)
        sources = _for_all(sources)
        lines = []
        for name, network in networks.items():
            if name not in sources:
                lines.append(f"{name}: fresh, as {path} holds only {held}")
                continue
            taken, fresh = _copy(sources[name], network)
            lines.append(_line(name, taken, fresh, path))
    except ValueError as error:
        raise errors.UserError(f"--init_from={path}: {error}") from error
    return lines


def _read(path: str) -> Mapping[str, Any]:
    """The networks of a file, by the names of those they are for."""
    try:
        return snapshots.load_networks(path)
    except errors.UserError as error:
        raise errors.UserError(f"--init_from={error}") from error


def _for_all(found: Mapping[str, Any]) -> dict[str, Any]:
    """G for Gs, or the other way round, where one is missing."""
    result = dict(found)
    for name, other in (("G", "Gs"), ("Gs", "G")):
        if other in found:
            result.setdefault(name, found[other])
    return result


def _copy(source: Any, network: Any) -> tuple[list[str], list[str]]:
    """Copies what both have; the names of layers taken, and of the rest.

    Raises:
        ValueError: If a layer has another shape, and not for its number of
            channels or labels.
    """
    if source.family != network.family:
        raise ValueError(
            f"its {network.name} is {source.family}, not {network.family}: "
            f"give --family={source.family}"
        )
    models = families.of_network(network).models()
    models.check_transfer(source, network)
    theirs, ours = _by_layer(source), _by_layer(network)
    pairs, fresh = [], []
    for layer, variables in ours.items():
        if layer not in theirs:
            fresh.append(layer)
            continue
        shapes = [
            [tuple(v.shape) for v in group]
            for group in (theirs[layer], variables)
        ]
        if shapes[0] == shapes[1]:
            pairs.append((layer, theirs[layer], variables))
        elif models.may_differ(layer, source, network):
            fresh.append(layer)
        else:
            raise ValueError(
                f"layer {layer} of its {network.name} has a kernel of "
                f"{_size(shapes[0][0])}, not {_size(shapes[1][0])}: give the "
                "widths that it was trained with (--fmap_base, --fmap_decay, "
                "--fmap_max, --fmaps, --latent_size, --mbstd_group_size)"
            )
    # Nothing changes until all of it fits.
    for _layer, values, variables in pairs:
        for value, variable in zip(values, variables, strict=True):
            variable.assign(keras.ops.convert_to_numpy(value))
    return [layer for layer, *_ in pairs], fresh


def _by_layer(network: Any) -> dict[str, list[Any]]:
    """The variables, kernel first, of each layer such as 16x16_conv0."""
    return {
        layer: list(variables)
        for layer, variables in itertools.groupby(
            network.weights, key=lambda variable: variable.path.split("/")[-2]
        )
    }


def _line(name: str, taken: list[str], fresh: list[str], path: str) -> str:
    """What was taken: `G: 9 of 12 layers from x.keras, fresh: 32x32`."""
    total = len(taken) + len(fresh)
    line = f"{name}: {len(taken)} of {total} layers from {path}"
    return (
        f"{line}, fresh: {', '.join(_short(taken, fresh))}" if fresh else line
    )


def _short(taken: list[str], fresh: list[str]) -> Iterator[str]:
    """The names of fresh layers; a resolution alone if all of it is fresh."""
    partly = {layer.split("_")[0] for layer in taken}
    for resolution, layers in itertools.groupby(
        fresh, key=lambda layer: layer.split("_")[0]
    ):
        if resolution in partly:
            yield from layers
        else:
            yield resolution


def _size(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape))
