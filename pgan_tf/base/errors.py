"""The one exception that a user is meant to read."""

from pgan_tf.base import text

_LONGEST = 1000


class UserError(Exception):
    """Bad input from the user: a flag, a file, a folder or a value.

    The message is a single line that names the flag, file or value at fault
    and the way out. Scripts print it without a traceback and exit with 1.

    Args:
        message: What names of files or their contents bring into it that is
            no text for a line, is escaped.
    """

    def __init__(self, message: str) -> None:
        super().__init__(text.one_line(message, _LONGEST))


class UsageError(UserError):
    """A command line that cannot mean anything: exit code 2.

    A flag that is missing, unknown or at odds with another, whatever lies in
    files and folders.
    """
