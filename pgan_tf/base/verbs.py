"""Scripts of several verbs, such as `generate.py images`.

A verb's module is imported when the verb runs, after cheap checks of its
flags: so --help and refusals do not wait for TensorFlow.
"""

import argparse
import dataclasses
import importlib
import textwrap
from collections.abc import Callable, Mapping, Sequence

from pgan_tf.base import errors, flag_parser, flagfiles, text


def accept(args: argparse.Namespace) -> None:
    """The check of verbs whose flags need none."""


@dataclasses.dataclass(frozen=True)
class Verb:
    """What one verb does.

    Attributes:
        module: Full name; `run(args)` in it does the work.
        description: The list of verbs shows what stands before its first
            colon.
        examples: Commands, for --help.
        declare: Declares the flags.
        check: Refuses flags before the module is imported.
    """

    module: str
    description: str
    examples: str
    declare: Callable[[flag_parser.Parser], None]
    check: Callable[[argparse.Namespace], None] = accept


@dataclasses.dataclass(frozen=True)
class Script:
    """A script and its verbs, by name."""

    name: str
    description: str
    verbs: Mapping[str, Verb]

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """From a command line, without the script's name, to values.

        Returns:
            The flags, and the verb's name as `verb`.

        Raises:
            UserError: For a wrong verb or flag.
            SystemExit: After --help.
        """
        typed, flagfile_names = flagfiles.split(arguments)
        if not typed:
            raise errors.UserError(f"a VERB is missing: {self._choice()}")
        verb, *rest = typed
        if verb in ("--help", "-help", "-h"):
            print(self.help())
            raise SystemExit(0)
        if verb == "--version":
            flag_parser.print_version()
        if verb == "--completion":
            parsers = {name: self.parser(name) for name in self.verbs}
            flag_parser.print_completion(self.name, parsers)
        if verb not in self.verbs:
            hint = text.did_you_mean(verb, self.verbs)
            raise errors.UserError(
                f"unknown verb {verb!r}{hint or ':'} {self._choice()}"
            )
        parser = self.parser(verb)
        names = [f"--flagfile={name}" for name in flagfile_names]
        args = parser.parse([*names, *rest])
        args.verb = verb
        return args

    def run(self, args: argparse.Namespace) -> None:
        """Checks what was parsed, and does it."""
        self.check(args)
        self.do(args)

    def check(self, args: argparse.Namespace) -> None:
        """Refuses what was parsed, ahead of any work."""
        self.verbs[args.verb].check(args)

    def do(self, args: argparse.Namespace) -> None:
        """Does what was checked."""
        importlib.import_module(self.verbs[args.verb].module).run(args)

    def parser(self, name: str) -> flag_parser.Parser:
        """The flags of a verb."""
        verb = self.verbs[name]
        command = f"{flag_parser.called(self.name)} {name}"
        parser = flag_parser.Parser(command, verb.description, verb.examples)
        verb.declare(parser)
        return parser

    def help(self) -> str:
        """What each verb is for, with an example."""
        command = flag_parser.called(self.name)
        wide = max(map(len, self.verbs)) + 2
        lines = [f"usage: {command} VERB [--flag=value ...]", ""]
        lines += [self.description, "", "verbs:"]
        for name, verb in self.verbs.items():
            summary = verb.description.split(":")[0].replace("\n", " ")
            lines += textwrap.wrap(
                summary,
                flag_parser.WIDTH,
                initial_indent="  " + name.ljust(wide),
                subsequent_indent=" " * (wide + 2),
            )
        lines += ["", "examples:"]
        for verb in self.verbs.values():
            lines += textwrap.indent(_first(verb.examples), "  ").splitlines()
        lines += [
            f"  python {self.name}.py VERB --help",
            f"  python {self.name}.py --version",
            f"  source <(python {self.name}.py --completion)",
        ]
        return flag_parser.as_called("\n".join(lines))

    def _choice(self) -> str:
        return f"one of {', '.join(self.verbs)}"


def _first(examples: str) -> str:
    """The first of several commands, which may go over several lines."""
    lines = examples.splitlines()
    count = next(i for i, line in enumerate(lines) if not line.endswith("\\"))
    return "\n".join(lines[: count + 1])
