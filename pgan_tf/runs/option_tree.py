"""A tree of options: frozen dataclasses whose leaves are the options.

A leaf is the only definition of its option: name, type, default, range and
help. Command-line flags and `config.json` follow from it.
"""

import dataclasses
import math
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from pgan_tf.base import errors, resolutions

IntMap = dict[int, int]
FloatMap = dict[int, float]


@dataclasses.dataclass(frozen=True)
class Range:
    """Which numbers an option takes: low <= x < high, or low < x < high."""

    low: float = -math.inf
    high: float = math.inf
    low_itself: bool = True

    def __contains__(self, value: float) -> bool:
        above = self.low <= value if self.low_itself else self.low < value
        return above and value < self.high

    def __str__(self) -> str:
        words = "at least" if self.low_itself else "above"
        above = f"{words} {self.low:g}"
        return above + (
            f", below {self.high:g}" if self.high < math.inf else ""
        )


ANY = Range()


POSITIVE = Range(0, low_itself=False)


NOT_NEGATIVE = Range(0)


FRACTION = Range(0, 1)


def option(
    default: Any,
    help: str,
    range: Range = ANY,
    choices: tuple[str, ...] = (),
) -> Any:
    """A leaf of the tree; `choices` are all that a text may be, if any."""
    metadata = {"help": help, "range": range, "choices": choices}
    if isinstance(default, dict):
        return dataclasses.field(
            default_factory=default.copy, metadata=metadata
        )
    return dataclasses.field(default=default, metadata=metadata)


def leaves(cls: type) -> Iterator[dataclasses.Field[Any]]:
    """All options of a tree's class, in the order of their definition."""
    for field in dataclasses.fields(cls):
        if dataclasses.is_dataclass(field.type):
            yield from leaves(typing.cast(type, field.type))
        else:
            yield field


def check_ranges(tree: Any) -> None:
    """Checks that every number, alone or in a map, is in its range.

    Raises:
        UserError: If one is not.
    """
    by_name = values(tree)
    for leaf in leaves(type(tree)):
        value, range = by_name[leaf.name], leaf.metadata["range"]
        if isinstance(value, str):
            _check_choice(leaf, value)
            continue
        for resolution in value if isinstance(value, dict) else ():
            if not resolutions.is_one(resolution):
                raise errors.UserError(
                    f"--{leaf.name}={value}: {resolution} is not a resolution, "
                    "a power of two from 4"
                )
        for number in value.values() if isinstance(value, dict) else [value]:
            if not math.isfinite(number) or number not in range:
                raise errors.UserError(
                    f"--{leaf.name}={value}: must be {range}"
                )


def values(tree: Any) -> dict[str, Any]:
    """Every option by its name."""
    return dict(flatten(dataclasses.asdict(tree), type(tree)))


def _check_choice(leaf: dataclasses.Field[Any], value: str) -> None:
    choices = leaf.metadata["choices"]
    if choices and value not in choices:
        raise errors.UserError(
            f"--{leaf.name}={value}: must be one of {', '.join(choices)}"
        )


def differences(old: Any, new: Any) -> list[str]:
    """Lines such as `fmap_max: 512 -> 64`, one per option that differs."""
    before, after = values(old), values(new)
    return [
        f"{name}: {before[name]} -> {after[name]}"
        for name in after
        if before[name] != after[name]
    ]


def default(leaf: dataclasses.Field[Any]) -> Any:
    """What an option is unless given."""
    if leaf.default is not dataclasses.MISSING:
        return leaf.default
    assert leaf.default_factory is not dataclasses.MISSING
    return leaf.default_factory()


def build(values: Mapping[str, Any], cls: type) -> Any:
    """A tree of this class, its leaves taken from a flat mapping."""
    arguments = {}
    for field in dataclasses.fields(cls):
        if dataclasses.is_dataclass(field.type):
            section = typing.cast(type, field.type)
            arguments[field.name] = build(values, section)
        else:
            arguments[field.name] = values[field.name]
    return cls(**arguments)


def flatten(tree: Mapping[str, Any], cls: type) -> Iterator[tuple[str, Any]]:
    """(name, value) of the leaves of a nested mapping, such as JSON's."""
    sections = {
        field.name: typing.cast(type, field.type)
        for field in dataclasses.fields(cls)
        if dataclasses.is_dataclass(field.type)
    }
    for name, value in tree.items():
        if name in sections:
            yield from flatten(value, sections[name])
        else:
            yield name, value
