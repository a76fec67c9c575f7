"""What scripts with sub-commands share: one-line mistakes, helps alike."""

import argparse
from typing import Any, NoReturn

from absl.flags import argparse_flags

from pgan_tf import errors


class Parser(argparse_flags.ArgumentParser):
    """Reports mistakes as every script of ours does: in one line."""

    def error(self, message: str) -> NoReturn:
        """Raises what `command.run` turns into that line."""
        raise errors.UserError(message)


def add(
    verbs: Any, name: str, description: str, example: str
) -> argparse.ArgumentParser:
    """A sub-command with a help that shows how to use it.

    Args:
        verbs: What a `Parser`'s `add_subparsers` returned.
        name: The verb.
        description: The list of verbs shows what stands before its first
            colon.
        example: Shown below the flags, as it is.
    """
    return verbs.add_parser(
        name,
        help=description.split(":")[0],
        description=description,
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
