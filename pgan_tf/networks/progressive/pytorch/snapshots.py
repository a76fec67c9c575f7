"""The files of other people's PyTorch programs, recognised by their content.

A module beside this one for each program says what its files look like and
what their networks differ in.
"""

import os
import pathlib
import re
from collections.abc import Collection
from types import ModuleType
from typing import Any

from pgan_tf.base import boundary, errors, torch_file
from pgan_tf.networks.progressive.pytorch import (
    akanimax,
    gan_zoo,
    mmgeneration,
    nashory,
    states,
)
from pgan_tf.networks.progressive.pytorch.states import Found

_NAMES = ("G", "D", "Gs")
SUFFIXES = (".pth", ".pt", ".bin", ".tar")
_PROGRAMS: tuple[ModuleType, ...] = (gan_zoo, mmgeneration, nashory, akanimax)


def recognizes(path: pathlib.Path) -> bool:
    """Whether a file is for this module: by its name, or how it begins."""
    return path.suffix.lower() in SUFFIXES or torch_file.is_one(path)


def load_networks(path: str | os.PathLike[str]) -> dict[str, Any]:
    """Reads G, D and Gs, as far as they are there, by these names.

    Where a program gives each network a file of its own, the others of the
    same moment are looked for beside it.

    Args:
        path: Such as `x.pth`.

    Raises:
        UserError: If the file is torn, hostile, or holds other networks.
    """
    path = pathlib.Path(path)
    found: dict[str, tuple[Found, str]] = {}
    for file in [path, *_beside(path).values()]:
        for name, network in _read(file, _NAMES).items():
            found[name] = network, str(file)
    return {
        name: states.build(network, name, where)
        for name, (network, where) in found.items()
    }


def load_generator(path: str | os.PathLike[str]) -> Any:
    """Reads Gs, or G where there is none; otherwise like `load_networks`.

    Where each network has a file of its own, it is that of `path`.
    """
    for wanted in ("Gs", "G"):
        for name, found in _read(pathlib.Path(path), [wanted]).items():
            return states.build(found, name, str(path))
    raise errors.UserError(
        f"{path}: holds D alone: give the file of its generator"
    )


def _read(path: pathlib.Path, names: Collection[str]) -> dict[str, Found]:
    """Those networks of a file, as it has them, by what they are."""
    records = [name for each in _PROGRAMS for name in each.RECORDS]
    file = torch_file.load(path, records)
    for program in _PROGRAMS:
        if program.recognizes(file.content):
            break
    else:
        raise errors.UserError(
            f"{path}: a PyTorch file, but of no program whose networks are "
            "known here (see docs/networks.md)"
        )
    with boundary.reading(path, "file of networks"):
        found = program.read(file, names)
    return _in_its_role(path, found)


def _in_its_role(
    path: pathlib.Path, found: dict[str, Found]
) -> dict[str, Found]:
    """A single G as what its file's name says; with D's labels, if any."""
    if set(found) != {"G"}:
        return found
    beside = _beside(path)
    if discriminator := beside.get("D"):
        count = _label_size(discriminator)
        found["G"] = akanimax.with_labels(found["G"], count)
    return {"Gs": found["G"]} if "_SHADOW_" in path.name else found


def _label_size(path: pathlib.Path) -> int:
    """Of a discriminator; 0 if its file cannot be read."""
    try:
        return akanimax.label_size(torch_file.load(path).content)
    except errors.UserError:
        return 0


def _beside(path: pathlib.Path) -> dict[str, pathlib.Path]:
    """The files of a network's companions that are there."""
    for pattern, names in _COMPANIONS:
        if match := re.fullmatch(pattern, path.name):
            files = {
                role: path.with_name(name.format(*match.groups()))
                for role, name in names.items()
            }
            return {
                role: file
                for role, file in files.items()
                if file != path and file.is_file()
            }
    return {}


# Of programs whose networks have a file each: what such names are like, and
# how the others' are.
_COMPANIONS = (
    (r"(?:gen|dis)_(R\d+_T\d+\..*)", {"G": "gen_{}", "D": "dis_{}"}),
    (
        r"GAN_(?:GEN|DIS|GEN_SHADOW)_(\d+\.pth)",
        {"G": "GAN_GEN_{}", "D": "GAN_DIS_{}", "Gs": "GAN_GEN_SHADOW_{}"},
    ),
)
