"""The families of networks, by the names that --family takes.

Imported with the package, so that the options tree has a section for each.
"""

import importlib
import pathlib
from typing import Any

from pgan_tf.base import errors
from pgan_tf.networks.family import Family
from pgan_tf.networks.progressive.family import Progressive
from pgan_tf.networks.tiny.family import Tiny
from pgan_tf.runs import options

_FAMILIES: dict[str, Family] = {}


def add(family: Family) -> None:
    """Makes a family known, by its name and with its options."""
    _FAMILIES[family.name] = family
    options.NETWORKS_SECTIONS[family.name] = family.options


def remove(name: str) -> None:
    """Forgets a family that was added."""
    del _FAMILIES[name], options.NETWORKS_SECTIONS[name]


def by_name(name: str) -> Family:
    """The family of --family.

    Raises:
        UserError: If there is none of that name.
    """
    if name not in _FAMILIES:
        raise errors.UserError(
            f"--family={name}: must be one of {', '.join(_FAMILIES)}"
        )
    return _FAMILIES[name]


def of_class(registered_name: str) -> Family | None:
    """The family whose generators are registered so for saving, if any."""
    for family in _FAMILIES.values():
        if family.generator_class == registered_name:
            return family
    return None


def of_network(network: Any) -> Family:
    """The family of a network."""
    return by_name(network.family)


def foreign_reader(path: pathlib.Path) -> Any | None:
    """The module that reads this file of another program; see `Family`."""
    for family in _FAMILIES.values():
        for name in family.foreign_readers:
            reader: Any = importlib.import_module(name)
            if reader.recognizes(path):
                return reader
    return None


# A line for each.
add(Progressive())
add(Tiny())
