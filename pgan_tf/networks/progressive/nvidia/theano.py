"""Networks of NVIDIA's older Theano code, restated as those of its TF1 code.

Theano convolves where TensorFlow correlates, orders kernels [out,in,kh,kw],
and keeps one scale per layer instead of He's constant. A file has no names:
it lists the arrays of each layer, in the order of the layers.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from pgan_tf.base import resolutions

_RELU_GAIN = float(np.sqrt(2))

_FUNCTIONS = {
    "G_paper": "G_paper",
    "G_progressive_8": "G_paper",
    "D_paper": "D_paper",
    "D_progressive_8": "D_paper",
}

# What no network of the TF1 code can do, and the value that means without.
_WITHOUT = {
    "label_size": 0,
    "use_batchnorm": False,
    "use_layernorm": False,
    "tanh_at_end": None,
    "mbstat_func": "Tstdeps",
    "mbstat_avg": "all",
    "mbdisc_kernels": None,
}


def modernize(state: dict[str, Any]) -> dict[str, Any]:
    """A state of the Theano code in the keys of version 2.

    Raises:
        ValueError: If it is another network, or it is incomplete.
    """
    for key, kind in (("build_func_spec", dict), ("param_values", list)):
        if type(state.get(key)) is not kind:
            raise ValueError(f"a network without version has no {key}")
    options = dict(state["build_func_spec"])
    function = options.pop("func", None)
    if type(function) is not str or function not in _FUNCTIONS:
        raise ValueError("a network without version is not G_paper or D_paper")
    for name, value in _WITHOUT.items():
        if options.pop(name, value) != value:
            raise ValueError(f"no network of ours has a {name} like this one's")
    options.pop("use_gdrop", None)  # Noise in training only.
    options.update(fused_scale=False, mbstd_group_size=16)
    arrays = _Arrays(state["param_values"], options.get("use_wscale", True))
    convert = (
        _generator if _FUNCTIONS[function] == "G_paper" else _discriminator
    )
    variables = list(convert(arrays, options.get("resolution", 32)))
    arrays.check_all_taken()
    top = state.get("toplevel_params")
    if type(top) is dict and "cur_lod" in top:
        variables.append(("lod", top["cur_lod"]))
    return {
        "version": 2,
        "static_kwargs": options,
        "build_func_name": _FUNCTIONS[function],
        "variables": variables,
    }


class _Arrays:
    """The arrays of a network, taken layer by layer."""

    def __init__(self, values: list[Any], use_wscale: bool) -> None:
        if not all(isinstance(v, np.ndarray | np.floating) for v in values):
            raise ValueError("a network without version has other than arrays")
        self._values = [np.asarray(v, np.float32) for v in values]
        self._next = 0
        self._use_wscale = use_wscale

    def take(self, axes: int | None = None) -> np.ndarray:
        if self._next == len(self._values):
            raise ValueError("a network without version has too few arrays")
        value = self._values[self._next]
        self._next += 1
        if axes is not None and value.ndim != axes:
            raise ValueError(
                f"array {self._next} has the shape {value.shape}, not "
                f"{axes} axes"
            )
        return value

    def scaled(self, weight: np.ndarray, gain: float) -> np.ndarray:
        """A weight as our code scales it, given the scale that follows."""
        if not self._use_wscale:
            return weight
        he_std = gain / np.sqrt(np.prod(weight.shape[:-1]))
        return weight * np.float32(self.take(0) / he_std)

    def check_all_taken(self) -> None:
        if self._next != len(self._values):
            raise ValueError("a network without version has too many arrays")


_Variables = Iterator[tuple[str, np.ndarray]]


def _generator(arrays: _Arrays, resolution: int) -> _Variables:
    first = arrays.take(4)  # [out,in,4,4], on latents as 1x1 images
    dense = first.transpose(1, 0, 2, 3).reshape(first.shape[1], -1)
    yield from _layer(arrays, "4x4/Dense", dense, _RELU_GAIN / 4)
    yield from _convolution(arrays, "4x4/Conv")
    resolutions = _resolutions(resolution)
    for r in resolutions[1:]:
        yield from _convolution(arrays, f"{r}x{r}/Conv0")
        yield from _convolution(arrays, f"{r}x{r}/Conv1")
    for lod in range(len(resolutions)):
        to_rgb = arrays.take(2)[None, None]
        yield from _layer(arrays, f"ToRGB_lod{lod}", to_rgb, 1.0)


def _discriminator(arrays: _Arrays, resolution: int) -> _Variables:
    for lod, r in enumerate(_resolutions(resolution)[::-1]):
        from_rgb = arrays.take(2)[None, None]
        yield from _layer(arrays, f"FromRGB_lod{lod}", from_rgb, _RELU_GAIN)
        if r > 4:
            yield from _convolution(arrays, f"{r}x{r}/Conv0")
            yield from _convolution(arrays, f"{r}x{r}/Conv1")
    yield from _convolution(arrays, "4x4/Conv")
    last = arrays.take(4)[:, :, ::-1, ::-1]  # [out,in,4,4]
    dense = last.reshape(last.shape[0], -1).T
    yield from _layer(arrays, "4x4/Dense0", dense, _RELU_GAIN)
    yield from _layer(arrays, "4x4/Dense1", arrays.take(2), 1.0)


def _convolution(arrays: _Arrays, name: str) -> _Variables:
    kernel = arrays.take(4)[:, :, ::-1, ::-1].transpose(2, 3, 1, 0)
    yield from _layer(arrays, name, kernel, _RELU_GAIN)


def _layer(
    arrays: _Arrays, name: str, weight: np.ndarray, gain: float
) -> _Variables:
    yield f"{name}/weight", arrays.scaled(weight, gain)
    yield f"{name}/bias", arrays.take(1)


def _resolutions(top: Any) -> list[int]:
    """[4, 8, ..., top]."""
    if type(top) is not int or not resolutions.is_one(top):
        raise ValueError("the option resolution is not a power of two from 4")
    return resolutions.up_to(top)
