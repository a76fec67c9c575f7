"""The variables of NVIDIA's TF1 networks, by their names, in our networks.

The reference names a variable by resolution, layer and role, such as
`16x16/Conv0_up/weight` or `ToRGB_lod2/bias`, where lodK means a resolution of
final / 2^K. Its layouts differ from ours in three places:

* `Conv0_up` kernels are [kh,kw,out,in] and turned by 180 degrees;
* `4x4/Dense/weight` has its columns in [fmap,y,x] order, ours in [y,x,fmap];
* `4x4/Dense0/weight` has its rows in that order.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from pgan_tf import networks


def assign(
    network: networks.Generator | networks.Discriminator,
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
    for name, layer in _named_layers(network):
        spelling = _spelling(variables, name)
        kernel = variables[spelling + "/weight"]
        layer.kernel.assign(_from_reference(spelling, kernel))
        layer.bias.assign(variables[spelling + "/bias"])


def variables(
    network: networks.Generator | networks.Discriminator,
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
    network: networks.Generator | networks.Discriminator,
) -> Iterator[tuple[str, Any]]:
    """(reference name, layer); up and down convolutions in fused spelling."""
    is_generator = isinstance(network, networks.Generator)
    for i, r in enumerate(network.resolutions):
        lod = len(network.resolutions) - 1 - i
        prefix = f"{r}x{r}/"
        if is_generator:
            yield f"ToRGB_lod{lod}", network.to_rgb[i]
            yield prefix + ("Conv0_up" if i else "Dense"), network.conv0[i]
            yield prefix + ("Conv1" if i else "Conv"), network.conv1[i]
        else:
            yield f"FromRGB_lod{lod}", network.from_rgb[i]
            yield prefix + ("Conv0" if i else "Conv"), network.conv0[i]
            yield prefix + ("Conv1_down" if i else "Dense0"), network.conv1[i]
    if not is_generator:
        yield "4x4/Dense1", network.output_dense


def _two_step_name(name: str) -> str:
    return name.removesuffix("_up").removesuffix("_down")


def _spelling(variables: Mapping[str, np.ndarray], name: str) -> str:
    """The name as these variables spell it."""
    for candidate in (name, _two_step_name(name)):
        if candidate + "/weight" in variables:
            return candidate
    raise ValueError(f"no variable {name}/weight")
