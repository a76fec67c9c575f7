"""What is derived from a work must not end it: pictures, plots, pages, logs."""

import contextlib
from collections.abc import Callable, Iterator

from pgan_tf.base import errors, text


class Derived:
    """Lets what is derived fail, and says so: once for each thing.

    Args:
        say: Receives the lines.
    """

    def __init__(self, say: Callable[[str], None]) -> None:
        self._say = say
        self._failed: set[str] = set()

    @contextlib.contextmanager
    def making(self, what: str) -> Iterator[None]:
        """Inside, whatever fails is said and left out.

        A request to stop passes, and so does Ctrl-C.

        Args:
            what: Is being made, such as "report.html".
        """
        try:
            yield
        except Exception as error:
            # A disk is full, a picture damaged, a library at odds with it.
            self.left_out(what, reason(error))

    def left_out(self, what: str, why: str) -> None:
        """Says what is left out, unless that was said before."""
        if what not in self._failed:
            self._failed.add(what)
            self._say(f"left out: {what} ({why}); all else goes on")


def reason(error: BaseException) -> str:
    """What an exception says, in a line: "No space left on device: log.txt"."""
    if isinstance(error, OSError):
        told = error.strerror or str(error)
        # Of two names, as in a rename, the second is the one the user gave.
        name = error.filename2 or error.filename
        return text.one_line(f"{told}: {name}" if name else told)
    told = text.one_line(str(error), 300)
    if isinstance(error, errors.UserError):
        return told
    kind = type(error).__name__
    return f"{kind}: {told}" if told else kind
