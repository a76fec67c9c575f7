"""The network snapshots of NVIDIA's TF1 code, and of its older Theano code.

Their files are pickles that carry the source of their networks: NVIDIA's code
runs whatever is in them. Here nothing of a file is run (see `safe_pickle`).

The reference names a variable by resolution, layer and role, such as
`16x16/Conv0_up/weight` or `ToRGB_lod2/bias`, where lodK means a resolution of
final / 2^K. Its layouts differ from ours in three places:

* `Conv0_up` kernels are [kh,kw,out,in] and turned by 180 degrees;
* `4x4/Dense/weight` has its columns in [fmap,y,x] order, ours in [y,x,fmap];
* `4x4/Dense0/weight` has its rows in that order.
"""

import os
import pathlib
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pgan_tf.base import errors, safe_pickle, torch_file
from pgan_tf.networks import keras_files
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.nvidia import states

_NAMES = ("G", "D", "Gs")


def recognizes(path: pathlib.Path) -> bool:
    """Whether a file is for this module."""
    return path.suffix.lower() == ".pkl" and not torch_file.is_one(path)


def load_pickle(
    path: str | os.PathLike[str],
) -> tuple[Generator, Discriminator, Generator]:
    """Reads a snapshot of the reference; runs nothing that is in it.

    Args:
        path: Such as `network-snapshot-010211.pkl` or `network-final.pkl`.

    Returns:
        (G, D, Gs), each with the lod that the file says. Runs in float16
        become Keras' mixed_float16.

    Raises:
        UserError: If the file is torn, hostile, or holds other networks.
    """
    found = _read_states(path)
    G, D, Gs = map(_network, [path] * 3, found, _NAMES)
    return G, D, Gs


