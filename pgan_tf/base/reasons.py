"""What an exception of Python or of a library says, in plain words.

Their own messages are for programmers: "invalid literal for int() with base
10: 'x'". Those that files and flags of users lead to are put otherwise here.
"""

import json
import re
import struct

from pgan_tf.base import text

_ENDS_EARLY = "it ends too early"
_OTHER_KIND = "what it holds is of another kind"
_EMPTY = "it is empty"

# What a message is made of, and what stands for it.
_PLAIN = (
    (r"invalid literal for int\(\) with base \d+: (?P<what>.*)",
     "{what} is no whole number"),
    (r"could not convert string to float: (?P<what>.*)", "{what} is no number"),
    (r"cannot convert float (?P<what>\S+) to integer",
     "{what} is no whole number"),
    (r"(not enough|too many) values to unpack.*",
     "a part of it has more or fewer values than it should"),
    (r".*unpack(_from)? requires a buffer.*", _ENDS_EARLY),
    (r"pickle data was truncated.*", _ENDS_EARLY),
    (r"invalid load key.*", "it is no pickle"),
    (r".*has no attribute.*", _OTHER_KIND),
    (r".*object(s)? (is|are) not .*", _OTHER_KIND),
    (r".*(unsupported operand|not supported between|unhashable type).*",
     _OTHER_KIND),
    (r".*(argument must be|indices must be|positional argument|NoneType).*",
     _OTHER_KIND),
    (r".*(unexpected keyword argument|required keyword).*", _OTHER_KIND),
    (r".*(list|tuple|string|bytearray) index out of range.*", _ENDS_EARLY),
)  # fmt: skip


def plain(error: BaseException, limit: int = 200) -> str:
    """The message of an exception as part of a line; its kind if it has none.

    Args:
        error: Any, but for the operating system's, which say it well.
        limit: Of characters.
    """
    return text.one_line(_plain(error), limit) or type(error).__name__


def _plain(error: BaseException) -> str:
    if isinstance(error, json.JSONDecodeError):
        if not error.doc.strip():
            return _EMPTY
        return f"it is no JSON: line {error.lineno}, column {error.colno}"
    if isinstance(error, UnicodeDecodeError):
        return f"it is no text in {error.encoding.upper()}"
    if isinstance(error, EOFError | struct.error):
        return _ENDS_EARLY
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    told = str(error)
    # A key alone says nothing; libraries put sentences there.
    if isinstance(error, KeyError) and error.args and " " not in told:
        return f"it lacks {error.args[0]!r}"
    for pattern, words in _PLAIN:
        if match := re.fullmatch(pattern, told, re.DOTALL):
            return words.format(**match.groupdict())
    return told
