"""A tree of options: frozen dataclasses whose leaves are the options.

A leaf is the only definition of its option: name, type, default, range and
help. Command-line flags and `config.json` follow from it.
"""

import dataclasses
import math
import typing
from collections.abc import Iterator, Mapping
from typing import Any

from pgan_tf.base import errors, flag_kinds, resolutions

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
        told = f"{words} {self.low:g}"
        if self.high < math.inf:
            told += f", below {flag_kinds.written(self.high)}"
        return told


ANY = Range()
POSITIVE = Range(0, low_itself=False)
NOT_NEGATIVE = Range(0)
FRACTION = Range(0, 1)


def option(
    default: Any,
    help: str,
    range: Range = ANY,
    choices: tuple[str, ...] = (),
    is_path: bool = False,
) -> Any:
    """A leaf of the tree.

    Args:
        default: Its value unless given; tells its type.
        help: Sentences.
        range: Of numbers.
        choices: All that a text may be, if any.
        is_path: Whether a text names a file or folder.
    """
    metadata = {
        "help": help,
        "range": range,
        "choices": choices,
        "is_path": is_path,
    }
    if isinstance(default, dict):
        return dataclasses.field(
            default_factory=default.copy, metadata=metadata
        )
    return dataclasses.field(default=default, metadata=metadata)


def chosen_section(chooser: str, sections: Mapping[str, type]) -> Any:
    """A section whose class another option names.

    Args:
        chooser: That option, which stands beside it in the tree.
        sections: The classes by its values; more may be added later. The
            first is the default.
    """
    metadata = {"chooser": chooser, "sections": sections}
    return dataclasses.field(
        default_factory=lambda: next(iter(sections.values()))(),
        metadata=metadata,
    )


def leaves(cls: type) -> Iterator[dataclasses.Field[Any]]:
    """All options of a tree's class, section by section."""
    for _name, own in sections(cls):
        yield from own


def sections(cls: type) -> Iterator[tuple[str, list[dataclasses.Field[Any]]]]:
    """The sections of a tree's class, with the options of each.

    The first, of the tree itself, has the name "". Of a chosen section all
    that may be chosen come, named such as "networks: progressive"; an option
    of several of them comes with the first.
    """
    fields = dataclasses.fields(cls)
    yield "", [field for field in fields if not _sections(field)]
    for field in fields:
        chosen = field.metadata.get("sections", {})
        seen: set[str] = set()
        for value, section in chosen.items():
            own = [
                leaf
                for leaf in dataclasses.fields(section)
                if leaf.name not in seen
            ]
            seen.update(leaf.name for leaf in own)
            yield f"{field.name}: {value}", own
        if not chosen and (own_section := _sections(field)):
            yield field.name, list(dataclasses.fields(own_section[0]))


def _sections(field: dataclasses.Field[Any]) -> list[type]:
    """The classes that a field may be of, if it is a section."""
    if "sections" in field.metadata:
        return list(field.metadata["sections"].values())
    if dataclasses.is_dataclass(field.type):
        return [typing.cast(type, field.type)]
    return []


def check_ranges(tree: Any) -> None:
    """Checks that every number, alone or in a map, is in its range.

    Raises:
        UserError: If one is not.
    """
    for leaf, value in _leaves_of(tree):
        range = leaf.metadata["range"]
        if isinstance(value, str):
            _check_choice(leaf, value)
            continue
        for resolution in value if isinstance(value, dict) else ():
            if not resolutions.is_one(resolution):
                raise errors.UsageError(
                    f"--{leaf.name}={flag_kinds.written(value)}: {resolution} "
                    "is not a resolution, a power of two from 4"
                )
        for number in value.values() if isinstance(value, dict) else [value]:
            if not math.isfinite(number) or number not in range:
                raise errors.UsageError(
                    f"--{leaf.name}={flag_kinds.written(value)}: must be "
                    f"{range}"
                )


def values(tree: Any) -> dict[str, Any]:
    """Every option of a tree by its name."""
    return {leaf.name: value for leaf, value in _leaves_of(tree)}


def _leaves_of(tree: Any) -> Iterator[tuple[dataclasses.Field[Any], Any]]:
    for field in dataclasses.fields(tree):
        value = getattr(tree, field.name)
        if dataclasses.is_dataclass(value):
            yield from _leaves_of(value)
        else:
            yield field, value


def _check_choice(leaf: dataclasses.Field[Any], value: str) -> None:
    choices = leaf.metadata["choices"]
    if choices and value not in choices:
        raise errors.UsageError(
            f"--{leaf.name}={value}: must be one of {', '.join(choices)}"
        )


def differences(old: Any, new: Any) -> list[str]:
    """Lines such as `fmap_max: 512 -> 64`, one per option that differs."""
    before, after = values(old), values(new)
    return [
        f"{name}: {before.get(name)} -> {after[name]}"
        for name in after
        if before.get(name) != after[name]
    ]


def default(leaf: dataclasses.Field[Any]) -> Any:
    """What an option is unless given."""
    if leaf.default is not dataclasses.MISSING:
        return leaf.default
    assert leaf.default_factory is not dataclasses.MISSING
    return leaf.default_factory()


def build(values: Mapping[str, Any], cls: type) -> Any:
    """A tree of this class, its leaves taken from a flat mapping.

    Those that it does not name are at their default.

    Raises:
        ValueError: If it names an option that the chosen sections lack.
    """
    tree = _build(values, cls)
    for name in values.keys() - {leaf.name for leaf, _ in _leaves_of(tree)}:
        raise ValueError(f"unknown option {name!r}")
    return tree


def _build(values: Mapping[str, Any], cls: type) -> Any:
    arguments = {}
    for field in dataclasses.fields(cls):
        if not _sections(field):
            arguments[field.name] = values.get(field.name, default(field))
        elif "chooser" in field.metadata:
            chosen = arguments[field.metadata["chooser"]]
            if chosen not in field.metadata["sections"]:
                raise ValueError(
                    f"unknown {field.metadata['chooser']} {chosen!r}"
                )
            section = field.metadata["sections"][chosen]
            arguments[field.name] = _build(values, section)
        else:
            arguments[field.name] = _build(values, _sections(field)[0])
    return cls(**arguments)


def flatten(tree: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """(name, value) of the leaves of nested mappings, such as JSON's.

    Maps by resolution are leaves; their keys are digits.
    """
    for name, value in tree.items():
        is_section = isinstance(value, Mapping) and not all(
            key.isdecimal() for key in value
        )
        if is_section:
            yield from flatten(value)
        else:
            yield name, value