def load_networks(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads what `load_pickle` does, by the names G, D and Gs."""
    return dict(zip(_NAMES, load_pickle(path), strict=True))


def load_generator(path: str | os.PathLike[str]) -> Generator:
    """Reads only Gs of a snapshot; otherwise like `load_pickle`."""
    return _network(path, _read_states(path)[-1], _NAMES[-1])


def _read_states(path: str | os.PathLike[str]) -> list[states.NetworkState]:
    records = safe_pickle.load(path, states.ALLOWED)
    if type(records) is not tuple or len(records) != len(_NAMES):
        raise errors.UserError(f"{path}: not the networks G, D and Gs")
    found = []
    for name, record in zip(_NAMES, records, strict=True):
        kind = Discriminator if name == "D" else Generator
        try:
            state = states.read(record)
        except ValueError as error:
            raise errors.UserError(f"{path}: {name}: {error}") from error
        if state.kind is not kind:
            raise errors.UserError(f"{path}: {name} is not a {kind.__name__}")
        found.append(state)
    return found


def _network(
    path: str | os.PathLike[str], state: states.NetworkState, name: str
) -> Any:
    """The network that a state describes."""
    try:
        # Options may claim any size: first only shapes, which take no memory.
        skeleton = keras_files.skeleton(
            lambda: state.kind(**state.options, name=name)
        )
        _check_names(skeleton, state.variables)
        network = state.kind(**state.options, name=name)
        assign(network, state.variables)
    except ValueError as error:
        reason = str(error).strip().splitlines()[0]
        raise errors.UserError(f"{path}: {name}: {reason}") from error
    return network


def assign(
    network: Generator | Discriminator,
    variables: Mapping[str, np.ndarray],
) -> None:
    """Sets all weights of a network from the reference's variables.

    Args:
        network: A network of the same options.
        variables: Raw values by name, He's constant not multiplied in. Both
            spellings are understood: `Conv0_up`/`Conv1_down` of fused
            networks and `Conv0`/`Conv1` of others. Names of other things,
            such as `lod`, are left alone.

    Raises:
        ValueError: If a variable is missing or of another shape.
    """
    for name, layer in _matched(network, variables):
        kernel = variables[name + "/weight"]
        layer.kernel.assign(_from_reference(name, kernel))
        layer.bias.assign(variables[name + "/bias"])


def variables(
    network: Generator | Discriminator,
) -> dict[str, np.ndarray]:
    """All weights of a network as the reference's variables; undoes `assign`.

    Returns:
        Raw values by name, in the spelling of the network's `fused_scale`.
    """
    result = {}
    for name, layer in _named_layers(network):
        if not network.fused_scale:
            name = _two_step_name(name)
        kernel = np.asarray(layer.kernel)
        result[name + "/weight"] = _to_reference(name, kernel)
        result[name + "/bias"] = np.asarray(layer.bias)
    return result


def _from_reference(name: str, kernel: np.ndarray) -> np.ndarray:
    if name == "4x4/Dense":
        return _swap_rows(kernel.T, (-1, 4, 4), (1, 2, 0)).T
    if name == "4x4/Dense0":
        return _swap_rows(kernel, (-1, 4, 4), (1, 2, 0))
    return _turn(kernel) if name.endswith("Conv0_up") else kernel


def _to_reference(name: str, kernel: np.ndarray) -> np.ndarray:
    if name == "4x4/Dense":
        return _swap_rows(kernel.T, (4, 4, -1), (2, 0, 1)).T
    if name == "4x4/Dense0":
        return _swap_rows(kernel, (4, 4, -1), (2, 0, 1))
    return _turn(kernel) if name.endswith("Conv0_up") else kernel


def _turn(kernel: np.ndarray) -> np.ndarray:
    """[kh,kw,out,in] turned by 180 degrees to [kh,kw,in,out], or back."""
    return kernel[::-1, ::-1].transpose(0, 1, 3, 2)


def _swap_rows(
    rows: np.ndarray, shape: tuple[int, ...], axes: tuple[int, ...]
) -> np.ndarray:
    """Reorders rows that stand for a grid of this shape."""
    grid = rows.reshape(*shape, rows.shape[-1])
    return grid.transpose(*axes, 3).reshape(rows.shape)


def _named_layers(
    network: Generator | Discriminator,
) -> Iterator[tuple[str, Any]]:
    """(reference name, layer); up and down convolutions in fused spelling.

    In the reference's order, which is that of its files.
    """
    is_generator = isinstance(network, Generator)
    levels = list(enumerate(network.resolutions))
    for i, r in levels if is_generator else levels[::-1]:
        lod = len(levels) - 1 - i
        prefix = f"{r}x{r}/"
        if is_generator:
            yield prefix + ("Conv0_up" if i else "Dense"), network.conv0[i]
            yield prefix + ("Conv1" if i else "Conv"), network.conv1[i]
            yield f"ToRGB_lod{lod}", network.to_rgb[i]
        else:
            yield f"FromRGB_lod{lod}", network.from_rgb[i]
            yield prefix + ("Conv0" if i else "Conv"), network.conv0[i]
            yield prefix + ("Conv1_down" if i else "Dense0"), network.conv1[i]
    if not is_generator:
        yield "4x4/Dense1", network.output_dense


def _matched(
    network: Generator | Discriminator,
    variables: Mapping[str, np.ndarray],
) -> Iterator[tuple[str, Any]]:
    """(name as these variables spell it, layer), once their shapes fit."""
    for fused_name, layer in _named_layers(network):
        names = (fused_name, _two_step_name(fused_name))
        name = next((n for n in names if n + "/weight" in variables), "")
        if not name:
            raise ValueError(f"no variable {fused_name}/weight")
        kernel_shape = tuple(layer.kernel.shape)
        if name.endswith("Conv0_up"):
            kernel_shape = (*kernel_shape[:2], kernel_shape[3], kernel_shape[2])
        for part, shape in (
            ("/weight", kernel_shape),
            ("/bias", tuple(layer.bias.shape)),
        ):
            if name + part not in variables:
                raise ValueError(f"no variable {name}{part}")
            found = variables[name + part].shape
            if found != shape:
                raise ValueError(
                    f"variable {name}{part} has the shape {found}, not {shape}"
                )
        yield name, layer


def _check_names(
    network: Generator | Discriminator,
    variables: Mapping[str, np.ndarray],
) -> None:
    """Raises ValueError unless these are a network's variables, all of them."""
    used = {
        name + part
        for name, _layer in _matched(network, variables)
        for part in ("/weight", "/bias")
    }
    for name in variables.keys() - used:
        raise ValueError(f"no network of ours has a variable {name!a:.80}")


def _two_step_name(name: str) -> str:
    return name.removesuffix("_up").removesuffix("_down")
