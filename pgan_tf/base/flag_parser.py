"""The flags of every script: one dialect, and one look of --help.

`--name=value` or `--name value`; switches are `--name`, `--noname` and
`--name=true`; the last of several wins, and the command line over flagfiles.
"""

import argparse
import pathlib
import re
import sys
import textwrap
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NoReturn

from pgan_tf.base import (
    completion,
    errors,
    flag_help,
    flag_kinds,
    flagfiles,
    memory,
    text,
    version,
)

WIDTH = flag_help.WIDTH

# A name for each script, and what its command is called once installed.
_COMMANDS = {
    "dataset_tool": "pgan-dataset",
    "train": "pgan-train",
    "evaluate": "pgan-evaluate",
    "generate": "pgan-generate",
}

# Choices that take more room are told in the help itself.
_LONGEST_CHOICES = 50
# No flags of their own, but taken by every script.
_EVERYWHERE = ("flagfile", "help", "version")


def called(script: str) -> str:
    """How to call a script: "python train.py", or "pgan-train"."""
    checkout = pathlib.Path(__file__).parents[2]
    installed = pathlib.Path(sys.argv[0]).name in _COMMANDS.values()
    if script in _COMMANDS and (
        installed or not (checkout / f"{script}.py").is_file()
    ):
        return _COMMANDS[script]
    return f"python {script}.py"


def as_called(text: str) -> str:
    """A text with commands such as `python train.py`, as they are called."""
    for script in _COMMANDS:
        text = text.replace(f"python {script}.py", called(script))
    return text


def print_version() -> NoReturn:
    """Prints what this is, and ends the process."""
    print(f"pgan_tf {version.VERSION}")
    raise SystemExit(0)


def print_completion(script: str, parsers: Mapping[str, "Parser"]) -> NoReturn:
    """Prints what a shell needs to complete words, and ends the process.

    Args:
        script: Its name, such as "train".
        parsers: By verb; "" for a script without verbs.
    """
    values = {"flagfile": flagfiles.known()}
    for parser in parsers.values():
        values.update(parser.choices())
    flags = {verb: parser.flags() for verb, parser in parsers.items()}
    verbs = [verb for verb in parsers if verb]
    commands = [_COMMANDS[script], f"{script}.py"]
    print(completion.script(commands, verbs, flags, values), end="")
    raise SystemExit(0)


class Parser:
    """The flags of a script or of one of its verbs.

    Args:
        command: How it is called, such as "python train.py".
        description: What it does.
        examples: Lines, shown as they are.
        script: Its name, such as "train", if this is all of a script.
    """

    def __init__(
        self, command: str, description: str, examples: str, script: str = ""
    ) -> None:
        self._script = script
        self._argparse = _ArgumentParser(
            prog=command,
            description=description,
            epilog=as_called(f"examples:\n{textwrap.indent(examples, '  ')}"),
            formatter_class=flag_help.Formatter,
            allow_abbrev=False,
            add_help=False,
        )
        self._kinds: dict[str, flag_kinds.Kind] = {}
        self._needed: list[str] = []
        self._groups: dict[str, Any] = {}
        self._kinds[memory.FLAG] = flag_kinds.SIZE

    def section(self, title: str) -> "Section":
        """A heading of --help with flags below; in the order of first use."""
        if title not in self._groups:
            self._groups[title] = self._argparse.add_argument_group(title)
        return Section(self, self._groups[title])

    def positional(self, name: str, help: str) -> None:
        """Declares a path that is no flag."""
        self.section("arguments").group.add_argument(
            name,
            metavar=name.upper(),
            help=help,
            type=_reader(name.upper(), flag_kinds.path),
        )
        self._needed.append(name.upper())

    def declare(self, name: str, kind: flag_kinds.Kind, usage: str) -> None:
        """Takes note of a flag, and of what the usage shows of it."""
        self._kinds[name] = kind
        if usage:
            self._needed.append(usage)

    def flags(self) -> list[str]:
        """The flags as words that a shell may offer: --plan, --seed=."""
        return [
            f"--{name}" if self._is_switch(name) else f"--{name}="
            for name in self._kinds
        ] + ["--flagfile=", "--help"]

    def choices(self) -> dict[str, list[str]]:
        """What flags may be, of those that are one of several words."""
        return {
            name: kind.metavar[1:-1].split(",")
            for name, kind in self._kinds.items()
            if kind.metavar.startswith("{")
        }

    def parse(self, arguments: Sequence[str]) -> argparse.Namespace:
        """From a command line, without the script's name, to values.

        Returns:
            The flags by name, and as `given` the names of those that were.

        Raises:
            UserError: Names the flag.
            SystemExit: After --help.
        """
        words, given = self._with_values(flagfiles.expand(arguments))
        words = _without_memory(words)
        args, surplus = self._argparse.parse_known_args(words)
        if surplus:
            hint = self._with_comma(words, surplus[0])
            raise errors.UserError(f"unexpected argument {surplus[0]!r}{hint}")
        args.given = given - {memory.FLAG}
        return args

    def _with_comma(self, words: Sequence[str], surplus: str) -> str:
        """A hint, where a word follows a flag that takes several."""
        before = words[list(words).index(surplus) - 1]
        name, _, value = before.removeprefix("--").partition("=")
        kind = self._kinds.get(name)
        if kind is None or not kind.metavar.endswith(",..."):
            return ""
        return (
            f"; several values have commas between: --{name}={value},{surplus}"
        )

    def _with_values(
        self, words: Sequence[str]
    ) -> tuple[list[str], frozenset[str]]:
        """Every flag as `--name=value`, and the names."""
        result: list[str] = []
        given = set()
        rest = iter(words)
        for word in rest:
            if word == "--":
                result += [word, *rest]
            elif not re.match("--?[A-Za-z]", word):
                result.append(word)
            else:
                name, value = self._split(word, rest)
                result.append(f"--{name}={value}")
                given.add(name)
        return result, frozenset(given)

    def _split(self, word: str, rest: Iterator[str]) -> tuple[str, str]:
        """Name and value of a flag, which may be the next word."""
        name, equals, value = word.lstrip("-").partition("=")
        if name in ("help", "h"):
            self.print_help()
        if name == "version":
            print_version()
        if name == "completion" and self._script:
            print_completion(self._script, {"": self})
        kind = self._kinds.get(name)
        switched_off = name.removeprefix("no")
        if kind is None and self._is_switch(switched_off) and not equals:
            return switched_off, "false"
        if kind is None:
            known = [*self._kinds, *_EVERYWHERE]
            raise errors.UserError(
                f"unknown flag --{name}{text.did_you_mean(name, known, '--')}"
            )
        if equals:
            return name, value
        if self._is_switch(name):
            return name, "true"
        following = next(rest, None)
        if following is None:
            raise errors.UserError(f"--{name} needs a value")
        return name, following

    def _is_switch(self, name: str) -> bool:
        return self._kinds.get(name) is flag_kinds.SWITCH

    def print_help(self) -> NoReturn:
        """Prints what there is, and ends the process."""
        common = self.section("common flags").group
        flag_help.add_common(common, bool(self._script))
        usage = " ".join(
            [self._argparse.prog, *self._needed, "[--flag=value ...]"]
        )
        self._argparse.usage = textwrap.fill(
            usage, WIDTH - len("usage: "), subsequent_indent=" " * 11
        )
        print(self._argparse.format_help().rstrip())
        raise SystemExit(0)


