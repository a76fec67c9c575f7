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
        kernel, fused = _find(variables, name)
        if name == "4x4/Dense":
            kernel = _fmaps_last(kernel.T).T
        elif name == "4x4/Dense0":
            kernel = _fmaps_last(kernel)
        elif fused and name.endswith("Conv0_up"):
            kernel = kernel[::-1, ::-1].transpose(0, 1, 3, 2)
        layer.kernel.assign(kernel)
        layer.bias.assign(variables[_spelling(variables, name) + "/bias"])


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


def _spelling(variables: Mapping[str, np.ndarray], name: str) -> str:
    """The name as this file spells it."""
    plain = name.removesuffix("_up").removesuffix("_down")
    for candidate in (name, plain):
        if candidate + "/weight" in variables:
            return candidate
    raise ValueError(f"no variable {name}/weight")


def _find(
    variables: Mapping[str, np.ndarray], name: str
) -> tuple[np.ndarray, bool]:
    """The kernel of a layer, and whether it is in the fused spelling."""
    spelling = _spelling(variables, name)
    return variables[spelling + "/weight"], spelling == name


def _fmaps_last(rows: np.ndarray) -> np.ndarray:
    """Reorders rows from [fmap,y,x] to [y,x,fmap]."""
    _, width = rows.shape
    return (
        rows.reshape(-1, 4, 4, width).transpose(1, 2, 0, 3).reshape(rows.shape)
    )
