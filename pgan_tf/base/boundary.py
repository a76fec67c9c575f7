"""Where files from strangers are read: all that fails there is one line.

A damaged file makes libraries raise whatever its bytes happen to lead to.
Listing these kinds of exceptions place by place never ends; so each record,
member or archive is read within `reading`, and nothing is listed.
"""

import contextlib
import os
from collections.abc import Iterator

from pgan_tf.base import errors, reasons

# These are no faults of a file.
_OURS = (errors.UserError, KeyboardInterrupt, SystemExit, GeneratorExit)


@contextlib.contextmanager
def reading(
    where: str | os.PathLike[str], what: str = "file", way_out: str = ""
) -> Iterator[None]:
    """Makes one `UserError` line of anything that is raised inside.

    A `UserError` passes as it is, and so does Ctrl-C. Use it for one record,
    one member or one archive at a time, and keep what is no reading outside.

    Args:
        where: The file's name, with its member or record, for the message.
        what: What it should be, such as "image" or "HDF5 archive".
        way_out: What the user can do, added after a semicolon.

    Raises:
        UserError: Names the file and, as far as it is known, the reason.
    """
    try:
        yield
    except _OURS:
        raise
    except BaseException as error:  # some libraries' own are no Exception
        end = f"; {way_out}" if way_out else ""
        raise errors.UserError(
            f"{_told(os.fspath(where), what, error)}{end}"
        ) from error


def _told(where: str, what: str, error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return f"cannot read {where}: it takes more memory than there is"
    if isinstance(error, OSError) and error.strerror:
        return f"cannot read {where}: {error.strerror}"
    reason = reasons.plain(error)
    return f"{where} is truncated or damaged, or no {what}: {reason}"
