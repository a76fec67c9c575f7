"""What NVIDIA's snapshots state of a network, checked, and back.

A state names the function that builds the network, its options as far as they
were given, and its variables; also the source text of that function, which is
neither read nor needed.
"""

import dataclasses
from typing import Any

import numpy as np
from absl import logging

from pgan_tf.base import pickle_globals, resolutions
from pgan_tf.networks.progressive.discriminator import Discriminator
from pgan_tf.networks.progressive.generator import Generator
from pgan_tf.networks.progressive.nvidia import theano

Network = Generator | Discriminator


def _record() -> pickle_globals.Record:
    """A network as the file begins it; its state comes later."""
    return pickle_globals.Record()


# What the files may hold beside plain data.
ALLOWED = pickle_globals.Allowed(
    numbers=frozenset(("f2", "f4", "f8")),
    makers={
        "tfutil.Network": _record,
        "network.Network": _record,
    },
)

KINDS: dict[str, type[Network]] = {
    "G_paper": Generator,
    "D_paper": Discriminator,
}

POLICIES = {
    "float16": "mixed_float16",
    "float32": "float32",
    "float64": "float64",
}

_SIZE = (1, 2**20)

# Least and greatest value, by option; None for those that are true or false.
_SHARED = {
    "num_channels": _SIZE,
    "resolution": _SIZE,
    "label_size": (0, 2**20),
    "fmap_base": _SIZE,
    "fmap_decay": (0.0, 16.0),
    "fmap_max": _SIZE,
    "use_wscale": None,
    "use_leakyrelu": None,
    "fused_scale": None,
}

OPTIONS = {
    Generator: {
        **_SHARED,
        "latent_size": _SIZE,
        "normalize_latents": None,
        "use_pixelnorm": None,
        "pixelnorm_epsilon": (0.0, 1.0),
    },
    Discriminator: {**_SHARED, "mbstd_group_size": (0, 2**20)},
}

# Of the other network, or without effect on what is computed.
_IGNORED = {"structure", "dtype"}.union(*OPTIONS.values())


@dataclasses.dataclass(frozen=True)
class NetworkState:
    """What a file says of one network.

    Attributes:
        kind: The class of ours that it becomes.
        options: Arguments for that class, lod and dtype among them.
        variables: float32 arrays by the reference's names, lod left out.
    """

    kind: type[Network]
    options: dict[str, Any]
    variables: dict[str, np.ndarray]


def read(record: Any) -> NetworkState:
    """Checks a network's record.

    Raises:
        ValueError: If it is no network of the reference's, or a changed one.
    """
    if type(record) is not pickle_globals.Record:
        raise ValueError("not a network where one belongs")
    state = record.state
    if "version" not in state:
        state = theano.modernize(state)
    if state["version"] != 2:
        raise ValueError("a network of a version that is not 2")
    function = state.get("build_func_name")
    if type(function) is not str or function not in KINDS:
        raise ValueError("a network that is not G_paper or D_paper")
    kind = KINDS[function]
    variables = _variables(state.get("variables"))
    lod = float(variables.pop("lod", np.float32(0.0)))
    options = _options(kind, state.get("static_kwargs"))
    options["fused_scale"] = _fused_scale(kind, variables, options)
    options["lod"] = _checked_lod(lod, options.get("resolution", 32))
    return NetworkState(kind, options, variables)


def _variables(pairs: Any) -> dict[str, np.ndarray]:
    if type(pairs) is not list:
        raise ValueError("a network without variables")
    result = {}
    for pair in pairs:
        if type(pair) is not tuple or len(pair) != 2:
            raise ValueError("a network whose variables are not pairs")
        name, value = pair
        if type(name) is not str:
            raise ValueError("a network whose variables have no names")
        if not isinstance(value, np.ndarray | np.floating | float):
            raise ValueError(f"variable {name!a:.80} is no array")
        result[name] = np.asarray(value, np.float32)
    if result.get("lod", np.float32(0)).shape != ():
        raise ValueError("variable lod is not one number")
    return result


def _options(kind: type[Network], stated: Any) -> dict[str, Any]:
    """The constructor's arguments out of `static_kwargs`."""
    if type(stated) is not dict:
        raise ValueError("a network without static_kwargs")
    dtype = stated.get("dtype", "float32")
    if type(dtype) is not str or dtype not in POLICIES:
        raise ValueError("the option dtype is none of " + ", ".join(POLICIES))
    known = OPTIONS[kind]
    for name in sorted(stated.keys() - _IGNORED):
        # The reference's functions swallow what they do not know, too.
        logging.warning("ignored the unknown option %.80s", ascii(name))
    given = {name: stated[name] for name in known if name in stated}
    if given.get("latent_size", 1) is None:
        del given["latent_size"]
    for name, value in given.items():
        given[name] = _checked(name, value, known[name])
    return {**given, "dtype": POLICIES[dtype]}


def _checked(name: str, value: Any, limits: Any) -> Any:
    """An option's value, if it is of its type and within its limits."""
    if limits is None:
        if type(value) not in (bool, int) or value not in (0, 1):
            raise ValueError(f"the option {name} is neither true nor false")
        return bool(value)
    low, high = limits
    allowed = (int, float) if type(low) is float else (int,)
    if type(value) not in allowed or not low <= value <= high:
        raise ValueError(f"the option {name} is not between {low} and {high}")
    return type(low)(value)


def _fused_scale(
    kind: type[Network],
    variables: dict[str, np.ndarray],
    options: dict[str, Any],
) -> bool:
    """Whether a network is fused, by the names of its variables.

    Whoever left the option out meant the default of the day, which its names
    tell; networks of 4x4 have none that do.
    """
    fused, two_step = (
        ("8x8/Conv0_up/weight", "8x8/Conv0/weight")
        if kind is Generator
        else ("8x8/Conv1_down/weight", "8x8/Conv1/weight")
    )
    if fused not in variables and two_step not in variables:
        return options.get("fused_scale", True)
    if options.get("fused_scale", fused in variables) != (fused in variables):
        raise ValueError("the option fused_scale contradicts the variables")
    return fused in variables


def _checked_lod(lod: float, resolution: int) -> float:
    highest = resolutions.highest_lod(resolution)
    if not 0.0 <= lod <= max(highest, 0.0):
        raise ValueError(f"a lod that is not between 0 and {highest:g}")
    return lod
