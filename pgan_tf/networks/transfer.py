"""A run that begins with the weights of another.

Layers are known by their resolution, so the two need not grow to the same
one. Everything but weights is new: moments, schedule, images shown.
"""

import itertools
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import keras

from pgan_tf.base import errors
from pgan_tf.networks import snapshots
from pgan_tf.networks.progressive.nvidia import snapshots as nvidia

# Options that make the same weights another function.
_MUST_AGREE = (
    "use_wscale",
    "use_leakyrelu",
    "use_pixelnorm",
    "normalize_latents",
)


def start_from(path: str, networks: Mapping[str, Any]) -> list[str]:
    """Gives G, D and Gs the weights of a file where they have its layers.

    Args:
        path: Of a .keras snapshot, which holds Gs: G and Gs get it, D stays
            as it is; of NVIDIA's .pkl, which holds all three; or of a run
            folder, for its latest snapshot.
        networks: Of the run that begins: G, D and Gs by these names.

    Returns:
        A line for each network: what was taken, and what stays fresh.

    Raises:
        UserError: If there is no such file, or a layer of its networks has
            another width than ours.
    """
    try:
        sources = _read(path)
        lines = []
        for name, network in networks.items():
            if name not in sources:
                lines.append(f"{name}: fresh, as {path} holds only Gs")
                continue
            _check_options(sources[name], network)
            taken, fresh = _copy(sources[name], network)
            lines.append(_line(name, taken, fresh, path))
    except ValueError as error:
        raise errors.UserError(f"--init_from={path}: {error}") from error
    return lines


def _read(path: str) -> Mapping[str, Any]:
    """The networks of a file, by the names of those they are for."""
    try:
        if pathlib.Path(path).suffix.lower() == ".pkl":
            return dict(
                zip(("G", "D", "Gs"), nvidia.load_pickle(path), strict=True)
            )
        Gs = snapshots.load_generator(path)
    except errors.UserError as error:
        raise errors.UserError(f"--init_from={error}") from error
    return {"G": Gs, "Gs": Gs}


def _check_options(source: Any, network: Any) -> None:
    for option in _MUST_AGREE:
        found, ours = (getattr(n, option, None) for n in (source, network))
        if found != ours:
            raise ValueError(
                f"its {network.name} has {option}={found}: give "
                f"--{'' if found else 'no'}{option}"
            )


def _copy(source: Any, network: Any) -> tuple[list[str], list[str]]:
    """Copies what both have; the names of layers taken, and of the rest.

    Raises:
        ValueError: If a layer has another shape, and not for its number of
            channels or labels.
    """
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
        elif _may_differ(layer, source, network):
            fresh.append(layer)
        else:
            raise ValueError(
                f"layer {layer} of its {network.name} has a kernel of "
                f"{_size(shapes[0][0])}, not {_size(shapes[1][0])}: give the "
                "widths that it was trained with (--fmap_base, --fmap_decay, "
                "--fmap_max, --latent_size, --mbstd_group_size)"
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


def _may_differ(layer: str, source: Any, network: Any) -> bool:
    """Whether other images or labels explain another shape of a layer."""
    if layer.endswith("_rgb"):
        return source.num_channels != network.num_channels
    if layer in ("4x4_dense", "4x4_dense1"):
        return source.label_size != network.label_size
    return False


def _line(name: str, taken: list[str], fresh: list[str], path: str) -> str:
    """Such as `G: 9 of 12 layers from x.keras, fresh: 32x32`."""
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
