"""What every script shares: one-line errors, exit codes, quiet."""

import contextlib
import faulthandler
import io
import logging
import os
import sys
from collections.abc import Callable, Iterator
from typing import NoReturn, TypeVar

from absl import flags as absl_flags
from absl import logging as absl_logging

from pgan_tf.base import errors, temporary

Args = TypeVar("Args")


def run(
    main: Callable[[Args], None], parse: Callable[[list[str]], Args]
) -> None:
    """Runs `main(parse(arguments))`; ends the process if that fails.

    A `UserError`, a bad flag or a full disk becomes one line on stderr and
    exit code 1; Ctrl-C exits with 130; any other exception is a bug of ours
    and keeps its traceback.

    Args:
        main: The script's work; receives what `parse` returns.
        parse: From the command line, without the script's name.
    """
    _prepare()
    try:
        try:
            args = parse(sys.argv[1:])
        except errors.UserError as error:
            fail(f"{error} (see --help)")
        temporary.use_own_folder()
        main(args)
    except errors.UserError as error:
        fail(str(error))
    except OSError as error:
        fail(str(errors.UserError(describe_os_error(error))))
    except KeyboardInterrupt:
        fail("interrupted", code=130)


def _prepare() -> None:
    """Sets what the process prints, and when it explains how it died."""
    quiet_tensorflow()
    # Names of files need not be text; a message about one must not fail.
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    # A log line that cannot be written, on a full disk, is not worth more.
    logging.raiseExceptions = False
    absl_logging.use_absl_handler()
    # Libraries ask for flags of their own, which are at their defaults.
    absl_flags.FLAGS.mark_as_parsed()
    if sys.stderr is not None:
        faulthandler.enable()


def quiet_tensorflow() -> None:
    """Of TensorFlow's messages only errors; ahead of its import."""
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")


def fail(message: str, code: int = 1) -> NoReturn:
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
