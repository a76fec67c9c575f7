"""The options as command-line flags, as a command, and as JSON."""

import argparse
import dataclasses
import json
import shlex
import typing
from collections.abc import Mapping, Sequence
from typing import Any

from pgan_tf.base import errors, flag_kinds, flag_parser, flagfiles, reasons
from pgan_tf.runs import option_tree
from pgan_tf.runs.options import RunOptions

# What --help calls the sections of the tree; others are called by their name.
TITLES = {
    "": "where",
    "data": "what to train on",
    "networks: progressive": "networks, --family=progressive",
    "losses": "losses and penalties",
    "optimizer": "optimizer and precision",
    "schedule": "growth, minibatches and learning rates",
    "snapshots": "what is written, and how often",
    "guard": "when a training fails",
    "evaluation": "what evaluate.py does by default",
}

_KINDS = {
    bool: flag_kinds.SWITCH,
    int: flag_kinds.WHOLE,
    float: flag_kinds.NUMBER,
    str: flag_kinds.TEXT,
}


def declare(parser: flag_parser.Parser) -> None:
    """Declares a flag per option, a heading of --help per section."""
    for name, leaves in option_tree.sections(RunOptions):
        section = parser.section(TITLES.get(name, name))
        for leaf in leaves:
            section.add(
                leaf.name,
                leaf.metadata["help"],
                _kind(leaf),
                default=option_tree.default(leaf),
            )


def from_flags(args: argparse.Namespace) -> RunOptions:
    """The tree that parsed flags describe.

    Raises:
        UserError: As `from_given`.
    """
    return from_given(
        {
            leaf.name: getattr(args, leaf.name)
            for leaf in option_tree.leaves(RunOptions)
            if leaf.name in args.given
        }
    )


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


def parse(arguments: Sequence[str]) -> RunOptions:
    """The tree that a command line of these flags alone describes.

    Raises:
        UserError: Names the flag.
    """
    parser = flag_parser.Parser(flag_parser.called("train"), "", "")
    declare(parser)
    return from_flags(parser.parse(arguments))


def changed(
    options: RunOptions | None, flagfile: str | None, values: Mapping[str, Any]
) -> RunOptions:
    """Options with some changed.

    Args:
        options: To begin with; None: all at their default.
        flagfile: A file of flags, or the name of one of the package.
        values: By the name of the option; they win over the flagfile.

    Raises:
        UserError: For a file or an option that is not there, or a value that
            the option cannot have.
    """
    words = [] if options is None else _words(options)
    if flagfile is not None:
        words += flagfiles.expand([f"--flagfile={flagfile}"])
    return parse([*words, *flag_kinds.as_flags(values)])


def command(options: RunOptions) -> str:
    """The shell command that trains with exactly these options."""
    return " ".join(command_words(options))


def command_words(options: RunOptions) -> list[str]:
    """The parts of `command`, quoted: what is called, and each flag."""
    flags = [shlex.quote(word) for word in _words(options)]
    return [flag_parser.called("train"), *flags]


def with_changes(options: RunOptions) -> list[tuple[str, str, bool]]:
    """(name, value as a flag has it, differs from the default) of each."""
    default = _defaults(options)
    return [
        (name, flag_kinds.written(value), value != default[name])
        for name, value in option_tree.values(options).items()
    ]


def _words(options: RunOptions) -> list[str]:
    """The flags of all options that are not at their default."""
    default = _defaults(options)
    words = []
    for name, value in option_tree.values(options).items():
        if value == default[name]:
            continue
        if isinstance(value, bool):
            words.append(f"--{name}" if value else f"--no{name}")
        else:
            words += flag_kinds.as_flags({name: value})
    return words


def _defaults(options: RunOptions) -> dict[str, Any]:
    """By name, those that the family of these options has."""
    default = option_tree.values(from_given({"family": options.family}))
    return {**default, "family": RunOptions().family}


def to_json(options: RunOptions) -> str:
    """The whole tree as indented JSON."""
    return json.dumps(dataclasses.asdict(options), indent=2) + "\n"


def from_json(text: str) -> RunOptions:
    """Reads what `to_json` wrote.

    Raises:
        ValueError: If it is anything else.
    """
    return from_tree(json.loads(text))


def from_tree(tree: Mapping[str, Any]) -> RunOptions:
    """Reads nested mappings; options they do not name are at default.

    Raises:
        ValueError: If it is anything else.
    """
    defaults = {
        leaf.name: option_tree.default(leaf)
        for leaf in option_tree.leaves(RunOptions)
    }
    given = {}
    try:
        for name, value in option_tree.flatten(tree):
            kind = type(defaults[name])
            if kind is dict:
                value = {int(key): entry for key, entry in value.items()}
            given[name] = kind(value)
    except KeyError as error:
        raise ValueError(f"unknown option {error}") from None
    except (AttributeError, OverflowError, TypeError) as error:
        reason = reasons.plain(error)
        raise ValueError(f"not a tree of options: {reason}") from None
    return option_tree.build(given, RunOptions)


def _kind(leaf: dataclasses.Field[Any]) -> flag_kinds.Kind:
    """How an option is written."""
    if leaf.metadata["choices"]:
        return flag_kinds.one_of(leaf.metadata["choices"])
    if typing.get_origin(leaf.type) is dict:
        return flag_kinds.map_of(_KINDS[typing.get_args(leaf.type)[1]])
    if leaf.metadata["is_path"]:
        return flag_kinds.WORD_OR_PATH
    return _KINDS[typing.cast(type, leaf.type)]
