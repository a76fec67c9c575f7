"""What every script shares: one-line errors, exit codes, quiet."""

import contextlib
import faulthandler
import logging
import os
import sys
from collections.abc import Callable, Iterator
from typing import NoReturn, TypeVar

from absl import flags as absl_flags
from absl import logging as absl_logging

from pgan_tf.base import (
    derived,
    errors,
    out_of_memory,
    streams,
    temporary,
    text,
    witness,
)

_LONGEST_MESSAGE = 4000
Args = TypeVar("Args")


def run(
    main: Callable[[Args], None],
    parse: Callable[[list[str]], Args],
    if_out_of_memory: str = "give it more",
) -> None:
    """Runs `main(parse(arguments))`; ends the process if that fails.

    A `UserError`, a full disk or want of memory becomes one line on stderr and
    exit code 1, wrong usage of flags and verbs the same with exit code 2;
    Ctrl-C exits with 130; any other exception is a bug of ours and keeps its
    traceback. Should the process die without any, a witness says so.

    Args:
        main: The script's work; receives what `parse` returns.
        parse: From the command line, without the script's name.
        if_out_of_memory: What a user can do, in words.
    """
    _prepare()
    try:
        try:
            args = parse(sys.argv[1:])
        except errors.UserError as error:
            fail(f"{error} (see --help)", code=2)
        witness.begin(died_line(if_out_of_memory))
        temporary.use_own_folder()
        main(args)
    except errors.UserError as error:
        wrong_usage = isinstance(error, errors.UsageError)
        fail(str(error), code=2 if wrong_usage else 1)
    except KeyboardInterrupt:
        fail("interrupted", code=130)
    except Exception as error:
        if line := _describe(error, if_out_of_memory):
            fail(line)
        raise
    finally:
        witness.dismiss()
    if loss := streams.loss():
        fail(f"what was printed is not complete: {loss.strerror}")


# It cannot be known, for a process leaves no reason when it is killed.
_DIED = (
    "ended by a signal, or by a crash of native code: if nobody sent a signal, "
    "memory ran out; "
)


def error_line(message: str) -> str:
    """An error as it is printed."""
    line = text.one_line(message, _LONGEST_MESSAGE)
    return f"{os.path.basename(sys.argv[0])}: error: {line}"


def died_line(if_out_of_memory: str) -> str:
    """What a witness says: see `witness`."""
    return error_line(_DIED + if_out_of_memory)


def _describe(error: Exception, if_out_of_memory: str) -> str:
    """An exception that is no bug as one line; empty for those that are."""
    if out_of_memory.is_one(error):
        told = derived.reason(error)
        return f"out of memory ({told}): {if_out_of_memory}"
    if isinstance(error, OSError):
        return derived.reason(error)
    if out_of_memory.is_full_disk(error):
        return f"no space left on a disk: {derived.reason(error)}"
    return ""


def _prepare() -> None:
    """Sets what the process prints, and when it explains how it died."""
    quiet_tensorflow()
    streams.settle()
    # A log line that cannot be written, on a full disk, is not worth more.
    logging.raiseExceptions = False
    absl_logging.use_absl_handler()
    # Libraries ask for flags of their own, which are at their defaults.
    absl_flags.FLAGS.mark_as_parsed()
    faulthandler.enable(2)


def quiet_tensorflow() -> None:
    """Of TensorFlow's messages only errors; ahead of its import."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def fail(message: str, code: int = 1) -> NoReturn:
    """Prints the error line and exits."""
    sys.stderr.write(error_line(message) + "\n")
    raise SystemExit(code)


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
    sys.stderr = streams.tolerant(os.dup(terminal), owned=True)
    try:
        yield
    finally:
        if not to_the_end:
            sys.stderr.close()
            sys.stderr = python_stderr
            os.dup2(terminal, 2)
        os.close(terminal)
