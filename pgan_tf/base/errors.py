"""The one exception that a user is meant to read."""


class UserError(Exception):
    """Bad input from the user: a flag, a file, a folder or a value.

    The message is a single line that names the flag, file or value at fault
    and the way out. Scripts print it without a traceback and exit with 1.
    """
