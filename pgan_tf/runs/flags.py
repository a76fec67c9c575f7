"""The options as command-line flags, as a command, and as JSON."""

import dataclasses
import json
import shlex
import typing
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from absl import flags

from pgan_tf.base import errors
from pgan_tf.runs import option_tree
from pgan_tf.runs.options import RunOptions


def define_flags(
    module_name: str, values: flags.FlagValues = flags.FLAGS
) -> None:
    """Declares one absl flag per option, as if that module had."""
    define: dict[Any, Callable[..., Any]] = {
        bool: flags.DEFINE_bool,
        int: flags.DEFINE_integer,
        float: flags.DEFINE_float,
        str: flags.DEFINE_string,
    }
    where: dict[str, Any] = {
        "flag_values": values,
        "module_name": module_name,
    }
    for leaf in _leaves():
        arguments = (
            leaf.name,
            option_tree.default(leaf),
            leaf.metadata["help"],
        )
        if choices := leaf.metadata["choices"]:
            name, default, help = arguments
            flags.DEFINE_enum(name, default, choices, help, **where)
        elif leaf.type in define:
            define[leaf.type](*arguments, **where)
        else:
            parser = _MapParser(typing.get_args(leaf.type)[1])
            serializer = _MapSerializer()
            flags.DEFINE(parser, *arguments, serializer=serializer, **where)


def from_flags(values: flags.FlagValues = flags.FLAGS) -> RunOptions:
    """The tree that the parsed flags describe.

    Raises:
        UserError: For a flag of networks that are not of --family.
    """
    given = {
        leaf.name: values[leaf.name].value
        for leaf in _leaves()
        if values[leaf.name].present
    }
    return from_given(given)


def from_given(given: Mapping[str, Any]) -> RunOptions:
    """The tree in which these options are as given, others at default.

    Raises:
        UserError: For a --family that there is not, or options of another.
    """
    family = given.get("family", RunOptions().family)
    try:
        return option_tree.build(given, RunOptions)
    except ValueError as error:
        raise errors.UserError(f"--family={family}: {error}") from error


def command(options: RunOptions) -> str:
    """The shell command that trains with exactly these options."""
    default = option_tree.values(from_given({"family": options.family}))
    default["family"] = RunOptions().family
    words = ["python", "train.py"]
    for name, value in option_tree.values(options).items():
        if value == default[name]:
            continue
        if isinstance(value, bool):
            words.append(f"--{name}" if value else f"--no{name}")
        elif isinstance(value, dict):
            words.append(f"--{name}={_MapSerializer().serialize(value)}")
        else:
            words.append(f"--{name}={_plain(value)}")
    return shlex.join(words)


def to_json(options: RunOptions) -> str:
    """The whole tree as indented JSON."""
    return json.dumps(dataclasses.asdict(options), indent=2) + "\n"


def from_json(text: str) -> RunOptions:
    """Reads what `to_json` wrote; options it does not name are at default.

    Raises:
        ValueError: If it is anything else.
    """
    defaults = {leaf.name: option_tree.default(leaf) for leaf in _leaves()}
    given = {}
    try:
        for name, value in option_tree.flatten(json.loads(text)):
            kind = type(defaults[name])
            if kind is dict:
                value = {int(key): entry for key, entry in value.items()}
            given[name] = kind(value)
    except KeyError as error:
        raise ValueError(f"unknown option {error}") from None
    except (AttributeError, TypeError) as error:
        raise ValueError(f"not a tree of options: {error}") from None
    return option_tree.build(given, RunOptions)


def _leaves() -> Iterator[dataclasses.Field[Any]]:
    return option_tree.leaves(RunOptions)


class _MapParser(flags.ArgumentParser[dict[int, Any]]):
    """Parses `4:128,8:64`; values are of one type, keys are resolutions."""

    syntactic_help = "resolution:value,..."

    def __init__(self, value_type: type) -> None:
        self.value_type = value_type

    def parse(self, argument: str | dict[int, Any]) -> dict[int, Any]:
        if isinstance(argument, dict):
            return argument
        result = {}
        for entry in filter(None, argument.split(",")):
            resolution, colon, value = entry.partition(":")
            if not colon:
                raise ValueError(f"{entry!r} is not resolution:value")
            result[int(resolution)] = self.value_type(value)
        return result

    def flag_type(self) -> str:
        return "resolution:value,..."


class _MapSerializer(flags.ArgumentSerializer[dict[int, Any]]):
    def serialize(self, value: dict[int, Any]) -> str:
        return ",".join(f"{k}:{_plain(v)}" for k, v in value.items())


def _plain(value: Any) -> str:
    """A number as a person would type it: 600, not 600.0."""
    is_whole = isinstance(value, float) and value.is_integer()
    return str(int(value) if is_whole else value)