class Section:
    """A heading of --help, and the flags below it."""

    def __init__(self, parser: Parser, group: Any) -> None:
        self._parser = parser
        self.group = group

    def add(
        self,
        name: str,
        help: str,
        kind: flag_kinds.Kind = flag_kinds.TEXT,
        *,
        default: Any = None,
        required: bool = False,
        alias: str = "",
        dest: str = "",
    ) -> None:
        """Declares a flag.

        Args:
            name: Without dashes.
            help: Sentences; --help adds what the default is.
            kind: Of its values.
            default: A value, or a text of that kind.
            required: Whether it must be given.
            alias: Another name for it.
            dest: What parsed arguments call it; its name by default.
        """
        metavar = kind.metavar
        if len(metavar) > _LONGEST_CHOICES:
            help = f"{help}\nOne of {metavar[1:-1].replace(',', ', ')}."
            metavar = "NAME"
        self.group.add_argument(
            *(f"--{each}" for each in (name, alias) if each),
            dest=dest or name,
            type=_reader(f"--{name}", kind.read),
            default=default,
            required=required,
            metavar=metavar,
            help=help,
        )
        usage = f"--{name}={metavar}" if required else ""
        self._parser.declare(name, kind, usage)
        if alias:
            self._parser.declare(alias, kind, "")

    def switch(
        self, name: str, help: str, default: bool | None = False
    ) -> None:
        """Declares a flag that is on or off."""
        self.add(name, help, flag_kinds.SWITCH, default=default)


def _without_memory(words: Sequence[str]) -> list[str]:
    """Sets the limit that --max_memory gives; returns the other words.

    It acts where files are read, of which scripts know nothing.
    """
    flag = f"--{memory.FLAG}="
    read = _reader(f"--{memory.FLAG}", flag_kinds.SIZE.read)
    for word in words:
        if word.startswith(flag):
            memory.set_limit(read(word.removeprefix(flag)))
    return [word for word in words if not word.startswith(flag)]


def _reader(name: str, read: Callable[[str], Any]) -> Callable[[str], Any]:
    """Reads a flag's text, and names the flag if that is wrong."""

    def checked(text: str) -> Any:
        try:
            return read(text)
        except ValueError as error:
            raise errors.UserError(f"{name}={text}: {error}") from None

    return checked


class _ArgumentParser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        """Raises what becomes one line."""
        raise errors.UserError(message)
