"""How --help looks, and the flags that every script has."""

import argparse
import textwrap
from typing import Any

from pgan_tf.base import flag_kinds, memory

WIDTH = 80


def add_common(group: Any, completes: bool) -> None:
    """Adds what every script takes to a group of argparse, for --help.

    Args:
        group: Of argparse.
        completes: Whether --completion is among it.
    """
    group.add_argument(
        "--flagfile",
        metavar="FILE",
        help="Read flags from this file, a line each; those that are typed "
        "win. A name alone is one of the files that come with the package, "
        "such as demo.",
    )
    group.add_argument("--help", help="Show this text; also -h.")
    group.add_argument("--version", help="Show the version.")
    if completes:
        group.add_argument(
            "--completion",
            help="Print what bash and zsh need to complete words: "
            "source <(pgan-train --completion).",
        )
    group.add_argument(
        f"--{memory.FLAG}",
        metavar=flag_kinds.SIZE.metavar,
        default=memory.written(memory.DEFAULT),
        help="Most that a process may take for one file that it reads, "
        "such as 500m or 2g; what would take more is refused.",
    )


class Formatter(argparse.RawDescriptionHelpFormatter):
    """A flag on a line of its own, and its help below, with the default."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=6, width=WIDTH)

    def _format_action_invocation(self, action: argparse.Action) -> str:
        if not action.option_strings:
            return super()._format_action_invocation(action)
        name = action.option_strings[0]
        if action.metavar == flag_kinds.SWITCH.metavar:
            return f"--[no]{name.removeprefix('--')}"
        return f"{name}={action.metavar}" if action.metavar else name

    def _get_help_string(self, action: argparse.Action) -> str:
        text = action.help or ""
        if action.default not in (None, "", {}, []):
            first, newline, rest = text.partition("\n")
            default = flag_kinds.written(action.default)
            text = f"{first} (default {default}){newline}{rest}"
        return text.replace("%", "%%")

    def _split_lines(self, text: str, width: int) -> list[str]:
        return [
            line
            for paragraph in text.split("\n")
            for line in textwrap.wrap(paragraph, width, break_on_hyphens=False)
        ]
