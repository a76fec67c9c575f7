"""What every script shares: parsing, one-line errors, exit codes, quiet."""

import argparse
import contextlib
import io
import logging
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

from absl import app, flags
from absl.flags import argparse_flags

from pgan_tf.base import errors, resolutions


def run(
    main: Callable[[Any], None],
    parse: Callable[[list[str]], Any] | None = None,
) -> None:
    """Runs `main(parse(argv))` and ends the process with its exit code.

    A `UserError`, a bad flag or a full disk becomes one line on stderr and
    exit code 1; Ctrl-C exits with 130; any other exception is a bug of ours
    and keeps its traceback.

    Args:
        main: The script's work; receives what `parse` returns.
        parse: From argv (script name included) to main's argument; by default
            absl's flags, returning what they left over.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
    # Names of files need not be text; a message about one must not fail.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    # A log line that cannot be written, on a full disk, is not worth more.
    logging.raiseExceptions = False

    def guarded_main(args: Any) -> None:
        try:
            main(args)
        except errors.UserError as error:
            fail(str(error))
        except OSError as error:
            fail(describe_os_error(error))
        except KeyboardInterrupt:
            fail("interrupted", code=130)

    def guarded_parse(argv: list[str]) -> Any:
        try:
            return (parse or flags.FLAGS)(argv)
        except SystemExit:
            if parse is None:
                # absl ends --help with exit code 1, as if it had failed.
                raise SystemExit(0) from None
            raise
        except (flags.Error, errors.UserError) as error:
            fail(f"{error} (see --help)".replace("\n", " "))

    app.run(guarded_main, flags_parser=guarded_parse)


def fail(message: str, code: int = 1) -> None:
    """Prints the error line and exits."""
    sys.stderr.write(f"{os.path.basename(sys.argv[0])}: error: {message}\n")
    raise SystemExit(code)


def describe_os_error(error: OSError) -> str:
    """One line, such as "No space left on device: runs/demo/log.txt"."""
    reason = error.strerror or str(error)
    # Of two names, as in a rename, the second is the one the user gave.
    name = error.filename2 or error.filename
    return f"{reason}: {name}" if name else reason


@contextlib.contextmanager
def chatter_to(
    path: str | os.PathLike[str], to_the_end: bool = False
) -> Iterator[None]:
    """Sends what native libraries print on stderr to a file.

    TensorFlow writes its start-up notes to file descriptor 2 directly. Inside
    the block that descriptor is the file, while Python's own `sys.stderr`
    keeps the terminal, so that our lines and tracebacks stay visible.

    Args:
        path: Of the file, which is appended to.
        to_the_end: Keep it so after the block, for libraries that have a last
            word when the process ends.
    """
    sys.stderr.flush()
    terminal = os.dup(2)
    python_stderr = sys.stderr
    with open(path, "ab") as file:
        os.dup2(file.fileno(), 2)
    sys.stderr = os.fdopen(os.dup(terminal), "w", buffering=1)
    try:
        yield
    finally:
        if not to_the_end:
            sys.stderr.close()
            sys.stderr = python_stderr
            os.dup2(terminal, 2)
        os.close(terminal)


class Parser(argparse_flags.ArgumentParser):
    """Reports mistakes as every script of ours does: in one line."""

    def error(self, message: str) -> NoReturn:
        """Raises what `command.run` turns into that line."""
        raise errors.UserError(message)


def add_verb(
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


def positive(text: str) -> int:
    """Parses a count."""
    if int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is not positive")
    return int(text)


def not_negative(text: str) -> int:
    """Parses a count that may be 0, or a seed."""
    if int(text) < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return int(text)


def resolution(text: str) -> int:
    """Parses a resolution."""
    value = int(text)
    if value > resolutions.LARGEST or not resolutions.is_one(value):
        raise argparse.ArgumentTypeError(
            f"{text} is not a power of two from 4 to 1024"
        )
    return value
